import { runGit } from '../support/git.js'
import { asKey, type IgnoreRules, placeholder } from './ignore-rules.js'
import type { Judgement } from './judgement.js'
import type { Shadow } from './shadow.js'
import { readStatus, type WorkTreeStatus } from './status.js'

export interface OpenedNested {
  readonly status: WorkTreeStatus
  readonly hasOpened: boolean
}

/** An entry that stands for no file. It makes git look into a nested repository as into any other folder. */
const DOOR = Buffer.from('/.ce-delta-door')

/**
 * Repositories and submodules inside the work tree belong to it: git lists one as a single entry until the index has
 * a path inside, so it is given one; the next look lists its files by the same rules as all others.
 */
export async function openNestedRepositories(
  shadow: Shadow,
  first: WorkTreeStatus,
  judgement: Judgement,
  ignore: IgnoreRules,
): Promise<OpenedNested> {
  const seen = new Set<string>()
  let hasOpened = false
  let status = first
  for (;;) {
    const found = status.nested.filter((name) => !seen.has(asKey(name)))
    for (const name of found) seen.add(asKey(name))
    const toOpen = found.filter((name) => judgement.enters(name))
    if (toOpen.length === 0) return { status, hasOpened }
    const doors = toOpen.map((name) => placeholder(Buffer.concat([name, DOOR])))
    await runGit(shadow.repository, ['update-index', '-z', '--index-info'], { input: doors })
    hasOpened = true
    // git's cache of folders does not notice that such an entry is no longer to be listed as one.
    status = await readStatus(shadow, [ignore.setting, 'core.untrackedCache=false'])
  }
}
