import { expect, test } from '@jest/globals'
import { leftOut, push } from '../helpers/command.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

const files = {
  'ce-delta.config.json': JSON.stringify({ secrets: { allow: ['*.json', 'ce-delta.local.*'] } }),
  'ce-delta.local.json': '{ "maxRetries": 1 }',
  'packages/a/ce-delta.local.ts': 'export default {}',
}

test('the local configuration is never part of the copy, even where it is committed and allowed', async () => {
  const root = await gitRepository({ files })
  await writeTree(root, { '.config/ce-delta.local.yaml': 'timeout: 3' })
  const byScan = await push(root)
  expect(byScan.report.outcome).toBe('confirmed')
  expect(leftOut(byScan.report)).toEqual([
    'secret by name: .config/ce-delta.local.yaml',
    'secret by name: ce-delta.local.json',
    'secret by name: packages/a/ce-delta.local.ts',
  ])
  const byCommit = await push(root, ['--commit', 'HEAD'])
  expect(leftOut(byCommit.report)).toEqual([
    'secret by name: ce-delta.local.json',
    'secret by name: packages/a/ce-delta.local.ts',
  ])
})
