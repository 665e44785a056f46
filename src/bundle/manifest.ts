import type { OperationCounts, OperationKind, TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { isObjectId } from '../support/git.js'
import { asFields, parseJson } from '../support/json.js'

/**
 * `manifest.json` of a bundle, as specified ("Manifest Format"). `parent_tree` and `tree` are additions that other
 * receivers ignore: the snapshots before and after this bundle, which make its effect provable.
 */
export interface Manifest {
  readonly version: '1.0'
  readonly bundle_id: string
  readonly workspace_path: string
  readonly collection_name: string
  readonly created_at: string
  /** null: the receiver numbers the bundle. */
  readonly sequence_number: number | null
  readonly parent_sequence: number | null
  readonly parent_tree: TreeId | null
  readonly tree: TreeId | null
  readonly operations: OperationCounts
  readonly total_files: number
  readonly total_size_bytes: number
  readonly compression: 'gzip'
  readonly encoding: 'utf-8'
}

/** One entry of `metadata/operations.json`. Times are UTC, `content_hash` is `sha1:` and the SHA-1 of the bytes. */
export interface OperationRecord {
  readonly operation: OperationKind
  readonly path: string
  readonly source_path?: string
  readonly language: string
  readonly modified_time: string
  readonly size_bytes?: number
  readonly content_hash?: string
  /** Addition: false where a move comes without its content, because the receiver has it already. */
  readonly content_included?: boolean
}

/** `metadata/hashes.json`: the hash of every file whose content this bundle names. */
export interface HashesFile {
  readonly workspace_path: string
  readonly updated_at: string
  readonly file_hashes: Readonly<Record<string, string>>
}

/** Where the content of an operation is inside the bundle, below the top folder. */
export function memberName(kind: Exclude<OperationKind, 'deleted'>, path: string): string {
  return `files/${kind}/${path}`
}

export const MANIFEST_NAME = 'manifest.json'
export const OPERATIONS_NAME = 'metadata/operations.json'
export const HASHES_NAME = 'metadata/hashes.json'
export const HISTORY_NAME = 'metadata/git_history.json'

/** What has to be in every bundle. */
export const METADATA_NAMES: ReadonlySet<string> = new Set([MANIFEST_NAME, OPERATIONS_NAME, HASHES_NAME])

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Bundle ids are UUIDs and nothing else: they become file names and lines of logs (faults.md §4.2). */
export function isBundleId(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value)
}

/** Reads a manifest written by anybody. Throws `bundle-refused` with the key that is wrong. */
export function parseManifest(text: string): Manifest {
  const fields = parseObject(text, MANIFEST_NAME)
  const operations = asObject(fields.operations ?? {}, `${MANIFEST_NAME}: operations`)
  if (!isBundleId(fields.bundle_id)) throw malformed(MANIFEST_NAME, 'bundle_id must be a UUID')
  return {
    version: literal(fields.version, '1.0', 'version'),
    bundle_id: fields.bundle_id,
    workspace_path: string(fields.workspace_path, 'workspace_path'),
    collection_name: fields.collection_name == null ? '' : string(fields.collection_name, 'collection_name'),
    created_at: timestamp(fields.created_at, 'created_at'),
    sequence_number: sequence(fields.sequence_number, 'sequence_number'),
    parent_sequence: sequence(fields.parent_sequence, 'parent_sequence'),
    parent_tree: treeId(fields.parent_tree, 'parent_tree'),
    tree: treeId(fields.tree, 'tree'),
    operations: {
      created: whole(operations.created ?? 0, 'operations.created'),
      updated: whole(operations.updated ?? 0, 'operations.updated'),
      deleted: whole(operations.deleted ?? 0, 'operations.deleted'),
      moved: whole(operations.moved ?? 0, 'operations.moved'),
    },
    total_files: whole(fields.total_files ?? 0, 'total_files'),
    total_size_bytes: whole(fields.total_size_bytes ?? 0, 'total_size_bytes'),
    compression: literal(fields.compression ?? 'gzip', 'gzip', 'compression'),
    encoding: literal(fields.encoding ?? 'utf-8', 'utf-8', 'encoding'),
  }
}

