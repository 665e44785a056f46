import { readContents } from '../../src/bundle/contents.js'
import { DEFAULT_LIMITS, openBundle } from '../../src/bundle/reader.js'
import { DIALECTS } from '../../src/delivery/dialects/dialect.js'
import type { Receiver, ReceiverStatus } from '../../src/delivery/receiver.js'
import { unreachable } from './synchronising.js'

/**
 * A receiver as the servers of others are: it tells a number and nothing that could be compared, applies what it can,
 * and does not mind a deletion of what is not there.
 */
export class CountingReceiver implements Receiver {
  readonly name = 'a server of somebody else'
  readonly key = 'c0ffee0000000000'
  readonly files = new Map<string, string>()
  readonly sent: string[] = []
  sequence = 0
  /** Uploads that are still answered; the next one is not, and nothing after it. */
  answers = Number.POSITIVE_INFINITY
  /** Whether the upload that is not answered is applied all the same. */
  appliesUnanswered = true

  async status(): Promise<ReceiverStatus> {
    if (this.answers < 0) throw unreachable()
    return {
      sequence: this.sequence,
      tree: null,
      lastBundleId: null,
      lastUpload: null,
      pendingOperations: 0,
      isProcessing: false,
      maxBundleBytes: null,
      canListTree: false,
      movesWithoutContent: false,
      takesUploadsEarly: false,
      mirror: null,
      lastUploadState: undefined,
      dialect: DIALECTS.S1,
      hasSeveralCounters: false,
    }
  }

  async upload({ path, bundleId, sequence }: { path: string; bundleId: string; sequence: number | null }) {
    this.answers--
    const isLost = this.answers < 0
    if (this.answers < -1 || (isLost && !this.appliesUnanswered)) throw unreachable()
    if (sequence === null || sequence !== this.sequence + 1)
      return { kind: 'sequence mismatch', expected: this.sequence + 1 } as const
    this.sent.push(bundleId)
    await this.#apply(path)
    this.sequence = sequence
    if (isLost) throw unreachable()
    return { kind: 'applied', sequence, tree: null, operations: null, mirror: null } as const
  }

  async lacking(): Promise<null> {
    return null
  }

  async counters() {
    return { sequences: [(await this.status()).sequence], areSeveral: false }
  }

  async forget(): Promise<void> {
    // It remembers nothing.
  }

  async listTree(): Promise<never> {
    throw new Error('It cannot list.')
  }

  async #apply(path: string): Promise<void> {
    const bundle = await openBundle(path, DEFAULT_LIMITS)
    const contents = new Map<number, string>()
    for await (const pieces of readContents(bundle, DEFAULT_LIMITS))
      for (const { index, bytes } of pieces) contents.set(index, (contents.get(index) ?? '') + bytes.toString('latin1'))
    for (const [index, record] of bundle.records.entries()) {
      if (record.operation === 'deleted') this.files.delete(record.path)
      else this.files.set(record.path, contents.get(index) ?? '')
      if (record.operation === 'moved' && record.source_path !== undefined) this.files.delete(record.source_path)
    }
  }
}
