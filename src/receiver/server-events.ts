import type { OperationCounts, TreeId } from '../delta/operation.js'

/** What a running receiver tells its operator, one at a time. All text is safe to print. */
export type ServerEvent =
  | {
      readonly event: 'applied'
      readonly workspace_path: string
      readonly sequence: number
      readonly bundle_id: string
      readonly tree: TreeId
      readonly operations: OperationCounts
      readonly bytes: number
      readonly duration_ms: number
      readonly replayed: boolean
    }
  | { readonly event: 'refused'; readonly workspace_path?: string; readonly code: string; readonly message: string }
  | { readonly event: 'failed'; readonly message: string }
