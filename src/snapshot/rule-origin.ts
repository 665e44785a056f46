import { join } from 'node:path'
import { gitTextOrNull } from '../support/git.js'
import { privateRepository, type Repository } from '../support/git-repository.js'
import { type CollectedRule, OWN_IGNORE_FILE } from './collected-rules.js'
import { installIgnoreRules } from './ignore-rules.js'
import type { Shadow } from './shadow.js'

/** An ignore rule and where it was written. */
export interface IgnoreRule {
  readonly pattern: string
  /** A file, relative to the work tree where it is inside; `exclude` stands for the configuration. */
  readonly source: string
  /** null where the source has no lines. */
  readonly line: number | null
}

/** The rule that ignores a path; null where none does. Our own rules are asked first: no other rule undoes them. */
export async function findIgnoreRule(
  shadow: Shadow,
  path: string,
  exclude: readonly string[],
): Promise<IgnoreRule | null> {
  const { setting, collected } = await installIgnoreRules(shadow, exclude)
  // A work tree without `.gitignore` files: what matches there is one of the collected rules.
  const withoutFiles = privateRepository(shadow.directory, { workTree: join(shadow.directory, 'info') })
  const own = originOf(shadow, await askGit(withoutFiles, path, setting), collected)
  if (own !== null && isOwn(own)) return ignoring(own)
  const found = await askGit(shadow.repository, path, setting)
  return found === null ? null : ignoring(originOf(shadow, found, collected) ?? found)
}

/** A rule that begins with `!` matched last, so the path is not ignored. */
function ignoring(rule: IgnoreRule): IgnoreRule | null {
  return rule.pattern.startsWith('!') ? null : rule
}

async function askGit(repository: Repository, path: string, setting: string): Promise<IgnoreRule | null> {
  const args = ['check-ignore', '--verbose', '--no-index', '-z', '--stdin']
  // Exit code 1: no rule matches.
  const answer = await gitTextOrNull(repository, args, { input: `${path}\0`, settings: [setting] })
  const [source = '', line = '', pattern = ''] = (answer ?? '').split('\0')
  return pattern === '' ? null : { pattern, source, line: Number(line) }
}

/** Where a collected rule was copied from; null where it stands in a file that git read by itself. */
function originOf(shadow: Shadow, rule: IgnoreRule | null, collected: readonly CollectedRule[]): IgnoreRule | null {
  if (rule === null || rule.source !== join(shadow.directory, 'info', 'exclude')) return null
  const origin = collected[(rule.line ?? 0) - 1]
  if (origin === undefined) return null
  const { pattern, source, line } = origin
  return {
    pattern,
    source: source === join(shadow.workspace.root, OWN_IGNORE_FILE) ? OWN_IGNORE_FILE : (source ?? 'built in'),
    line,
  }
}

function isOwn({ source }: IgnoreRule): boolean {
  return [OWN_IGNORE_FILE, 'exclude', 'built in'].includes(source)
}
