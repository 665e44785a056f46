import type { OperationCounts, TreeId } from '../delta/operation.js'
import type { TreeFile } from '../support/git-objects.js'
import type { Dialect } from './dialects/dialect.js'
import type { PlannedFile } from './plan-requests.js'
import type { Processed } from './processed.js'

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
  /** It applies bundles in the order in which they come, so the next one may come before the last one is answered. */
  readonly takesUploadsEarly: boolean
  /** Where the plain files are, on the receiver's machine. */
  readonly mirror: string | null
  /** What became of the bundle that it took last; null where none is known, undefined where it does not tell. */
  readonly lastUploadState: UploadState | null | undefined
  readonly dialect: Dialect
  /** Several processes answer and count for themselves, so that a number proves little (protocol.md §3). */
  readonly hasSeveralCounters: boolean
}

/** The sequence as it was told over several connections (protocol.md §3). */
export interface Counters {
  readonly sequences: readonly number[]
  /** Several processes answer, and each counts for itself; it is remembered as `hasSeveralCounters`. */
  readonly areSeveral: boolean
}

/** What a server tells of the bundle that it took last (protocol.md §1, A3). */
export interface UploadState {
  readonly bundleId: string
  readonly state: 'processing' | 'completed' | 'failed'
  /** What became of its operations; null where that is not told. */
  readonly processed: Processed | null
  readonly error: string | null
}

export interface Upload {
  /** The bundle as a file. */
  readonly path: string
  readonly bytes: number
  readonly digest: string
  readonly bundleId: string
  /** Is told how many bytes of it have left, where it travels at all. */
  readonly onSent?: (bytes: number) => void
  /** null: the receiver numbers it. */
  readonly sequence: number | null
  /** What stands in the bundle, and has to be accounted for. */
  readonly steps: OperationCounts
  /** The operations themselves, where none of them needs a content; a server that can takes them without the bundle. */
  readonly plain?: readonly PlainOperation[]
  /** Another bundle comes right after it; a receiver that keeps plain files may answer before they have followed. */
  readonly moreFollow?: boolean
}

/** A deletion or a move. */
export interface PlainOperation {
  readonly kind: 'deleted' | 'moved'
  readonly path: string
  readonly source?: string
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
  /** It was taken, and will be applied; the status tells when. */
  | { readonly kind: 'queued'; readonly sequence: number }
  /** Some operations were carried out and others were not; it is not told which. */
  | { readonly kind: 'partly applied'; readonly failed: number }
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
  /** Which of these files it lacks; null where it cannot be asked. */
  lacking(files: readonly PlannedFile[], signal: AbortSignal): Promise<ReadonlySet<string> | null>
  /** The sequence as several connections are told it, and whether it is that of several processes. */
  counters(signal: AbortSignal): Promise<Counters>
  /** It may be another program now: what was remembered of it does not hold any more. */
  forget(): Promise<void>
}
