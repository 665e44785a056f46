import { sep } from 'node:path'
import type { Plan } from './questions.js'

/** How the command was called: what is told to the user has to work for them as it stands. */
export interface Caller {
  readonly environment: NodeJS.ProcessEnv
  readonly script: string
}

/** What `ce-delta init` ends with. */
export function nextSteps(plan: Plan, { environment, script }: Caller): string[] {
  const isNpx = environment.npm_command === 'exec'
  const name = isNpx ? 'npx ce-delta' : 'ce-delta'
  const token = `${name} login, where it asks who you are; tokens are in docs/configuration.md.`
  const steps: [step: string, what: string][] = [
    plan.push ? [`${name} status`, 'both ends, side by side'] : [`${name} push`, 'the first push'],
    [`${name} doctor`, 'when something is not as it should be'],
  ]
  if (plan.hook) steps.push(['git commit', 'pushes by itself from now on'])
  // The hook calls what is in npm's cache.
  if (plan.hook && script.includes(`${sep}_npx${sep}`))
    steps.push(['npm install --save-dev ce-delta', 'for as long as the hook shall work'])
  const width = Math.max(...steps.map(([step]) => step.length)) + 4
  return [
    '',
    'What next:',
    ...steps.map(([step, what]) => `  ${step.padEnd(width)}${what}`),
    ...(plan.endpoint === null ? [] : [`  ${plan.endpoint}: ${token}`]),
    ...(plan.workflow ? ['  GitHub: commit the workflow, and set the secret CE_DELTA_TOKEN.'] : []),
  ]
}
