import type { BlobId, TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { EMPTY_TREE, gitText, isObjectId } from '../support/git.js'
import type { Shadow } from './shadow.js'

/** A file that a tree gets; without a blob it loses it. */
export interface TreeEdit {
  readonly name: Buffer
  readonly blob: BlobId | null
}

/**
 * The tree that these edits, one after another, make of another. It costs what the edits cost, however large the tree
 * is: an index would be filled with all of it first. Throws `objects-missing` where a blob is not here.
 */
export async function editTree(shadow: Shadow, base: TreeId, edits: Iterable<TreeEdit>): Promise<TreeId> {
  const args = ['fast-import', '--quiet', '--done', '--depth=0']
  const settings = [EXACT_NAMES, ...WRITTEN_ONCE]
  const answer = await gitText(shadow.repository, args, { input: commands(base, edits), settings })
  const tree = answer.slice('040000 tree '.length).trimEnd()
  if (isObjectId(tree)) return tree
  throw new DeltaError('internal', 'git fast-import made no tree.', { facts: { answer } })
}

/** A tree has names that the file system of this machine would not keep apart. */
const EXACT_NAMES = 'core.ignoreCase=false'

/**
 * Left alone, git unpacks what it has just packed. For the tree of a large folder that takes as long again, and
 * compressing it half as long, for a third of its bytes.
 */
const WRITTEN_ONCE = ['fastimport.unpackLimit=1', 'pack.compression=0']

/** fast-import edits the tree of a commit; it is asked for that tree, and the commit's reference is given up again. */
function* commands(base: TreeId, edits: Iterable<TreeEdit>): Generator<string | Buffer> {
  yield `commit ${NO_REFERENCE}\ncommitter ce-delta <ce-delta> 0 +0000\ndata 0\n`
  if (base !== EMPTY_TREE) yield `M 040000 ${base} ""\n`
  for (const { name, blob } of edits) {
    yield Buffer.concat([Buffer.from(blob === null ? 'D ' : `M 100644 ${blob} `), quotedPath(name), Buffer.from('\n')])
  }
  yield `ls ""\nreset ${NO_REFERENCE}\nfrom ${'0'.repeat(40)}\ndone\n`
}

const NO_REFERENCE = 'refs/ce-delta/edited'

/** A path as fast-import reads it, whatever bytes it has. */
export function quotedPath(name: Buffer): Buffer {
  const octal = (character: string): string => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`
  return Buffer.from(`"${name.toString('latin1').replace(UNPLAIN, octal)}"`)
}

const UNPLAIN = /[^\x20\x21\x23-\x5b\x5d-\x7e]/g
