import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach } from '@jest/globals'
import { type CommandOptions, startCeDelta, thisMachine } from './command.js'
import { parseEvent } from './events.js'

const running = new Set<ChildProcess>()

afterEach(async () => {
  for (const child of [...running]) await killed(child)
})

export interface Serving {
  readonly url: string
  readonly port: number
  readonly data: string
  readonly mirrors: string
  readonly child: ChildProcess
  /** What it said so far, one object a line. */
  readonly events: readonly Readonly<Record<string, unknown>>[]
  /** As a power cut would. */
  kill(): Promise<void>
}

/** The real `ce-delta serve`, on the folders of this test unless others are named. It is gone after the test. */
export async function serve(
  options: CommandOptions & { readonly port?: number; readonly data?: string } = {},
): Promise<Serving> {
  const serving = await tryServe(options)
  if (serving === null) throw new Error('ce-delta serve ended before it listened.')
  return serving
}

/** Like {@link serve}, or null where it ended before it listened. */
export async function tryServe(
  options: CommandOptions & { readonly port?: number; readonly data?: string } = {},
): Promise<Serving | null> {
  const machine = await thisMachine()
  const data = options.data ?? join(machine.data, 'served')
  const mirrors = join(data, 'mirrors')
  const args = ['serve', '--json', '--port', String(options.port ?? 0), '--data', data, '--mirror', mirrors]
  const child = await startCeDelta(machine.data, args, options)
  running.add(child)
  child.once('close', () => running.delete(child))
  child.stderr?.resume()
  const events: Record<string, unknown>[] = []
  const listening = new Promise<string | null>((resolve) => {
    child.once('close', () => resolve(null))
    if (child.stdout === null) return
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = parseEvent(line)
      events.push(event)
      if (event.event === 'listening') resolve(String(event.url))
    })
  })
  const url = await listening
  if (url === null) return null
  return { url, port: Number(new URL(url).port), data, mirrors, child, events, kill: () => killed(child) }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}
