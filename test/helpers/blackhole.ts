import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach } from '@jest/globals'

/** Listens, accepts nothing, and fills its own queue: to later connections the kernel answers nothing at all. */
const SCRIPT = `
import socket, sys
listener = socket.socket()
listener.bind(('127.0.0.1', 0))
listener.listen(0)
queued = []
for _ in range(64):
    client = socket.socket()
    client.settimeout(0.2)
    try:
        client.connect(listener.getsockname())
        queued.append(client)
    except TimeoutError:
        break
print(listener.getsockname()[1], flush=True)
sys.stdin.read()
`

const running: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const stop of running.splice(0)) await stop()
})

/** The address of a port of this machine that takes no connection and refuses none. */
export async function blackhole(): Promise<string> {
  const child = spawn('python3', ['-c', SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  running.push(async () => {
    child.stdin.end()
    await exited
  })
  const [line]: unknown[] = await once(child.stdout, 'data')
  return `http://127.0.0.1:${Number(String(line))}`
}
