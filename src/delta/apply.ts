import { DeltaError } from '../support/errors.js'
import { parentsOf } from '../support/paths.js'
import type { BlobId, Operation } from './operation.js'

/** The files of a snapshot by path. A plain model of what a receiver keeps; the law of `orderOperations` is told in it. */
export type Files = ReadonlyMap<string, BlobId>

/**
 * Carries out operations one after another, as strictly as a file system would: a file cannot stand where a folder
 * is, nor below a file. Throws `bundle-refused` at the first operation that cannot be carried out.
 */
export function applyOperations(base: Files, operations: readonly Operation[]): Map<string, BlobId> {
  const files = new Map(base)
  const folders = new FolderCounts(files.keys())
  const remove = (path: string): void => {
    if (!files.delete(path)) throw refused(path, 'there is no such file')
    folders.forget(path)
  }
  const write = (path: string, blob: BlobId): void => {
    if (folders.has(path)) throw refused(path, 'a folder stands there')
    const fileAbove = parentsOf(path).find((parent) => files.has(parent))
    if (fileAbove !== undefined) throw refused(path, `${fileAbove} is a file`)
    if (!files.has(path)) folders.remember(path)
    files.set(path, blob)
  }
  for (const operation of operations) {
    if (operation.kind === 'deleted' || operation.kind === 'moved') {
      remove(operation.kind === 'moved' ? operation.source : operation.path)
    }
    if (operation.kind === 'updated' && !files.has(operation.path))
      throw refused(operation.path, 'there is no such file')
    if (operation.kind !== 'deleted') write(operation.path, operation.blob)
  }
  return files
}

/** How many files each folder holds; a folder without files does not exist. */
class FolderCounts {
  readonly #counts = new Map<string, number>()

  constructor(paths: Iterable<string>) {
    for (const path of paths) this.remember(path)
  }

  has(folder: string): boolean {
    return this.#counts.has(folder)
  }

  remember(path: string): void {
    for (const folder of parentsOf(path)) this.#counts.set(folder, (this.#counts.get(folder) ?? 0) + 1)
  }

  forget(path: string): void {
    for (const folder of parentsOf(path)) {
      const left = (this.#counts.get(folder) ?? 0) - 1
      if (left > 0) this.#counts.set(folder, left)
      else this.#counts.delete(folder)
    }
  }
}

function refused(path: string, reason: string): DeltaError {
  return new DeltaError('bundle-refused', `${path}: ${reason}.`, { facts: { path, reason } })
}
