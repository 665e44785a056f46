import { describe, expect, test } from '@jest/globals'
import { type CiOccasion, reasonToRefuse } from '../../src/triggers/ci/permission.js'

const NOWHERE: CiOccasion = {
  provider: null,
  isGitHub: false,
  isPullRequest: null,
  event: null,
  payload: undefined,
  mergeRequest: null,
}
const OURS = { id: 1 }
const THEIRS = { id: 2 }

describe('faults.md row 100: who may upload', () => {
  test.each<[string, Partial<CiOccasion>, boolean]>([
    ['no CI system at all', {}, true],
    ['a system that builds a branch', { provider: 'CircleCI', isPullRequest: false }, true],
    ['a system that builds a pull request of whomever', { provider: 'CircleCI', isPullRequest: true }, false],
    [
      'a merge request of the project',
      { provider: 'GitLab CI', isPullRequest: true, mergeRequest: { source: '7', target: '7' } },
      true,
    ],
    [
      'a merge request of a fork',
      { provider: 'GitLab CI', isPullRequest: true, mergeRequest: { source: '8', target: '7' } },
      false,
    ],
    ['an event without a payload', { isGitHub: true, event: 'push', payload: undefined }, true],
    ['a merge queue', { isGitHub: true, event: 'merge_group', payload: {} }, true],
    [
      'a workflow that a push started',
      { isGitHub: true, event: 'workflow_run', payload: { repository: OURS, workflow_run: { head_repository: OURS } } },
      true,
    ],
    [
      'a workflow that a fork started',
      {
        isGitHub: true,
        event: 'workflow_run',
        payload: { repository: OURS, workflow_run: { head_repository: THEIRS } },
      },
      false,
    ],
    [
      'a review on a fork',
      {
        isGitHub: true,
        event: 'pull_request_review',
        payload: { pull_request: { head: { repo: THEIRS }, base: { repo: OURS } } },
      },
      false,
    ],
    ['a comment on an issue', { isGitHub: true, event: 'issue_comment', payload: { issue: {} } }, true],
    [
      'a comment on a pull request',
      { isGitHub: true, event: 'issue_comment', payload: { issue: { pull_request: { url: 'x' } } } },
      false,
    ],
    ['ids that are no numbers', { isGitHub: true, event: 'pull_request', payload: nameless() }, false],
  ])('%s', (_, occasion, isAllowed) => {
    expect(reasonToRefuse({ ...NOWHERE, ...occasion }) === null).toBe(isAllowed)
  })
})

function nameless() {
  return { pull_request: { head: { repo: {} }, base: { repo: {} } } }
}
