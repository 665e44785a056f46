import * as v from 'valibot'
import { DeltaError } from '../support/errors.js'
import { nearestOf } from '../support/nearest.js'
import { withoutCredentials } from '../support/text.js'
import type { UserConfig } from './config.js'
import { FILE_SETTING_NAMES, SETTING_NAMES, UserConfigSchema } from './schema.js'

/**
 * Checks a configuration that somebody wrote; a setting that is `undefined` counts as left out. Throws
 * `configuration-invalid` with every problem at once: where it is, what stands there, and what is allowed.
 */
export function parseUserConfig(value: unknown, source: string): UserConfig {
  const config = withoutUndefined(value)
  const problems: string[] = []
  for (;;) {
    const result = v.safeParse(UserConfigSchema, config, { abortPipeEarly: true })
    if (result.success && problems.length === 0) return result.output
    // The check tells of one unknown name for each object; without it, the next look tells of the next one.
    const unknown = (result.issues ?? []).filter(isUnknownName)
    problems.push(...unknown.map(describeUnknown))
    if (unknown.length === 0 || !unknown.every(remove)) {
      problems.push(...(result.issues ?? []).map(describe))
      throw invalid(source, problems)
    }
  }
}

export function invalid(source: string, problems: readonly string[]): DeltaError {
  const [first = '', ...others] = problems
  const text = others.length === 0 ? `${source}: ${first}.` : `${source}:\n  ${problems.join('\n  ')}`
  return new DeltaError('configuration-invalid', text, {
    facts: { source, problems: problems.length },
    next: 'The configuration reference is in docs/configuration.md.',
  })
}

/** Several places with problems are one failure; anything else than a wrong setting is told alone. */
export function together(failures: readonly unknown[]): unknown {
  const wrong: DeltaError[] = []
  for (const failure of failures) {
    if (!(failure instanceof DeltaError) || failure.code !== 'configuration-invalid') return failure
    wrong.push(failure)
  }
  if (wrong.length === 1) return wrong[0]
  const problems = wrong.map(({ facts }) => Number(facts.problems ?? 1)).reduce((sum, count) => sum + count, 0)
  return new DeltaError('configuration-invalid', wrong.map(({ message }) => message).join('\n  '), {
    facts: { places: wrong.length, problems },
    next: 'Correct them; the configuration reference is in docs/configuration.md.',
  })
}

type Issue = v.BaseIssue<unknown>

function isUnknownName(issue: Issue): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never'
}

/** Takes the unknown name out of the copy that is checked. */
function remove({ path }: Issue): boolean {
  const item = path?.at(-1)
  return item !== undefined && typeof item.input === 'object' && item.input !== null
    ? Reflect.deleteProperty(item.input, String(item.key))
    : false
}

function describe(issue: Issue): string {
  const received = withoutCredentials(JSON.stringify(issue.input) ?? 'undefined').slice(0, 60)
  return `${placeOf(issue)} ${issue.message} (it is ${received})`
}

function describeUnknown(issue: Issue): string {
  const place = placeOf(issue)
  const [, around = '', name = place] = /^(targets\.[^.]+\.|workspaces\[\d+\]\.)(.+)$/.exec(place) ?? []
  const known = around === '' ? [...FILE_SETTING_NAMES, ...SETTING_NAMES] : ['root', ...SETTING_NAMES]
  const nearest = nearestOf(name, known)
  return `${place} is not a known setting${nearest === null ? '' : ` (did you mean ${around}${nearest}?)`}`
}

/** Where a problem is, as it is written in code: `targets.production.timeout`, `exclude[2]`. */
function placeOf({ path }: Issue): string {
  const place = (path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  return place === '' ? 'the configuration' : place.replace(/^\./, '')
}

/** A copy; what has a class of its own is left as it is, and refused later. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined)
  if (!isPlainObject(value)) return value
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined)
  return Object.fromEntries(entries.map(([name, entry]) => [name, withoutUndefined(entry)]))
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]'
}
