import { join } from 'node:path'
import { readTextIfPresent } from '../support/durable-files.js'
import { gitTextOrNull } from '../support/git.js'
import { privateRepository, type Repository } from '../support/git-repository.js'
import { installIgnoreRules, OWN_IGNORE_FILE } from './ignore-rules.js'
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
  const { setting } = await installIgnoreRules(shadow, exclude)
  // A work tree without `.gitignore` files: what matches there is one of the collected rules.
  const collected = privateRepository(shadow.directory, { workTree: join(shadow.directory, 'info') })
  const own = await askGit(collected, path, setting)
  const origin = own === null ? null : await originOf(shadow, own, exclude)
  if (origin !== null && origin.source !== shadow.workspace.git?.excludeFile) return ignoring(origin)
  const found = await askGit(shadow.repository, path, setting)
  return found === null ? null : ignoring((await originOf(shadow, found, exclude)) ?? found)
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
async function originOf(shadow: Shadow, rule: IgnoreRule, exclude: readonly string[]): Promise<IgnoreRule | null> {
  if (rule.source !== join(shadow.directory, 'info', 'exclude')) return null
  const { pattern } = rule
  const { root, git } = shadow.workspace
  // The last rule that matches counts, and these are collected in the opposite order.
  if (exclude.includes(pattern)) return { pattern, source: 'exclude', line: null }
  const ownLine = await lineOf(join(root, OWN_IGNORE_FILE), pattern)
  if (ownLine !== null) return { pattern, source: OWN_IGNORE_FILE, line: ownLine }
  const cloneLine = git === null ? null : await lineOf(git.excludeFile, pattern)
  return git === null || cloneLine === null ? null : { pattern, source: git.excludeFile, line: cloneLine }
}

async function lineOf(file: string, pattern: string): Promise<number | null> {
  const lines = ((await readTextIfPresent(file)) ?? '').split('\n')
  const index = lines.findLastIndex((line) => line.trimEnd() === pattern)
  return index === -1 ? null : index + 1
}
