import * as v from 'valibot'
import { count, field, flag, meanings, milliseconds, objectId, operations, text } from './shapes.js'

export const SERVE_EVENTS = [
  v.strictObject({ event: v.literal('listening'), url: field('of the receiver', text) }),
  v.strictObject({
    event: v.literal('applied'),
    workspace_path: field('whose', text),
    sequence: field('of that workspace', count),
    bundle_id: field('of the bundle', text),
    tree: field('what the receiver computed', objectId),
    operations: field(meanings.operations, operations),
    bytes: field('of the bundle', count),
    duration_ms: field(meanings.duration, milliseconds),
    replayed: field('it had been applied before', flag),
  }),
  v.strictObject({
    event: v.literal('refused'),
    workspace_path: v.optional(field('whose, where that is known', text)),
    code: field('as in the [answer](protocol.md)', text),
    message: field('why', text),
  }),
  v.strictObject({ event: v.literal('failed'), message: field('what the receiver could not do', text) }),
] as const
