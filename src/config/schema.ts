import * as v from 'valibot'
import { RECOVERY_MODES } from '../delivery/recover.js'
import { FILE_SIZE } from './file-size.js'
import { areDistinct, isFolderInside } from './folders.js'

const text = v.pipe(v.string('must be text'), v.nonEmpty('must not be empty'))
const texts = v.array(v.string('must be text'), 'must be a list of texts')
const flag = v.boolean('must be true or false')

const fileSize = v.union(
  [v.pipe(v.number(), v.integer(), v.minValue(1)), v.pipe(v.string(), v.regex(FILE_SIZE))],
  'must be a number of bytes or a text like "5 MiB"',
)

const WRONG_ADDRESS = 'must be an http:// or https:// address without credentials in it'

const endpoint = v.pipe(text, v.regex(/^https?:\/\//i, WRONG_ADDRESS), v.check(isHttpUrl, WRONG_ADDRESS))

const settings = {
  endpoint: v.exactOptional(endpoint),
  enabled: v.exactOptional(flag),
  workspacePath: v.exactOptional(text),
  pinned: v.exactOptional(flag),
  collectionName: v.exactOptional(text),
  maxRetries: v.exactOptional(
    v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(0, 'must be at least 0'),
      v.maxValue(100, 'must be at most 100'),
    ),
  ),
  timeout: v.exactOptional(
    v.pipe(
      v.number('must be a number'),
      v.minValue(0.1, 'must be at least 0.1 seconds'),
      v.maxValue(86_400, 'must be at most 86400 seconds'),
    ),
  ),
  allowInsecureHttp: v.exactOptional(flag),
  fallback: v.exactOptional(v.picklist(['none', 'local'], 'must be "none" or "local"')),
  recovery: v.exactOptional(v.picklist(RECOVERY_MODES, 'must be "resync", "compare" or "trust"')),
  afterPush: v.exactOptional(
    v.union([text, v.pipe(texts, v.minLength(1))], 'must be a command as text or as a list of texts'),
  ),
  exclude: v.exactOptional(texts),
  maxFileSize: v.exactOptional(fileSize),
  binaries: v.exactOptional(flag),
  nestedRepositories: v.exactOptional(v.picklist(['include', 'skip'], 'must be "include" or "skip"')),
  secrets: v.exactOptional(
    v.strictObject(
      {
        names: v.exactOptional(texts),
        allow: v.exactOptional(texts),
        scan: v.exactOptional(v.picklist(['skip', 'warn', 'block', 'off'], 'must be "skip", "warn", "block" or "off"')),
      },
      'must be an object with names, allow and scan',
    ),
  ),
  gitHistory: v.exactOptional(
    v.pipe(
      v.number('must be a number'),
      v.integer('must be a whole number'),
      v.minValue(0, 'must be at least 0'),
      v.maxValue(10_000, 'must be at most 10000'),
    ),
  ),
  dataDirectory: v.exactOptional(text),
}

export type NumberSetting = 'maxRetries' | 'timeout' | 'gitHistory'

/** Whether a setting may have this value, wherever it is said. */
export function isAllowed(setting: NumberSetting, value: number): boolean {
  return v.is(settings[setting], value)
}

/** What a target may say. */
export const TargetSchema = v.strictObject(settings, 'must be an object with settings')

/** What a workspace may say. */
export const WorkspaceSchema = v.strictObject(
  {
    root: v.pipe(text, v.check(isFolderInside, 'must be a folder below the root, like packages/a')),
    ...settings,
  },
  'must be an object with a root',
)

/** What a configuration file may say. The JSON schema is made from it. */
export const UserConfigSchema = v.strictObject(
  {
    $schema: v.exactOptional(v.string('must be text')),
    target: v.exactOptional(text),
    targets: v.exactOptional(v.record(text, TargetSchema, 'must be an object of targets by name')),
    workspaces: v.exactOptional(
      v.pipe(
        v.array(WorkspaceSchema, 'must be a list of workspaces'),
        v.minLength(1, 'must name at least one folder'),
        v.check((workspaces) => areDistinct(workspaces), 'must not name a folder twice'),
      ),
    ),
    ...settings,
  },
  'must be an object with settings',
)

/** The names of all settings, those inside of others with a dot, for suggestions. */
export const SETTING_NAMES: readonly string[] = namesIn(settings)

/** What may stand at the top of a file only. */
export const FILE_SETTING_NAMES: readonly string[] = Object.keys(UserConfigSchema.entries)

function namesIn(entries: v.ObjectEntries): string[] {
  return Object.entries(entries).flatMap(([name, schema]) => {
    const inner = 'wrapped' in schema ? schema.wrapped : schema
    const isObject = typeof inner === 'object' && inner !== null && 'entries' in inner
    return [name, ...(isObject ? Object.keys(Object(inner.entries)).map((part) => `${name}.${part}`) : [])]
  })
}

export function isHttpUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:'
  return isHttp && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
}
