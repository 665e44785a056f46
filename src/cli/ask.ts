import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { DeltaError } from '../support/errors.js'
import { wrapped } from './wrap.js'
import { writeBytes } from './write.js'

/** One line from the terminal, without what surrounds it. */
export async function askLine(question: string, signal: AbortSignal): Promise<string> {
  return (await ask(wrapped(question, process.stderr), process.stderr, signal)).trim()
}

/** One line that is not shown while it is typed. */
export async function askHidden(question: string, signal: AbortSignal): Promise<string> {
  writeBytes(2, Buffer.from(question))
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  try {
    return await ask('', nowhere, signal)
  } finally {
    writeBytes(2, Buffer.from('\n'))
  }
}

/** The terminal is told not to echo, so the answer is shown in `output` or not at all. */
async function ask(question: string, output: NodeJS.WritableStream, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true })
  // While a line is read, Ctrl-C is a key like any other.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  const closed = new Promise<never>((_, reject) => {
    terminal.once('close', () => reject(new DeltaError('usage', 'Nothing was entered.')))
  })
  closed.catch(() => undefined)
  try {
    return await Promise.race([terminal.question(question, { signal }), closed])
  } finally {
    terminal.close()
  }
}

/** Everything on standard input, without the newline at its end. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}
