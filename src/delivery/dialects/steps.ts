import type { MetadataGuards } from '../../bundle/metadata.js'
import type { Operation } from '../../delta/operation.js'
import { shortestFirst } from '../../delta/order.js'
import type { PlannedOperation, PlannedStep } from '../../delta/plan.js'
import { isMetadataName } from './carry.js'
import type { Dialect } from './dialect.js'

export interface StepOptions {
  /** Empty folders that a file shall take the place of, and where they go. */
  readonly asides: readonly Aside[]
  /** Every file is written, whatever the server believes to have. */
  readonly isForced: boolean
}

export interface Aside {
  readonly source: string
  readonly path: string
  /** A file may stand there as well, which must not be moved. */
  readonly mayBeFile: boolean
}

export interface BundlePlan {
  readonly steps: readonly PlannedStep[]
  readonly guards: MetadataGuards
}

/**
 * What stands in a bundle for a server that is not ours, so that it does to its files what the operations say
 * (protocol.md §2, §8). Order: deletions, moves, the sources of moves where they would stay, folders out of the way,
 * contents with the shortest names first, files that can only come by a move.
 */
export function stepsFor(operations: readonly Operation[], dialect: Dialect, options: StepOptions): BundlePlan {
  const of = (kind: Operation['kind']) => operations.filter((operation) => operation.kind === kind)
  const moved = operations.filter((operation) => operation.kind === 'moved')
  const contents = operations.filter(({ kind }) => kind === 'created' || kind === 'updated')
  const isHidden = ({ path }: Operation): boolean => dialect.hidesMetadataNames && isMetadataName(path)
  const detours = contents.filter(isHidden).map((operation, index) => detour(operation, index))
  const direct = contents.filter((operation) => !isHidden(operation))
  const sources = dialect.moves === 'keeps the source' ? moved.map(({ source }) => deletion(source)) : []
  // A folder goes when it is empty: for a content, only after the moves that take files out of it.
  const asidesOf = (those: readonly Operation[]): PlannedStep[] => {
    const paths = new Set(those.map(({ path }) => path))
    const asides = options.asides.filter(({ source }) => paths.has(source))
    const files = asides.filter(({ mayBeFile }) => mayBeFile).map(({ source }) => deletion(source))
    return [...files, ...asides.map(folderMove)]
  }
  const steps: PlannedStep[] = [
    ...detours.map(({ temporary }) => deletion(temporary)),
    ...of('deleted').map(planned),
    ...asidesOf(moved),
    ...moved.map(planned),
    ...sources,
    ...asidesOf(contents),
    ...[...direct.map(planned), ...detours.map(({ upload }) => upload)].sort((left, right) =>
      shortestFirst(left.operation, right.operation),
    ),
    ...detours.map(({ move }) => move),
  ]
  const isMistakable =
    contents.some(({ path }) => isMetadataName(path)) || moved.some(({ path }) => isMetadataName(path))
  return { steps, guards: { hasHistory: isMistakable, hasHashes: !options.isForced } }
}

function planned(operation: Operation): PlannedOperation {
  return { operation, carriesContent: operation.kind !== 'deleted', bytes: 0 }
}

function folderMove({ source, path }: Aside): PlannedStep {
  return { operation: { kind: 'folder moved', source, path }, carriesContent: false }
}

function deletion(path: string): PlannedOperation {
  return planned({ kind: 'deleted', path })
}

/** A file that would be taken for metadata travels under another name and is moved into place. */
function detour(operation: Operation, index: number) {
  const temporary = `.ce-delta-incoming-${index}`
  const { path } = operation
  const blob = operation.kind === 'deleted' ? '' : operation.blob
  const move: PlannedOperation = {
    operation: { kind: 'moved', path, source: temporary, blob },
    carriesContent: false,
    bytes: 0,
  }
  return { temporary, upload: planned({ kind: 'created', path: temporary, blob }), move }
}
