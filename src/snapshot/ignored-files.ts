import { runGitHeard } from '../support/git.js'
import type { Repository } from '../support/git-repository.js'
import { splitNul } from '../support/text.js'
import { withoutPrefix } from './folder-workspace.js'
import { asKey, type IgnoreRules, matchedByOwn, ownRuleFile } from './ignore-rules.js'
import type { Shadow } from './shadow.js'

/** The files of which the ignore rules decide beyond what `git status` tells. */
export interface IgnoredFiles {
  /** Files of the snapshot that a rule matches. */
  readonly inSnapshot: readonly Buffer[]
  /**
   * Files that the user's repository tracks although a rule of theirs matches. To git they are not ignored, so they are
   * not to us, unless one of our own rules matches.
   */
  readonly forced: readonly Buffer[]
  /** git could read all rules, and they are those that the status knows: the answer is the same as long as they are. */
  readonly isCertain: boolean
  /** It is what was found earlier: `forced` has only the files that the snapshot has not. */
  readonly isRemembered: boolean
}

interface Listing {
  readonly names: Buffer[]
  readonly isCertain: boolean
}

/** Asks git, which matches every file of the snapshot and of the user's index with every rule. */
export async function askIgnoredFiles(shadow: Shadow, rules: IgnoreRules): Promise<IgnoredFiles> {
  const [byAny, byOwn, forced] = await Promise.all([
    listIgnoredOnes(shadow.repository, ['--exclude-standard'], [rules.setting]),
    matchedInSnapshot(shadow, rules.own),
    trackedThoughIgnored(shadow, rules),
  ])
  const isCertain = byAny.isCertain && byOwn.isCertain && forced.isCertain
  return { inSnapshot: [...byAny.names, ...byOwn.names], forced: forced.names, isCertain, isRemembered: false }
}

const NONE: Listing = { names: [], isCertain: true }

async function matchedInSnapshot(shadow: Shadow, own: string): Promise<Listing> {
  if (own === '') return NONE
  return await listIgnoredOnes(shadow.repository, [`--exclude-from=${await ownRuleFile(shadow, own)}`], [])
}

async function trackedThoughIgnored(shadow: Shadow, rules: IgnoreRules): Promise<Listing> {
  const { git, kind, part } = shadow.workspace
  if (git === null || kind !== 'work-tree') return NONE
  const inside = part === null ? [] : ['--', `:(literal)${part.path}/`]
  const list = ['--full-name', '--exclude-standard', ...inside]
  const { names: all, isCertain } = await listIgnoredOnes(git.repository, list, [rules.userSetting])
  const names = [...withoutPrefix(shadow.workspace, all)]
  const unwanted = await matchedByOwn(shadow, names, rules.own)
  return { names: names.filter((name) => !unwanted.has(asKey(name))), isCertain }
}

/** Entries of an index that rules match. */
async function listIgnoredOnes(
  repository: Repository,
  rules: readonly string[],
  settings: readonly string[],
): Promise<Listing> {
  const { output, complaint } = await runGitHeard(repository, ['ls-files', '-c', '-i', '-z', ...rules], { settings })
  return { names: splitNul(output), isCertain: complaint === '' }
}
