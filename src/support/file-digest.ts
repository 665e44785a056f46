import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'

/** `sha256:` and the hash of a file’s bytes. */
export async function digestOf(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    return await digestOfOpen(file)
  } finally {
    await file.close()
  }
}

/** The same of an open file, from its beginning. */
export async function digestOfOpen(file: FileHandle): Promise<string> {
  const digest = createHash('sha256')
  for await (const chunk of readThrough(file)) digest.update(chunk)
  return `sha256:${digest.digest('hex')}`
}

/** The bytes of a file, from its beginning, piece by piece. A piece is overwritten when the next one is asked for. */
export async function* readThrough(file: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(1 << 18)
  let position = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
