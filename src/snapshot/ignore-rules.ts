import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { runGit } from '../support/git.js'
import { splitNul } from '../support/text.js'
import type { Shadow } from './shadow.js'
import type { Workspace } from './workspace.js'

export const OWN_IGNORE_FILE = '.cedeltaignore'

/** The ignore rules beyond the `.gitignore` files, which git reads from the work tree by itself. */
export interface IgnoreRules {
  /** `.cedeltaignore` and `exclude` of the configuration, in the syntax of `.gitignore`. */
  readonly own: string
  /** A setting for every command that looks at the work tree. */
  readonly setting: string
  /** Changes whenever a rule outside the `.gitignore` files does. */
  readonly fingerprint: string
}

/**
 * Collects the rules and writes them where the shadow repository finds them: `info/exclude` of the clone, then
 * `.cedeltaignore` at the root, then the configuration; the user's global file is named by a setting.
 */
export async function installIgnoreRules(shadow: Shadow, exclude: readonly string[]): Promise<IgnoreRules> {
  const { workspace } = shadow
  const [clone, ownFile, global] = await Promise.all([
    workspace.git === null ? null : readTextIfPresent(workspace.git.excludeFile),
    readTextIfPresent(join(workspace.root, OWN_IGNORE_FILE)),
    readTextIfPresent(workspace.globalExcludeFile),
  ])
  const own = [ownFile ?? '', ...exclude].join('\n')
  const text = `${clone ?? ''}\n${own}\n`
  const installed = join(shadow.directory, 'info', 'exclude')
  if ((await readTextIfPresent(installed)) !== text) await writeFileDurably(installed, text)
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([text, global]))
    .digest('hex')
  return { own, setting: `core.excludesFile=${workspace.globalExcludeFile}`, fingerprint }
}

/** What tells that the user's index may have changed; empty where there is none. */
export function indexStamp(workspace: Workspace): string {
  if (workspace.git === null) return ''
  const stats = statSync(workspace.git.indexFile, { throwIfNoEntry: false, bigint: true })
  return stats === undefined ? '' : `${stats.mtimeNs}-${stats.size}-${stats.ino}`
}

/**
 * Files that the user's repository tracks although a rule of theirs matches. To git they are not ignored, so they are
 * not to us, unless one of our own rules matches.
 */
export async function trackedThoughIgnored(shadow: Shadow, own: string): Promise<Buffer[]> {
  const { git } = shadow.workspace
  if (git === null || shadow.workspace.kind !== 'work-tree') return []
  const list = ['ls-files', '-c', '-i', '-z', '--full-name']
  const tracked = splitNul(await runGit(git.repository, [...list, '--exclude-standard']))
  if (tracked.length === 0 || own.trim() === '') return tracked
  const ownFile = join(shadow.directory, 'info', 'own-exclude')
  await writeFileDurably(ownFile, `${own}\n`)
  const unwanted = new Set(splitNul(await runGit(git.repository, [...list, `--exclude-from=${ownFile}`])).map(asKey))
  return tracked.filter((name) => !unwanted.has(asKey(name)))
}

/** Files of the snapshot that a rule matches now. */
export async function snapshotThoughIgnored(shadow: Shadow, rules: IgnoreRules): Promise<Buffer[]> {
  const listing = await runGit(shadow.repository, ['ls-files', '-c', '-i', '-z', '--exclude-standard'], {
    settings: [rules.setting],
  })
  return splitNul(listing)
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
