import { DeltaError } from '../support/errors.js'
import { count } from '../support/text.js'
import { type CredentialFinding, findCredentials } from './credential-formats.js'
import type { Skipped } from './eligibility.js'

/** What happens to a file with a credential in it: it is left out; it is sent, and told; the push stops; nobody looks. */
export type SecretScanMode = 'skip' | 'warn' | 'block' | 'off'

/** Looks into files that enter the snapshot or change in it. */
export class SecretScan {
  readonly isOn: boolean
  /** What was found and sent all the same, one line each. */
  readonly warnings: string[] = []
  readonly #mode: SecretScanMode
  readonly #accepted: ReadonlySet<string>

  constructor(mode: SecretScanMode, accepted: readonly string[]) {
    this.#mode = mode
    this.#accepted = new Set(accepted)
    this.isOn = mode !== 'off'
  }

  /** Whether a credential is in a content, whatever is done about it; nothing where nobody looks. */
  finds(content: Buffer): boolean {
    return this.isOn && findCredentials(content, this.#accepted).length > 0
  }

  /** Why the file is left out, or null. */
  judge(path: string, content: Buffer): string | null {
    const [first, ...others] = findCredentials(content, this.#accepted)
    if (first === undefined) return null
    const detail = describeFinding(first) + (others.length === 0 ? '' : ` and ${others.length} more`)
    if (this.#mode !== 'warn') return detail
    this.warnings.push(`${path}: ${detail}`)
    return null
  }
}

function describeFinding({ format, line, redacted }: CredentialFinding): string {
  return `${format} in line ${line}, ${redacted}`
}

/** Throws `guard-stopped` where a file was left out for what is in it. */
export function guardAgainstSecrets(skipped: readonly Skipped[]): void {
  const found = skipped.filter(({ reason }) => reason === 'secret by content')
  const [first] = found
  if (first === undefined) return
  const files = count(found.length, 'file')
  throw new DeltaError('guard-stopped', `${files} with credentials: ${first.path} (${first.detail ?? ''}).`, {
    facts: { files: found.length, first: first.path },
    next: 'Remove them; or accept what is none: ce-delta secrets --accept',
  })
}
