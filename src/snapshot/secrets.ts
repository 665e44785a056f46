/** What one person sets for one machine is nobody else's, whatever is allowed. */
const LOCAL_CONFIGURATION = 'ce-delta.local.*'

/**
 * Names of files that hold secrets: environment files, private keys, credential stores. `*` stands for any characters
 * but `/`. A pattern without `/` is compared with the last part of the path, one with `/` with its end.
 */
export const SECRET_NAMES: readonly string[] = [
  LOCAL_CONFIGURATION,
  '.env*',
  '*.env',
  '*.pem',
  '*.key',
  '*.p12',
  '*.pfx',
  '*.p8',
  '*.jks',
  '*.keystore',
  '*.kdbx',
  '*.ppk',
  'id_rsa*',
  'id_dsa*',
  'id_ecdsa*',
  'id_ed25519*',
  '.netrc',
  '_netrc',
  '.git-credentials',
  '.pypirc',
  '.pgpass',
  '.my.cnf',
  '.htpasswd',
  '.dockercfg',
  '.docker/config.json',
  '.aws/credentials',
  '.kube/config',
  '.vault-token',
  '.terraformrc',
  '*.tfstate',
  '*.tfstate.backup',
  'credentials.json',
  'service-account*.json',
  'client_secret*.json',
  'secrets.yml',
  'secrets.yaml',
  'secrets.json',
]

/** Placeholders and public halves, which people do want to share. */
export const NOT_SECRET_NAMES: readonly string[] = [
  '.env.example',
  '.env.sample',
  '.env.template',
  '.env.dist',
  '.env.defaults',
  'example.env',
  'sample.env',
  '*.pub',
]

export type NameMatcher = (path: string) => boolean

/** Whether a path names a secret. `allowed` wins over `names`; letter case does not matter. */
export function secretMatcher(names: readonly string[], allowed: readonly string[]): NameMatcher {
  const isNamed = nameMatcher(names)
  const isAllowed = nameMatcher(allowed)
  return (path) => isLocalConfiguration(path) || (isNamed(path) && !isAllowed(path))
}

const isLocalConfiguration = nameMatcher([LOCAL_CONFIGURATION])

function nameMatcher(patterns: readonly string[]): NameMatcher {
  if (patterns.length === 0) return () => false
  const alternatives = patterns.map((pattern) => pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*'))
  const expression = new RegExp(`(?:^|/)(?:${alternatives.join('|')})$`, 'i')
  return (path) => expression.test(path)
}
