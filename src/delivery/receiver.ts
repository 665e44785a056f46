import type { OperationCounts, TreeId } from '../delta/operation.js'
import type { TreeFile } from '../support/git-objects.js'

/** What a receiver says of a workspace. Where it does not say, null: nothing is guessed. */
export interface ReceiverStatus {
  readonly sequence: number
  /** The tree that it holds, computed by itself. */
  readonly tree: TreeId | null
  readonly lastBundleId: string | null
  readonly lastUpload: string | null
  readonly pendingOperations: number
  /** A bundle is being applied right now, so the rest may change in a moment. */
  readonly isProcessing: boolean
  readonly maxBundleBytes: number | null
  readonly canListTree: boolean
  /** It has the bytes of a moved file already and does not want them again. */
  readonly movesWithoutContent: boolean
  /** Where the plain files are, on the receiver's machine. */
  readonly mirror: string | null
}

export interface Upload {
  /** The bundle as a file. */
  readonly path: string
  readonly bytes: number
  readonly digest: string
  readonly bundleId: string
  readonly sequence: number
}

/** What a receiver answered to an upload that it took note of. Everything else is thrown. */
export type UploadResult =
  | {
      readonly kind: 'applied'
      readonly sequence: number
      readonly tree: TreeId | null
      readonly operations: OperationCounts | null
      readonly mirror: string | null
    }
  /** Nothing was changed; the receiver expects another number. */
  | { readonly kind: 'sequence mismatch'; readonly expected: number | null }
  /** Nothing was changed; what the receiver has is not what the bundle was made for. */
  | { readonly kind: 'tree mismatch' }

/**
 * What takes bundles, for one workspace. Implementations throw `receiver-unreachable` or `receiver-busy` where trying
 * again may help, `bundle-refused`, `bundle-too-large` or `not-authorised` where it does not, and `answer-malformed`
 * where the answer makes no sense. After `receiver-unreachable` it is unknown whether the bundle was applied: ask
 * `status`.
 */
export interface Receiver {
  /** For people: where it is. */
  readonly name: string
  /** 16 hexadecimal digits that name this receiver and workspace in references and folders. */
  readonly key: string
  status(signal: AbortSignal): Promise<ReceiverStatus>
  upload(upload: Upload, signal: AbortSignal): Promise<UploadResult>
  /** Only where `canListTree`. */
  listTree(signal: AbortSignal): Promise<TreeFile[]>
}
