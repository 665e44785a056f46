import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type BackgroundFailure,
  type BackgroundRun,
  readBackgroundFailure,
  readBackgroundRuns,
} from '../../report/background.js'
import { locateWorkspace, type UserGit, type Workspace } from '../../snapshot/workspace.js'
import { readTextIfPresent } from '../../support/durable-files.js'
import { asDeltaError, type DeltaError } from '../../support/errors.js'
import { gitText } from '../../support/git.js'
import { findHookFolder, type HookFolder } from './folder.js'
import { readHookFile } from './hook-file.js'
import { LEFTHOOK_FILE } from './lefthook.js'
import { hasBlock } from './marked-block.js'
import { HOOK_NAMES, type HookName, SHIM_NAME } from './names.js'

/** The hooks of one worktree, as git would run them. */
export interface WorktreeHooks {
  readonly root: string
  readonly manager: HookFolder['manager'] | null
  readonly folder: string | null
  readonly installed: readonly HookName[]
  /** Why they do not work, or not all of them; null where they do. */
  readonly problem: { readonly message: string; readonly next: string } | null
  readonly lastRun: BackgroundRun | null
  readonly lastFailure: BackgroundFailure | null
}

/** Looks at the hooks of every worktree of the clone: each one can have others (users.md §2: 8). */
export async function inspectHooks(workspace: Workspace, environment: NodeJS.ProcessEnv): Promise<WorktreeHooks[]> {
  const roots = workspace.git === null ? [] : await worktreesOf(workspace.git)
  return await Promise.all(roots.map(async (root) => await inspectWorktree(root, environment)))
}

async function worktreesOf(git: UserGit): Promise<string[]> {
  const listing = await gitText(git.repository, ['worktree', 'list', '--porcelain'])
  return listing.split('\n\n').flatMap((entry) => {
    const root = /^worktree (.*)$/m.exec(entry)?.[1]
    return root === undefined || /^bare$/m.test(entry) || !existsSync(root) ? [] : [root]
  })
}

async function inspectWorktree(root: string, environment: NodeJS.ProcessEnv): Promise<WorktreeHooks> {
  const nothing = { root, manager: null, folder: null, installed: [], lastRun: null, lastFailure: null }
  try {
    const workspace = await locateWorkspace(root, environment)
    const folder = await findHookFolder(workspace)
    const installed = await installedHooks(workspace, folder)
    const [runs, lastFailure] = await Promise.all([
      readBackgroundRuns(workspace.stateDirectory),
      readBackgroundFailure(workspace.stateDirectory),
    ])
    const problem = folder.obstacle === null ? await problemOf(folder, installed) : described(folder.obstacle)
    const { manager, directory } = folder
    return { root, manager, folder: directory, installed, problem, lastRun: runs.at(-1) ?? null, lastFailure }
  } catch (thrown) {
    return { ...nothing, problem: described(asDeltaError(thrown)) }
  }
}

async function installedHooks(workspace: Workspace, folder: HookFolder): Promise<HookName[]> {
  const local = (await readTextIfPresent(join(workspace.root, LEFTHOOK_FILE))) ?? ''
  const installed: HookName[] = []
  for (const hook of HOOK_NAMES) {
    const { text, mode } = await readHookFile(join(folder.directory, hook))
    const isRun = !folder.needsExecutable || (mode & 0o111) !== 0
    const isInFile = text !== null && isRun && mentionsUs(text)
    const isInLefthook = text?.includes('call_lefthook') === true && hasBlock(local) && local.includes(`\n${hook}:`)
    if (isInFile || isInLefthook) installed.push(hook)
  }
  return installed
}

/** Our lines, or those that a user wrote where we could not. */
function mentionsUs(text: string): boolean {
  return hasBlock(text) || text.includes(SHIM_NAME)
}

async function problemOf(folder: HookFolder, installed: readonly HookName[]): Promise<WorktreeHooks['problem']> {
  const missing = HOOK_NAMES.filter((hook) => !installed.includes(hook))
  const next = 'ce-delta hook install'
  if (installed.length === 0) return { message: 'no hooks are installed', next }
  if (missing.length > 0) return { message: `missing: ${missing.join(', ')}`, next }
  const shim = await readTextIfPresent(join(folder.commonDirectory, SHIM_NAME))
  if (shim === null) return { message: `the hooks do nothing in this clone: ${SHIM_NAME} is not there`, next }
  const gone = [...shim.matchAll(/^ {2}(?:node|script)='(.*)'$/gm)]
    .map((match) => (match[1] ?? '').replaceAll("'\\''", "'"))
    .find((path) => !existsSync(path))
  return gone === undefined ? null : { message: `${gone} was moved or removed`, next }
}

function described(error: DeltaError): { message: string; next: string } {
  return { message: error.message, next: error.next }
}
