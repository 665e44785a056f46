import { execFileSync } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { type EligibilityRules, judgeFile } from '../../src/snapshot/eligibility.js'
import { SecretScan } from '../../src/snapshot/secret-scan.js'
import { temporaryDirectory, writeTree } from '../helpers/workspace.js'

const RULES: EligibilityRules = {
  maxFileBytes: 10,
  binaries: false,
  isSecret: () => false,
  secretScan: new SecretScan('skip', []),
}

test('a path that git listed as a file a moment ago is judged by what it is now', async () => {
  const root = await temporaryDirectory()
  await writeTree(root, { file: 'text', large: 'more than ten bytes', binary: 'a\0b' })
  await mkdir(join(root, 'folder'))
  await symlink('file', join(root, 'link'))
  if (process.platform !== 'win32') {
    execFileSync('mkfifo', [join(root, 'pipe')])
    const server = createServer().listen(join(root, 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    server.unref()
  }
  const judged = (name: string, isListed: boolean) => judgeFile(Buffer.from(root), Buffer.from(name), RULES, isListed)
  for (const name of ['file', 'large', 'binary', 'folder', 'link', 'pipe', 'socket', 'gone', 'file/below'])
    expect([name, judged(name, true)]).toEqual([name, judged(name, false)])
  expect(judged('file', true)).toMatchObject({ kind: 'eligible' })
  expect(judged('link', true)).toMatchObject({ skipped: { reason: 'symbolic link' } })
})
