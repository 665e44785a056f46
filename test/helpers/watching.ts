import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect } from '@jest/globals'
import { type CommandOptions, ceDelta, startCeDelta, thisMachine } from './command.js'
import { parseEvent } from './events.js'
import { readTree } from './workspace.js'

const running = new Set<ChildProcess>()

afterEach(async () => {
  for (const child of [...running]) await end(child, 'SIGKILL')
})

export type Event = Readonly<Record<string, unknown>>

export interface Watching {
  readonly child: ChildProcess
  /** What it told so far, with `--json`. */
  readonly events: readonly Event[]
  /** What it told people. */
  stderr(): string
  /** Waits until something was told, from the `from`th event on. */
  told(what: (event: Event) => boolean, from?: number): Promise<Event>
  /** Waits until what was told so far satisfies this. */
  until(what: (events: readonly Event[]) => boolean): Promise<void>
  /** Ends it as Ctrl-C does, or by another signal. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

const LONGEST = 60_000

/** The real `ce-delta watch`, into the embedded receiver of this test unless an endpoint is named. */
export async function startWatch(
  root: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<Watching> {
  const { data } = await thisMachine()
  const child = await startCeDelta(root, ['watch', '--json', '--data', data, ...args], options)
  running.add(child)
  child.once('close', () => running.delete(child))
  const events: Event[] = []
  let complaints = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => void events.push(parseEvent(line)))
  const until = async (what: (events: readonly Event[]) => boolean): Promise<void> => {
    const deadline = performance.now() + LONGEST
    while (!what(events)) {
      const isOver = child.exitCode !== null || child.signalCode !== null || performance.now() > deadline
      if (isOver)
        throw new Error(`It was never told: ${complaints}${events.map((event) => JSON.stringify(event)).join('\n')}`)
      await sleep(20)
    }
  }
  return {
    child,
    events,
    until,
    stderr: () => complaints,
    async told(what, from = 0) {
      await until(() => events.slice(from).some(what))
      return events.slice(from).find(what) ?? {}
    },
    stop: async (signal = 'SIGINT') => await end(child, signal),
  }
}

/** Like {@link startWatch}; returns when the first push is done and events are waited for. */
export async function watching(root: string, args: readonly string[] = [], options: CommandOptions = {}) {
  const watch = await startWatch(root, args, options)
  await watch.told(({ event }) => event === 'watching')
  await watch.told(isEqual)
  return watch
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const closed = once(child, 'close')
  child.kill(signal)
  await closed
  return child.exitCode
}

export function isEqual({ event, state, pending }: Event): boolean {
  return event === 'state' && state === 'equal' && pending === false
}

/** The pushes that sent something. */
export function deltas(events: readonly Event[]): Event[] {
  return events.filter(({ event, outcome }) => event === 'report' && outcome === 'confirmed')
}

/** Lets the running watch push what there is, and wait for it; the receiver then holds these files. */
export async function flushed(root: string): Promise<Event> {
  const { data } = await thisMachine()
  const { exitCode, events, stderr } = await ceDelta(root, ['watch', '--flush', '--json', '--data', data])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return events[0] ?? {}
}

/** The receiver of this test holds exactly the files of the work tree, but those named. */
export async function expectCopied(root: string, without: readonly string[] = []): Promise<void> {
  const { data } = await thisMachine()
  const { events } = await ceDelta(root, ['status', '--json', '--data', data])
  const mirror = String(Reflect.get(Object(events[0]?.there), 'mirror'))
  const here = await readTree(root, { skipGit: true })
  for (const path of without) here.delete(path)
  const text = (files: ReadonlyMap<string, Buffer>) =>
    [...files].map(([path, bytes]) => [path, bytes.toString('latin1')])
  expect(text(await readTree(mirror))).toEqual(text(here))
}
