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
 * path is written or removed twice, no file stands where another one needs a folder, and counts, sizes and hashes
 * agree with each other. Throws `bundle-refused`.
 */
export function checkOperations(
  manifest: Manifest,
  records: readonly OperationRecord[],
  hashes: ReadonlyMap<string, string>,
): AnnouncedOperations {
  const written = new Set<string>()
  const removed = new Set<string>()
  let contentBytes = 0
  for (const record of records) {
    checkPath(record.path)
    if (record.source_path !== undefined) checkPath(record.source_path)
    const removes = record.operation === 'deleted' ? record.path : record.source_path
    if (removes !== undefined) addOnce(removed, removes, 'is removed twice')
    if (record.operation !== 'deleted') {
      addOnce(written, record.path, 'is written twice')
      checkHash(record, hashes.get(record.path))
      contentBytes += record.size_bytes ?? 0
    }
  }
  for (const path of written) {
    const above = parentsOf(path).find((parent) => written.has(parent))
    if (above !== undefined) throw refused(`${printable(above)} is both a file and a folder`, { path: above })
  }
  checkCounts(manifest, records, contentBytes)
  return { records, contentBytes }
}

function checkPath(path: string): void {
  const problem = pathProblem(path)
  if (problem !== null)
    throw refused(`the path ${JSON.stringify(printable(path))} is not acceptable (${problem})`, { path, problem })
}

function addOnce(paths: Set<string>, path: string, problem: string): void {
  if (paths.has(path)) throw refused(`${printable(path)} ${problem}`, { path })
  paths.add(path)
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
