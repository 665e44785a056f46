import { execFile } from 'node:child_process'
import { stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { expectMirror, filesOf, push } from '../helpers/command.js'
import { gitRepository, temporaryDirectory } from '../helpers/workspace.js'

/** Each writes `cd` over `ab` and gives the file the time that it had. */
const HIDING: readonly (readonly [string, (file: string) => Promise<unknown>])[] = [
  [
    'written over in place, with its time set back',
    async (file) => {
      const { atime, mtime } = await stat(file)
      await writeFile(file, 'cd')
      await utimes(file, atime, mtime)
    },
  ],
  ['copied over with cp -p', async (file) => await shell(`touch -r "$1" "$1.new"; cp -p "$1.new" "$1"`, file)],
  ['replaced by a rename', async (file) => await shell(`touch -r "$1" "$1.new"; mv "$1.new" "$1"`, file)],
]

/**
 * What cannot be set back is the time of the change itself, of which git compares the whole seconds. The file system's
 * clock is asked for it, because it ticks some milliseconds behind ours.
 */
async function secondAfterChange(file: string): Promise<void> {
  const changed = await secondOfChange(file)
  const probe = join(await temporaryDirectory(), 'probe')
  do {
    await sleep(20)
    await writeFile(probe, '')
  } while ((await secondOfChange(probe)) === changed)
}

async function secondOfChange(file: string): Promise<number> {
  const { ctimeMs } = await stat(file)
  return Math.floor(ctimeMs / 1000)
}

async function shell(script: string, file: string): Promise<void> {
  await writeFile(`${file}.new`, 'cd')
  await promisify(execFile)('sh', ['-ec', `${script}; rm -f "$1.new"`, 'sh', file])
}

describe('faults.md row 25: a change of the same size whose time says that there is none', () => {
  test.each(HIDING)('a file that is %s', async (_, hide) => {
    const root = await gitRepository()
    const file = join(root, 'file')
    await writeFile(file, 'ab')
    // Long ago, so that nothing looks as if it had just been written.
    await utimes(file, 1_500_000_000, 1_500_000_000)
    await expectMirror(await push(root), { file: 'ab' })
    await expectMirror(await push(root), { file: 'ab' })
    await secondAfterChange(file)
    await hide(file)
    expect((await stat(file)).mtimeMs).toBe(1_500_000_000_000)
    const report = await expectMirror(await push(root), await filesOf(root))
    expect(report.operations.updated).toBe(1)
  })
})
