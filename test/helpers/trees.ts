import fc from 'fast-check'
import type { TreeChange } from '../../src/delta/change.js'
import type { BlobId, Operation } from '../../src/delta/operation.js'

/** A snapshot as tests write it: what each path holds. */
export type Tree = ReadonlyMap<string, BlobId>

export function tree(files: Readonly<Record<string, BlobId>> = {}): Tree {
  const made = new Map(Object.entries(files))
  if (!isValidTree(made)) throw new Error(`Not a tree: a file is a folder as well in ${[...made.keys()].join(', ')}`)
  return made
}

/** No file is also a folder. */
export function isValidTree(files: Tree): boolean {
  const paths = [...files.keys()]
  return paths.every((file) => !paths.some((path) => path.startsWith(`${file}/`)))
}

/**
 * The reference diff: what `git diff-tree -M100%` finds, without git. An added file that holds what a removed one held
 * is a rename of it; where several removed files could be the source, `choice` says which.
 */
export function changesBetween(base: Tree, target: Tree, choice = 0): TreeChange[] {
  const changes: TreeChange[] = []
  const removed = new Map([...base].filter(([path]) => !target.has(path)))
  for (const [path, blob] of target) {
    const sources = [...removed.keys()].filter((source) => removed.get(source) === blob)
    const source = sources[choice % sources.length]
    if (base.get(path) === blob) continue
    if (base.has(path)) changes.push({ kind: 'updated', path, blob })
    else if (source === undefined) changes.push({ kind: 'created', path, blob })
    else {
      removed.delete(source)
      changes.push({ kind: 'renamed', path, source, blob })
    }
  }
  return [...changes, ...[...removed.keys()].map((path) => ({ kind: 'removed', path }) as const)]
}

/** An operation as one short line, so that a table of expectations can be read. */
export function inWords(operation: Operation): string {
  return operation.kind === 'moved'
    ? `moved ${operation.source} → ${operation.path}`
    : `${operation.kind} ${operation.path}`
}

/** Names that are legal on Linux and hard for careless code (faults.md rows 39 and 48). */
export const HOSTILE_NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '-rf',
  '--',
  ' ',
  'two words',
  'new\nline',
  'tab\there',
  '\u001b[2Jescape',
  'quo"te',
  "apo'strophe",
  '"',
  'back\\slash',
  'backslash\\',
  'trailing.',
  '%2e',
  'ä',
  'a\u0308',
  '日本語',
  '😀',
  '～',
] as const

const plainName = fc.constantFrom('a', 'b', 'c', 'aa')
const hostileName = fc.oneof(
  fc.constantFrom('A', ...HOSTILE_NAMES),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }).filter(isComponent),
)

function isComponent(name: string): boolean {
  return !/[/\0]/.test(name) && name !== '.' && name !== '..' && name.toLowerCase() !== '.git'
}

/** Few names, few folders and few contents, so that conflicts, shared prefixes and duplicates are the rule. */
function paths(name: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'))
}

const blobs = fc.constantFrom('1', '2', '3')

export interface TreePair {
  readonly base: Tree
  readonly target: Tree
}

/** Two snapshots: either unrelated, or one made from the other by renames and the like. */
export function treePairs(names: 'plain' | 'hostile' = 'hostile'): fc.Arbitrary<TreePair> {
  const name = names === 'plain' ? plainName : fc.oneof({ weight: 2, arbitrary: plainName }, hostileName)
  const trees = fc.array(fc.tuple(paths(name), blobs), { maxLength: 10 }).map(firstOfConflicting)
  const edits = fc.array(fc.record({ kind: fc.constantFrom(...EDITS), at: fc.nat(99), name, path: paths(name) }), {
    minLength: 1,
    maxLength: 4,
  })
  return fc.oneof(
    fc.record({ base: trees, target: trees }),
    fc.tuple(trees, edits).map(([base, list]) => ({ base, target: list.reduce(edited, base) })),
  )
}

const EDITS = ['move', 'move below itself', 'move to its folder', 'copy', 'remove', 'rewrite', 'swap'] as const

interface Edit {
  readonly kind: (typeof EDITS)[number]
  readonly at: number
  readonly name: string
  readonly path: string
}

/** The edit wins: whatever conflicts with it goes. */
function edited(files: Tree, { kind, at, name, path }: Edit): Tree {
  const entries = [...files]
  const [chosen, other] = [entries[at % entries.length], entries[(at + 1) % entries.length]]
  if (chosen === undefined || other === undefined) return files
  const [from, blob] = chosen
  const others = entries.filter(([existing]) => existing !== from)
  const folder = from.split('/').slice(0, -1).join('/')
  if (kind === 'remove') return new Map(others)
  if (kind === 'move') return firstOfConflicting([[path, blob], ...others])
  if (kind === 'move below itself') return firstOfConflicting([[`${from}/${name}`, blob], ...others])
  if (kind === 'move to its folder') return firstOfConflicting([[folder === '' ? name : folder, blob], ...others])
  if (kind === 'copy') return firstOfConflicting([[path, blob], ...entries])
  if (kind === 'rewrite') return new Map(files).set(from, '4')
  return new Map(files).set(from, other[1]).set(other[0], blob)
}

/** Every file that does not conflict with one before it. */
function firstOfConflicting(entries: readonly (readonly [string, BlobId])[]): Tree {
  const files = new Map<string, BlobId>()
  for (const [path, blob] of entries) {
    if (!files.has(path) && isValidTree(new Map(files).set(path, blob))) files.set(path, blob)
  }
  return files
}
