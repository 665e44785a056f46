import { appendFile, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { expectCopied, isEqual, type Watching, watching } from '../helpers/watching.js'
import { git, gitRepository } from '../helpers/workspace.js'

const FOLDERS = ['', 'src/', 'src/deep/', 'lib/']
const NAMES = ['a.txt', 'b.txt', 'ä ö.txt', 'c']

const path = fc.tuple(fc.constantFrom(...FOLDERS), fc.constantFrom(...NAMES)).map(([folder, name]) => folder + name)

type Step =
  | { readonly kind: 'write' | 'append' | 'save by renaming' | 'remove'; readonly path: string; readonly text: string }
  | { readonly kind: 'move'; readonly path: string; readonly to: string }
  | { readonly kind: 'remove folder' | 'move folder'; readonly path: string }
  | { readonly kind: 'commit' | 'switch' }
  | { readonly kind: 'wait'; readonly milliseconds: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('write', 'append', 'save by renaming', 'remove'),
      path,
      text: fc.string({ maxLength: 20 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move'), path, to: path }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('remove folder', 'move folder'),
      path: fc.constantFrom('src', 'src/deep', 'lib'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('commit', 'switch') }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait'), milliseconds: fc.constantFrom(1, 50, 350, 700) }),
  },
)

let moves = 0

/** What does not apply, because nothing is there, is left out as an editor would. */
async function take(root: string, step: Step): Promise<void> {
  switch (step.kind) {
    case 'wait':
      return await sleep(step.milliseconds)
    case 'commit':
      await git(root, 'add', '--all')
      await git(root, 'commit', '--quiet', '--allow-empty', '--message=more')
      return
    case 'switch': {
      await git(root, 'add', '--all')
      await git(root, 'commit', '--quiet', '--allow-empty', '--message=before')
      const current = await git(root, 'branch', '--show-current')
      await git(root, 'checkout', '--quiet', current === 'main' ? 'side' : 'main')
      return
    }
    case 'remove folder':
      return await rm(join(root, step.path), { recursive: true, force: true })
    case 'move folder':
      return await ifItIsThere(rename(join(root, step.path), join(root, `moved-${++moves}`)))
    case 'remove':
      return await rm(join(root, step.path), { force: true })
    case 'move':
      await mkdir(dirname(join(root, step.to)), { recursive: true })
      return await ifItIsThere(rename(join(root, step.path), join(root, step.to)))
    default:
      return await save(join(root, step.path), step)
  }
}

async function save(file: string, { kind, text }: { readonly kind: string; readonly text: string }): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  if (kind === 'append') return await appendFile(file, text)
  if (kind === 'write') return await writeFile(file, text)
  await writeFile(`${file}~`, text)
  await rename(`${file}~`, file)
}

async function ifItIsThere(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (thrown) {
    expect(thrown).toMatchObject({ code: 'ENOENT' })
  }
}

/** Both ends are equal for longer than a change takes to be noticed. Nothing is asked of the watch: it must have seen. */
async function rested(watch: Watching): Promise<void> {
  for (;;) {
    const told = watch.events.length
    await sleep(800)
    const last = watch.events.findLast(({ event }) => event === 'state')
    if (watch.events.length === told && last !== undefined && isEqual(last)) return
  }
}

test('whatever an editor and git do, both ends are equal when they come to rest', async () => {
  const root = await gitRepository({ files: { 'keep.txt': 'always there\n', 'src/a.txt': 'a\n', 'lib/b.txt': 'b\n' } })
  await git(root, 'branch', 'side')
  const watch = await watching(root)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      for (const one of steps) await take(root, one)
      await rested(watch)
      await expectCopied(root)
    }),
    { numRuns: 12, endOnFailure: true },
  )
  expect(await watch.stop()).toBe(130)
})
