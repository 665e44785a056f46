import { asFields, parseJson } from '../../support/json.js'
import type { HttpAnswer } from '../http-exchange.js'
import { type Answered, DIALECTS, type Dialect, dialectOf, type Family } from './dialect.js'
import type { DialectMemory, Remembered } from './memory.js'

/** Asks the server something that changes nothing. */
export type Ask = (method: 'GET' | 'POST', path: string, signal: AbortSignal) => Promise<HttpAnswer>

/** What a status shows of the program behind it. */
export interface ShownByStatus {
  readonly isOwn: boolean
  /** It tells what became of the latest bundle, which only servers that plan do (protocol.md §1). */
  readonly tellsUploads: boolean
  /** The names of its fields and its version: another program, another fingerprint. */
  readonly fingerprint: string
}

/**
 * Finds out which dialect a server speaks, without changing anything there (protocol.md §0), and remembers it until the
 * server shows itself differently or answers in another way.
 */
export class Recogniser {
  readonly #memory: DialectMemory
  readonly #ask: Ask
  #known: Remembered | null = null

  constructor(memory: DialectMemory, ask: Ask) {
    this.#memory = memory
    this.#ask = ask
  }

  /** Throws what asking throws. */
  async dialect(shown: ShownByStatus, signal: AbortSignal): Promise<Dialect> {
    if (shown.isOwn) return DIALECTS['ce-delta']
    const known = this.#known ?? (await this.#memory.read())
    if (known?.fingerprint === shown.fingerprint) this.#known = known
    else {
      const family = shown.tellsUploads ? 'with plan' : await this.#family(signal)
      if (family === null) return DIALECTS.unknown
      await this.#keep({ fingerprint: shown.fingerprint, family, answered: null, hasSeveralCounters: false })
    }
    return this.#known === null ? DIALECTS.unknown : dialectOf(this.#known.family, this.#known.answered)
  }

  /** Several processes behind one address count for themselves (protocol.md §3). */
  get hasSeveralCounters(): boolean {
    return this.#known?.hasSeveralCounters === true
  }

  async learnAnswer(answered: Exclude<Answered, null>): Promise<void> {
    if (this.#known === null || this.#known.answered === answered) return
    await this.#keep({ ...this.#known, answered })
  }

  async learnSeveralCounters(): Promise<void> {
    if (this.#known === null || this.#known.hasSeveralCounters) return
    await this.#keep({ ...this.#known, hasSeveralCounters: true })
  }

  async forget(): Promise<void> {
    this.#known = null
    await this.#memory.write(null)
  }

  async #keep(known: Remembered): Promise<void> {
    this.#known = known
    await this.#memory.write(known)
  }

  /** Null where a failure that may pass stood in the way. */
  async #family(signal: AbortSignal): Promise<Family | null> {
    const described = await this.#ask('GET', '/openapi.json', signal)
    const family = familyFrom(described)
    if (family !== null) return family
    const planned = await this.#ask('POST', '/api/v1/delta/plan', signal)
    if (isPassingFailure(described) || isPassingFailure(planned)) return null
    return planned.status === 422 ? 'with plan' : 'nothing'
  }
}

function isPassingFailure({ status }: HttpAnswer): boolean {
  return status === 429 || status >= 500
}

/** Reads a description of itself as FastAPI serves it; null where it is none. */
export function familyFrom({ status, text }: HttpAnswer): Family | null {
  const description = status === 200 ? asFields(parseJson(text)) : null
  const paths = asFields(description?.paths)
  if (paths === null) return null
  if ('/api/v1/delta/plan' in paths) return 'with plan'
  const schemas = asFields(asFields(description?.components)?.schemas) ?? {}
  const names = Object.keys(schemas).filter((name) => /upload/i.test(name))
  const fields = names.flatMap((name) => Object.keys(asFields(asFields(schemas[name])?.properties) ?? {}))
  if (!fields.includes('workspace_path')) return null
  // Between the two, servers learnt nothing else that counts here.
  if (fields.includes('logical_repo_id') && fields.includes('session')) return 'with logical_repo_id'
  return fields.includes('source_path') ? 'with source_path' : 'first'
}
