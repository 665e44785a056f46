import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ConfigSources } from '../../config/sources.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { DeltaError } from '../../support/errors.js'
import { gitText, gitTextOrNull } from '../../support/git.js'
import { privateRepository } from '../../support/git-repository.js'
import { inspectHooks, type WorktreeHooks } from '../../triggers/hook/inspect.js'
import { type Check, fail, pass, warn } from './check.js'

const KINDS = { 'work-tree': 'a git work tree', bare: 'a bare repository', plain: 'a folder without git' } as const

export function checkRepository(workspace: Workspace): Check {
  const message = `${workspace.root}, ${KINDS[workspace.kind]}`
  if (workspace.stateNotice === null) return pass('repository', message)
  return warn('repository', workspace.stateNotice, 'Correct the permissions of the git folder.')
}

export async function checkConfiguration(whole: Workspace, { files }: ConfigSources): Promise<Check> {
  const names = files.map(({ file }) => file)
  const message = names.join(', ') || 'no file: the defaults, and the environment'
  const open = names.filter((name) => /^ce-delta\.local\./.test(basename(name)))
  for (const file of open) {
    if (await isIgnored(whole, file)) continue
    return warn('configuration', `git does not ignore ${file}`, `Write ${LOCAL_FILES} into .gitignore.`)
  }
  return pass('configuration', message)
}

/** The configuration of one person on one machine. */
export const LOCAL_FILES = 'ce-delta.local.*'

/** Whether git leaves a file alone; true where there is no git. */
export async function isIgnored({ git, kind }: Workspace, file: string): Promise<boolean> {
  if (git === null || kind !== 'work-tree') return true
  return (await gitTextOrNull(git.repository, ['check-ignore', '--', file])) !== null
}

/** One line for each worktree: each can have other hooks. */
export async function checkHooks(workspace: Workspace): Promise<Check[]> {
  if (workspace.kind !== 'work-tree') return [pass('hooks', 'there can be none here')]
  return (await inspectHooks(workspace, process.env)).map(checkWorktree)
}

function checkWorktree({ root, manager, installed, problem, lastFailure }: WorktreeHooks): Check {
  if (problem !== null) return warn('hooks', `${root}: ${problem.message}`, problem.next)
  if (lastFailure === null) return pass('hooks', `${root}: ${installed.length} hooks (${manager ?? 'git'})`)
  const fix = lastFailure.next ?? 'ce-delta push'
  return warn('hooks', `${root}: the last push in the background failed: ${lastFailure.message}`, fix)
}

/** Looks only: what is not there is not made, and what is broken is not repaired. */
export async function checkShadow({ stateDirectory }: Workspace): Promise<Check> {
  if (!existsSync(join(stateDirectory, 'config'))) return pass('shadow', 'not there yet: the first push makes it')
  const repository = privateRepository(stateDirectory)
  const fix = `rm -r ${stateDirectory} (the next push makes it anew, and compares with the receiver)`
  const tips = await gitText(repository, ['for-each-ref', '--format=%(objectname)', 'refs/ce-delta/confirmed/'])
  const lost = await Promise.all(
    tips.split('\n').map(async (tip) => {
      return tip !== '' && (await gitTextOrNull(repository, ['rev-parse', '-q', '--verify', `${tip}^{tree}`])) === null
    }),
  )
  if (lost.includes(true))
    return fail('shadow', new DeltaError('objects-missing', 'what was confirmed is damaged'), fix)
  const isOpen = process.platform !== 'win32' && (statSync(stateDirectory).mode & 0o077) !== 0
  if (isOpen) return warn('shadow', `others can read ${stateDirectory}`, `chmod 700 ${stateDirectory}`)
  return pass('shadow', stateDirectory)
}
