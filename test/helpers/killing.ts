import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from '@jest/globals'
import type { PushReport } from '../../src/report/report.js'
import { tryLock } from '../../src/support/lock.js'
import { type CommandResult, expectMirror, filesOf } from './command.js'
import { git, temporaryDirectory, writeTree } from './workspace.js'

const PRELOAD = fileURLToPath(new URL('./fault-preload.mjs', import.meta.url))

export interface FaultPlan {
  /** The process kills itself at this step, counted from 1. */
  readonly killAt?: number
  /** This fsync or write fails. */
  readonly failAt?: number
  /** Count only steps of this name. */
  readonly only?: string
}

/** The environment that lets a real command suffer a fault at one of its own steps. */
export function suffering(plan: FaultPlan & { readonly journal?: string }): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${PRELOAD}`, FAULT_PLAN: JSON.stringify(plan) }
}

/** How many steps a command takes, and which. */
export async function stepsOf(run: (env: NodeJS.ProcessEnv) => Promise<unknown>): Promise<string[]> {
  const journal = join(await temporaryDirectory(), 'journal')
  await run(suffering({ journal }))
  return (await readFile(journal, 'utf8')).trimEnd().split('\n')
}

/** Changes a work tree in every way that a delta knows. Every turn is of the same kind, with other contents. */
export async function editEverything(root: string, turn: number): Promise<void> {
  await writeTree(root, {
    'always.txt': `turn ${turn}\n`,
    [`new/${turn}.txt`]: `created in turn ${turn}\n`,
    [`moving-${turn}.txt`]: 'the same bytes in every turn, and enough of them to be found again\n',
    'large.txt': `${turn}\n`.repeat(40_000),
  })
  await rm(join(root, `moving-${turn - 1}.txt`), { force: true })
  await rm(join(root, `new/${turn - 2}.txt`), { force: true })
  await rm(join(root, 'shape'), { force: true, recursive: true })
  await writeTree(root, turn % 2 === 0 ? { shape: 'a file' } : { 'shape/inner.txt': 'a folder' })
}

/** I3: at most two pushes make both ends equal, and nothing is left over anywhere. */
export async function expectHealed(
  root: string,
  push: () => Promise<CommandResult>,
  folders: readonly string[],
): Promise<PushReport> {
  const first = await push()
  const result = first.exitCode === 0 ? first : await push()
  const report = await expectMirror(result, await filesOf(root))
  const shadow = join(root, '.git', 'ce-delta')
  for (const folder of [shadow, ...folders]) expect(await leftOvers(folder)).toEqual([])
  expect(await bundlesIn(shadow)).toEqual([])
  expect(await confirmedIn(shadow)).toEqual({ tree: report.tree, sequence: report.sequence })
  return report
}

/**
 * What nobody wants to find below a folder once everything is done. The lock of a receiver whose holder was killed may
 * stay until the next upload takes it over; it must be free for it.
 */
export async function leftOvers(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const unwanted = /\.tmp$|\.lock$|\.takeover$|-index\.\d+|\.staging|(?:^|\/)spool\/./
  // A server that runs holds its data folder, and a mirror may have files of any name.
  const isMeant = /(?:^|\/)serve\.lock$|(?:^|\/)mirrors\/[^./][^/]*\//
  const found = names.filter((name) => unwanted.test(name) && !isMeant.test(name))
  for (const name of names.filter((name) => /(?:^|\/)locks\/[^/]+$/.test(name))) {
    const lock = await tryLock(join(folder, name))
    if ('release' in lock) await lock.release()
    else found.push(name)
  }
  return found
}

async function bundlesIn(shadow: string): Promise<string[]> {
  const names = await readdir(join(shadow, 'outbox'), { recursive: true }).catch(() => [])
  return names.filter((name) => name.includes('/'))
}

/** What the shadow says was confirmed last; null where nothing was. */
export async function confirmedIn(shadow: string): Promise<{ tree: string; sequence: number } | null> {
  const format = '--format=%(tree) %(contents:subject)'
  const text = await git(shadow, 'for-each-ref', format, 'refs/ce-delta/confirmed')
  if (text === '') return null
  const space = text.indexOf(' ')
  return { tree: text.slice(0, space), sequence: JSON.parse(text.slice(space + 1)).sequence }
}
