import { lstatSync } from 'node:fs'
import { credentialsFile } from '../../config/credentials.js'
import { sessionFile } from '../../config/session-file.js'
import { gitignoresAbove } from '../../snapshot/collected-rules.js'
import type { Workspace } from '../../snapshot/workspace.js'
import { signatureOf } from '../../support/durable-files.js'
import { systemErrorCode } from '../../support/errors.js'

/**
 * Which folder stands at the place of the workspace, and which git folder belongs to it; null where one is gone. Another
 * answer than before: the workspace was replaced, and what was known of it says nothing (faults.md row 31).
 */
export function placeIdentity({ root, git }: Workspace): string | null {
  const folders = [root, ...(git === null ? [] : [git.gitDirectory])].map(folderIdentity)
  return folders.includes(null) ? null : folders.join(' ')
}

function folderIdentity(folder: string): string | null {
  try {
    const stats = lstatSync(folder, { throwIfNoEntry: false, bigint: true })
    return stats?.isDirectory() === true ? `${stats.dev}-${stats.ino}` : null
  } catch (thrown) {
    if (systemErrorCode(thrown) === undefined) throw thrown
    return null
  }
}

/**
 * Changes whenever a file does that decides what is pushed, or whether it may be, and that lies outside of the work tree:
 * the events tell nothing of these.
 */
export async function outsideSignature(workspace: Workspace, environment: NodeJS.ProcessEnv): Promise<string> {
  const { git, globalExcludeFile } = workspace
  const credentials = [credentialsFile(environment), sessionFile(environment)]
  const rules = [globalExcludeFile, ...gitignoresAbove(workspace), ...(git === null ? [] : [git.excludeFile])]
  return await signatureOf([...rules, ...credentials])
}
