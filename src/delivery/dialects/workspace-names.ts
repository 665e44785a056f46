import { createHash } from 'node:crypto'

const SLUGGED = /^.+-[0-9a-f]{16}(_old)?$/

/**
 * The names that servers give to the folder of a workspace: its last component and a key (protocol.md §3, §4). They take
 * such a name away from the front of a path, or give up the whole bundle.
 */
export function ownNamesOf(workspacePath: string): ReadonlySet<string> {
  const leaf = workspacePath.replace(/\/+$/, '').split('/').at(-1) ?? ''
  const slug = SLUGGED.test(leaf) ? leaf : `${leaf}-${createHash('sha256').update(leaf).digest('hex').slice(0, 16)}`
  return new Set([slug, `${slug}_old`])
}
