/**
 * The generations of the real server, as a table of what they do (protocol.md §0–§4). Every column names its paragraph;
 * the engines in this folder read the table and nothing else, so a generation is one line of data.
 */
export interface Generation {
  readonly name: GenerationName
  /** Fields of the upload form, as `/openapi.json` lists them (§0, notes). */
  readonly formFields: readonly string[]
  /** `/plan` and `/apply_ops`, and a tracker of the latest upload in the status (§0, §1). */
  readonly plans: boolean
  /** Whether `success: true` means applied or only accepted (§0 "apply"). */
  readonly applies: 'before the answer' | 'after the answer'
  /** What an upload without a number does to the counter (§0 P0, §3). */
  readonly unnumbered: 'not counted' | 'takes the next number'
  /** The counter survives a restart (§0 "seq store"). */
  readonly keepsCounter: boolean
  /** A number equal to the last one is acknowledged without a look at the bundle (§3, S2). */
  readonly acknowledgesReplay: boolean
  /** The counter moves although operations failed (§3). */
  readonly countsFailedBundles: boolean
  /** How content is found in the archive (§2, 3 and 4). */
  readonly members: 'first that ends with the name' | 'index by the text after files/created/'
  /** What `moved` does (§4). */
  readonly moves: 'writes, keeps the source' | 'renames' | 'writes, unlinks the source'
  /** How the deletion of what is not there is counted (§4). */
  readonly missingDeletion: 'skipped' | 'deleted'
  /** What a path that leaves the folder does (§4 "bad path"). */
  readonly badPath: 'escapes' | 'aborts' | 'fails'
  /** What a path below a folder named like the workspace's own does (§4 "path starts with <slug>/"). */
  readonly ownSlug: 'literal' | 'stripped' | 'aborts'
  /** Empty folders go away with their last file (§4). */
  readonly prunes: boolean
  /** How an operation that it does not know is counted (§4). */
  readonly unknownOperation: 'skipped' | 'failed'
}

export const GENERATION_NAMES = ['P0', 'S1', 'A1', 'Q', 'S2', 'A3', 'A3+'] as const
export type GenerationName = (typeof GENERATION_NAMES)[number]

/** The quick half of the tests takes one of each kind; `npm run test:emulators` takes all. */
export const TESTED_GENERATIONS: readonly GenerationName[] =
  process.env.CE_DELTA_TEST_GENERATIONS === 'all' ? GENERATION_NAMES : ['A1', 'S2', 'A3+']

const FIRST_FIELDS = ['bundle', 'workspace_path', 'collection_name', 'sequence_number', 'force']
const LATER_FIELDS = [...FIRST_FIELDS, 'source_path', 'logical_repo_id', 'session']

const P0: Generation = {
  name: 'P0',
  formFields: FIRST_FIELDS,
  plans: false,
  applies: 'before the answer',
  unnumbered: 'not counted',
  keepsCounter: false,
  acknowledgesReplay: false,
  countsFailedBundles: true,
  members: 'first that ends with the name',
  moves: 'writes, keeps the source',
  missingDeletion: 'skipped',
  badPath: 'escapes',
  ownSlug: 'literal',
  prunes: false,
  unknownOperation: 'skipped',
}

const S1: Generation = {
  ...P0,
  name: 'S1',
  formFields: [...FIRST_FIELDS, 'source_path'],
  unnumbered: 'takes the next number',
}

const A1: Generation = {
  ...S1,
  name: 'A1',
  formFields: LATER_FIELDS,
  applies: 'after the answer',
  moves: 'renames',
  missingDeletion: 'deleted',
  badPath: 'aborts',
  ownSlug: 'stripped',
  unknownOperation: 'failed',
}

/** What A1 was in its first weeks: as S1, but it answers first (§0 A1 "move-by-rename (12-22)"). */
export const EARLY_A1: Generation = { ...S1, name: 'A1', applies: 'after the answer' }

const Q: Generation = {
  ...A1,
  name: 'Q',
  moves: 'writes, unlinks the source',
  missingDeletion: 'skipped',
  ownSlug: 'aborts',
  prunes: true,
  unknownOperation: 'skipped',
}

const S2: Generation = {
  ...A1,
  name: 'S2',
  applies: 'before the answer',
  keepsCounter: true,
  acknowledgesReplay: true,
  badPath: 'fails',
}

const A3: Generation = {
  ...A1,
  name: 'A3',
  plans: true,
  members: 'index by the text after files/created/',
  prunes: true,
}

const A3_PLUS: Generation = { ...A3, name: 'A3+', countsFailedBundles: false }

export const GENERATIONS: Readonly<Record<GenerationName, Generation>> = { P0, S1, A1, Q, S2, A3, 'A3+': A3_PLUS }
