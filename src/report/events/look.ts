import * as v from 'valibot'
import {
  count,
  error,
  field,
  flag,
  list,
  login,
  meanings,
  milliseconds,
  objectId,
  operations,
  plan,
  text,
} from './shapes.js'

const trigger = v.picklist(['manual', 'hook', 'watch', 'ci', 'retry', 'repair'])

const confirmedPush = {
  sequence: field('of the receiver', count),
  id: field('of its bundle; null where the receiver had the snapshot already', v.nullable(text)),
  confirmed_at: field('when', text),
  trigger: field('what it was for; null in records of earlier versions', v.nullable(trigger)),
  operations: field(meanings.operations, operations),
  bytes: field('of the bundle', count),
  duration_ms: field('null in records of earlier versions', v.nullable(milliseconds)),
  base: field('the snapshot before', objectId),
  tree: field('the snapshot after', objectId),
}

const side = v.strictObject({ tree: objectId, sequence: v.nullable(count) })

const lastPush = v.nullable(v.strictObject({ sequence: count, confirmed_at: text }))
const rule = v.nullable(v.strictObject({ pattern: text, source: text, line: v.nullable(count) }))
const thereBy = v.picklist(['listing', 'tree', 'record'])

const explained = {
  path: field('from the root', text),
  reason: field('why it is left out, as in `skipped`; null where it is not', v.nullable(text)),
  detail: field('more of that', v.nullable(text)),
  rule: field('the rule that decides, and where it stands', rule),
  there_by: field('how it is known what is there', thereBy),
  last_push: field('the last one that changed it', lastPush),
}

export const LOOK_EVENTS = [
  v.strictObject({
    event: v.literal('status'),
    workspace: field('its identity at the receiver', text),
    collection: field('its collection there', text),
    is_pinned: field('whether the last part of its path alone says which workspace it is', flag),
    receiver: field('where it is', text),
    login: field('who is known to the receiver, by whatever means; never the secret', v.nullable(login)),
    here: field(
      'null while a push runs; `skipped`: how many files are left out',
      v.nullable(v.strictObject({ tree: objectId, skipped: count })),
    ),
    there: field(
      'what the receiver says; `error` where it could not be asked',
      v.strictObject({
        tree: v.nullable(objectId),
        sequence: v.nullable(count),
        last_upload: v.nullable(text),
        pending_operations: v.nullable(count),
        mirror: v.nullable(text),
        identified_by: v.nullable(text),
        dialect: v.nullable(text),
        dialect_summary: v.nullable(text),
        error: v.nullable(error),
      }),
    ),
    confirmed: field(
      'what the receiver is known to have held last',
      v.nullable(v.strictObject({ tree: objectId, sequence: count, at: text })),
    ),
    pending: field(
      'what the next push would send, and what waits in the outbox',
      v.strictObject({ operations: v.nullable(operations), bundles: count, bytes: count, attempted: flag }),
    ),
    background_failure: field(
      'the push in the background that failed last, until one is done',
      v.nullable(v.strictObject({ at: text, code: text, message: text, next: v.nullable(text) })),
    ),
    equal: field('whether both ends hold the same tree', v.picklist(['yes', 'no', 'unknown'])),
  }),
  v.strictObject({ event: v.literal('push'), ...confirmedPush }),
  v.strictObject({
    event: v.literal('log'),
    receiver: field('where it is', text),
    pushes: field('how many were listed', count),
  }),
  v.strictObject({ event: v.literal('show'), ...confirmedPush, plan: field(meanings.plan, plan) }),
  v.strictObject({
    event: v.literal('diff'),
    from: field('`sequence` is null for the work tree', side),
    to: field('the same', side),
    operations: field(meanings.operations, operations),
    plan: field(meanings.plan, plan),
  }),
  v.strictObject({
    event: v.literal('explain'),
    kind: v.literal('file'),
    ...explained,
    exists: field('whether it is on disk', flag),
    here: field('its content in the snapshot', v.nullable(objectId)),
    there: field('its content at the receiver', v.nullable(objectId)),
  }),
  v.strictObject({
    event: v.literal('explain'),
    kind: v.literal('folder'),
    ...explained,
    here: field('how many files are in the snapshot', count),
    there: field('how many are at the receiver', count),
    left_out: field('how many are left out, by reason', v.record(text, count)),
  }),
  v.strictObject({
    event: v.literal('verify'),
    receiver: field('where it is', text),
    verdict: field('`unknown`: nobody can tell', v.picklist(['equal', 'pending', 'different', 'unknown'])),
    by: field('how it is known what is there', thereBy),
    sequence: field('of the receiver', count),
    here: field('the snapshot here', objectId),
    there: field('what the receiver holds', objectId),
    files: field('how many were compared', count),
    differences: field(
      '`here`: its content, null where there is none',
      list(
        v.strictObject({
          difference: v.picklist(['missing there', 'differs', 'only there']),
          path: text,
          here: v.nullable(objectId),
        }),
      ),
    ),
  }),
] as const
