import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { snapshotOfCommit } from '../../src/snapshot/commit-snapshot.js'
import { SecretScan } from '../../src/snapshot/secret-scan.js'
import { openShadow } from '../../src/snapshot/shadow.js'
import { locateWorkspace } from '../../src/snapshot/workspace.js'
import { git, gitEnvironment, gitRepository, temporaryDirectory, writeTree } from '../helpers/workspace.js'

const RULES = {
  maxFileBytes: 1000,
  binaries: true,
  isSecret: () => false,
  secretScan: new SecretScan('off', []),
} as const
const OPTIONS = { rules: RULES, rulesFingerprint: 'x', exclude: [], nestedRepositories: 'include' } as const

test('a branch that moves while its commit is read: the snapshot is of the commit that it says', async () => {
  const root = await gitRepository({ files: { a: 'first' } })
  const [commit, tree] = [await git(root, 'rev-parse', 'HEAD'), await git(root, 'rev-parse', 'HEAD^{tree}')]
  await writeTree(root, { a: 'second' })
  await git(root, 'commit', '--quiet', '--all', '--message=second')
  const later = await git(root, 'rev-parse', 'HEAD')
  await git(root, 'reset', '--quiet', '--hard', commit)
  const tools = await temporaryDirectory()
  await writeFile(join(tools, 'git'), MOVING_GIT, { mode: 0o755 })
  const places = { PATH: `${tools}:${process.env.PATH}`, REAL_PATH: process.env.PATH, LATER: later }
  const shadow = await openShadow(await locateWorkspace(root, { ...gitEnvironment(), ...places }))
  expect(await snapshotOfCommit(shadow, 'HEAD', OPTIONS)).toEqual({ commit, tree, skipped: [] })
  expect(await git(root, 'rev-parse', 'HEAD')).toBe(later)
})

/** A git in whose repository somebody commits right after it has said what an expression names. */
const MOVING_GIT = `#!/bin/sh
PATH=$REAL_PATH
case "$*" in
*"cat-file --batch-check=%(objectname)"*) git "$@" && exec git update-ref HEAD "$LATER" ;;
*) exec git "$@" ;;
esac
`
