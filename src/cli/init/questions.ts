import { isHttpUrl } from '../../config/schema.js'
import { DeltaError } from '../../support/errors.js'
import { askLine } from '../ask.js'
import { writeLine } from '../write.js'

/** What `init` does. */
export interface Plan {
  readonly endpoint: string | null
  readonly hook: boolean
  readonly workflow: boolean
  readonly push: boolean
}

/** What is known already, and what an empty answer means. */
export interface Suggestion extends Plan {
  /** The configuration or the command line names the receiver, so it is not asked for. */
  readonly isReceiverKnown: boolean
  /** What is out of the question, so it is not asked for. */
  readonly without: readonly Step[]
}

export const STEPS = ['hook', 'workflow', 'push'] as const

export type Step = (typeof STEPS)[number]

/** Asks on the terminal; an empty answer takes the suggestion, and what is no answer is asked again. */
export async function askForPlan(suggestion: Suggestion, signal: AbortSignal): Promise<Plan> {
  if (process.stdin.isTTY !== true) {
    throw new DeltaError('usage', 'ce-delta init asks questions, and there is no terminal to ask on.', {
      next: 'Take the suggestions: ce-delta init --yes',
    })
  }
  const endpoint = suggestion.isReceiverKnown ? suggestion.endpoint : await askEndpoint(signal)
  const ask = async (step: Step, question: string): Promise<boolean> =>
    !suggestion.without.includes(step) && (await askYes(question, signal))
  const hook = await ask('hook', 'Push after every commit, in the background?')
  const workflow = endpoint !== null && (await ask('workflow', 'Write a workflow for GitHub Actions?'))
  const push = await ask('push', 'Make the first push now?')
  return { endpoint, hook, workflow, push }
}

async function askEndpoint(signal: AbortSignal): Promise<string | null> {
  for (;;) {
    const answer = await askLine('Address of the server (empty: keep the copy on this machine): ', signal)
    if (answer === '') return null
    if (isHttpUrl(answer)) return answer
    writeLine(2, 'It begins with http:// or https://, without credentials.')
  }
}

async function askYes(question: string, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    const answer = yesOrNo(await askLine(`${question} [Y/n] `, signal))
    if (answer !== null) return answer
    writeLine(2, 'Answer y or n; nothing at all means y.')
  }
}

/** null where it is neither. */
export function yesOrNo(answer: string): boolean | null {
  if (/^(?:y|yes)?$/i.test(answer)) return true
  return /^(?:n|no)$/i.test(answer) ? false : null
}
