import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const SCRIPT = fileURLToPath(new URL('./contender.mjs', import.meta.url))
const LOCK = fileURLToPath(new URL('../../src/support/lock.ts', import.meta.url))

export interface Contenders {
  /** Tells all of them at once; returns what each one answered. */
  all(words: string): Promise<string[]>
  /** Kills those whose last answer this was. */
  kill(answer: string): Promise<void>
  end(): Promise<void>
}

/** Processes that contend for a lock, all at the same time. */
export async function contenders(count: number, directory: string): Promise<Contenders> {
  const module = join(directory, 'lock.mjs')
  await build({
    entryPoints: [LOCK],
    outfile: module,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
  })
  let alive = await Promise.all(Array.from({ length: count }, () => contender(module)))
  return {
    all: (words) => Promise.all(alive.map((one) => one.tell(words))),
    kill: async (answer) => {
      const victims = alive.filter((one) => one.last() === answer)
      alive = alive.filter((one) => !victims.includes(one))
      await Promise.all(victims.map((one) => killed(one.child)))
    },
    end: async () => {
      await Promise.all(alive.map((one) => killed(one.child)))
    },
  }
}

async function contender(module: string) {
  const child = spawn(process.execPath, [SCRIPT, module], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let last = String((await lines.next()).value)
  return {
    child,
    last: () => last,
    tell: async (words: string): Promise<string> => {
      child.stdin.write(`${words}\n`)
      last = String((await lines.next()).value)
      return last
    },
  }
}

async function killed(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}
