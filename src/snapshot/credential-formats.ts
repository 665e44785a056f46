import { createHash } from 'node:crypto'

/** A well-known form that credentials have. One that is not unmistakable is not in this table: better none than noise. */
export interface CredentialFormat {
  readonly name: string
  readonly pattern: RegExp
}

const END = '(?![A-Za-z0-9_-])'

function token(name: string, body: string): CredentialFormat {
  return { name, pattern: new RegExp(`(?<![A-Za-z0-9_-])${body}${END}`, 'g') }
}

export const CREDENTIAL_FORMATS: readonly CredentialFormat[] = [
  token('AWS access key', '(?:AKIA|ASIA)[A-Z2-7]{16}'),
  token('GitHub token', 'gh[pousr]_[A-Za-z0-9]{36,255}'),
  token('GitHub fine-grained token', 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  token('GitLab token', 'gl(?:pat|ptt|dt|rt|soat|cbt|ft|imt|agent)-[A-Za-z0-9_-]{20,64}'),
  token('Slack token', 'xox[abeoprs]-(?:[A-Za-z0-9]+-)+[A-Za-z0-9]{16,}'),
  token('Slack app token', 'xapp-\\d-[A-Z0-9]+-\\d+-[a-f0-9]{32,}'),
  token('Slack webhook', 'https://hooks\\.slack\\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}'),
  token('npm token', 'npm_[A-Za-z0-9]{36}'),
  token('PyPI token', 'pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}'),
  token('Stripe key', '[sr]k_(?:live|test)_[A-Za-z0-9]{24,99}'),
  token('Stripe webhook secret', 'whsec_[A-Za-z0-9]{32,}'),
  token('Google API key', 'AIza[A-Za-z0-9_-]{35}'),
  token('Google OAuth secret', 'GOCSPX-[A-Za-z0-9_-]{28}'),
  token('Google OAuth token', 'ya29\\.[A-Za-z0-9_-]{60,}'),
  token('OpenAI key', 'sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20,}'),
  token('Anthropic key', 'sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{80,}'),
  token('Hugging Face token', 'hf_[A-Za-z]{34}'),
  token('SendGrid key', 'SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}'),
  token('Twilio key', 'SK[0-9a-f]{32}'),
  token('Mailchimp key', '[0-9a-f]{32}-us\\d{1,2}'),
  token('DigitalOcean token', 'do[opr]_v1_[a-f0-9]{64}'),
  token('Docker Hub token', 'dckr_pat_[A-Za-z0-9_-]{27}'),
  token('Vault token', 'hv[sbr]\\.[A-Za-z0-9_-]{24,}'),
  token('Shopify token', 'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}'),
  token('Telegram bot token', '\\d{8,10}:AA[A-Za-z0-9_-]{33}'),
  token('Azure storage key', 'AccountKey=[A-Za-z0-9+/]{86}=='),
  token('JSON Web Token', 'eyJ[A-Za-z0-9_-]{15,}\\.eyJ[A-Za-z0-9_-]{20,}\\.[A-Za-z0-9_-]{20,}'),
  {
    name: 'private key',
    pattern:
      /-----BEGIN (?:(?:RSA|DSA|EC|OPENSSH|ENCRYPTED) )?PRIVATE KEY-----(?:\s|\\n|\\r)+[A-Za-z0-9+/=:,\s\\-]{64}/g,
  },
]

/**
 * What the beginning of each of them looks like, long enough that words do not: almost every file is done after this
 * one look. Whatever a format above accepts has to be accepted here. Put together by their first letters, because the time
 * it takes grows with the alternatives that are tried at every character.
 */
const SUSPICIOUS = new RegExp(
  [
    'A(?:[KS]IA[A-Z2-7]{4}|Iza|ccountKey=)',
    'd(?:o[opr]_v1_|ckr_pat_)',
    'eyJ[A-Za-z0-9_-]{4}',
    'g(?:h[pousr]_|ithub_pat_|l[a-z]{2,5}-[A-Za-z0-9_-]{20})',
    'GOCSPX-',
    'h(?:ooks\\.slack|f_[A-Za-z]{20}|v[sbr]\\.[A-Za-z0-9_-]{20})',
    'npm_[A-Za-z0-9]{4}',
    'pypi-Ag',
    'PRIVATE KEY',
    '[sr]k_(?:live|test)_[A-Za-z0-9]{20}',
    's(?:k-[A-Za-z0-9_-]{20}|hp(?:at|ca|pa|ss)_)',
    'S(?:G\\.[A-Za-z0-9_-]{20}|K[0-9a-f]{4})',
    'whsec_',
    'x(?:ox[abeoprs]-|app-)',
    'ya29\\.',
    '-us\\d',
    ':AA[A-Za-z0-9_-]{4}',
  ].join('|'),
)

export interface CredentialFinding {
  readonly format: string
  readonly line: number
  /** Enough to find it, not to use it. */
  readonly redacted: string
  /** Names the credential without telling it. */
  readonly fingerprint: string
}

/** Every credential in a content, without those that were accepted. `content` is bytes, one character each. */
export function findCredentials(content: string, accepted: ReadonlySet<string>): CredentialFinding[] {
  if (!SUSPICIOUS.test(content)) return []
  return CREDENTIAL_FORMATS.flatMap(({ name, pattern }) =>
    [...content.matchAll(pattern)].map((match) => finding(name, match[0], content.slice(0, match.index))),
  ).filter(({ fingerprint }) => !accepted.has(fingerprint))
}

function finding(format: string, text: string, before: string): CredentialFinding {
  const fingerprint = createHash('sha256').update(text).digest('hex').slice(0, 16)
  const shown = text.startsWith('-----') ? '-----BEGIN' : text.slice(0, 4)
  return { format, line: before.split('\n').length, redacted: `${shown}… (${text.length} characters)`, fingerprint }
}
