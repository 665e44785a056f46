import { deltaOf } from '../delivery/prepare.js'
import { countOperations, type OperationCounts, type TreeId } from '../delta/operation.js'
import { type ReportedOperation, reportedOperations } from '../report/report.js'
import { readConfirmed } from '../snapshot/confirmed.js'
import { EMPTY_TREE, startGit } from '../support/git.js'
import { findEntry } from './log.js'
import { snapshotNow, type View } from './view.js'

/** One side of a comparison: a confirmed push, or the work tree where there is no sequence. */
export interface DiffSide {
  readonly tree: TreeId
  readonly sequence: number | null
}

export interface DiffReport {
  readonly event: 'diff'
  readonly from: DiffSide
  readonly to: DiffSide
  readonly operations: OperationCounts
  readonly plan: readonly ReportedOperation[]
}

/**
 * What differs between two confirmed pushes, or between one and the work tree as it is now. Without a name it is what
 * the next push would send.
 */
export async function readDiff(view: View, from?: string, to?: string): Promise<DiffReport> {
  const [left, right] = [await pushSide(view, from), to === undefined ? await hereSide(view) : await pushSide(view, to)]
  const { operations } = await deltaOf(view.shadow, left.tree, right.tree)
  const plan = reportedOperations(operations)
  return { event: 'diff', from: left, to: right, operations: countOperations(operations), plan }
}

async function pushSide(view: View, name: string | undefined): Promise<DiffSide> {
  const push = name === undefined ? await readConfirmed(view.shadow, view.receiver.key) : await findEntry(view, name)
  return push === null ? { tree: EMPTY_TREE, sequence: 0 } : { tree: push.tree, sequence: push.sequence }
}

async function hereSide(view: View): Promise<DiffSide> {
  const { tree } = await snapshotNow(view)
  return { tree, sequence: null }
}

export interface PatchOptions {
  /** The patch itself, or lines changed in each file, drawn in so many columns. */
  readonly form: 'patch' | { readonly columns: number }
  readonly colours: boolean
}

/** The same difference as git draws it. Names with control characters are quoted by git. Throws `objects-missing`. */
export async function* drawDiff(
  { shadow }: View,
  { from, to }: DiffReport,
  options: PatchOptions,
): AsyncGenerator<Buffer> {
  const form = options.form === 'patch' ? '--patch' : `--stat=${options.form.columns}`
  const harmless = ['--no-ext-diff', '--no-textconv', `--color=${options.colours ? 'always' : 'never'}`]
  const git = startGit(shadow.repository, ['diff-tree', '-r', '-M', form, ...harmless, from.tree, to.tree])
  git.stdin.end()
  try {
    yield* git.stdout
    await git.finished
  } finally {
    git.end()
  }
}
