import * as v from 'valibot'
import type { ControlAnswer } from './control-client.js'

const Counts = v.object({ created: v.number(), updated: v.number(), deleted: v.number(), moved: v.number() })

/** What people are shown of a running watch. It may be of another version, so more or less is not an error. */
const Shown = v.object({
  pid: v.number(),
  root: v.string(),
  receiver: v.nullable(v.string()),
  since: v.string(),
  state: v.string(),
  pending: v.boolean(),
  sight: v.nullable(v.object({ by: v.string(), reason: v.optional(v.string()) })),
  pushes: v.number(),
  last_push: v.nullable(v.object({ at: v.string(), sequence: v.nullable(v.number()), operations: Counts })),
  trouble: v.nullable(
    v.object({ since: v.string(), error: v.object({ message: v.string(), next: v.nullable(v.string()) }) }),
  ),
})

export type ShownStatus = v.InferOutput<typeof Shown>

/** null where the answer is not understood. */
export function parseStatus(answer: ControlAnswer): ShownStatus | null {
  const result = v.safeParse(Shown, answer)
  return result.success ? result.output : null
}

const Report = v.object({
  report: v.object({
    outcome: v.string(),
    error: v.nullable(v.object({ code: v.string(), message: v.string(), next: v.nullable(v.string()) })),
  }),
})

export type FlushedReport = v.InferOutput<typeof Report>['report']

/** The report of the push that a flush made; null where the answer has none. */
export function parseFlushed(answer: ControlAnswer): FlushedReport | null {
  const result = v.safeParse(Report, answer)
  return result.success ? result.output.report : null
}
