import { describe, expect, test } from '@jest/globals'
import type { Receiver, Upload, UploadResult } from '../../src/delivery/receiver.js'
import type { SynchroniseResult } from '../../src/delivery/synchronise.js'
import { DeltaError } from '../../src/support/errors.js'
import { filesOf } from '../helpers/command.js'
import { expectExactly } from '../helpers/receivers.js'
import { type Bench, bench, unreachable } from '../helpers/synchronising.js'
import { writeTree } from '../helpers/workspace.js'

/** Parts have three operations, so these need four bundles. */
const FILES = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`file-${at}`, `${at}`]))

type Handle = (upload: Upload, pass: () => Promise<UploadResult>, early: EarlyReceiver) => Promise<UploadResult>

/** Takes the next bundle before it has answered the last one; a test says what becomes of each upload. */
class EarlyReceiver implements Receiver {
  readonly name = 'early'
  readonly key: string
  /** The sequences of the uploads, as they began. */
  readonly begun: (number | null)[] = []
  underWay = 0
  mostUnderWay = 0
  readonly #behind: Receiver
  readonly #handle: Handle

  constructor(behind: Receiver, handle: Handle = async (_, pass) => await pass()) {
    this.key = behind.key
    this.#behind = behind
    this.#handle = handle
  }

  async status(signal: AbortSignal) {
    return { ...(await this.#behind.status(signal)), takesUploadsEarly: true }
  }

  async upload(upload: Upload, signal: AbortSignal): Promise<UploadResult> {
    this.begun.push(upload.sequence)
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay)
    try {
      return await this.#handle(upload, async () => await this.#behind.upload(upload, signal), this)
    } finally {
      this.underWay--
    }
  }

  listTree = (signal: AbortSignal) => this.#behind.listTree(signal)
  lacking: Receiver['lacking'] = async () => null
  counters = (signal: AbortSignal) => this.#behind.counters(signal)
  forget = async () => undefined

  /** Waits until an upload with this sequence has begun. */
  async hasBegun(sequence: number): Promise<void> {
    while (!this.begun.includes(sequence)) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function stageWithFiles(): Promise<Bench> {
  const stage = await bench()
  await writeTree(stage.root, FILES)
  return stage
}

async function expectEqual(stage: Bench, result: SynchroniseResult): Promise<void> {
  expect(result.error).toBeNull()
  await expectExactly(stage.behind, await filesOf(stage.root), stage.root)
  expect(await stage.outbox().list()).toEqual([])
  expect(await stage.confirmed()).toMatchObject({ tree: result.receiverTree, sequence: 4 })
}

const hasLeft = ({ bytes, onSent }: Upload): void => onSent?.(bytes)

describe('a receiver that takes the next bundle before it has answered the last one', () => {
  test('gets each while the one before is applied, and never a third', async () => {
    const stage = await stageWithFiles()
    const receiver = new EarlyReceiver(stage.embedded, async (upload, pass, early) => {
      hasLeft(upload)
      const answer = await pass()
      // Nobody would ever be answered if the next one waited for this answer.
      if (upload.moreFollow === true) await early.hasBegun((upload.sequence ?? 0) + 1)
      return answer
    })
    await expectEqual(stage, await stage.push(receiver))
    expect(receiver.begun).toEqual([1, 2, 3, 4])
    expect(receiver.mostUnderWay).toBe(2)
  })

  test('gets none before all bytes of the one before have left', async () => {
    const stage = await stageWithFiles()
    const receiver = new EarlyReceiver(stage.embedded, async (upload, pass) => {
      upload.onSent?.(upload.bytes - 1)
      return await pass()
    })
    await expectEqual(stage, await stage.push(receiver))
    expect(receiver.mostUnderWay).toBe(1)
  })

  test('gets one again that came too early', async () => {
    const stage = await stageWithFiles()
    const receiver = new EarlyReceiver(stage.embedded, async (upload, pass, early) => {
      hasLeft(upload)
      if (upload.sequence === 1) await early.hasBegun(2)
      const isFirst = early.begun.filter((sequence) => sequence === 2).length === 1
      return upload.sequence === 2 && isFirst ? { kind: 'sequence mismatch', expected: 1 } : await pass()
    })
    await expectEqual(stage, await stage.push(receiver))
    expect(receiver.begun.filter((sequence) => sequence === 2)).toHaveLength(2)
    expect(stage.notices).toEqual([])
  })

  test.each([1, 2, 3, 4])('the answer to bundle %i is lost: it is not sent again', async (lost) => {
    const stage = await stageWithFiles()
    const receiver = new EarlyReceiver(stage.embedded, async (upload, pass) => {
      hasLeft(upload)
      const answer = await pass()
      if (upload.sequence === lost) throw unreachable()
      return answer
    })
    await expectEqual(stage, await stage.push(receiver))
    expect(receiver.begun).toEqual([1, 2, 3, 4])
  })

  test.each([1, 2, 3, 4])('it is gone from bundle %i on: two may have arrived, the rest waits', async (gone) => {
    const stage = await stageWithFiles()
    const receiver = new EarlyReceiver(stage.embedded, async (upload, pass) => {
      hasLeft(upload)
      if ((upload.sequence ?? 0) >= gone) throw unreachable()
      return await pass()
    })
    const queued = await stage.push(receiver)
    expect([queued.outcome, queued.error?.code]).toEqual(['queued', 'receiver-unreachable'])
    expect(queued.bundles.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4].slice(gone - 1))
    const attempted = queued.bundles.filter(({ attemptedAt }) => attemptedAt !== null)
    expect(attempted.length).toBeLessThanOrEqual(2)
    expect(receiver.underWay).toBe(0)
    await expectEqual(stage, await stage.push())
  })

  test('one is refused: what came after it is ended, and changes nothing', async () => {
    const stage = await stageWithFiles()
    const receiver = new EarlyReceiver(stage.embedded, async (upload, pass, early) => {
      hasLeft(upload)
      if (upload.sequence !== 2) return await pass()
      await early.hasBegun(3)
      throw new DeltaError('bundle-refused', 'no')
    })
    await expect(stage.push(receiver)).rejects.toMatchObject({ code: 'bundle-refused' })
    expect(receiver.underWay).toBe(0)
    expect((await stage.embedded.status(new AbortController().signal)).sequence).toBe(1)
    await expectEqual(stage, await stage.push())
  })
})
