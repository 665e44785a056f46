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

/**
 * Streams the contents of blobs out of one git process, in the order asked for. Pieces that arrive together come together:
 * for many small files it counts how often somebody waits. Throws `objects-missing`.
 */
export async function* readBlobs(
  repository: Repository,
  blobs: readonly string[],
): AsyncGenerator<readonly BlobPiece[]> {
  if (blobs.length === 0) return
  const git = startGit(repository, ['cat-file', '--batch=%(objectname) %(objecttype) %(objectsize)', '--buffer'])
  git.stdin.end(`${blobs.join('\n')}\n`)
  const output = new BatchOutput()
  try {
    for await (const chunk of git.stdout) yield output.take(chunk)
    await git.finished
  } finally {
    git.end()
  }
  if (output.whole !== blobs.length) throw missing(blobs[output.whole] ?? '')
}

/** One whole content after another; each is kept in memory. Throws `objects-missing`. */
export async function* readWholeBlobs(
  repository: Repository,
  blobs: readonly string[],
): AsyncGenerator<{ readonly index: number; readonly content: Buffer }> {
  let pieces: Buffer[] = []
  for await (const arrived of readBlobs(repository, blobs)) {
    for (const { index, bytes, last } of arrived) {
      pieces.push(Buffer.from(bytes))
      if (!last) continue
      yield { index, content: Buffer.concat(pieces) }
      pieces = []
    }
  }
}

/** Cuts what `cat-file --batch` writes into contents: for each a line, then its bytes, then a newline. */
class BatchOutput {
  #whole = 0
  #size = 0
  /** Bytes of the content that are still to come; -1 before its line. */
  #left = -1
  #carry: Buffer = Buffer.alloc(0)

  /** How many contents came to their end. */
  get whole(): number {
    return this.#whole
  }

  take(chunk: Buffer): BlobPiece[] {
    const pieces: BlobPiece[] = []
    let rest = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk])
    while (rest.length > 0) {
      if (this.#left === -1) {
        const end = rest.indexOf(0x0a)
        if (end === -1) break
        this.#size = parseBatchHeader(rest.toString('latin1', 0, end))
        this.#left = this.#size
        rest = rest.subarray(end + 1)
        if (this.#size === 0) pieces.push(this.#piece(Buffer.alloc(0)))
      } else if (this.#left === 0) {
        rest = rest.subarray(1)
        this.#left = -1
        this.#whole++
      } else {
        const bytes = rest.subarray(0, this.#left)
        this.#left -= bytes.length
        rest = rest.subarray(bytes.length)
        pieces.push(this.#piece(bytes))
      }
    }
    this.#carry = rest
    return pieces
  }

  #piece(bytes: Buffer): BlobPiece {
    return { index: this.#whole, size: this.#size, bytes, last: this.#left === 0 }
  }
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
