import * as v from 'valibot'
import {
  count,
  error,
  field,
  list,
  meanings,
  milliseconds,
  objectId,
  operations,
  outcome,
  plan,
  text,
} from './shapes.js'

const bundle = v.strictObject({ id: text, sequence: count, bytes: count })

/** What `report` says of a push. */
const pushReport = {
  event: v.literal('report'),
  outcome: field('`tree` equal to `receiver_tree` is the proof', outcome),
  workspace: field('its identity at the receiver', text),
  receiver: field('where it is', text),
  sequence: field('of the receiver, after the push', v.nullable(count)),
  tree: field('the snapshot here', v.nullable(objectId)),
  receiver_tree: field(
    'what the receiver computed of what it holds; null where it does not tell',
    v.nullable(objectId),
  ),
  commit: field('the commit that was pushed; null for the work tree', v.nullable(text)),
  operations: field(meanings.operations, operations),
  bundles: field('what was sent, or waits', list(bundle)),
  skipped: field(
    'what was left out, and why',
    list(v.strictObject({ path: text, reason: text, detail: v.optional(text) })),
  ),
  mirror: field('the plain files, on the machine of the receiver', v.nullable(text)),
  plan: v.optional(field(`dry run: ${meanings.plan}`, plan)),
  error: field(meanings.error, v.nullable(error)),
  duration_ms: field(meanings.duration, milliseconds),
}

export const PUSH_EVENTS = [
  v.strictObject({ event: v.literal('notice'), message: field('something worth knowing', text) }),
  v.strictObject({
    event: v.literal('snapshot'),
    tree: field(meanings.tree, objectId),
    skipped: field('how many files were left out', count),
    duration_ms: field(meanings.duration, milliseconds),
  }),
  v.strictObject({
    event: v.literal('delta'),
    operations: field('what is sent from here on, in one bundle or many', operations),
  }),
  v.strictObject({
    event: v.literal('bundle'),
    id: field('it is in the outbox now', text),
    sequence: field('that it will bring the receiver to', count),
    bytes: field('its size', count),
    operations: field(meanings.operations, operations),
  }),
  v.strictObject({
    event: v.literal('sending'),
    id: field('the bundle', text),
    sent: field('bytes that left so far; told twice a second at most', count),
    bytes: field('its size', count),
  }),
  v.strictObject({
    event: v.literal('confirmed'),
    id: field('the bundle that the receiver has applied', text),
    sequence: field('of the receiver', count),
    tree: field('what the receiver computed; null where it does not tell', v.nullable(objectId)),
  }),
  v.strictObject({
    event: v.literal('retry'),
    attempt: field('the one that failed, from 1', count),
    delay_ms: field('until the next', milliseconds),
    message: field('why it failed', text),
  }),
  v.strictObject({
    event: v.literal('after-push'),
    exit_code: field('of the command `afterPush`', count),
    duration_ms: field(meanings.duration, milliseconds),
  }),
  v.strictObject({
    ...pushReport,
    fallback: v.optional(
      field('the report of the embedded receiver, where `fallback` called it in', v.strictObject(pushReport)),
    ),
  }),
  v.strictObject({
    event: v.literal('report'),
    outcome: field('of a command that could not do its work; always its last line', v.literal('failed')),
    error: field(meanings.error, error),
  }),
  v.strictObject({
    event: v.literal('ci'),
    provider: field('which CI system; null for none that is known', v.nullable(text)),
    outcome: field(
      'as in the report',
      v.picklist(['confirmed', 'unchanged', 'queued', 'dry-run', 'failed', 'skipped']),
    ),
    reason: field('one sentence', text),
    base: field('what the delta was made from', v.nullable(v.picklist(['state', 'receiver', 'commit', 'nothing']))),
  }),
] as const
