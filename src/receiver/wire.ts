import type { OperationCounts } from '../delta/operation.js'

/**
 * What travels between a client and a receiver, as specified ("API Endpoints"), with the additions of ce-delta's own
 * receiver, which other clients ignore. Both ends of the wire use these names.
 */
export const UPLOAD_PATH = '/api/v1/delta/upload'
export const STATUS_PATH = '/api/v1/delta/status'
/** Addition: the files of a workspace as NDJSON, the first line with `tree` and `sequence`. */
export const TREE_PATH = '/api/v1/delta/tree'
export const HEALTH_PATH = '/health'

/** Addition: a field of an upload that is true where another bundle comes right after it. */
export const MORE_FOLLOW_FIELD = 'more_follow'

/** What this receiver can do beyond the specification; a client that knows a name may rely on it. */
export const ABILITIES = [
  'tree-listing',
  'moves-without-content',
  'proof-by-tree',
  'strict-sequence',
  'early-uploads',
] as const

export type Ability = (typeof ABILITIES)[number]

export interface StatusAnswer {
  readonly workspace_path: string
  readonly collection_name: string | null
  readonly last_sequence: number
  readonly last_upload: string | null
  readonly pending_operations: number
  readonly status: 'ready' | 'processing'
  readonly server_info: {
    readonly name: 'ce-delta'
    readonly version: string
    readonly max_bundle_size_mb: number
    readonly supported_formats: readonly ['tar.gz']
    readonly abilities: readonly Ability[]
    readonly limits: {
      readonly compressed_bytes: number
      readonly uncompressed_bytes: number
      readonly members: number
      readonly path_bytes: number
    }
  }
  readonly tree: string
  readonly last_bundle_id: string | null
  readonly mirror: string
}

export interface UploadError {
  /** SEQUENCE_MISMATCH, BUNDLE_REFUSED, BUNDLE_TOO_LARGE, TREE_MISMATCH, NOT_AUTHORISED, BUSY, BAD_REQUEST or INTERNAL_ERROR. */
  readonly code: string
  readonly message: string
  readonly expected_sequence?: number
  readonly received_sequence?: number
  /** Milliseconds. */
  readonly retry_after?: number
}

/** All keys are always there; the ones that do not apply are null. */
export interface UploadAnswer {
  readonly success: boolean
  readonly bundle_id: string | null
  readonly sequence_number: number | null
  readonly processed_operations: (OperationCounts & { readonly skipped: 0; readonly failed: 0 }) | null
  readonly processing_time_ms: number | null
  readonly next_sequence: number | null
  readonly error: UploadError | null
  readonly tree: string | null
  readonly mirror: string | null
  /** The very same bundle had been applied before. */
  readonly replayed: boolean
}
