import { createInterface, type Interface } from 'node:readline/promises'
import { isHttpUrl } from '../../config/schema.js'
import { DeltaError } from '../../support/errors.js'

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
  readonly canHaveHooks: boolean
}

/** Asks on the terminal; an empty answer takes the suggestion. */
export async function askForPlan(suggestion: Suggestion, signal: AbortSignal): Promise<Plan> {
  if (process.stdin.isTTY !== true) {
    throw new DeltaError('usage', 'ce-delta init asks questions, and there is no terminal to ask on.', {
      next: 'Take the suggestions: ce-delta init --yes',
    })
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const endpoint = suggestion.isReceiverKnown ? suggestion.endpoint : await askEndpoint(terminal, signal)
    const hook =
      suggestion.canHaveHooks && (await askYes(terminal, 'Push after every commit, in the background?', signal))
    const workflow = endpoint !== null && (await askYes(terminal, 'Write a workflow for GitHub Actions?', signal))
    const push = await askYes(terminal, 'Make the first push now?', signal)
    return { endpoint, hook, workflow, push }
  } finally {
    terminal.close()
  }
}

async function askEndpoint(terminal: Interface, signal: AbortSignal): Promise<string | null> {
  for (;;) {
    const answer = (
      await terminal.question('Address of the server (empty: keep the copy on this machine): ', { signal })
    ).trim()
    if (answer === '') return null
    if (isHttpUrl(answer)) return answer
    terminal.write('It begins with http:// or https://, without credentials.\n')
  }
}

async function askYes(terminal: Interface, question: string, signal: AbortSignal): Promise<boolean> {
  return !/^n/i.test((await terminal.question(`${question} [Y/n] `, { signal })).trim())
}
