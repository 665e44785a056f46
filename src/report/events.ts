import * as v from 'valibot'
import { BUNDLE_EVENTS } from './events/bundles.js'
import { LOGIN_EVENTS } from './events/login.js'
import { LOOK_EVENTS } from './events/look.js'
import { PUSH_EVENTS } from './events/push.js'
import { SERVE_EVENTS } from './events/serve.js'
import { WATCH_EVENTS } from './events/watch.js'
import { WORKSPACE_EVENTS } from './events/workspace.js'

/**
 * Every event that `--json` may print, by the commands that print it: the one place that says what programs can rely on.
 * docs/events.md and dist/events.schema.json are made from it, and every line that a test gets from a command is checked
 * against it. No command loads it.
 */
export const EVENT_GROUPS = [
  { title: 'A push', by: 'push, outbox retry, init, ci, verify --repair, watch', events: PUSH_EVENTS },
  { title: 'Looking', by: 'status, log, show, diff, explain, verify', events: LOOK_EVENTS },
  { title: 'Bundles', by: 'outbox, relay, bundle', events: BUNDLE_EVENTS },
  { title: 'Watch', by: 'watch, beside the events and the report of each push', events: WATCH_EVENTS },
  { title: 'Serve', by: 'serve', events: SERVE_EVENTS },
  { title: 'Logging in', by: 'login, logout, whoami', events: LOGIN_EVENTS },
  { title: 'The workspace', by: 'init, doctor, secrets, config, hook, completion', events: WORKSPACE_EVENTS },
] as const

const EVENTS = EVENT_GROUPS.flatMap(({ events }): readonly EventSchema[] => events)

type EventSchema = (typeof EVENT_GROUPS)[number]['events'][number]

/** Any of them. */
export const AnyEvent = v.union(EVENTS)

/** What is wrong with something that claims to be an event; null where nothing is. */
export function eventProblem(value: unknown): string | null {
  const name: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'event') : undefined
  const schemas = EVENTS.filter(({ entries }) => entries.event.literal === name)
  if (schemas.length === 0) return `${String(name)} is no event in src/report/events.ts`
  const results = schemas.map((schema) => v.safeParse<EventSchema>(schema, value))
  if (results.some(({ success }) => success)) return null
  const [closest] = results.map(({ issues }) => issues ?? []).sort((left, right) => left.length - right.length)
  return `${String(name)}: ${closest?.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`).join('; ')}`
}
