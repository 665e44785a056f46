import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { systemErrorCode } from './errors.js'

/** What git reads on its standard input, whole or piece by piece. */
export type GitInput = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>

/** Writes it all and closes the pipe. That git ends before it has read everything is no failure here. */
export async function feed(stdin: Writable, input: GitInput): Promise<void> {
  const source = typeof input === 'string' || input instanceof Uint8Array ? [input] : input
  try {
    await pipeline(inLargePieces(source), stdin)
  } catch (thrown) {
    // git ended before it had read everything; how it ended is told by `finished`.
    if (!CLOSED_PIPE.has(systemErrorCode(thrown) ?? '')) throw thrown
  }
}

const PIECE = 1 << 16

/** Every piece is a system call of its own; a name or a line would be too little for one. */
async function* inLargePieces(input: Exclude<GitInput, string | Uint8Array>): AsyncGenerator<Buffer> {
  let gathered: Uint8Array[] = []
  let bytes = 0
  for await (const some of input) {
    const piece = typeof some === 'string' ? Buffer.from(some) : some
    gathered.push(piece)
    bytes += piece.length
    if (bytes < PIECE) continue
    yield Buffer.concat(gathered)
    gathered = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(gathered)
}

const CLOSED_PIPE = new Set(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'ECONNRESET'])
