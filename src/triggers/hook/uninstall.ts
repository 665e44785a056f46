import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { backgroundPlace } from '../../report/background.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { findHookFolder } from './folder.js'
import { readHookFile, writeHookFile } from './hook-file.js'
import { NEW_FILES } from './install.js'
import { LEFTHOOK_FILE } from './lefthook.js'
import { hasBlock, withoutBlock } from './marked-block.js'
import { HOOK_NAMES, SHIM_NAME } from './names.js'

export interface UninstallResult {
  /** The files that our lines were taken out of. */
  readonly files: readonly string[]
}

/** Takes our lines out of every hook that git could run here, and out of those that it ran before; the rest stays. */
export async function uninstallHooks(workspace: Workspace, outside: boolean): Promise<UninstallResult> {
  const folder = await findHookFolder(workspace)
  const isOurs = folder.obstacle === null || folder.manager === 'husky' || outside
  const folders = new Set([join(folder.commonDirectory, 'hooks'), ...(isOurs ? [folder.directory] : [])])
  const paths = [...folders].flatMap((directory) => HOOK_NAMES.map((hook) => join(directory, hook)))
  const files: string[] = []
  for (const path of [...paths, join(workspace.root, LEFTHOOK_FILE)]) {
    if (await takeBlock(path)) files.push(path)
  }
  await rm(join(folder.commonDirectory, SHIM_NAME), { force: true })
  await rm(backgroundPlace(workspace.stateDirectory).directory, { recursive: true, force: true })
  return { files }
}

async function takeBlock(path: string): Promise<boolean> {
  const file = await readHookFile(path)
  if (file.text === null || !hasBlock(file.text)) return false
  const text = withoutBlock(file.text)
  const isOurs = text === NEW_FILES.hook || text === NEW_FILES.configuration
  await writeHookFile(file, isOurs ? null : text)
  return true
}
