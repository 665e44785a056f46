import { expect, test } from '@jest/globals'
import { push } from '../helpers/command.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

test('a repository of somebody else’s: the advice names it, to be pasted (exit 10)', async () => {
  const root = await gitRepository()
  await writeTree(root, { 'a.txt': 'a' })
  const { exitCode, report } = await push(root, [], { env: { GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' } })
  expect([exitCode, report.error?.code]).toEqual([10, 'repository-not-trusted'])
  expect(report.error?.next).toContain(`safe.directory '${root}'`)
})
