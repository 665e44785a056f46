import type { TreeId } from '../delta/operation.js'
import { EMPTY_TREE, gitText, runGit } from '../support/git.js'
import type { Repository } from '../support/git-repository.js'
import type { Shadow } from './shadow.js'

/** Loose objects are compressed; that of a large folder takes ten times as long then, and is collected into a pack anyway. */
const AS_IT_IS = ['core.looseCompression=0']

const SLASH = '/'.charCodeAt(0)
const HASH_BYTES = 20

/**
 * Trees on the way from one snapshot to another that goes path by path, in git's order. Only the folders above the path
 * that was come to are made of two; all others are whole in one of the snapshots. So a tree costs what these folders
 * have, and not what has changed on the way.
 */
export class TreesBetween {
  readonly #repository: Repository
  readonly #from: TreeId
  readonly #to: TreeId
  /** Trees that the last step read; the next one mostly comes through the same folders. */
  #read = new Map<TreeId, Promise<Buffer>>()

  /** No file of one snapshot may stand where the other has a folder. */
  constructor({ repository }: Shadow, from: TreeId, to: TreeId) {
    this.#repository = repository
    this.#from = from
    this.#to = to
  }

  /** The tree with what `to` has before this path, and what `from` has at it and after it. Throws `objects-missing`. */
  async upTo(path: string): Promise<TreeId> {
    const known = this.#read
    this.#read = new Map()
    return await this.#joined(this.#from, this.#to, Buffer.from(path), known)
  }

  async #joined(from: TreeId, to: TreeId, path: Buffer, known: ReadonlyMap<TreeId, Promise<Buffer>>): Promise<TreeId> {
    if (from === to) return from
    const [old, now] = await Promise.all([this.#tree(from, known), this.#tree(to, known)])
    const [rest, done] = [cut(old, path), cut(now, path)]
    const pieces = [done.before, rest.after]
    const folder = path.subarray(0, Math.max(path.indexOf(SLASH), 0))
    if (folder.length > 0) {
      const inner = await this.#joined(rest.folder, done.folder, path.subarray(folder.length + 1), known)
      if (inner !== EMPTY_TREE) pieces.splice(1, 0, FOLDER, folder, NUL, Buffer.from(inner, 'hex'))
    }
    const input = Buffer.concat(pieces)
    if (input.length === 0) return EMPTY_TREE
    const args = ['hash-object', '-w', '-t', 'tree', '--stdin']
    return await gitText(this.#repository, args, { input, settings: AS_IT_IS })
  }

  async #tree(id: TreeId, known: ReadonlyMap<TreeId, Promise<Buffer>>): Promise<Buffer> {
    if (id === EMPTY_TREE) return Buffer.alloc(0)
    const tree = known.get(id) ?? runGit(this.#repository, ['cat-file', 'tree', id])
    this.#read.set(id, tree)
    return await tree
  }
}

/** As they stand in a tree: the mode of a folder before its name, and what ends the name. */
const FOLDER = Buffer.from('40000 ')
const NUL = Buffer.from([0])

/** A tree, as git stores it, cut at a path: what comes before it and after it, and the folder on the way to it. */
function cut(tree: Buffer, path: Buffer): { before: Buffer; folder: TreeId; after: Buffer } {
  let folder = EMPTY_TREE
  let at = 0
  let end = 0
  for (; at < tree.length; at = end) {
    const nameEnd = tree.indexOf(0, at)
    end = nameEnd + 1 + HASH_BYTES
    const name = tree.subarray(tree.indexOf(SPACE, at) + 1, nameEnd)
    const isFolder = tree[at] === FOLDER[0]
    const isOnTheWay = isFolder && path[name.length] === SLASH && path.subarray(0, name.length).equals(name)
    if (isOnTheWay) folder = tree.toString('hex', nameEnd + 1, end)
    if (isOnTheWay || !isBefore(name, isFolder, path)) break
  }
  return { before: tree.subarray(0, at), folder, after: tree.subarray(folder === EMPTY_TREE ? at : end) }
}

const SPACE = ' '.charCodeAt(0)

/** git's order, in which the name of a folder ends with a slash. */
function isBefore(name: Buffer, isFolder: boolean, path: Buffer): boolean {
  const order = name.compare(path, 0, Math.min(name.length, path.length))
  if (order !== 0 || name.length >= path.length) return order < 0
  return !isFolder || SLASH < (path[name.length] ?? 0)
}
