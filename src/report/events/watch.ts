import * as v from 'valibot'
import { count, error, field, flag, meanings, milliseconds, objectId, operations, outcome, text } from './shapes.js'

const state = v.picklist([
  'pushing',
  'equal',
  'changed',
  'waiting for git',
  'retrying',
  'stopped',
  'paused',
  'root gone',
])
const sight = v.strictObject({ by: v.picklist(['events', 'polling']), reason: v.optional(text) })
const lastPush = v.nullable(
  v.strictObject({
    at: text,
    outcome,
    sequence: v.nullable(count),
    tree: v.nullable(objectId),
    operations,
    duration_ms: milliseconds,
  }),
)

export const WATCH_EVENTS = [
  v.strictObject({
    event: v.literal('watching'),
    root: field('of the workspace', text),
    pid: field('of the process', count),
    sight: field('how changes are noticed; `reason`: why it polls', sight),
  }),
  v.strictObject({
    event: v.literal('state'),
    state: field('what it is doing', state),
    pending: field('something waits for a push', flag),
  }),
  v.strictObject({ event: v.literal('trouble'), error: field(`${meanings.error}; told once`, error) }),
  v.strictObject({
    event: v.literal('recovered'),
    code: field('of the trouble that is over', text),
    duration_ms: field('how long it lasted', milliseconds),
  }),
  v.strictObject({
    event: v.literal('look'),
    reason: field('why it looks although nothing is known to have changed', text),
  }),
  v.strictObject({
    event: v.literal('watch-ended'),
    pending: field('something was seen that the receiver is not known to hold', flag),
    last_push: field('the last one that was done', lastPush),
  }),
  v.strictObject({
    event: v.literal('watch-status'),
    pid: field('of the process', count),
    root: field('of the workspace', text),
    receiver: field('null until it was asked', v.nullable(text)),
    since: field('when it was started', text),
    state: field('what it is doing', state),
    pending: field('something waits for a push', flag),
    sight: field('how changes are noticed; null until that is known', v.nullable(sight)),
    pushes: field('how many sent something', count),
    last_push: field('the last one that was done', lastPush),
    trouble: field('what goes wrong', v.nullable(v.strictObject({ since: text, error }))),
    report: v.optional(
      field(
        '`--flush`: of the push; null where the watch ended instead',
        v.nullable(v.looseObject({ event: v.literal('report') })),
      ),
    ),
  }),
] as const
