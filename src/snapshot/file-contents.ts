import { hash } from 'node:crypto'
import { closeSync, readSync } from 'node:fs'
import type { BlobId } from '../delta/operation.js'
import { BufferPool } from '../support/buffer-pool.js'
import { type BlobPiece, readBlobs, type TreeFile } from '../support/git-objects.js'
import { openFile } from './open-file.js'
import type { Shadow } from './shadow.js'

/**
 * The contents of files of a snapshot, in the order asked for, several at a time; they are overwritten when the next ones
 * are asked for. A file that is still in the work tree as the snapshot has it, which its hash tells, is read there: git
 * would have to find and unpack it. Throws `objects-missing` for what neither of them has.
 */
export async function* readFileContents(
  shadow: Shadow,
  files: readonly TreeFile[],
): AsyncGenerator<readonly BlobPiece[]> {
  const { kind, root } = shadow.workspace
  const buffer = buffers.take()
  try {
    yield* readEach(shadow, files, kind === 'bare' ? null : new UnchangedFiles(root, buffer))
  } finally {
    buffers.give(buffer)
  }
}

async function* readEach(
  shadow: Shadow,
  files: readonly TreeFile[],
  unchanged: UnchangedFiles | null,
): AsyncGenerator<readonly BlobPiece[]> {
  let most = unchanged === null ? files.length : 1
  for (let at = 0; at < files.length; ) {
    const pieces = unchanged?.read(files, at) ?? []
    if (pieces.length > 0) {
      yield pieces
      at += pieces.length
      continue
    }
    const others = files.slice(at, at + most)
    for await (const pieces of readBlobs(shadow.repository, others.map(blobOf))) yield movedBy(at, pieces)
    at += others.length
    // Where many differ, as in the snapshot of another commit, git is asked for more and more of them at a time.
    most *= 2
  }
}

function blobOf({ blob }: TreeFile): BlobId {
  return blob
}

function movedBy(offset: number, pieces: readonly BlobPiece[]): BlobPiece[] {
  return pieces.map((piece) => ({ ...piece, index: piece.index + offset }))
}

/** Larger files are git's to stream. */
const CAPACITY = 2 << 20

const buffers = new BufferPool(CAPACITY)

/** So much is read at a time, and one file more: what many small ones need is still in use when V8 tidies up. */
const ENOUGH = { files: 50, bytes: 1 << 18 }

/** Room for what git hashes before a content: `blob <size>` and a NUL. */
const HEADER = 32

/** Reads the files of a work tree that are as a snapshot has them. */
class UnchangedFiles {
  readonly #root: string
  readonly #buffer: Buffer

  constructor(root: string, buffer: Buffer) {
    this.#root = root
    this.#buffer = buffer
  }

  /** The contents from the `first`th file on, as many as there is room for, up to the first that is not as it was. */
  read(files: readonly TreeFile[], first: number): BlobPiece[] {
    const pieces: BlobPiece[] = []
    let filled = 0
    for (let index = first; pieces.length < ENOUGH.files && filled < ENOUGH.bytes; index++) {
      const file = files[index]
      const bytes = file === undefined ? null : this.#readOne(file, filled + HEADER)
      if (bytes === null) break
      pieces.push({ index, size: bytes.length, bytes, last: true })
      filled += HEADER + bytes.length
    }
    return pieces
  }

  #readOne({ path, blob }: TreeFile, start: number): Buffer | null {
    const room = CAPACITY - start
    const size = this.#fill(`${this.#root}/${path}`, start, room)
    if (size === null || size === room) return null
    const header = `blob ${size}\0`
    this.#buffer.write(header, start - header.length, 'latin1')
    const hashed = this.#buffer.subarray(start - header.length, start + size)
    return hash('sha1', hashed, 'hex') === blob ? this.#buffer.subarray(start, start + size) : null
  }

  /** How much was read; null where the file cannot be read, because git has what it was. */
  #fill(path: string, start: number, room: number): number | null {
    try {
      const file = openFile(path)
      try {
        return readSync(file, this.#buffer, start, room, 0)
      } finally {
        closeSync(file)
      }
    } catch {
      return null
    }
  }
}
