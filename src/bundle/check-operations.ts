import { countOperations } from '../delta/operation.js'
import { parentsOf, pathProblem } from '../support/paths.js'
import { printable } from '../support/text.js'
import type { Manifest, OperationRecord } from './manifest.js'
import { refused } from './tar-format.js'

export interface AnnouncedOperations {
  readonly records: readonly OperationRecord[]
  /** Bytes of content that the records announce. */
  readonly contentBytes: number
}

/**
 * Checks what a bundle announces before anything of it is used (faults.md rows 88, 91, 94): every path is good, no
 * path is written or removed twice, no file stands where another one needs a folder at that moment, and counts, sizes and
 * hashes agree with each other. Throws `bundle-refused`.
 */
export function checkOperations(
  manifest: Manifest,
  records: readonly OperationRecord[],
  hashes: ReadonlyMap<string, string>,
): AnnouncedOperations {
  const written = new Map<string, number>()
  const removed = new Map<string, number>()
  let contentBytes = 0
  for (const [at, record] of records.entries()) {
    checkPath(record.path)
    if (record.source_path !== undefined) checkPath(record.source_path)
    const removes = record.operation === 'deleted' ? record.path : record.source_path
    if (removes !== undefined) addOnce(removed, removes, at, 'is removed twice')
    if (record.operation !== 'deleted') {
      addOnce(written, record.path, at, 'is written twice')
      checkHash(record, hashes.get(record.path))
      contentBytes += record.size_bytes ?? 0
    }
  }
  checkFolders(written, removed)
  checkCounts(manifest, records, contentBytes)
  return { records, contentBytes }
}

function checkPath(path: string): void {
  const problem = pathProblem(path)
  if (problem !== null)
    throw refused(`the path ${JSON.stringify(printable(path))} is not acceptable (${problem})`, { path, problem })
}

/** `paths`: the place of its operation for each. */
function addOnce(paths: Map<string, number>, path: string, at: number, problem: string): void {
  if (paths.has(path)) throw refused(`${printable(path)} ${problem}`, { path })
  paths.set(path, at)
}

/** A file may take the place of a folder, or a folder that of a file, only after all that was there is gone. */
function checkFolders(written: ReadonlyMap<string, number>, removed: ReadonlyMap<string, number>): void {
  const check = (path: string, isInTheWay: (above: string) => boolean): void => {
    const above = parentsOf(path).find(isInTheWay)
    if (above !== undefined) throw refused(`${printable(above)} is both a file and a folder`, { path: above })
  }
  for (const [path, at] of written) check(path, (above) => written.has(above) || (removed.get(above) ?? -1) >= at)
  for (const [path, at] of removed) check(path, (above) => (written.get(above) ?? Number.POSITIVE_INFINITY) <= at)
}

function checkHash(record: OperationRecord, listed: string | undefined): void {
  if (listed !== undefined && record.content_hash !== undefined && listed !== record.content_hash) {
    throw refused(`the two hashes of ${printable(record.path)} differ`, { path: record.path })
  }
  if (record.content_included === false && (record.operation !== 'moved' || record.content_hash === undefined)) {
    throw refused(`${printable(record.path)} comes without its content`, { path: record.path })
  }
}

function checkCounts(manifest: Manifest, records: readonly OperationRecord[], contentBytes: number): void {
  const counts = countOperations(records.map(({ operation }) => ({ kind: operation })))
  for (const kind of ['created', 'updated', 'deleted', 'moved'] as const) {
    if (manifest.operations[kind] !== counts[kind]) {
      throw refused(
        `the manifest announces ${manifest.operations[kind]} operations of kind ${kind}, the list has ${counts[kind]}`,
      )
    }
  }
  if (manifest.total_files !== records.length) {
    throw refused(`the manifest announces ${manifest.total_files} operations, the list has ${records.length}`)
  }
  if (manifest.total_size_bytes !== contentBytes) {
    throw refused(`the manifest announces ${manifest.total_size_bytes} bytes of content, the list ${contentBytes}`)
  }
}
