import { join } from 'node:path'
import type { Workspace } from '../../snapshot/workspace.js'
import { asDeltaError, type DeltaError } from '../../support/errors.js'
import { findHookFolder, type HookFolder } from './folder.js'
import { checkHookFile, type HookFile, readHookFile, writeHookFile } from './hook-file.js'
import { checkLefthookFile, isLefthooks, LEFTHOOK_FILE, lefthookLines } from './lefthook.js'
import { type BlockPlace, markedBlock, withBlock, withoutBlock } from './marked-block.js'
import { HOOK_NAMES, type HookName, SHIM_NAME } from './names.js'
import { hookLines, type RecordedCommand, shimText } from './shim.js'

export interface HookChange {
  readonly hook: HookName
  readonly file: string
  readonly change: 'installed' | 'unchanged' | 'refused'
  readonly error: DeltaError | null
}

export interface InstallRequest {
  readonly workspace: Workspace
  readonly command: RecordedCommand
  /** Also where the hooks serve other repositories. */
  readonly outside: boolean
}

export interface InstallResult {
  readonly folder: HookFolder
  readonly hooks: readonly HookChange[]
}

const NOTE = '# This file was made by ce-delta.\n'
/** What a file begins with that was not there before. When only this is left, the file goes, too. */
export const NEW_FILES = { hook: `#!/bin/sh\n${NOTE}`, configuration: NOTE } as const

/** Puts our lines into each hook of the worktree. One that cannot have them is told, and does not hold up the others. */
export async function installHooks({ workspace, command, outside }: InstallRequest): Promise<InstallResult> {
  const folder = await findHookFolder(workspace)
  if (folder.obstacle !== null && !(outside && folder.manager === 'core.hooksPath')) throw folder.obstacle
  await installShim(folder, command)
  const hooks: HookChange[] = []
  const lefthooks: HookName[] = []
  for (const hook of HOOK_NAMES) {
    const path = join(folder.directory, hook)
    const changes = await attempt([hook], path, async () => {
      const file = await readHookFile(path)
      if (isLefthooks(file.text)) return void lefthooks.push(hook)
      checkHookFile(file, folder.needsExecutable)
      return await putBlock(file, hookLines(hook), 'after the shebang')
    })
    hooks.push(...changes)
  }
  if (lefthooks.length > 0) hooks.push(...(await installForLefthook(workspace, lefthooks)))
  return { folder, hooks }
}

async function installShim({ commonDirectory }: HookFolder, command: RecordedCommand): Promise<void> {
  const shim = await readHookFile(join(commonDirectory, SHIM_NAME))
  const text = Buffer.from(shimText(command)).toString('latin1')
  if (shim.text !== text) await writeHookFile({ ...shim, mode: 0o644 }, text)
}

async function installForLefthook(workspace: Workspace, hooks: readonly HookName[]): Promise<HookChange[]> {
  const path = join(workspace.root, LEFTHOOK_FILE)
  return await attempt(hooks, path, async () => {
    const file = await readHookFile(path)
    checkLefthookFile(path, withoutBlock(file.text ?? ''), hooks)
    return await putBlock({ ...file, mode: file.text === null ? 0o644 : file.mode }, lefthookLines(hooks), 'at the end')
  })
}

async function putBlock(
  file: HookFile,
  lines: readonly string[],
  place: BlockPlace,
): Promise<'installed' | 'unchanged'> {
  const start = file.text ?? (place === 'at the end' ? NEW_FILES.configuration : NEW_FILES.hook)
  const text = withBlock(start, markedBlock(lines), place)
  if (text === file.text) return 'unchanged'
  await writeHookFile(file, text)
  return 'installed'
}

/** What became of these hooks; nothing where somebody else is to have them. */
async function attempt(
  hooks: readonly HookName[],
  file: string,
  work: () => Promise<'installed' | 'unchanged' | undefined>,
): Promise<HookChange[]> {
  try {
    const change = await work()
    return change === undefined ? [] : hooks.map((hook) => ({ hook, file, change, error: null }))
  } catch (thrown) {
    const error = asDeltaError(thrown)
    return hooks.map((hook) => ({ hook, file, change: 'refused', error }))
  }
}
