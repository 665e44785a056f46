/** A git tree id in the shadow repository: 40 hexadecimal digits. */
export type TreeId = string

/** A git blob id: names the bytes of one file. */
export type BlobId = string

/**
 * One step from one snapshot to the next. Paths are relative, `/`-separated and pass `pathProblem`.
 * `created` may also replace what the receiver has at that path (a resync sends nothing else).
 */
export type Operation =
  | { readonly kind: 'created'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'updated'; readonly path: string; readonly blob: BlobId }
  | { readonly kind: 'deleted'; readonly path: string }
  | { readonly kind: 'moved'; readonly path: string; readonly source: string; readonly blob: BlobId }

export type OperationKind = Operation['kind']

/** An operation that leaves a file at its path, so its content is known. */
export type ContentOperation = Exclude<Operation, { kind: 'deleted' }>

/** Whether it is one of those that come last, in the order of their paths. */
export function isContent({ kind }: Operation): boolean {
  return kind === 'created' || kind === 'updated'
}

export interface OperationCounts {
  readonly created: number
  readonly updated: number
  readonly deleted: number
  readonly moved: number
}

export const NO_OPERATIONS: OperationCounts = { created: 0, updated: 0, deleted: 0, moved: 0 }

export function countOperations(operations: Iterable<{ readonly kind: OperationKind }>): OperationCounts {
  const counts = { created: 0, updated: 0, deleted: 0, moved: 0 }
  for (const operation of operations) counts[operation.kind]++
  return counts
}

export function sumCounts(all: readonly OperationCounts[]): OperationCounts {
  const sum = { ...NO_OPERATIONS }
  for (const kind of ['created', 'updated', 'deleted', 'moved'] as const) for (const one of all) sum[kind] += one[kind]
  return sum
}

export function totalOperations(counts: OperationCounts): number {
  return counts.created + counts.updated + counts.deleted + counts.moved
}

/** Ordered operations that turn the snapshot `base` into the snapshot `target`. */
export interface Delta {
  readonly base: TreeId
  readonly target: TreeId
  readonly operations: readonly Operation[]
}
