import { relative, resolve, sep } from 'node:path'
import type { BlobId } from '../delta/operation.js'
import type { SkipReason } from '../snapshot/eligibility.js'
import { readHistory } from '../snapshot/history.js'
import type { IgnoreRule } from '../snapshot/rule-origin.js'
import { ignoredFiles, type Snapshot } from '../snapshot/scan.js'
import { DeltaError } from '../support/errors.js'
import { listTree } from '../support/git-objects.js'
import type { There } from './there.js'
import type { View } from './view.js'
import { standingAt, whyLeftOut } from './why.js'

/** The last push that brought, changed or removed it. */
export interface LastPush {
  readonly sequence: number
  readonly confirmed_at: string
}

export interface FileExplanation {
  readonly event: 'explain'
  readonly kind: 'file'
  readonly path: string
  /** Why it is not part of the copy; null where it is, or where there is no such file. */
  readonly reason: SkipReason | null
  readonly detail: string | null
  /** The rule that leaves it out; where `here` is set, one that would if git did not track the file. */
  readonly rule: IgnoreRule | null
  /** Whether a file is at this path, of whatever kind; true also where a folder above it cannot be looked into. */
  readonly exists: boolean
  readonly here: BlobId | null
  readonly there: BlobId | null
  readonly there_by: There['by']
  readonly last_push: LastPush | null
}

export interface FolderExplanation {
  readonly event: 'explain'
  readonly kind: 'folder'
  readonly path: string
  /** Set where the folder as a whole is left out. */
  readonly reason: SkipReason | null
  readonly detail: string | null
  readonly rule: IgnoreRule | null
  readonly here: number
  readonly there: number
  readonly there_by: There['by']
  /** How many are left out for each reason; an ignored folder counts as one. */
  readonly left_out: Readonly<Partial<Record<SkipReason, number>>>
  readonly last_push: LastPush | null
}

export type Explanation = FileExplanation | FolderExplanation

/** Both ends, looked at once for all paths that are asked about. */
export interface Sides {
  readonly snapshot: Snapshot
  readonly there: There
}

/** Why a file or a folder is part of the copy or not, and what both ends have of it. */
export async function explain(view: View, sides: Sides, path: string): Promise<Explanation> {
  const { repository } = view.shadow
  const [here, there, [last]] = await Promise.all([
    listTree(repository, sides.snapshot.tree, path),
    listTree(repository, sides.there.tree, path),
    readHistory(view.shadow, view.receiver.key, { limit: 1, path }),
  ])
  const last_push = last === undefined ? null : { sequence: last.sequence, confirmed_at: last.confirmedAt }
  const common = { event: 'explain', path, there_by: sides.there.by, last_push } as const
  const isFolder = [...here, ...there].some((file) => file.path !== path) || isRealFolder(view, path)
  const why = await whyLeftOut(view, sides.snapshot, path, here.length > 0)
  if (isFolder) {
    const left_out = await countLeftOut(view, sides.snapshot, path)
    return { ...common, ...why, kind: 'folder', here: here.length, there: there.length, left_out }
  }
  const blobs = { here: here[0]?.blob ?? null, there: there[0]?.blob ?? null }
  return { ...common, ...why, ...blobs, kind: 'file', exists: standingAt(view, path) !== null }
}

/** An absolute path, as the workspace names it; empty for its root. Throws `usage`. */
export function pathInWorkspace({ workspace }: View, absolute: string): string {
  const path = relative(workspace.root, absolute)
  if (path === '..' || path.startsWith(`..${sep}`) || resolve(path) === path) {
    throw new DeltaError('usage', `${absolute} is not in the workspace ${workspace.root}.`, {
      facts: { path: absolute, workspace: workspace.root },
      next: 'Name a file of this workspace, or another folder with -C.',
    })
  }
  return path.split(sep).join('/')
}

async function countLeftOut(view: View, snapshot: Snapshot, path: string): Promise<FolderExplanation['left_out']> {
  const ignored = await ignoredFiles(view.shadow, view.config.exclude)
  const counts = new Map<SkipReason, number>()
  for (const skipped of [...ignored, ...snapshot.skipped]) {
    const isInside = path === '' || skipped.path.startsWith(`${path}/`)
    if (isInside) counts.set(skipped.reason, (counts.get(skipped.reason) ?? 0) + 1)
  }
  return Object.fromEntries(counts)
}

function isRealFolder(view: View, path: string): boolean {
  const standing = standingAt(view, path)
  return standing !== null && standing !== 'hidden' && standing.isDirectory()
}
