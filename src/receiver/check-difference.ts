import type { OperationRecord } from '../bundle/manifest.js'
import { refused } from '../bundle/tar-format.js'
import type { DeltaError } from '../support/errors.js'
import { parentsOf } from '../support/paths.js'
import { printable } from '../support/text.js'
import type { ChangedFile } from './tree-difference.js'

/**
 * Checks by what the operations of a bundle did that they found what they need. `difference` is that of the trees before
 * and after; null where there was none before. That the operations go with each other was checked before any of them
 * (`checkOperations`). Throws `bundle-refused`.
 */
export function checkDifference(records: readonly OperationRecord[], difference: readonly ChangedFile[] | null): void {
  const announced = new Announced()
  for (const record of records) announced.add(record)
  for (const file of difference ?? []) announced.compare(file)
  announced.finish(difference === null)
}

/** The operations as what they say of each path: git lists one that differs, and tells nothing of others. */
class Announced {
  readonly #written = new Set<string>()
  readonly #removed = new Set<string>()
  /** Files that have to be there before, and are not afterwards. */
  readonly #going = new Set<string>()
  /** Files that have to be there before, and are afterwards. */
  readonly #staying = new Set<string>()

  add(record: OperationRecord): void {
    const removed = record.operation === 'deleted' ? record.path : record.source_path
    if (removed !== undefined) this.#remove(removed)
    if (record.operation !== 'deleted') this.#write(record.path, record.operation === 'updated')
  }

  #remove(path: string): void {
    const wasThere = this.#staying.delete(path)
    if (wasThere || !this.#written.has(path)) this.#going.add(path)
    this.#removed.add(path)
  }

  #write(path: string, isUpdate: boolean): void {
    if (isUpdate && this.#removed.has(path)) throw noSuchFile(path)
    if (isUpdate || this.#going.delete(path)) this.#staying.add(path)
    this.#written.add(path)
  }

  compare({ path: name, before, after }: ChangedFile): void {
    const path = name.toString()
    if (before === null && this.#staying.has(path)) throw noSuchFile(path)
    if (after !== null) return
    if (!this.#removed.has(path)) throw this.#overwritten(path)
    this.#going.delete(path)
  }

  /** `isAllNew`: there was nothing before. */
  finish(isAllNew: boolean): void {
    const [missing = isAllNew ? [...this.#staying][0] : undefined] = this.#going
    if (missing !== undefined) throw noSuchFile(missing)
  }

  /** Why a file is gone that no operation removes. */
  #overwritten(path: string): DeltaError {
    const above = parentsOf(path)
    const removed = above.find((folder) => this.#removed.has(folder))
    if (removed !== undefined) return noSuchFile(removed)
    const written = above.find((folder) => this.#written.has(folder))
    if (written !== undefined) return problem(written, 'a folder stands there')
    const below = [...this.#written].find((other) => other.startsWith(`${path}/`))
    return problem(below ?? path, 'a file stands where its folder would be')
  }
}

function noSuchFile(path: string): DeltaError {
  return problem(path, 'there is no such file')
}

function problem(path: string, what: string): DeltaError {
  return refused(`${printable(path)}: ${what}`, { path })
}
