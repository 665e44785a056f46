import * as v from 'valibot'
import { count, field, flag, list, milliseconds, text } from './shapes.js'

const run = v.nullable(v.strictObject({ at: text, hook: text, outcome: text, duration_ms: milliseconds }))
const failure = v.nullable(v.strictObject({ at: text, code: text, message: text, next: v.nullable(text) }))
const percentiles = v.strictObject({ count, p50_ms: v.nullable(milliseconds), p95_ms: v.nullable(milliseconds) })

export const WORKSPACE_EVENTS = [
  v.strictObject({
    event: v.literal('init'),
    root: field('of the workspace', text),
    endpoint: field('null: the embedded receiver', v.nullable(text)),
    hook: field('whether it was to be installed', flag),
    workflow: field('whether it was to be written', flag),
    push: field('whether there was a first push', flag),
  }),
  v.strictObject({
    event: v.literal('doctor'),
    checks: field(
      'in order; `fix`: what to do',
      list(
        v.strictObject({
          name: text,
          level: v.picklist(['pass', 'warn', 'fail']),
          message: text,
          fix: v.nullable(text),
          code: v.nullable(text),
        }),
      ),
    ),
  }),
  v.strictObject({
    event: v.literal('secrets'),
    accepted: field('whether they were written into the baseline', flag),
    found: field(
      'without telling them',
      list(v.strictObject({ path: text, line: count, format: text, redacted: text, fingerprint: text })),
    ),
  }),
  v.strictObject({
    event: v.literal('workspace'),
    folder: field('where there are several workspaces: what follows is about this one', text),
  }),
  v.strictObject({
    event: v.literal('configuration'),
    folder: field('of the workspace, where the configuration lists several', v.nullable(text)),
    file: field('that was read; null for none', v.nullable(text)),
    has_token: field('whether a token would be sent', flag),
    has_session: field('whether a session would be sent', flag),
    settings: field(
      'as they count; `origin`: who says so',
      list(
        v.strictObject({
          name: text,
          value: v.nullable(v.union([flag, v.number(), text, list(text)])),
          origin: text,
        }),
      ),
    ),
  }),
  v.strictObject({
    event: v.literal('configuration-valid'),
    file: field('that was read; null for none', v.nullable(text)),
    files: field('all that were read, the local one first', list(text)),
  }),
  v.strictObject({
    event: v.literal('configuration-schema'),
    schema: field('the JSON schema of a configuration file', v.record(text, v.unknown())),
  }),
  v.strictObject({
    event: v.literal('hook-install'),
    manager: field('who runs the hooks', text),
    folder: field('where they are', v.nullable(text)),
    hooks: field(
      'each one',
      list(
        v.strictObject({
          hook: text,
          file: text,
          change: v.picklist(['installed', 'unchanged', 'refused']),
          error: v.nullable(text),
          next: v.nullable(text),
        }),
      ),
    ),
  }),
  v.strictObject({ event: v.literal('hook-uninstall'), files: field('that had our lines', list(text)) }),
  v.strictObject({
    event: v.literal('hook-status'),
    worktrees: field(
      'each one',
      list(
        v.strictObject({
          root: text,
          manager: v.nullable(text),
          folder: v.nullable(text),
          installed: list(text),
          problem: v.nullable(v.strictObject({ message: text, next: text })),
          last_run: run,
          last_failure: failure,
        }),
      ),
    ),
  }),
  v.strictObject({
    event: v.literal('hook-stats'),
    foreground: field('what git waits for', percentiles),
    background: field('the pushes', percentiles),
    slowest: field('of these', run),
  }),
  v.strictObject({
    event: v.literal('hook-run'),
    hook: field('that started it', text),
    outcome: field('as in a report, or `left to another run`, `postponed`', text),
  }),
  v.strictObject({
    event: v.literal('completion'),
    shell: field('that reads it', text),
    script: field('the script', text),
  }),
] as const
