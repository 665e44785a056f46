import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addToBaseline } from './config/baseline.js'
import type { Config } from './config/config.js'
import { snapshotOptions, takePushLock } from './preparation.js'
import { type CredentialFinding, findCredentials } from './snapshot/credential-formats.js'
import { takeSnapshot } from './snapshot/scan.js'
import { clearInterrupted, openShadow } from './snapshot/shadow.js'
import type { Workspace } from './snapshot/workspace.js'

export interface FoundSecret extends CredentialFinding {
  readonly path: string
}

/** The credentials in the work tree that keep files out of the copy. */
export async function findSecrets(workspace: Workspace, config: Config): Promise<FoundSecret[]> {
  const shadow = await openShadow(workspace)
  const lock = await takePushLock(shadow)
  try {
    await clearInterrupted(shadow)
    const { skipped } = await takeSnapshot(shadow, snapshotOptions({ ...config, secretScan: 'skip' }))
    const accepted = new Set(config.acceptedSecrets)
    const paths = skipped.filter(({ reason }) => reason === 'secret by content').map(({ path }) => path)
    const found = await Promise.all(paths.sort().map(async (path) => await secretsIn(workspace.root, path, accepted)))
    return found.flat()
  } finally {
    await lock.release()
  }
}

/** From now on these are no credentials, in whatever file they are. */
export async function acceptSecrets(workspace: Workspace, secrets: readonly FoundSecret[]): Promise<void> {
  const accepted = secrets.map(({ fingerprint, path, format }) => ({ fingerprint, path, format }))
  if (accepted.length > 0) await addToBaseline(workspace.root, accepted)
}

async function secretsIn(root: string, path: string, accepted: ReadonlySet<string>): Promise<FoundSecret[]> {
  const content = await readFile(join(root, path))
  return findCredentials(content, accepted).map((finding) => ({ path, ...finding }))
}
