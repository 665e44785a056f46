import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { devNull } from 'node:os'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { systemErrorCode } from '../support/errors.js'
import { runGit } from '../support/git.js'
import { pathProblem } from '../support/paths.js'
import { decodeUtf8, splitNul } from '../support/text.js'
import { type Shadow, withIndex } from './shadow.js'
import type { Workspace } from './workspace.js'

export const OWN_IGNORE_FILE = '.cedeltaignore'

/** The ignore rules beyond the `.gitignore` files, which git reads from the work tree by itself. */
export interface IgnoreRules {
  /** `.cedeltaignore` and `exclude` of the configuration, in the syntax of `.gitignore`. No other rule undoes them. */
  readonly own: string
  /** A setting for every command that looks at the work tree. */
  readonly setting: string
}

/**
 * Collects the rules and writes them where the shadow repository finds them: `info/exclude` of the clone, then
 * `.cedeltaignore` at the root, then the configuration; the user's global file is named by a setting.
 */
export async function installIgnoreRules(shadow: Shadow, exclude: readonly string[]): Promise<IgnoreRules> {
  const { workspace } = shadow
  const [clone, ownFile, global] = await Promise.all([
    workspace.git === null ? null : readRules(workspace.git.excludeFile),
    readRules(join(workspace.root, OWN_IGNORE_FILE), constants.O_NOFOLLOW),
    readRules(workspace.globalExcludeFile),
  ])
  const own = [ownFile ?? '', ...exclude, ...foldersOfOurs(workspace)].join('\n').trim()
  const text = `${clone ?? ''}\n${own}\n`
  const installed = join(shadow.directory, 'info', 'exclude')
  if ((await readTextIfPresent(installed)) !== text) await writeFileDurably(installed, text)
  return { own, setting: `core.excludesFile=${global === null ? devNull : workspace.globalExcludeFile}` }
}

/** Rules are read from plain files only: nothing waits for a pipe, or reads a device to its end. */
async function readRules(path: string, flags = 0): Promise<string | null> {
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

/** The ignore rule that leaves out this folder; none where it is not inside, or is left out already as git's own. */
export function ruleForFolder(root: string, folder: string): string[] {
  const path = relative(root, folder)
  const parts = path.split(sep)
  const isInside = path !== '' && !isAbsolute(path) && parts[0] !== '..' && !parts.includes('.git')
  return isInside && !path.includes('\n') ? [`/${parts.join('/').replace(/[\\*?[ ]/g, '\\$&')}/`] : []
}

/** Which of these paths, as keys, our own rules match, whatever other rules say of them. */
export async function matchedByOwn(shadow: Shadow, names: readonly Buffer[], own: string): Promise<Set<string>> {
  if (own === '' || names.length === 0) return new Set()
  const indexFile = join(shadow.directory, `judge-index.${process.pid}.${++judgeIndexes}`)
  const repository = withIndex(shadow, indexFile)
  try {
    await runGit(repository, ['update-index', '-z', '--index-info'], { input: placeholders(names) })
    const exclude = `--exclude-from=${await ownRuleFile(shadow, own)}`
    return new Set(splitNul(await runGit(repository, ['ls-files', '-c', '-i', '-z', exclude])).map(asKey))
  } finally {
    await rm(indexFile, { force: true })
  }
}

let judgeIndexes = 0

export const EMPTY_BLOB = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'

/** Entries without content, for git to match rules with. A name that git would not take is left out anyway. */
function* placeholders(names: readonly Buffer[]): Generator<Buffer> {
  for (const name of names) {
    const path = decodeUtf8(name)
    if (path !== null && pathProblem(path) === null) yield placeholder(name)
  }
}

/** An entry of the index that stands for no file. */
export function placeholder(name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`100644 ${EMPTY_BLOB}\t`), name, Buffer.from([0])])
}

export async function ownRuleFile(shadow: Shadow, own: string): Promise<string> {
  const path = join(shadow.directory, 'info', 'own-exclude')
  const text = `${own}\n`
  if ((await readTextIfPresent(path)) !== text) await writeFileDurably(path, text)
  return path
}

/** What the rules leave out, folders as one entry; for people. */
export async function listIgnored(shadow: Shadow, rules: IgnoreRules): Promise<Buffer[]> {
  const args = ['ls-files', '-o', '-i', '-z', '--exclude-standard', '--directory']
  return splitNul(await runGit(shadow.repository, args, { settings: [rules.setting] }))
}

/** Names are bytes; this makes them keys of maps without losing any. */
export function asKey(name: Buffer): string {
  return name.toString('latin1')
}
