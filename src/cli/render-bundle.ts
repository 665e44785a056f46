import type { ExaminedBundle } from '../bundle/examine.js'
import type { ReportedOperation } from '../report/report.js'
import { formatBytes, formatTime, printable } from '../support/text.js'
import { placeFromHere } from './place.js'
import type { Printer } from './print.js'
import { describeCounts } from './render.js'

/** The event that every command about a bundle file prints. */
export function bundleFacts({ path, manifest, bytes, digest }: ExaminedBundle) {
  const { bundle_id: id, workspace_path: workspace, created_at, sequence_number: sequence, operations } = manifest
  const trees = { base: manifest.parent_tree, tree: manifest.tree }
  return { event: 'bundle-file', file: path, id, workspace, created_at, sequence, ...trees, bytes, digest, operations }
}

export function renderBundle(printer: Printer, { path, manifest, bytes, digest }: ExaminedBundle): void {
  const line = (name: string, value: string): void => printer.answer(`${name.padEnd(11)}${value}`)
  line('bundle', manifest.bundle_id)
  line('file', `${placeFromHere(path)}, ${formatBytes(bytes)}`)
  line('digest', digest)
  line('workspace', printable(manifest.workspace_path))
  line('created', formatTime(manifest.created_at))
  line(
    'sequence',
    manifest.sequence_number === null ? 'none: whoever applies it numbers it' : `${manifest.sequence_number}`,
  )
  line('trees', `${manifest.parent_tree?.slice(0, 10) ?? 'unknown'} → ${manifest.tree?.slice(0, 10) ?? 'unknown'}`)
  line('operations', describeCounts(manifest.operations))
}

/** What it will do, as the events tell of operations. */
export function planOf({ records }: ExaminedBundle): ReportedOperation[] {
  return records.map(({ operation, path, source_path: source }) => ({
    operation,
    path,
    ...(source === undefined ? {} : { source_path: source }),
  }))
}
