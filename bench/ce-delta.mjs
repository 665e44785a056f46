import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { exists, runCommand } from './measure.mjs'
import { cpuSecondsOf, peakOf, watchMemory } from './memory.mjs'

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

/** How the bench runs the built command: as a user with an empty home in `scratch`. */
export class CeDelta {
  #running = new Set()

  constructor(scratch, env) {
    this.scratch = scratch
    this.env = env
  }

  async run(args, options = {}) {
    const env = { ...this.env, ...options.env }
    return await runCommand([process.execPath, CLI, ...args], { ...options, env })
  }

  /** Pushes a tree and checks that the outcome is one of `outcomes`; `report` is the last line of `--json`. */
  async push(root, args, { outcomes = ['confirmed'], ...options } = {}) {
    const sample = await this.run(['push', '-C', root, '--json', ...args], options)
    const report = JSON.parse(sample.stdout.trimEnd().split('\n').at(-1))
    if (!outcomes.includes(report.outcome)) throw new Error(`push of ${root} was ${report.outcome}`)
    const isProven = report.outcome === 'queued' || report.tree === report.receiver_tree
    if (!isProven && report.outcome !== 'dry-run') throw new Error(`push of ${root} is not proven`)
    return { ...sample, report }
  }

  /** Pushes and does all that a push leaves to the background, so that nothing runs while something is measured. */
  async pushAndSettle(root, args) {
    const result = await this.push(root, args, { outcomes: ['confirmed', 'unchanged'] })
    await this.settle(root)
    return result
  }

  /** Waits for a maintenance that runs, then does one: a later one then finds nothing to do. */
  async settle(root) {
    while (await exists(join(root, '.git', 'ce-delta', 'maintenance.lock'))) await sleep(50)
    await this.run(['maintain', '-C', root])
  }

  /** Forgets all that ce-delta knows about a tree. */
  async forget(root) {
    const state = join(root, '.git', 'ce-delta')
    if (await exists(join(state, 'maintained'))) await this.settle(root)
    await rm(state, { recursive: true, force: true, maxRetries: 10 })
  }

  /**
   * Starts a receiver with nothing in it, on a free port of loopback. What it kept stays until the bench ends: ext4 does
   * not give the place of a file that was just removed to a new one, and looks at each of them before it makes one. Right
   * after a mirror was removed, writing the next one takes up to ten times as long.
   */
  async serve() {
    const folder = await mkdtemp(join(this.scratch, 'serve-'))
    const args = ['serve', '--port', '0', '--json', '--data', join(folder, 'data'), '--mirror', join(folder, 'mirrors')]
    const child = spawn(process.execPath, [CLI, ...args], { env: this.env, stdio: ['ignore', 'pipe', 'ignore'] })
    this.#running.add(child)
    const url = await listening(child)
    return {
      url,
      endpoint: ['--endpoint', url],
      peak: () => peakOf(child.pid),
      watch: () => watchMemory(child.pid),
      stop: async () => await this.#end(child),
    }
  }

  /** Starts a watch of a tree. `ready` waits until it is watching and equal, `proven` until it pushed something after `forget`. */
  async watch(root, args) {
    const child = spawn(process.execPath, [CLI, 'watch', '-C', root, '--json', ...args], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#running.add(child)
    const told = eventsOf(child)
    return {
      ready: async () => {
        await told(({ event }) => event === 'watching')
        await told(({ event, state }) => event === 'state' && state === 'equal')
      },
      forget: () => told.forget(),
      proven: async () =>
        await told(({ outcome, tree, receiver_tree }) => outcome === 'confirmed' && tree === receiver_tree),
      cpuSeconds: () => cpuSecondsOf(child.pid),
      peak: () => peakOf(child.pid),
      stop: async () => await this.#end(child),
    }
  }

  async stopAll() {
    for (const child of this.#running) await this.#end(child)
  }

  async #end(child) {
    this.#running.delete(child)
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
  }
}

/** The url of a server that has just been started. Reads on, so that its output never fills the pipe. */
async function listening(child) {
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}`)))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = JSON.parse(line)
      if (event.event === 'listening') resolve(event.url)
    })
  })
}

/** An address of loopback that nothing listens at. */
export async function closedEndpoint() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

/** Waits for the first event of this kind that nobody has waited for yet; those before it are passed over. */
function eventsOf(child) {
  const events = []
  let notice = () => undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line))
    notice()
  })
  child.once('exit', () => notice())
  const told = async (isIt) => {
    for (;;) {
      const index = events.findIndex(isIt)
      if (index >= 0) return events.splice(0, index + 1).at(-1)
      if (child.exitCode !== null) throw new Error(`watch ended with ${child.exitCode}`)
      await new Promise((resolve) => {
        notice = resolve
      })
    }
  }
  told.forget = () => events.splice(0)
  return told
}
