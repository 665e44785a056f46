import { asFields } from '../../support/json.js'

/** What is known of the run that wants to push. */
export interface CiOccasion {
  /** The name of the system, for people; null outside of any that is known. */
  readonly provider: string | null
  readonly isGitHub: boolean
  /** Whether a pull request is built; null where the system does not tell. */
  readonly isPullRequest: boolean | null
  /** On GitHub: the name of the event, and its payload as it was read. */
  readonly event: string | null
  readonly payload: unknown
  /** On GitLab: the project that a merge request comes from, and the one that it goes to. */
  readonly mergeRequest: { readonly source: string; readonly target: string } | null
}

/**
 * Why nothing may be uploaded; null where it may. What somebody without rights in the repository proposes is not
 * uploaded, and neither is anything in a run that has the rights of the repository and the files of somebody else
 * (faults.md row 100). What cannot be told apart counts as foreign.
 */
export function reasonToRefuse(occasion: CiOccasion): string | null {
  if (occasion.isGitHub) return refusedByGitHub(occasion.event ?? '', occasion.payload)
  const { mergeRequest } = occasion
  if (mergeRequest !== null)
    return mergeRequest.source === mergeRequest.target ? null : 'the merge request comes from a fork'
  return occasion.isPullRequest === true ? 'it is unknown whether the pull request comes from a fork' : null
}

function refusedByGitHub(event: string, payload: unknown): string | null {
  if (event === 'pull_request_target') return 'pull_request_target runs with secrets on what anybody proposes'
  const fields = asFields(payload)
  if (event === 'workflow_run') {
    const run = asFields(fields?.workflow_run)
    return isSame(run?.head_repository, fields?.repository) ? null : 'the workflow was started by a fork'
  }
  const request = asFields(fields?.pull_request)
  if (request !== null) {
    const [head, base] = [asFields(request.head)?.repo, asFields(request.base)?.repo]
    return isSame(head, base) ? null : 'the pull request comes from a fork'
  }
  if (event.startsWith('pull_request')) return 'it is unknown whether the pull request comes from a fork'
  const isOnPullRequest = asFields(asFields(fields?.issue)?.pull_request) !== null
  return isOnPullRequest ? 'a comment on a pull request may check out what anybody proposes' : null
}

/** The repository of a fork that was deleted is null. */
function isSame(left: unknown, right: unknown): boolean {
  const [one, other] = [asFields(left)?.id, asFields(right)?.id]
  return typeof one === 'number' && one === other
}
