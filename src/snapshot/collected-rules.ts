import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemErrorCode } from '../support/errors.js'
import { inheritRules } from './inherited-rules.js'
import { ruleForFolder } from './rule-for-folder.js'
import type { Workspace } from './workspace.js'

export const OWN_IGNORE_FILE = '.cedeltaignore'

/** A line of ignore rules, and where it was written. */
export interface CollectedRule {
  readonly text: string
  /** As it is written there; another text than the rule where that was written in a folder above. */
  readonly pattern: string
  /** The file; `exclude` stands for the configuration, and null for what is built in. */
  readonly source: string | null
  /** Counted from 1; null where the source has no lines. */
  readonly line: number | null
}

/**
 * The rules of the user's that git does not read by itself in the work tree, the weakest first: `info/exclude` of the
 * clone; for a folder of a larger work tree also the user's global file before it, and every `.gitignore` above after it.
 */
export async function collectUserRules(workspace: Workspace): Promise<CollectedRule[]> {
  const { git, globalExcludeFile, part } = workspace
  if (part === null) return git === null ? [] : await rulesIn(git.excludeFile)
  const way = part.path.split('/')
  const files = [
    { file: globalExcludeFile, way, flags: 0 },
    ...(git === null ? [] : [{ file: git.excludeFile, way, flags: 0 }]),
    ...gitignoresAbove(workspace).map((file, depth) => ({ file, way: way.slice(depth), flags: constants.O_NOFOLLOW })),
  ]
  return (await Promise.all(files.map(async ({ file, way, flags }) => await inheritedFrom(file, way, flags)))).flat()
}

/** The `.gitignore` files above a workspace that is a folder of a larger work tree, from the root down. */
export function gitignoresAbove({ part }: Workspace): string[] {
  const way = part === null ? [] : part.path.split('/')
  return way.map((_, depth) => join(part?.of ?? '', ...way.slice(0, depth), '.gitignore'))
}

/** `.cedeltaignore`, the configuration, and what is never part of a copy. No rule of the user's undoes these. */
export async function collectOwnRules(workspace: Workspace, exclude: readonly string[]): Promise<CollectedRule[]> {
  const own = await rulesIn(join(workspace.root, OWN_IGNORE_FILE), constants.O_NOFOLLOW)
  const rulesFrom = (source: string | null, texts: readonly string[]): CollectedRule[] => {
    const lines = texts.flatMap((text) => text.split('\n'))
    return lines.map((text) => ({ text, pattern: text, source, line: null }))
  }
  return [...own, ...rulesFrom('exclude', exclude), ...rulesFrom(null, foldersOfOurs(workspace))]
}

async function rulesIn(file: string, flags = 0): Promise<CollectedRule[]> {
  const lines = ((await readRules(file, flags)) ?? '').split('\n')
  return lines.map((text, index) => ({ text, pattern: text.trimEnd(), source: file, line: index + 1 }))
}

async function inheritedFrom(file: string, way: readonly string[], flags: number): Promise<CollectedRule[]> {
  const rules = inheritRules((await readRules(file, flags)) ?? '', way, IGNORES_CASE)
  return rules.map(({ text, original, line }) => ({ text, pattern: original, source: file, line }))
}

/** The same as `core.ignoreCase` of the shadow. */
const IGNORES_CASE = process.platform === 'win32' || process.platform === 'darwin'

/** Rules are read from plain files only: nothing waits for a pipe, or reads a device to its end. */
export async function readRules(path: string, flags = 0): Promise<string | null> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | flags)
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown
    return null
  }
  try {
    return (await file.stat()).isFile() ? await file.readFile('utf8') : null
  } finally {
    await file.close()
  }
}

/** The git folder and the state are never part of the copy, wherever they are: a git folder may have any name. */
function foldersOfOurs({ root, kind, git, stateDirectory }: Workspace): string[] {
  if (kind === 'bare') return []
  const folders = [stateDirectory, ...(git === null ? [] : [git.gitDirectory, dirname(git.objectDirectory)])]
  return folders.flatMap((folder) => ruleForFolder(root, folder))
}
