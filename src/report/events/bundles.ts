import * as v from 'valibot'
import { count, field, flag, list, meanings, objectId, operations, plan, text } from './shapes.js'

const waiting = {
  id: text,
  sequence: count,
  created_at: text,
  attempted_at: v.nullable(text),
  bytes: count,
  digest: text,
  operations,
}
const inOutbox = v.strictObject({ ...waiting, file: v.optional(text), intact: v.optional(flag) })
const WAITING =
  '`attempted_at` is null where it was not sent yet, or refused without an effect; `intact`: its file is as it was written'

export const BUNDLE_EVENTS = [
  v.strictObject({ event: v.literal('outbox'), bundles: field(WAITING, list(inOutbox)) }),
  v.strictObject({ event: v.literal('dropped'), bundles: field('what was removed', list(inOutbox)) }),
  v.strictObject({
    event: v.literal('exported'),
    folder: field('where to', text),
    bundles: field('what was copied', list(inOutbox)),
  }),
  v.strictObject({
    event: v.literal('relay'),
    receiver: field('where it is', text),
    workspace: field('its identity at the receiver', text),
    relayed: field('how many bundles were delivered; each has an event `confirmed` before this one', count),
    skipped: field('how many had been there before', count),
    sequence: field('of the receiver', count),
  }),
  v.strictObject({
    event: v.literal('bundle-file'),
    file: field('the bundle', text),
    id: field('of the bundle', text),
    bytes: field('its size', count),
    digest: field('SHA-256 of the file', text),
    operations: field(meanings.operations, operations),
    base: field('the snapshot that it is made for; null where it does not say', v.nullable(objectId)),
    tree: field('the snapshot that it leads to', v.nullable(objectId)),
    workspace: v.optional(field('where it is from (not of `create`)', text)),
    created_at: v.optional(field('when it was made (not of `create`)', text)),
    sequence: v.optional(field('null: whoever applies it numbers it (not of `create`)', v.nullable(count))),
    plan: v.optional(field(`\`inspect\`: ${meanings.plan}`, plan)),
    contents: v.optional(field('`verify`: how many were read', count)),
    folder: v.optional(field('`apply`: where to', text)),
  }),
] as const
