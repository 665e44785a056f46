import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { ended, expectMirror, filesOf, push, startCeDelta, thisMachine } from '../helpers/command.js'
import { gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

function manyFiles(count: number, text: string): Map<string, string> {
  return new Map(
    Array.from({ length: count }, (_, index): [string, string] => [`d${index % 20}/f${index}`, `${text} ${index}`]),
  )
}

describe('faults.md row 1: a push that is killed during its scan', () => {
  test('is made good by the next one, whenever it was killed', async () => {
    const root = await gitRepository()
    const { data } = await thisMachine()
    await writeTree(root, manyFiles(1000, 'first'))
    for (const [round, delay] of [100, 200, 300, 400, 500].entries()) {
      const running = await startCeDelta(root, ['push', '--json', '--data', data])
      const end = ended(running)
      await sleep(delay)
      running.kill('SIGKILL')
      await end
      await writeTree(root, { [`d1/round${round}`]: `${round}`, 'd2/f2': `${round}` })
    }
    await expectMirror(await push(root), await filesOf(root))
    expect((await push(root)).report.outcome).toBe('unchanged')
  })

  test('and left its locks behind', async () => {
    const root = await gitRepository({ files: { a: 'a' } })
    await expectMirror(await push(root), { a: 'a' })
    const state = join(root, '.git/ce-delta')
    for (const name of ['index.lock', 'HEAD.lock', 'tree-index.123', 'tree-index.123.lock', 'judge-index.9.1.lock']) {
      await writeFile(join(state, name), 'left')
    }
    await writeTree(root, { a: 'changed' })
    await expectMirror(await push(root), { a: 'changed' })
  }, 30_000)
})

/** Writes files of one size, again and again, until it is told to stop. */
function startWriter(root: string): ChildProcess {
  const script = `
    import { writeFileSync, renameSync, rmSync } from 'node:fs'
    const root = process.argv[1]
    for (let i = 0; ; i++) {
      const text = String(i).padStart(12, '0')
      writeFileSync(root + '/d' + (i % 20) + '/f' + (i % 40), text)
      writeFileSync(root + '/new' + (i % 7), text)
      if (i % 5 === 0) rmSync(root + '/new' + (i % 7), { force: true })
      if (i % 11 === 0) { writeFileSync(root + '/tmp', text); renameSync(root + '/tmp', root + '/d3/f3') }
    }`
  return spawn(process.execPath, ['--input-type=module', '-e', script, root], { stdio: 'ignore' })
}

describe('faults.md rows 22, 23, 27: files that change while they are pushed', () => {
  test('are the same at both ends after at most two pushes', async () => {
    const root = await gitRepository()
    await writeTree(root, manyFiles(300, 'first'))
    for (let round = 1; round <= 2; round++) {
      const writer = startWriter(root)
      await sleep(100)
      const during = await push(root)
      writer.kill('SIGKILL')
      await new Promise((resolve) => writer.once('close', resolve))
      expect({ exitCode: during.exitCode, error: during.report?.error ?? null }).toEqual({ exitCode: 0, error: null })
      expect(during.report.receiver_tree).toBe(during.report.tree)
      await push(root)
      await expectMirror(await push(root), await filesOf(root))
    }
  })
})

describe('faults.md row 24: an edit within the same second', () => {
  test('that keeps the size is seen', async () => {
    const root = await gitRepository({ files: { counter: '00' } })
    for (let value = 10; value < 13; value++) {
      await writeFile(join(root, 'counter'), `${value}`)
      await expectMirror(await push(root), { counter: `${value}` })
      await writeFile(join(root, 'counter'), `${value + 50}`)
      await expectMirror(await push(root), { counter: `${value + 50}` })
    }
  })

  test('after it was read, in a scan that goes on for longer, is seen', async () => {
    const root = await gitRepository({ files: { racy: '0000', other: 'o' } })
    const tools = await temporaryDirectory()
    await writeFile(join(tools, 'git'), slowGit(join(tools, 'list')), { mode: 0o755 })
    await writeTree(root, { racy: '0001', other: 'changed' })
    const env = { PATH: `${tools}:${process.env.PATH}` }
    const report = (await push(root, [], { env })).report
    expect(report).toMatchObject({ outcome: 'confirmed', error: null })
    expect((await filesOf(report.mirror ?? '')).get('racy')?.toString()).toBe('0002')
    await sleep(2500)
    await expectMirror(await push(root), { racy: '0003', other: 'changed' })
  })
})

/**
 * A git that stores one file at the start of a second, sees it change in that second, and ends in the next one. It needs no
 * variable, because not every git is given all of them.
 */
const slowGit = (list: string): string => `#!/bin/sh
PATH='${process.env.PATH}' LIST='${list}'
case "$*" in
*"update-index --add"*)
  tr '\\0' '\\n' | grep -v '^racy$' > "$LIST"
  while [ "$(date +%N | cut -c1)" != 0 ]; do :; done
  printf 0002 > racy
  { printf 'racy\\0'; sleep 0.3; printf 0003 > racy; sleep 1.2; tr '\\n' '\\0' < "$LIST"; } | git "$@"
  ;;
*) exec git "$@" ;;
esac
`
