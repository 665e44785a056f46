import { expect } from '@jest/globals'
import type { BundleLimits } from '../../src/bundle/reader.js'
import type { IncomingBundle } from '../../src/receiver/engine.js'
import { arrived, created, type Draft, draft, Sender, type Step } from './bundles.js'
import { codeOf, engineOn, everythingBelow, expectExactly, type TestReceiver, testReceiver } from './receivers.js'
import { git, readTree } from './workspace.js'

/** A receiver with the files `a` and `dir/b`, which every refusal must leave exactly as they are (faults.md I12). */
export class FilledReceiver {
  readonly receiver: TestReceiver
  readonly sender: Sender
  #before: unknown

  private constructor(receiver: TestReceiver, sender: Sender) {
    this.receiver = receiver
    this.sender = sender
  }

  static async make(): Promise<FilledReceiver> {
    const made = new FilledReceiver(await testReceiver(), new Sender())
    const { receiver, sender } = made
    await receiver.engine.apply(await sender.bundle([created('a', '1'), created('dir/b', '2')]))
    await expectExactly(receiver, sender.files)
    made.#before = await made.#everything()
    return made
  }

  /** The second bundle, to be made wrong. */
  next(...steps: Step[]): Draft {
    return draft(steps, 2, this.sender.files)
  }

  /** What a bundle is refused with; that nothing has changed is seen to here. */
  async outcome(bundle: Uint8Array | IncomingBundle, limits: Partial<BundleLimits> = {}): Promise<string> {
    const incoming = bundle instanceof Uint8Array ? await arrived(bundle) : bundle
    const code = await codeOf(engineOn(this.receiver, limits).apply(incoming))
    expect(await this.#everything()).toEqual(this.#before)
    return code
  }

  async #everything(): Promise<unknown> {
    const { data, engine, mirrors } = this.receiver
    const [slug] = (await everythingBelow(`${data}/workspaces`)).filter((path) => !path.includes('/'))
    return {
      data: await everythingBelow(data),
      mirrors: await everythingBelow(mirrors),
      files: await readTree(mirrors),
      status: await engine.status(this.sender.workspace),
      references: await git(`${data}/workspaces/${slug}/repository.git`, 'for-each-ref'),
    }
  }
}
