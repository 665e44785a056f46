import * as v from 'valibot'
import { RECOVERY_MODES } from '../delivery/recover.js'
import { DeltaError } from '../support/errors.js'
import { nearestOf } from '../support/nearest.js'
import { withoutCredentials } from '../support/text.js'
import type { UserConfig } from './config.js'

const text = v.pipe(v.string('must be text'), v.nonEmpty('must not be empty'))
const texts = v.array(v.string('must be text'), 'must be a list of texts')
const SIZE = /^\s*(\d+(?:\.\d+)?)\s*(B|k|kB|KiB|M|MB|MiB|G|GB|GiB)?\s*$/

const fileSize = v.union(
  [v.pipe(v.number(), v.integer(), v.minValue(1)), v.pipe(v.string(), v.regex(SIZE))],
  'must be a number of bytes or a text like "5 MiB"',
)

const endpoint = v.pipe(text, v.check(isHttpUrl, 'must be an http:// or https:// address without credentials in it'))

const Schema = v.strictObject({
  endpoint: v.optional(endpoint),
  enabled: v.optional(v.boolean('must be true or false')),
  workspacePath: v.optional(text),
  pinned: v.optional(v.boolean('must be true or false')),
  collectionName: v.optional(text),
  maxRetries: v.optional(
    v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(0, 'must be at least 0'),
      v.maxValue(100, 'must be at most 100'),
    ),
  ),
  timeout: v.optional(
    v.pipe(
      v.number('must be a number'),
      v.minValue(0.1, 'must be at least 0.1 seconds'),
      v.maxValue(86_400, 'must be at most 86400 seconds'),
    ),
  ),
  allowInsecureHttp: v.optional(v.boolean('must be true or false')),
  fallback: v.optional(v.picklist(['none', 'local'], 'must be "none" or "local"')),
  recovery: v.optional(v.picklist(RECOVERY_MODES, 'must be "resync", "compare" or "trust"')),
  afterPush: v.optional(
    v.union([text, v.pipe(texts, v.minLength(1))], 'must be a command as text or as a list of texts'),
  ),
  exclude: v.optional(texts),
  maxFileSize: v.optional(fileSize),
  binaries: v.optional(v.boolean('must be true or false')),
  nestedRepositories: v.optional(v.picklist(['include', 'skip'], 'must be "include" or "skip"')),
  secrets: v.optional(
    v.strictObject(
      {
        names: v.optional(texts),
        allow: v.optional(texts),
        scan: v.optional(v.picklist(['skip', 'warn', 'block', 'off'], 'must be "skip", "warn", "block" or "off"')),
      },
      'must be an object with names, allow and scan',
    ),
  ),
  dataDirectory: v.optional(text),
})

/** Checks a configuration that somebody wrote. Throws `configuration-invalid` with every problem at once. */
export function parseUserConfig(value: unknown, source: string): UserConfig {
  const result = v.safeParse(Schema, value)
  if (result.success) return withoutUndefined(result.output)
  const problems = result.issues.map(describe)
  throw new DeltaError('configuration-invalid', `${source}: ${problems.join('; ')}.`, {
    facts: { source, problems: problems.length },
    next: 'The configuration reference is in docs/configuration.md.',
  })
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? 'the configuration'
  if (issue.type === 'strict_object' && issue.expected === 'never')
    return `${path} is not a known setting${suggestionFor(path)}`
  const received = withoutCredentials(JSON.stringify(issue.input) ?? 'undefined').slice(0, 60)
  return `${path} ${issue.message} (it is ${received})`
}

function suggestionFor(path: string): string {
  const { secrets, ...settings } = Schema.entries
  const known = [
    ...Object.keys(settings),
    'secrets',
    ...Object.keys(secrets.wrapped.entries).map((name) => `secrets.${name}`),
  ]
  const nearest = nearestOf(path, known)
  return nearest === null ? '' : ` (did you mean ${nearest}?)`
}

/** `exactOptionalPropertyTypes`: a setting is there or it is not. */
function withoutUndefined(output: v.InferOutput<typeof Schema>): UserConfig {
  const { secrets, ...rest } = output
  const config: UserConfig = definedOnly(rest)
  return secrets === undefined ? config : { ...config, secrets: definedOnly(secrets) }
}

type Defined<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> }

function definedOnly<Value extends object>(value: Value): Defined<Value>
function definedOnly(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined))
}

export function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:'
  return isHttp && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  k: 1000,
  kB: 1000,
  KiB: 1024,
  M: 1000 ** 2,
  MB: 1000 ** 2,
  MiB: 1024 ** 2,
  G: 1000 ** 3,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
}

export function parseFileSize(value: number | string): number {
  if (typeof value === 'number') return value
  const [, amount = '0', unit = 'B'] = SIZE.exec(value) ?? []
  return Math.floor(Number(amount) * (UNITS[unit] ?? 1))
}
