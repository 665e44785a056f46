import { type BlobId, isContent, type Operation } from './operation.js'
import { shortestFirst } from './order.js'

export interface PlanLimits {
  readonly operations: number
  /** Bytes of content, uncompressed. Compression only makes a bundle smaller, so this bounds its size as well. */
  readonly bytes: number
}

export interface PlannedOperation {
  readonly operation: Operation
  /** Whether the content travels in the bundle; a receiver that has the bytes can move a file by itself. */
  readonly carriesContent: boolean
  readonly bytes: number
}

/**
 * A folder that is empty, moved out of the way of a file: some servers never remove one (protocol.md §4). It is a step
 * on the wire alone and changes no file.
 */
export interface PlannedFolderMove {
  readonly operation: { readonly kind: 'folder moved'; readonly path: string; readonly source: string }
  readonly carriesContent: false
}

/** What a bundle carries out, in order. */
export type PlannedStep = PlannedOperation | PlannedFolderMove

export interface PlanOptions {
  readonly limits: PlanLimits
  readonly sizeOf: (blob: BlobId) => number
  readonly movesCarryContent: boolean
}

/**
 * Splits a delta into consecutive parts, each small enough for one bundle. Every prefix of a delta is valid by
 * itself, so progress is kept part by part. A single file above the limit gets a part of its own. Within a part the
 * contents stand in the order of the archive, shortest names first.
 */
export function planParts(operations: readonly Operation[], options: PlanOptions): PlannedOperation[][] {
  const parts: PlannedOperation[][] = []
  let part: PlannedOperation[] = []
  let bytes = 0
  for (const operation of operations) {
    const planned = planOperation(operation, options)
    const full = part.length >= options.limits.operations || bytes + planned.bytes > options.limits.bytes
    if (part.length > 0 && full) {
      parts.push(inArchiveOrder(part))
      part = []
      bytes = 0
    }
    part.push(planned)
    bytes += planned.bytes
  }
  if (part.length > 0) parts.push(inArchiveOrder(part))
  return parts
}

/** Contents come last, and none of them depends on another one. */
function inArchiveOrder(part: readonly PlannedOperation[]): PlannedOperation[] {
  const firstContent = part.findIndex(({ operation }) => isContent(operation))
  if (firstContent === -1) return [...part]
  const contents = part.slice(firstContent).sort((left, right) => shortestFirst(left.operation, right.operation))
  return [...part.slice(0, firstContent), ...contents]
}

function planOperation(operation: Operation, options: PlanOptions): PlannedOperation {
  if (operation.kind === 'deleted') return { operation, carriesContent: false, bytes: 0 }
  const carriesContent = operation.kind !== 'moved' || options.movesCarryContent
  return { operation, carriesContent, bytes: carriesContent ? options.sizeOf(operation.blob) : 0 }
}
