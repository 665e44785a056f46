import { createHash } from 'node:crypto'
import { MarkFinder } from './mark-finder.js'

/** A well-known form that credentials have. One that is not unmistakable is not in this table: better none than noise. */
export interface CredentialFormat {
  readonly name: string
  /** Four characters in a row that each of them has ({@link MarkFinder}), and words mostly do not. */
  readonly mark: string
  readonly pattern: RegExp
}

const END = '(?![A-Za-z0-9_-])'

const DIGIT = '0123456789'
const HEX = `${DIGIT}abcdef`
const LETTER = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const WORD = `${LETTER}${DIGIT}_-`

function token(name: string, mark: string, body: string): CredentialFormat {
  return { name, mark, pattern: new RegExp(`(?<![A-Za-z0-9_-])${body}${END}`, 'g') }
}

export const CREDENTIAL_FORMATS: readonly CredentialFormat[] = [
  token('AWS access key', 'A[KS]IA', '(?:AKIA|ASIA)[A-Z2-7]{16}'),
  token('GitHub token', 'gh[pousr]_', 'gh[pousr]_[A-Za-z0-9]{36,255}'),
  token('GitHub fine-grained token', 'b_pa', 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  token('GitLab token', 'gl[pdrscfia][attobmg]', 'gl(?:pat|ptt|dt|rt|soat|cbt|ft|imt|agent)-[A-Za-z0-9_-]{20,64}'),
  token('Slack token', 'xox[abeoprs]', 'xox[abeoprs]-(?:[A-Za-z0-9]+-)+[A-Za-z0-9]{16,}'),
  token('Slack app token', 'xapp', 'xapp-\\d-[A-Z0-9]+-\\d+-[a-f0-9]{32,}'),
  token('Slack webhook', 'k.co', 'https://hooks\\.slack\\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}'),
  token('npm token', 'npm_', 'npm_[A-Za-z0-9]{36}'),
  token('PyPI token', 'i-Ag', 'pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}'),
  token('Stripe key', 'k_[lt][ie]', '[sr]k_(?:live|test)_[A-Za-z0-9]{24,99}'),
  token('Stripe webhook secret', 'whse', 'whsec_[A-Za-z0-9]{32,}'),
  token('Google API key', 'AIza', 'AIza[A-Za-z0-9_-]{35}'),
  token('Google OAuth secret', 'CSPX', 'GOCSPX-[A-Za-z0-9_-]{28}'),
  token('Google OAuth token', 'ya29', 'ya29\\.[A-Za-z0-9_-]{60,}'),
  token('OpenAI key', 'T3Bl', 'sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}'),
  token('Anthropic key', 'sk-a', 'sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{80,}'),
  token('Hugging Face token', `hf_[${LETTER}]`, 'hf_[A-Za-z]{34}'),
  token('SendGrid key', `SG.[${WORD}]`, 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'),
  token('Twilio key', `SK[${HEX}][${HEX}]`, 'SK[0-9a-f]{32}'),
  token('Mailchimp key', `-us[${DIGIT}]`, '[0-9a-f]{32}-us\\d{1,2}'),
  token('DigitalOcean token', '[opr]_v1', 'do[opr]_v1_[a-f0-9]{64}'),
  token('Docker Hub token', 'ckr_', 'dckr_pat_[A-Za-z0-9_-]{27}'),
  token('Vault token', 'hv[sbr].', 'hv[sbr]\\.[A-Za-z0-9_-]{24,}'),
  token('Shopify token', 'shp[acps]', 'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}'),
  token('Telegram bot token', `[${DIGIT}]:AA`, '\\d{8,10}:AA[A-Za-z0-9_-]{33}'),
  token('Azure storage key', 'Key=', 'AccountKey=[A-Za-z0-9+/]{86}=='),
  token('JSON Web Token', `eyJ[${WORD}]`, 'eyJ[A-Za-z0-9_-]{15,}\\.eyJ[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{20,}'),
  {
    name: 'private key',
    mark: 'TE K',
    pattern:
      /-----BEGIN (?:(?:RSA|DSA|EC|OPENSSH|ENCRYPTED) )?PRIVATE KEY-----(?:\s|\\n|\\r)+[A-Za-z0-9+/=:,\s\\-]{64}/g,
  },
]

const finder = new MarkFinder(CREDENTIAL_FORMATS.map(({ mark }) => mark))

export interface CredentialFinding {
  readonly format: string
  readonly line: number
  /** Enough to find it, not to use it. */
  readonly redacted: string
  /** Names the credential without telling it. */
  readonly fingerprint: string
}

/** Every credential in a content, without those that were accepted. Almost every file is done after one look for marks. */
export function findCredentials(content: Buffer, accepted: ReadonlySet<string>): CredentialFinding[] {
  const marks = finder.find(content)
  if (marks === 0) return []
  // One character for each byte.
  const text = content.toString('latin1')
  return CREDENTIAL_FORMATS.filter((_, bit) => ((marks >>> bit) & 1) === 1)
    .flatMap(({ name, pattern }) =>
      [...text.matchAll(pattern)].map((match) => finding(name, match[0], text.slice(0, match.index))),
    )
    .filter(({ fingerprint }) => !accepted.has(fingerprint))
}

function finding(format: string, text: string, before: string): CredentialFinding {
  const fingerprint = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const shown = text.startsWith('-----') ? '-----BEGIN' : text.slice(0, 4)
  return { format, line: before.split('\n').length, redacted: `${shown}… (${text.length} characters)`, fingerprint }
}
