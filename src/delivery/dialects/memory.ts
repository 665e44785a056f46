import { createHash } from 'node:crypto'
import { join } from 'node:path'
import {
  makePrivateDirectory,
  readTextIfPresent,
  removeDurably,
  writeFileDurably,
} from '../../support/durable-files.js'
import { systemErrorCode } from '../../support/errors.js'
import { asFields, parseJson } from '../../support/json.js'
import { type Answered, FAMILIES, type Family } from './dialect.js'

/** What is known of a server from earlier pushes. */
export interface Remembered {
  readonly fingerprint: string
  readonly family: Family
  readonly answered: Answered
  readonly hasSeveralCounters: boolean
}

/** Where it is remembered. To lose it does no harm: the server is asked again. */
export interface DialectMemory {
  read(): Promise<Remembered | null>
  write(remembered: Remembered | null): Promise<void>
}

/** Remembers as long as the process lives. */
export function shortMemory(): DialectMemory {
  let kept: Remembered | null = null
  return {
    read: async () => kept,
    write: async (remembered) => {
      kept = remembered
    },
  }
}

/** Remembers one endpoint in a file below `folder`. */
export function fileMemory(folder: string, endpoint: string): DialectMemory {
  const name = createHash('sha256').update(endpoint).digest('hex').slice(0, 16)
  const file = join(folder, `${name}.json`)
  return {
    read: async () => parseRemembered(await readTextIfPresent(file)),
    write: async (remembered) => {
      try {
        if (remembered === null) return await removeDurably(file)
        await makePrivateDirectory(folder)
        await writeFileDurably(file, `${JSON.stringify({ endpoint, ...remembered })}\n`)
      } catch (thrown) {
        // A folder that cannot be written costs a question in every push, and no push.
        if (systemErrorCode(thrown) === undefined) throw thrown
      }
    },
  }
}

function parseRemembered(text: string | null): Remembered | null {
  const fields = text === null ? null : asFields(parseJson(text))
  const family = FAMILIES.find((name) => name === fields?.family)
  if (family === undefined || typeof fields?.fingerprint !== 'string') return null
  const { fingerprint, answered } = fields
  return {
    fingerprint,
    family,
    answered: answered === 'applied' || answered === 'queued' ? answered : null,
    hasSeveralCounters: fields.hasSeveralCounters === true,
  }
}