/** Reads `metadata/operations.json`. Paths are judged by the reader, which knows how they relate. */
export function parseOperationRecords(text: string): OperationRecord[] {
  const list = parseObject(text, OPERATIONS_NAME).operations
  if (!Array.isArray(list)) throw malformed(OPERATIONS_NAME, 'operations must be a list')
  return list.map((entry: unknown, index) => parseOperationRecord(entry, `operations[${index}]`))
}

function parseOperationRecord(entry: unknown, where: string): OperationRecord {
  const fields = asObject(entry, where)
  const operation = kind(fields.operation, `${where}.operation`)
  const path = string(fields.path, `${where}.path`)
  const source = fields.source_path ?? fields.source_relative_path
  return {
    operation,
    path,
    language: fields.language == null ? 'unknown' : string(fields.language, `${where}.language`),
    modified_time: fields.modified_time == null ? '' : string(fields.modified_time, `${where}.modified_time`),
    ...(operation === 'moved' ? { source_path: string(source, `${where}.source_path`) } : {}),
    ...(fields.size_bytes == null ? {} : { size_bytes: whole(fields.size_bytes, `${where}.size_bytes`) }),
    ...(fields.content_hash == null ? {} : { content_hash: contentHash(fields.content_hash, `${where}.content_hash`) }),
    ...(fields.content_included === false ? { content_included: false } : {}),
  }
}

/** Reads `metadata/hashes.json`: path to `sha1:…`. */
export function parseHashes(text: string): ReadonlyMap<string, string> {
  const hashes = asObject(parseObject(text, HASHES_NAME).file_hashes ?? {}, `${HASHES_NAME}: file_hashes`)
  return new Map(Object.entries(hashes).map(([path, hash]) => [path, contentHash(hash, `file_hashes[${path}]`)]))
}

function parseObject(text: string, name: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text)
  if (value === undefined) throw malformed(name, 'must be JSON')
  return asObject(value, name)
}

function asObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  const fields = asFields(value)
  if (fields === null) throw malformed(where, 'must be an object')
  return fields
}

function string(value: unknown, where: string): string {
  if (typeof value !== 'string') throw malformed(where, 'must be a string')
  return value
}

function whole(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw malformed(where, 'must be a whole number of at least 0')
  }
  return value
}

function sequence(value: unknown, where: string): number | null {
  return value == null ? null : whole(value, where)
}

function treeId(value: unknown, where: string): TreeId | null {
  if (value == null) return null
  if (!isObjectId(value)) throw malformed(where, 'must be a tree id of 40 hexadecimal digits')
  return value
}

function timestamp(value: unknown, where: string): string {
  const text = string(value, where)
  if (!Number.isFinite(Date.parse(text))) throw malformed(where, 'must be a time')
  return text
}

function contentHash(value: unknown, where: string): string {
  const text = string(value, where)
  if (!/^sha1:[0-9a-f]{40}$/.test(text)) throw malformed(where, 'must be sha1: and 40 hexadecimal digits')
  return text
}

function kind(value: unknown, where: string): OperationKind {
  if (value === 'created' || value === 'updated' || value === 'deleted' || value === 'moved') return value
  throw malformed(where, 'must be created, updated, deleted or moved')
}

function literal<const Value extends string>(value: unknown, expected: Value, where: string): Value {
  if (value !== expected) throw malformed(where, `must be ${JSON.stringify(expected)}`)
  return expected
}

function malformed(where: string, problem: string): DeltaError {
  return new DeltaError('bundle-refused', `The bundle is malformed: ${where} ${problem}.`, {
    facts: { where, problem },
  })
}
