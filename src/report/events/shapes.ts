import * as v from 'valibot'

// What events are made of. A description says what docs/events.md says.

type Schema = v.BaseSchema<unknown, unknown, v.BaseIssue<unknown>>

/** A field with what it means. */
export function field<Inner extends Schema>(meaning: string, schema: Inner) {
  return v.pipe(schema, v.description(meaning))
}

/** A list that nobody changes. */
export function list<Item extends Schema>(item: Item) {
  return v.pipe(v.array(item), v.readonly())
}

export const text = v.string()
export const flag = v.boolean()
export const count = v.pipe(v.number(), v.integer(), v.minValue(0))
export const milliseconds = v.pipe(v.number(), v.minValue(0))
/** An id of a tree or of a content, as git computes it. */
export const objectId = v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/))
export const moment = v.pipe(v.string(), v.isoTimestamp())

export const operations = v.strictObject({ created: count, updated: count, deleted: count, moved: count })

/** One operation, in the order in which they are carried out. */
export const plan = list(
  v.strictObject({
    operation: v.picklist(['created', 'updated', 'deleted', 'moved']),
    path: text,
    source_path: v.optional(text),
  }),
)

export const error = v.strictObject({
  code: text,
  message: text,
  next: v.nullable(text),
  facts: v.record(text, v.nullable(v.union([text, v.number(), flag]))),
})

/** Who is known to a receiver; never the secret. */
export const login = v.strictObject({
  kind: text,
  user: v.nullable(text),
  source: text,
  expires_at: v.nullable(text),
})

export const outcome = v.picklist(['confirmed', 'unchanged', 'queued', 'dry-run', 'failed'])

export const meanings = {
  operations: 'how many of each kind',
  plan: 'every operation, in the order in which they are carried out',
  tree: 'the snapshot, as a git tree',
  duration: 'how long it took',
  error: 'what went wrong ([codes](exit-codes.md)), and what to do next',
} as const
