import { readTextIfPresent } from '../../support/durable-files.js'
import { parseJson } from '../../support/json.js'
import type { CiOccasion } from './permission.js'

/** Finds out who runs us, and for what. The payload of the event is whatever GitHub wrote; it is judged elsewhere. */
export async function readOccasion(environment: NodeJS.ProcessEnv): Promise<CiOccasion> {
  // It looks at the environment of this process when it is loaded.
  const { default: ci } = await import('ci-info')
  const isGitHub = environment.GITHUB_ACTIONS === 'true'
  const payloadFile = isGitHub ? environment.GITHUB_EVENT_PATH : undefined
  const { CI_MERGE_REQUEST_SOURCE_PROJECT_ID: source, CI_MERGE_REQUEST_PROJECT_ID: target } = environment
  return {
    provider: ci.name,
    isGitHub,
    isPullRequest: ci.isPR,
    event: environment.GITHUB_EVENT_NAME ?? null,
    payload: payloadFile === undefined ? undefined : parseJson((await readTextIfPresent(payloadFile)) ?? ''),
    mergeRequest: source === undefined || target === undefined ? null : { source, target },
  }
}
