import { createHash } from 'node:crypto'
import type { OperationRecord } from '../bundle/manifest.js'
import { refused } from '../bundle/tar-format.js'
import { readBlobs } from '../support/git-objects.js'
import type { Repository } from '../support/git-repository.js'
import { parentsOf } from '../support/paths.js'
import { printable } from '../support/text.js'

type Kind = 'file' | 'folder' | 'nothing'

interface Expectation {
  readonly path: string
  readonly accepts: readonly Kind[]
  readonly problem: string
  readonly onFile?: (blob: string) => void
}

/**
 * What must be true of the tree at the moment when each operation is carried out. fast-import is asked (`ls`) in the
 * same stream, right before the operation, so each answer is about the tree as the operations before it left it.
 */
export class ExpectedAnswers {
  readonly #hasBase: boolean
  readonly #expectations: Expectation[] = []
  readonly #foldersSeen = new Set<string>()
  readonly #moved: { readonly path: string; readonly blob: string; readonly hash: string }[] = []
  readonly #last: string[] = []
  #next = 0

  /** `hasBase`: the operations begin at a tree that has files. */
  constructor(hasBase: boolean) {
    this.#hasBase = hasBase
  }

  /** The answers to what was asked after all operations. */
  get last(): readonly string[] {
    return this.#last
  }

  /** Returns the paths to ask for, in order, before this operation. */
  announce(record: OperationRecord): string[] {
    const expectations = [...this.#removal(record), ...this.#writing(record)]
    this.#expectations.push(...expectations)
    return expectations.map(({ path }) => path)
  }

  /** Reads the answers while fast-import writes them; fails at the first that is not as expected. */
  async read(stdout: AsyncIterable<Buffer>): Promise<void> {
    let text = ''
    for await (const chunk of stdout) {
      text += chunk.toString('latin1')
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) this.#check(line)
    }
  }

  /** A move without content must find the bytes that it announces. */
  async verifyMovedContents(repository: Repository): Promise<void> {
    let digest = createHash('sha1')
    const blobs = this.#moved.map(({ blob }) => blob)
    for await (const pieces of readBlobs(repository, blobs)) {
      for (const { index, bytes, last } of pieces) {
        digest.update(bytes)
        if (!last) continue
        const move = this.#moved[index]
        if (move !== undefined && `sha1:${digest.digest('hex')}` !== move.hash) {
          throw refused(`the content moved to ${printable(move.path)} does not have the announced hash`, {
            path: move.path,
          })
        }
        digest = createHash('sha1')
      }
    }
  }

  #removal(record: OperationRecord): Expectation[] {
    if (record.operation === 'updated')
      return [{ path: record.path, accepts: ['file'], problem: 'there is no such file' }]
    if (record.operation === 'deleted')
      return [{ path: record.path, accepts: ['file'], problem: 'there is no such file' }]
    if (record.source_path === undefined) return []
    const isOnlyNamed = record.content_included === false
    const remember = (blob: string): void => {
      this.#moved.push({ path: record.path, blob, hash: record.content_hash ?? '' })
    }
    const expectation: Expectation = { path: record.source_path, accepts: ['file'], problem: 'there is no such file' }
    return [isOnlyNamed ? { ...expectation, onFile: remember } : expectation]
  }

  #writing(record: OperationRecord): Expectation[] {
    if (record.operation === 'deleted' || record.operation === 'updated') return []
    // What a bundle writes is never in its own way, which was checked before; and nothing else is there.
    if (!this.#hasBase) return []
    const expectations: Expectation[] = [
      { path: record.path, accepts: ['file', 'nothing'], problem: 'a folder stands there' },
    ]
    for (const folder of parentsOf(record.path)) {
      if (this.#foldersSeen.has(folder)) break
      this.#foldersSeen.add(folder)
      expectations.push({
        path: folder,
        accepts: ['folder', 'nothing'],
        problem: 'a file stands where its folder would be',
      })
    }
    return expectations
  }

  #check(line: string): void {
    const expectation = this.#expectations[this.#next++]
    if (expectation === undefined) {
      this.#last.push(line)
      return
    }
    const kind = kindOf(line)
    if (!expectation.accepts.includes(kind)) {
      throw refused(`${printable(expectation.path)}: ${expectation.problem}`, { path: expectation.path })
    }
    if (kind === 'file') expectation.onFile?.(line.slice(12, 52))
  }
}

/** An answer of `ls`: `100644 blob <id>\t<path>`, `040000 tree <id>\t<path>` or `missing <path>`. */
function kindOf(line: string): Kind {
  if (line.startsWith('missing ')) return 'nothing'
  return line.startsWith('040000 ') ? 'folder' : 'file'
}
