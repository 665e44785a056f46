import { stat } from 'node:fs/promises'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { digestOf } from '../support/file-digest.js'
import { readContents } from './contents.js'
import { DEFAULT_LIMITS, type OpenedBundle, openBundle } from './reader.js'

/** A bundle file with what can be said of it as a whole. */
export interface ExaminedBundle extends OpenedBundle {
  readonly bytes: number
  /** `sha256:` and the hash of the file. */
  readonly digest: string
}

/** Reads what a bundle announces, and checks that it makes sense. Throws `usage` where there is no such file. */
export async function examineBundle(path: string): Promise<ExaminedBundle> {
  const bytes = await sizeOf(path)
  const [bundle, digest] = await Promise.all([ofFile(openBundle(path, DEFAULT_LIMITS)), digestOf(path)])
  return { ...bundle, bytes, digest }
}

/** Reads every content to its end, and compares its size and its hash. Throws `bundle-refused`. */
export async function verifyContents(bundle: OpenedBundle): Promise<number> {
  return await ofFile(countContents(bundle))
}

async function countContents(bundle: OpenedBundle): Promise<number> {
  let contents = 0
  for await (const pieces of readContents(bundle, DEFAULT_LIMITS)) contents += pieces.filter(({ last }) => last).length
  return contents
}

/** Who looks at a file needs another one; nothing that is pushed would help. */
async function ofFile<Result>(reading: Promise<Result>): Promise<Result> {
  try {
    return await reading
  } catch (thrown) {
    if (!(thrown instanceof DeltaError) || thrown.code !== 'bundle-refused') throw thrown
    const { code, message, facts } = thrown
    throw new DeltaError(code, message, {
      facts,
      next: 'Copy it again from where it was made, or make it anew.',
      cause: thrown,
    })
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    const stats = await stat(path)
    if (stats.isFile()) return stats.size
  } catch (thrown) {
    if (systemErrorCode(thrown) !== 'ENOENT') throw thrown
  }
  throw new DeltaError('usage', `${path} is not a file.`, { facts: { path }, next: 'Name a bundle, a .tar.gz file.' })
}
