import { rm } from 'node:fs/promises'
import { devNull } from 'node:os'
import { join } from 'node:path'
import { readTextIfPresent, writeFileDurably } from '../support/durable-files.js'
import { runGit } from '../support/git.js'
import { pathProblem } from '../support/paths.js'
import { decodeUtf8, splitNul } from '../support/text.js'
import { type CollectedRule, collectOwnRules, collectUserRules, readRules } from './collected-rules.js'
import { type Shadow, withIndex } from './shadow.js'

/** The ignore rules beyond the `.gitignore` files, which git reads from the work tree by itself. */
export interface IgnoreRules {
  /** `.cedeltaignore` and `exclude` of the configuration, in the syntax of `.gitignore`. No other rule undoes them. */
  readonly own: string
  /** A setting for every command that looks at the work tree with the index of the shadow. */
  readonly setting: string
  /** The same for the user's repository. */
  readonly userSetting: string
  /** What was written into `info/exclude` of the shadow, line by line. */
  readonly collected: readonly CollectedRule[]
}

/**
 * Collects the rules and writes them where the shadow repository finds them: those of the user's, then `.cedeltaignore`
 * at the root, then the configuration. The user's global file is named by a setting where it needs no translation.
 */
export async function installIgnoreRules(shadow: Shadow, exclude: readonly string[]): Promise<IgnoreRules> {
  const { workspace } = shadow
  const [users, ours, global] = await Promise.all([
    collectUserRules(workspace),
    collectOwnRules(workspace, exclude),
    readRules(workspace.globalExcludeFile),
  ])
  const collected = [...users, ...ours]
  const text = `${textOf(collected)}\n`
  const installed = join(shadow.directory, 'info', 'exclude')
  if ((await readTextIfPresent(installed)) !== text) await writeFileDurably(installed, text)
  const userSetting = `core.excludesFile=${global === null ? devNull : workspace.globalExcludeFile}`
  const setting = workspace.part === null ? userSetting : `core.excludesFile=${devNull}`
  return { own: textOf(ours).trim(), setting, userSetting, collected }
}

function textOf(rules: readonly CollectedRule[]): string {
  return rules.map(({ text }) => text).join('\n')
}

/** Which of these paths, as keys, our own rules match, whatever other rules say of them. */
export async function matchedByOwn(
  shadow: Shadow,
  names: Iterable<Buffer> & { readonly length: number },
  own: string,
): Promise<Set<string>> {
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

const EMPTY_BLOB = 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'

/** Entries without content, for git to match rules with. A name that git would not take is left out anyway. */
function* placeholders(names: Iterable<Buffer>): Generator<Buffer> {
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
