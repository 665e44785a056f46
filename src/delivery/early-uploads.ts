import { ahead } from '../support/sequence.js'
import { uploadOf } from './deliver.js'
import type { SynchroniseJob } from './job.js'
import type { OutboxEntry } from './outbox.js'
import type { ReceiverStatus, Upload, UploadResult } from './receiver.js'

/** A bundle whose turn comes next. */
export interface Coming {
  readonly entry: OutboxEntry
  /** Where its upload has begun already: what it was answered, to be asked when its turn has come. */
  readonly begun?: () => Promise<UploadResult>
}

/**
 * Uploads each bundle while the one before is still being applied. It begins when all bytes of the one before have left,
 * so they arrive in order. What went wrong is thrown when its turn has come.
 */
export class EarlyUploads {
  readonly #job: SynchroniseJob
  readonly #status: ReceiverStatus
  readonly #stop = new AbortController()
  /** Settles with the last upload that has begun, and all before it. */
  #last: Promise<unknown> = Promise.resolve()
  #lastHasLeft: Promise<void> = Promise.resolve()

  constructor(job: SynchroniseJob, status: ReceiverStatus) {
    this.#job = job
    this.#status = status
  }

  /** The bundles in their order; each has begun where the receiver can take it so early. */
  coming(entries: AsyncIterable<OutboxEntry> | Iterable<OutboxEntry>): AsyncGenerator<Coming> {
    const coming = this.#coming(entries)
    return this.#status.takesUploadsEarly ? ahead(coming) : coming
  }

  async *#coming(entries: AsyncIterable<OutboxEntry> | Iterable<OutboxEntry>): AsyncGenerator<Coming> {
    for await (const entry of entries) {
      this.#job.context.onBundle(entry)
      await this.#lastHasLeft
      yield (await this.#isReady(entry)) ? await this.#begin(entry) : { entry }
    }
  }

  /** Begins nothing any more, and ends what has begun; the receiver may apply that all the same. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#last
  }

  /** Of what was sent before, and may have been applied, the receiver has to be asked first. */
  async #isReady(entry: OutboxEntry): Promise<boolean> {
    const { takesUploadsEarly, maxBundleBytes } = this.#status
    const isTooLarge = entry.bytes > (maxBundleBytes ?? Number.POSITIVE_INFINITY)
    if (!takesUploadsEarly || this.#stop.signal.aborted || entry.attemptedAt !== null || isTooLarge) return false
    return await this.#job.outbox.isIntact(entry)
  }

  async #begin(entry: OutboxEntry): Promise<Coming> {
    const { outbox, lock, receiver, target, context } = this.#job
    await lock.verify()
    await outbox.put({ ...entry, attemptedAt: context.now().toISOString() })
    const upload = uploadOf(this.#job, entry, { sequence: entry.sequence, moreFollow: entry.target !== target })
    const answer = this.#upload(upload)
    const again = async (): Promise<UploadResult> => await receiver.upload(upload, context.signal)
    return { entry, begun: async () => await orAgain(await answer, again) }
  }

  #upload(upload: Upload): Promise<UploadResult> {
    const { receiver, context } = this.#job
    const signal = AbortSignal.any([context.signal, this.#stop.signal])
    let hasLeft = (): void => undefined
    this.#lastHasLeft = new Promise((resolve) => {
      hasLeft = resolve
    })
    const onSent = (sent: number): void => {
      upload.onSent?.(sent)
      if (sent === upload.bytes) hasLeft()
    }
    const answer = receiver.upload({ ...upload, onSent }, signal)
    const before = this.#last
    this.#last = answer.then(hasLeft, hasLeft).then(() => before)
    return answer
  }
}

/** One that overtook the one before did nothing, and fits when its turn has come. */
async function orAgain(answer: UploadResult, again: () => Promise<UploadResult>): Promise<UploadResult> {
  return answer.kind === 'sequence mismatch' ? await again() : answer
}
