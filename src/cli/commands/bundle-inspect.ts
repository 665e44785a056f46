import { resolve } from 'node:path'
import type { ArgumentsCamelCase, Argv } from 'yargs'
import type { ExaminedBundle } from '../../bundle/examine.js'
import { formatBytes, formatTime, printable } from '../../support/text.js'
import type { CommonArguments } from '../arguments.js'
import { placeFromHere } from '../place.js'
import { type Printer, printerFor } from '../print.js'
import { describeCounts } from '../render.js'
import { renderOperation } from '../render-operations.js'

export const command = 'inspect <file>'
export const describe = 'what a bundle announces: where it is from, and every operation'

export function builder(yargs: Argv<CommonArguments>) {
  return yargs
    .positional('file', { type: 'string', demandOption: true, describe: 'a bundle' })
    .example('$0 bundle inspect week.tar.gz', 'without reading its contents')
}

type InspectArguments = ArgumentsCamelCase<Awaited<ReturnType<typeof builder>['argv']>>

export async function run(args: InspectArguments): Promise<number> {
  const [{ examineBundle }, { DEFAULT_LIMITS }] = await Promise.all([
    import('../../bundle/examine.js'),
    import('../../bundle/reader.js'),
  ])
  const bundle = await examineBundle(resolve(args.file), DEFAULT_LIMITS)
  const printer = printerFor(args)
  printer.event({ ...bundleFacts(bundle), plan: planOf(bundle) })
  renderBundle(printer, bundle)
  for (const operation of planOf(bundle)) renderOperation(printer, operation)
  return 0
}

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

function planOf({ records }: ExaminedBundle) {
  return records.map(({ operation, path, source_path: source }) => ({
    operation,
    path,
    ...(source === undefined ? {} : { source_path: source }),
  }))
}
