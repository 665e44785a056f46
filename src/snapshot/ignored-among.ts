import { relative, sep } from 'node:path'
import { DeltaError } from '../support/errors.js'
import { runGit } from '../support/git.js'
import { splitNul } from '../support/text.js'
import { installIgnoreRules } from './ignore-rules.js'
import type { Shadow } from './shadow.js'

/**
 * Whether each of these paths (absolute, inside of the work tree) is ignored, and none of them part of the last snapshot.
 * Cheaper than a scan, and not its equal: a path that was added to git in spite of a rule counts as ignored until a scan
 * found it.
 */
export async function areAllIgnored(
  shadow: Shadow,
  exclude: readonly string[],
  paths: readonly string[],
): Promise<boolean> {
  const { setting } = await installIgnoreRules(shadow, exclude)
  const input = paths.map((path) => `${relative(shadow.workspace.root, path).split(sep).join('/')}\0`)
  try {
    const ignored = await runGit(shadow.repository, ['check-ignore', '-z', '--stdin'], { input, settings: [setting] })
    return splitNul(ignored).length === paths.length
  } catch (thrown) {
    // git's answer where none of them is; or a path that it does not take, as one in a nested repository.
    if (thrown instanceof DeltaError && thrown.code === 'git-failed') return false
    throw thrown
  }
}
