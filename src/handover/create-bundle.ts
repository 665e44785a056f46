import { randomUUID } from 'node:crypto'
import { dirname, resolve } from 'node:path'
import { type WrittenBundle, writeBundle } from '../bundle/writer.js'
import { deltaOf } from '../delivery/prepare.js'
import type { TreeId } from '../delta/operation.js'
import { planParts } from '../delta/plan.js'
import { findEntry } from '../inspect/log.js'
import { snapshotNow, type View } from '../inspect/view.js'
import { snapshotOptions } from '../preparation.js'
import { snapshotOfCommit } from '../snapshot/commit-snapshot.js'
import { readFileContents } from '../snapshot/file-contents.js'
import { DeltaError } from '../support/errors.js'
import { requireFolder } from '../support/folders.js'
import { EMPTY_TREE } from '../support/git.js'

export interface CreatedBundle extends WrittenBundle {
  readonly event: 'bundle-file'
  readonly id: string
  readonly file: string
  readonly base: TreeId
  readonly tree: TreeId
}

/** Where a bundle begins and ends: a push, a commit; without a name at nothing, and at the work tree. */
export interface Span {
  readonly from: string | undefined
  readonly to: string | undefined
}

/**
 * Writes what differs between two snapshots into one file. It has no sequence, so whoever applies it numbers it, and
 * it carries every content, also of what was only moved. Nothing is sent or recorded.
 */
export async function createBundle(view: View, file: string, span: Span): Promise<CreatedBundle> {
  const path = resolve(file)
  requireFolder(dirname(path))
  const base = span.from === undefined ? EMPTY_TREE : await treeNamed(view, span.from)
  const tree = span.to === undefined ? (await snapshotNow(view)).tree : await treeNamed(view, span.to)
  const { operations } = await deltaOf(view.shadow, base, tree)
  const [part] = planParts(operations, { limits: NO_LIMITS, sizeOf: () => 0, movesCarryContent: true })
  if (part === undefined) throw nothingDiffers(span)
  const id = randomUUID()
  const place = { base, target: tree, sequence: null, parentSequence: null }
  const request = { id, createdAt: new Date().toISOString(), ...view.identity, ...place, operations: part }
  const written = await writeBundle(path, request, (files) => readFileContents(view.shadow, files))
  return { event: 'bundle-file', id, file: path, base, tree, ...written }
}

const NO_LIMITS = { operations: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY }

/** A number is a push; anything else is tried as a push first, because ids of bundles look like those of commits. */
async function treeNamed(view: View, name: string): Promise<TreeId> {
  try {
    return (await findEntry(view, name)).tree
  } catch (thrown) {
    const mayBeCommit = thrown instanceof DeltaError && thrown.code === 'usage' && !/^#?\d{1,6}$/.test(name)
    if (!mayBeCommit) throw thrown
    return (await snapshotOfCommit(view.shadow, name, snapshotOptions(view.config))).tree
  }
}

function nothingDiffers({ from, to }: Span): DeltaError {
  return new DeltaError('usage', 'There is nothing to put into a bundle: both sides are the same.', {
    facts: { from: from ?? null, to: to ?? null },
    next: 'ce-delta diff shows what differs.',
  })
}
