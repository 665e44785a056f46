import { createHash } from 'node:crypto'
import type { OperationRecord } from '../bundle/manifest.js'
import { refused } from '../bundle/tar-format.js'
import { readBlobs } from '../support/git-objects.js'
import type { Repository } from '../support/git-repository.js'
import { printable } from '../support/text.js'

interface Move {
  readonly source: string
  readonly path: string
  readonly hash: string
  /** Known when fast-import has answered. */
  blob: string
}

/**
 * The contents that a bundle moves without carrying them. fast-import is asked (`ls`) in the same stream, right before
 * each move, so an answer is about the tree as the operations before it left it.
 */
export class MovedContents {
  readonly #moves: Move[] = []
  readonly #last: string[] = []
  #answered = 0

  /** The answers to what was asked after all operations. */
  get last(): readonly string[] {
    return this.#last
  }

  /** The path to ask for before this operation, or null where there is nothing to ask. */
  announce(record: OperationRecord): string | null {
    if (record.source_path === undefined || record.content_included !== false) return null
    const { path, source_path: source, content_hash: hash = '' } = record
    this.#moves.push({ source, path, hash, blob: '' })
    return source
  }

  /** Reads the answers while fast-import writes them; fails at the first that is no file. */
  async read(stdout: AsyncIterable<Buffer>): Promise<void> {
    let text = ''
    for await (const chunk of stdout) {
      text += chunk.toString('latin1')
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) this.#take(line)
    }
  }

  /** A move must find the bytes that it announces. */
  async verify(repository: Repository): Promise<void> {
    let digest = createHash('sha1')
    const blobs = this.#moves.map(({ blob }) => blob)
    for await (const pieces of readBlobs(repository, blobs)) {
      for (const { index, bytes, last } of pieces) {
        digest.update(bytes)
        if (!last) continue
        const move = this.#moves[index]
        if (move !== undefined && `sha1:${digest.digest('hex')}` !== move.hash) {
          throw refused(`the content moved to ${printable(move.path)} does not have the announced hash`, {
            path: move.path,
          })
        }
        digest = createHash('sha1')
      }
    }
  }

  /** An answer of `ls`: `100644 blob <id>\t<path>`, `040000 tree <id>\t<path>` or `missing <path>`. */
  #take(line: string): void {
    const move = this.#moves[this.#answered]
    if (move === undefined) {
      this.#last.push(line)
      return
    }
    this.#answered++
    const [, blob] = /^100644 blob ([0-9a-f]+)\t/.exec(line) ?? []
    if (blob === undefined) throw refused(`${printable(move.source)}: there is no such file`, { path: move.source })
    move.blob = blob
  }
}
