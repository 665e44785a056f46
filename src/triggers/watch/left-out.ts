import { join } from 'node:path'
import type { Config } from '../../config/config.js'
import { installIgnoreRules, listIgnored } from '../../snapshot/ignore-rules.js'
import { openShadow } from '../../snapshot/shadow.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { readTextIfPresent, writeHint } from '../../support/durable-files.js'
import { parseJson } from '../../support/json.js'
import { decodeUtf8 } from '../../support/text.js'

export type LeftOutBy = Pick<Config, 'exclude' | 'dataDirectory'>

/**
 * Folders in which nothing is part of the copy: ignored as a whole, git's, and our own. Events in them would only cost,
 * and those in our own would never end. To find them takes as long as a scan, so the next watch is left a note of them.
 */
export async function findLeftOut(
  workspace: Workspace,
  { exclude, dataDirectory }: LeftOutBy,
): Promise<ReadonlySet<string>> {
  const shadow = await openShadow(workspace)
  const ignored = await listIgnored(shadow, await installIgnoreRules(shadow, exclude))
  const folders = ignored.flatMap((name) => {
    const path = decodeUtf8(name)
    return path?.endsWith('/') === true ? [join(workspace.root, path.slice(0, -1))] : []
  })
  const git = workspace.git === null ? [] : [workspace.git.gitDirectory]
  const leftOut = [...folders, ...git, workspace.stateDirectory, dataDirectory]
  await writeHint(noteFile(workspace), JSON.stringify(leftOut))
  return new Set(leftOut)
}

/** What was found last, maybe by other rules; null where nothing was. */
export async function recallLeftOut(workspace: Workspace): Promise<ReadonlySet<string> | null> {
  const note = parseJson((await readTextIfPresent(noteFile(workspace))) ?? '')
  return Array.isArray(note) ? new Set(note.filter((path) => typeof path === 'string')) : null
}

function noteFile({ stateDirectory }: Workspace): string {
  return join(stateDirectory, 'watch-left-out.json')
}
