/**
 * How one generation of server behaves, as data (protocol.md §0). Nothing outside this folder asks for a generation by
 * name; it asks what it can do.
 */
export interface Dialect {
  readonly name: DialectName
  /** For people. */
  readonly summary: string
  /**
   * What proves that a bundle was applied: the tree that the receiver computed; the counts in its answer; what its
   * status says afterwards; or either of the last two, as long as no bundle was answered (protocol.md §6).
   */
  readonly proof: 'tree' | 'answer' | 'status' | 'answer or status'
  /**
   * What `moved` does (protocol.md §4). `never`: what it does is not told or cannot be relied on, so a file that moves is
   * deleted and created.
   */
  readonly moves: 'without content' | 'renames' | 'keeps the source' | 'never'
  /** What becomes of a folder that has lost its last file, and what can be done where a file shall take its place. */
  readonly emptyFolders: 'removed' | 'can be moved aside' | 'stay'
  /** A file of the user's that is called like metadata is never found as content (protocol.md §2, 2). */
  readonly hidesMetadataNames: boolean
  /** `/plan` and `/apply_ops` (protocol.md §1). */
  readonly plans: boolean
  /** Bytes in one component of a path. */
  readonly longestName: number
  /** What an upload says beyond the specified fields (protocol.md §1); a server that reads no session is told none. */
  readonly extraFields: readonly ExtraField[]
  /** It gives a workspace its collection itself, and is told none that was only made up here. */
  readonly choosesCollection: boolean
  /** What tells one workspace from another: its whole path, or the last part of it alone (protocol.md §3). */
  readonly identifiedBy: 'path' | 'name'
}

export type ExtraField = 'session' | 'source_path' | 'logical_repo_id'

export const DIALECT_NAMES = [
  'ce-delta',
  'P0',
  'S1',
  'A1, early',
  'A1',
  'S2',
  'A3',
  'unknown',
  'unknown, early',
  'unknown, at once',
] as const
export type DialectName = (typeof DIALECT_NAMES)[number]

const OLDEST: Dialect = {
  name: 'P0',
  summary: 'applies before it answers, counts in memory (2025-10)',
  proof: 'answer',
  moves: 'keeps the source',
  emptyFolders: 'stay',
  hidesMetadataNames: false,
  plans: false,
  longestName: 255,
  extraFields: [],
  choosesCollection: false,
  identifiedBy: 'path',
}

const LATER_FIELDS = ['session', 'source_path', 'logical_repo_id'] as const

/** What is safe on every generation: taken until it is known which one it is. */
const CAUTIOUS: Dialect = {
  ...OLDEST,
  name: 'unknown',
  summary: 'not known before the first bundle is answered',
  proof: 'answer or status',
  moves: 'never',
  emptyFolders: 'can be moved aside',
  longestName: 242,
  extraFields: LATER_FIELDS,
  identifiedBy: 'name',
}

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  'ce-delta': {
    name: 'ce-delta',
    summary: 'proves every bundle by its tree',
    proof: 'tree',
    moves: 'without content',
    emptyFolders: 'removed',
    hidesMetadataNames: false,
    plans: false,
    longestName: 255,
    extraFields: [],
    choosesCollection: false,
    identifiedBy: 'path',
  },
  P0: OLDEST,
  S1: {
    ...OLDEST,
    name: 'S1',
    summary: 'applies before it answers, counts in memory (2025-11)',
    extraFields: ['source_path'],
    identifiedBy: 'name',
  },
  // The first weeks of A1: what it cannot do it tells nobody either, so it is not asked to move a folder.
  'A1, early': {
    ...OLDEST,
    name: 'A1, early',
    summary: 'answers first, applies later, tells no failures (2025-11)',
    proof: 'status',
    moves: 'never',
    extraFields: ['source_path'],
    identifiedBy: 'name',
  },
  // Also Q, which cannot be told from it: it removes empty folders, and its moves lose a file without content.
  A1: { ...CAUTIOUS, name: 'A1', summary: 'answers first, applies later, tells no failures', proof: 'status' },
  S2: {
    ...OLDEST,
    name: 'S2',
    summary: 'applies before it answers, keeps its counter',
    moves: 'renames',
    emptyFolders: 'can be moved aside',
    // It writes to a temporary name first, which is 13 bytes longer.
    longestName: 242,
    extraFields: LATER_FIELDS,
    identifiedBy: 'name',
  },
  A3: {
    ...OLDEST,
    name: 'A3',
    summary: 'answers first, applies later, tells what became of it; plans',
    proof: 'status',
    moves: 'renames',
    emptyFolders: 'removed',
    hidesMetadataNames: true,
    plans: true,
    extraFields: LATER_FIELDS,
    choosesCollection: true,
    identifiedBy: 'name',
  },
  unknown: CAUTIOUS,
  'unknown, early': { ...CAUTIOUS, name: 'unknown, early', emptyFolders: 'stay', extraFields: ['source_path'] },
  'unknown, at once': {
    ...CAUTIOUS,
    name: 'unknown, at once',
    summary: 'applies before it answers; nothing else is known',
    proof: 'answer',
  },
}

/**
 * What a server shows of itself without anything being changed: the fields of its upload form and whether it plans
 * (protocol.md §0). `nothing`: it shows no description of itself.
 */
export const FAMILIES = ['first', 'with source_path', 'with logical_repo_id', 'with plan', 'nothing'] as const
export type Family = (typeof FAMILIES)[number]

/** What its last answer to a bundle was. */
export type Answered = 'applied' | 'queued' | null

/** What a server shows and how it answered, together, name the dialect. */
export function dialectOf(family: Family, answered: Answered): Dialect {
  return DIALECTS[NAMES[family][answered ?? 'nothing yet']]
}

const NAMES: Readonly<Record<Family, Readonly<Record<'nothing yet' | 'applied' | 'queued', DialectName>>>> = {
  first: { 'nothing yet': 'P0', applied: 'P0', queued: 'A1, early' },
  'with source_path': { 'nothing yet': 'unknown, early', applied: 'S1', queued: 'A1, early' },
  'with logical_repo_id': { 'nothing yet': 'unknown', applied: 'S2', queued: 'A1' },
  'with plan': { 'nothing yet': 'A3', applied: 'A3', queued: 'A3' },
  nothing: { 'nothing yet': 'unknown', applied: 'unknown, at once', queued: 'A1' },
}
