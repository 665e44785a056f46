import { posix } from 'node:path'
import type { UserConfig, WorkspaceSettings } from './config.js'
import type { ConfigSources } from './sources.js'

/** The folders that the files list as workspaces, as ways from the root; none where the root is the one workspace. */
export function foldersIn({ files }: ConfigSources): string[] {
  const listed = [...files].reverse().flatMap(({ config }) => config.workspaces ?? [])
  return [...new Set(listed.map(({ root }) => normalFolder(root)))]
}

/** What a file sets for one of its workspaces. */
export function settingsForFolder({ workspaces = [] }: UserConfig, folder: string | null): WorkspaceSettings | null {
  return workspaces.find(({ root }) => normalFolder(root) === folder) ?? null
}

/** `./packages/a/` is `packages/a`; the root itself is `.`. */
export function normalFolder(root: string): string {
  return posix.normalize(root).replace(/(?<=.)\/$/, '')
}

/** Whether it is a way to a folder below the root, or `.`. */
export function isFolderInside(root: string): boolean {
  const folder = normalFolder(root)
  return !posix.isAbsolute(folder) && folder.split('/')[0] !== '..' && !/^[A-Za-z]:|[\\\n]/.test(root)
}

/** Whether no folder is named twice. */
export function areDistinct(workspaces: readonly { readonly root: string }[]): boolean {
  return new Set(workspaces.map(({ root }) => normalFolder(root))).size === workspaces.length
}
