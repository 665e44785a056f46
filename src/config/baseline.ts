import { join } from 'node:path'
import { readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { asFields, parseJson } from '../support/json.js'

export const BASELINE_FILE = '.cedelta-baseline.json'

/** Something that looks like a credential and was looked at: an example, a test key. It is told by fingerprint only. */
export interface AcceptedSecret {
  readonly fingerprint: string
  /** For people; what was accepted is accepted in every file. */
  readonly path: string
  readonly format: string
}

export async function readBaseline(root: string): Promise<string[]> {
  return (await readAccepted(root)).map(({ fingerprint }) => fingerprint)
}

export async function addToBaseline(root: string, secrets: readonly AcceptedSecret[]): Promise<void> {
  const byFingerprint = new Map((await readAccepted(root)).map((secret) => [secret.fingerprint, secret]))
  for (const secret of secrets) byFingerprint.set(secret.fingerprint, secret)
  const accepted = [...byFingerprint.values()].sort((left, right) => (left.path < right.path ? -1 : 1))
  await writeFileDurably(join(root, BASELINE_FILE), `${JSON.stringify({ accepted }, null, 2)}\n`)
}

async function readAccepted(root: string): Promise<AcceptedSecret[]> {
  const file = join(root, BASELINE_FILE)
  const text = await readTextIfPresent(file)
  if (text === null) return []
  const list = asFields(parseJson(text))?.accepted
  const accepted = Array.isArray(list) ? list.map(parseAccepted) : [null]
  if (accepted.every((secret) => secret !== null)) return accepted
  throw new DeltaError('configuration-invalid', `${file} is not a list of accepted findings.`, {
    facts: { file },
    next: 'Restore it from git, or remove it and run: ce-delta secrets --accept',
  })
}

function parseAccepted(value: unknown): AcceptedSecret | null {
  const { fingerprint, path, format } = asFields(value) ?? {}
  const isOne = typeof fingerprint === 'string' && typeof path === 'string' && typeof format === 'string'
  return isOne ? { fingerprint, path, format } : null
}
