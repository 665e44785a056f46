import { createHash, randomUUID } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { writeBundle } from '../../src/bundle/writer.js'
import type { Operation } from '../../src/delta/operation.js'
import type { IncomingBundle } from '../../src/receiver/engine.js'
import { listTree, readBlobs } from '../../src/support/git-objects.js'
import { privateRepository } from '../../src/support/git-repository.js'
import { pax, type TarMember, tarOf } from './tar.js'
import { git, gitRepository, temporaryDirectory, writeTree } from './workspace.js'

export type Content = string | Uint8Array
export type Files = ReadonlyMap<string, Content>

/** What a bundle says of one file. `bare`: a move that does not carry the content. */
export type Step =
  | { readonly kind: 'created' | 'updated'; readonly path: string; readonly content: Content }
  | { readonly kind: 'deleted'; readonly path: string }
  | { readonly kind: 'moved'; readonly path: string; readonly source: string; readonly bare?: boolean }

export const created = (path: string, content: Content): Step => ({ kind: 'created', path, content })
export const updated = (path: string, content: Content): Step => ({ kind: 'updated', path, content })
export const deleted = (path: string): Step => ({ kind: 'deleted', path })
export const moved = (source: string, path: string, bare = false): Step => ({ kind: 'moved', path, source, bare })

export const WORKSPACE = '/home/ada/project'
const CREATED_AT = '2025-01-26T01:55:00.000Z'

/** What `git write-tree` says of these files, and the repository that says it. */
export async function gitTreeOf(files: Files): Promise<{ tree: string; root: string }> {
  const root = await gitRepository()
  await writeTree(root, files)
  await git(root, 'add', '--all', '--force')
  return { tree: await git(root, 'write-tree'), root }
}

export interface SentBundle extends IncomingBundle {
  readonly id: string
  readonly tree: string
}

/** Writes bundles one after another with the real writer, and keeps the files as the receiver must have them. */
export class Sender {
  files = new Map<string, Content>()
  sequence = 0
  tree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'
  readonly workspace: string

  constructor(workspace = WORKSPACE) {
    this.workspace = workspace
  }

  async bundle(
    steps: readonly Step[],
    options: { sequence?: number | null; force?: boolean } = {},
  ): Promise<SentBundle> {
    const base = this.tree
    for (const step of steps) applyStep(this.files, step)
    const { tree, root } = await gitTreeOf(this.files)
    const repository = privateRepository(join(root, '.git'))
    const blobs = new Map((await listTree(repository, tree)).map(({ path, blob }) => [path, blob]))
    const id = randomUUID()
    const path = join(await temporaryDirectory(), `${id}.tar.gz`)
    const sequence = options.sequence === undefined ? this.sequence + 1 : options.sequence
    const request = {
      id,
      createdAt: CREATED_AT,
      workspacePath: this.workspace,
      collectionName: 'project',
      sequence,
      parentSequence: this.sequence,
      base,
      target: tree,
      operations: steps.map((step) => ({
        operation: operationOf(step, blobs.get(step.path) ?? ''),
        carriesContent: step.kind !== 'deleted' && !(step.kind === 'moved' && step.bare === true),
        bytes: 0,
      })),
    }
    const written = await writeBundle(path, request, (wanted) =>
      readBlobs(
        repository,
        wanted.map(({ blob }) => blob),
      ),
    )
    this.tree = tree
    this.sequence = sequence ?? this.sequence + 1
    return {
      ...(await incomingFile(path, this.workspace)),
      digest: written.digest,
      id,
      tree,
      force: options.force ?? false,
    }
  }
}

function applyStep(files: Map<string, Content>, step: Step): void {
  if (step.kind === 'deleted') files.delete(step.path)
  else if (step.kind === 'moved') {
    files.set(step.path, files.get(step.source) ?? '')
    files.delete(step.source)
  } else files.set(step.path, step.content)
}

function operationOf(step: Step, blob: string): Operation {
  if (step.kind === 'deleted') return { kind: 'deleted', path: step.path }
  if (step.kind === 'moved') return { kind: 'moved', path: step.path, source: step.source, blob }
  return { kind: step.kind, path: step.path, blob }
}

export async function incomingFile(path: string, workspacePath = WORKSPACE): Promise<IncomingBundle> {
  const digest = `sha256:${createHash('sha256')
    .update(await readFile(path))
    .digest('hex')}`
  const { size: bytes } = await stat(path)
  return { path, digest, bytes, workspacePath, collectionName: null, sequence: null, force: false }
}

/** A bundle as plain values, to be made wrong before it is packed. */
export interface Draft {
  top: string
  manifest: Record<string, unknown>
  operations: Record<string, unknown>[]
  hashes: Record<string, unknown>
  /** The contents, as members of the archive. */
  members: TarMember[]
}

export function draft(steps: readonly Step[], sequence = 1, base: Files = new Map()): Draft {
  const top = randomUUID()
  const files = new Map(base)
  const counts = { created: 0, updated: 0, deleted: 0, moved: 0 }
  const made: Draft = { top, manifest: {}, operations: [], hashes: Object.create(null), members: [] }
  let size = 0
  for (const step of steps) {
    applyStep(files, step)
    counts[step.kind]++
    const content = Buffer.from(files.get(step.path) ?? '')
    const hash = `sha1:${createHash('sha1').update(content).digest('hex')}`
    const common = { operation: step.kind, path: step.path, language: 'unknown', modified_time: CREATED_AT }
    const source = step.kind === 'moved' ? { source_path: step.source } : {}
    const bare = step.kind === 'moved' && step.bare === true
    const facts = { size_bytes: content.length, content_hash: hash, ...(bare ? { content_included: false } : {}) }
    made.operations.push(step.kind === 'deleted' ? common : { ...common, ...source, ...facts })
    if (step.kind === 'deleted') continue
    made.hashes[step.path] = hash
    size += content.length
    if (!bare) made.members.push(...member(`${top}/files/${step.kind}/${step.path}`, content))
  }
  made.manifest = {
    version: '1.0',
    bundle_id: top,
    workspace_path: WORKSPACE,
    collection_name: 'project',
    created_at: CREATED_AT,
    sequence_number: sequence,
    parent_sequence: sequence - 1,
    operations: counts,
    total_files: steps.length,
    total_size_bytes: size,
    compression: 'gzip',
    encoding: 'utf-8',
  }
  return made
}

function member(name: string, content: Uint8Array): TarMember[] {
  return Buffer.byteLength(name) <= 100 ? [{ name, content }] : [pax({ path: name }), { name: 'long', content }]
}

export function metadataOf(made: Draft): TarMember[] {
  const json = (name: string, value: unknown): TarMember => ({
    name: `${made.top}/${name}`,
    content: JSON.stringify(value),
  })
  return [
    json('manifest.json', made.manifest),
    json('metadata/operations.json', { operations: made.operations }),
    json('metadata/hashes.json', { workspace_path: WORKSPACE, updated_at: CREATED_AT, file_hashes: made.hashes }),
  ]
}

export function packed(made: Draft): Buffer {
  return gzipSync(tarOf([...metadataOf(made), ...made.members]))
}

/** Any bytes as a bundle file that has arrived. */
export async function arrived(bytes: Uint8Array, workspacePath = WORKSPACE): Promise<IncomingBundle> {
  const path = join(await temporaryDirectory(), 'bundle.tar.gz')
  await writeFile(path, bytes)
  return await incomingFile(path, workspacePath)
}
