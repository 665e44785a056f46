import {
  type BlobId,
  type ContentOperation,
  countOperations,
  type OperationCounts,
  type TreeId,
  totalOperations,
} from '../delta/operation.js'
import type { PlannedStep } from '../delta/plan.js'
import { DeltaError } from '../support/errors.js'
import { emptyHistoryRecord, type GitHistory, historyRecord } from './git-history.js'
import { languageOf } from './language.js'
import {
  HASHES_NAME,
  HISTORY_NAME,
  MANIFEST_NAME,
  type Manifest,
  OPERATIONS_NAME,
  type OperationRecord,
} from './manifest.js'

/** Everything that decides the bytes of a bundle, apart from the contents that the operations name. */
export interface BundleRequest {
  readonly id: string
  readonly createdAt: string
  readonly workspacePath: string
  readonly collectionName: string
  readonly sequence: number | null
  readonly parentSequence: number | null
  readonly base: TreeId
  readonly target: TreeId
  readonly operations: readonly PlannedStep[]
  /** For servers that find members by how their names end; left out, the archive is as specified. */
  readonly guards?: MetadataGuards
  /** Commits that the receiver is told of. */
  readonly history?: GitHistory | null
}

/** What keeps the files of a repository from being taken for the metadata of the bundle (protocol.md §2, 1 and 2). */
export interface MetadataGuards {
  /** An empty history of our own, so that no file of the repository is taken for one. */
  readonly hasHistory: boolean
  /** Without hashes a server writes every file, whatever it believes to have (protocol.md §2, hashes.json). */
  readonly hasHashes: boolean
}

export interface ContentFact {
  readonly size: number
  /** Hexadecimal SHA-1 of the bytes. */
  readonly sha1: string
}

/** Facts by blob; a move that carries no content has them too, because its content is hashed all the same. */
export type ContentFacts = ReadonlyMap<BlobId, ContentFact>

export interface MetadataMember {
  readonly name: string
  readonly body: readonly Buffer[]
}

/** Entries that are made into text at a time: few enough to be garbage soon, many enough to cost little. */
const ENTRIES_AT_A_TIME = 500

/** The members that come before the contents, in their order. Throws `objects-missing` for a content without facts. */
export function metadataMembers(request: BundleRequest, facts: ContentFacts): MetadataMember[] {
  const { operations, guards } = request
  const tellsHashes = guards?.hasHashes ?? true
  const records = jsonEntries(operations, (planned) => JSON.stringify(operationRecord(planned, request, facts)))
  const hashes = jsonEntries(tellsHashes ? withContent(operations) : [], ({ operation: { path, blob } }) => {
    return `${JSON.stringify(path)}:"sha1:${factOf(path, blob, facts).sha1}"`
  })
  const identity = JSON.stringify({ workspace_path: request.workspacePath, updated_at: request.createdAt }).slice(0, -1)
  const history = historyMember(request)
  return [
    { name: MANIFEST_NAME, body: [Buffer.from(`${JSON.stringify(manifestOf(request, facts), null, 2)}\n`)] },
    { name: OPERATIONS_NAME, body: [Buffer.from('{"operations":['), ...records, Buffer.from(']}\n')] },
    { name: HASHES_NAME, body: [Buffer.from(`${identity},"file_hashes":{`), ...hashes, Buffer.from('}}\n')] },
    ...(history === null ? [] : [history]),
  ]
}

function historyMember({ history, guards, createdAt }: BundleRequest): MetadataMember | null {
  if (history == null && guards?.hasHistory !== true) return null
  const record = history == null ? emptyHistoryRecord(createdAt) : historyRecord(history, createdAt)
  return { name: HISTORY_NAME, body: [Buffer.from(`${JSON.stringify(record)}\n`)] }
}

/** The entries of a JSON list or object, as text in pieces: one large string would stay in memory for long. */
function jsonEntries<Entry>(entries: readonly Entry[], text: (entry: Entry) => string): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < entries.length; at += ENTRIES_AT_A_TIME) {
    const piece = entries
      .slice(at, at + ENTRIES_AT_A_TIME)
      .map(text)
      .join(',')
    pieces.push(Buffer.from(at === 0 ? piece : `,${piece}`))
  }
  return pieces
}

function manifestOf(request: BundleRequest, facts: ContentFacts): Manifest {
  const operations = countSteps(request.operations)
  return {
    version: '1.0',
    bundle_id: request.id,
    workspace_path: request.workspacePath,
    collection_name: request.collectionName,
    created_at: request.createdAt,
    sequence_number: request.sequence,
    parent_sequence: request.parentSequence,
    parent_tree: request.base,
    tree: request.target,
    operations,
    total_files: totalOperations(operations),
    total_size_bytes: withContent(request.operations).reduce(
      (sum, { operation: { path, blob } }) => sum + factOf(path, blob, facts).size,
      0,
    ),
    compression: 'gzip',
    encoding: 'utf-8',
  }
}

/** `modified_time` is when the snapshot saw the file, so that a bundle can be made again with the same bytes. */
function operationRecord(
  { operation, carriesContent }: PlannedStep,
  { createdAt, guards }: BundleRequest,
  facts: ContentFacts,
): OperationRecord {
  const { path } = operation
  const common = { path, language: languageOf(path), modified_time: createdAt }
  if (operation.kind === 'folder moved') return { operation: 'moved', ...common, source_path: operation.source }
  if (operation.kind === 'deleted') return { operation: 'deleted', ...common }
  const fact = factOf(path, operation.blob, facts)
  return {
    operation: operation.kind,
    ...common,
    ...(operation.kind === 'moved' ? { source_path: operation.source } : {}),
    size_bytes: fact.size,
    ...(guards?.hasHashes === false ? {} : { content_hash: `sha1:${fact.sha1}` }),
    ...(carriesContent ? {} : { content_included: false }),
  }
}

export interface ContentStep {
  readonly operation: ContentOperation
  readonly carriesContent: boolean
}

/** The steps that leave a file at their path. */
export function withContent(steps: readonly PlannedStep[]): ContentStep[] {
  return steps.filter(hasContent)
}

function hasContent(step: PlannedStep): step is PlannedStep & ContentStep {
  return step.operation.kind !== 'deleted' && step.operation.kind !== 'folder moved'
}

export function countSteps(steps: readonly PlannedStep[]): OperationCounts {
  return countOperations(
    steps.map(({ operation: { kind } }) => ({ kind: kind === 'folder moved' ? ('moved' as const) : kind })),
  )
}

function factOf(path: string, blob: BlobId, facts: ContentFacts): ContentFact {
  const fact = facts.get(blob)
  if (fact !== undefined) return fact
  throw new DeltaError('objects-missing', `The content of ${path} is gone from the shadow repository.`)
}
