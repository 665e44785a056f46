import { DeltaError } from './errors.js'
import { gitText, runGit, startGit } from './git.js'
import type { Repository } from './git-repository.js'
import { splitNul } from './text.js'

/** A piece of the content of the blob asked for at `index`. */
export interface BlobPiece {
  readonly index: number
  /** The size of the whole blob. */
  readonly size: number
  readonly bytes: Buffer
  readonly last: boolean
}

export interface TreeFile {
  readonly path: string
  readonly blob: string
}

/** The files of a tree; with a path, only those at it or below it. */
export async function listTree(repository: Repository, tree: string, path = ''): Promise<TreeFile[]> {
  const narrow = path === '' ? [] : ['--', `:(literal)${path}`]
  const listing = await runGit(repository, ['ls-tree', '-r', '-z', '--full-tree', tree, ...narrow])
  return splitNul(listing).map((entry) => {
    const tab = entry.indexOf(0x09)
    return { path: entry.toString('utf8', tab + 1), blob: entry.toString('latin1', tab - 40, tab) }
  })
}

export interface NamedObject {
  readonly id: string
  readonly type: string
}

/** The objects that these expressions name (`git help revisions`), null where there is no such one. */
export async function objectsNamed(
  repository: Repository,
  expressions: readonly string[],
): Promise<(NamedObject | null)[]> {
  if (expressions.some((expression) => /[\n\0]/.test(expression))) return expressions.map(() => null)
  const input = expressions.map((expression) => `${expression}\n`).join('')
  const answer = await gitText(repository, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], { input })
  return answer.split('\n').map((line) => {
    const [, id, type] = /^([0-9a-f]{40,64}) ([a-z]+)$/.exec(line) ?? []
    return id === undefined || type === undefined || type === 'missing' ? null : { id, type }
  })
}

/** Sizes of blobs in bytes. Throws `objects-missing`. */
export async function blobSizes(repository: Repository, blobs: Iterable<string>): Promise<Map<string, number>> {
  const wanted = [...new Set(blobs)]
  const sizes = new Map<string, number>()
  if (wanted.length === 0) return sizes
  const args = ['cat-file', '--batch-check=%(objectsize)', '--buffer']
  const output = await gitText(repository, args, { input: lines(wanted) })
  let start = 0
  for (const blob of wanted) {
    const end = output.indexOf('\n', start)
    const size = output.slice(start, end === -1 ? undefined : end)
    if (!/^\d+$/.test(size)) throw missing(blob)
    sizes.set(blob, Number(size))
    start = end === -1 ? output.length : end + 1
  }
  return sizes
}

function* lines(names: readonly string[]): Generator<string> {
  for (const name of names) yield `${name}\n`
}

/** Streams the contents of blobs out of one git process, in the order asked for. Throws `objects-missing`. */
export async function* readBlobs(repository: Repository, blobs: readonly string[]): AsyncGenerator<BlobPiece> {
  if (blobs.length === 0) return
  const git = startGit(repository, ['cat-file', '--batch=%(objectname) %(objecttype) %(objectsize)', '--buffer'])
  git.stdin.end(`${blobs.join('\n')}\n`)
  let index = 0
  let size = 0
  let left = -1
  let carry: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of git.stdout) {
      let rest: Buffer = carry.length === 0 ? chunk : Buffer.concat([carry, chunk])
      carry = Buffer.alloc(0)
      while (rest.length > 0) {
        if (left === -1) {
          const end = rest.indexOf(0x0a)
          if (end === -1) break
          size = parseBatchHeader(rest.toString('latin1', 0, end))
          left = size
          rest = rest.subarray(end + 1)
          if (size === 0) yield { index, size, bytes: Buffer.alloc(0), last: true }
        } else if (left === 0) {
          // The newline that git writes after every content.
          rest = rest.subarray(1)
          left = -1
          index++
        } else {
          const bytes = rest.subarray(0, left)
          left -= bytes.length
          rest = rest.subarray(bytes.length)
          yield { index, size, bytes, last: left === 0 }
        }
      }
      carry = rest
    }
    await git.finished
  } finally {
    git.end()
  }
  if (index !== blobs.length) throw missing(blobs[index] ?? '')
}

function parseBatchHeader(header: string): number {
  const [name, type, size] = header.split(' ')
  if (type === 'blob' && size !== undefined) return Number(size)
  throw missing(name ?? header)
}

function missing(what: string): DeltaError {
  return new DeltaError('objects-missing', 'An object of the shadow repository is gone.', {
    facts: { object: what.slice(0, 60) },
  })
}
