import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { asDeltaError } from '../support/errors.js'
import { PATH_LIMITS } from '../support/paths.js'
import { printable } from '../support/text.js'
import type { AppliedAnswer, IncomingBundle, ReceiverEngine, WorkspaceListing } from './engine.js'
import { HttpRefusal } from './refusals.js'
import type { ServerEvent } from './server-events.js'
import { receiveForm, tooLarge, workspacePath } from './upload-form.js'
import { ABILITIES, type StatusAnswer, type UploadAnswer } from './wire.js'

/** What the routes share while a server runs. */
export interface Service {
  readonly engine: ReceiverEngine
  /** Where bundles lie while they arrive and are applied. */
  readonly spool: string
  readonly version: string
  readonly emit: (event: ServerEvent) => void
  /** How many uploads are being applied right now, by workspace. */
  readonly applying: Map<string, number>
  /** Uploads from their first byte to their answer. */
  readonly uploads: Set<Promise<unknown>>
  /** What goes on after an answer; the server ends only after it. */
  readonly background: Set<Promise<void>>
}

/** Bounds what lies in the spool at once. */
const MAX_UPLOADS = 16

/** What the fields and the boundaries of a form may add to its bundle. */
const FORM_OVERHEAD = 1 << 20

export async function handleUpload(
  service: Service,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<UploadAnswer> {
  if (service.uploads.size >= MAX_UPLOADS) throw new HttpRefusal(503, 'BUSY', 'Too many uploads are running.')
  const upload = receiveAndApply(service, request, reply)
  service.uploads.add(upload)
  try {
    const { workspacePath: path, moreFollow, upload: answer } = await upload
    if (moreFollow) inBackground(service, `The mirror of ${printable(path)}`, service.engine.mirrored(path))
    else inBackground(service, `Tidying up ${printable(path)}`, service.engine.maintainIfDue(path))
    return answer
  } finally {
    service.uploads.delete(upload)
  }
}

function inBackground(service: Service, what: string, work: Promise<void>): void {
  const told = tellFailure(service, what, work)
  service.background.add(told)
  void told.finally(() => service.background.delete(told))
}

async function tellFailure(service: Service, what: string, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (thrown) {
    const { message } = asDeltaError(thrown)
    service.emit({ event: 'failed', message: `${what} failed: ${printable(message)}` })
  }
}

interface Applied {
  readonly workspacePath: string
  readonly moreFollow: boolean
  readonly upload: UploadAnswer
}

async function receiveAndApply(service: Service, request: FastifyRequest, reply: FastifyReply): Promise<Applied> {
  const { compressedBytes } = service.engine.limits
  if (Number(request.headers['content-length'] ?? 0) > compressedBytes + FORM_OVERHEAD) throw tooLarge(compressedBytes)
  const incoming = await receiveForm((limits) => request.parts({ limits }), service.spool, compressedBytes)
  try {
    // While the bundle is applied no byte moves, and that is no reason to hang up.
    request.raw.setTimeout(0)
    const { workspacePath, moreFollow = false } = incoming
    return { workspacePath, moreFollow, upload: await apply(service, incoming) }
  } finally {
    request.raw.setTimeout(reply.server.initialConfig.connectionTimeout ?? 0)
    await rm(incoming.path, { force: true })
  }
}

async function apply(service: Service, incoming: IncomingBundle): Promise<UploadAnswer> {
  const { applying, engine, emit } = service
  const { workspacePath: path } = incoming
  const started = performance.now()
  applying.set(path, (applying.get(path) ?? 0) + 1)
  try {
    const applied = await engine.apply(incoming)
    const duration = Math.round(performance.now() - started)
    emit({
      event: 'applied',
      workspace_path: printable(path),
      sequence: applied.sequence,
      bundle_id: applied.bundleId,
      tree: applied.tree,
      operations: applied.operations,
      bytes: incoming.bytes,
      duration_ms: duration,
      replayed: applied.isReplay,
    })
    return uploadAnswer(applied, duration)
  } finally {
    const left = (applying.get(path) ?? 1) - 1
    if (left === 0) applying.delete(path)
    else applying.set(path, left)
  }
}

function uploadAnswer(applied: AppliedAnswer, duration: number): UploadAnswer {
  return {
    success: true,
    bundle_id: applied.bundleId,
    sequence_number: applied.sequence,
    processed_operations: { ...applied.operations, skipped: 0, failed: 0 },
    processing_time_ms: duration,
    next_sequence: applied.sequence + 1,
    error: null,
    tree: applied.tree,
    mirror: applied.mirror,
    replayed: applied.isReplay,
  }
}

export async function handleStatus(service: Service, query: unknown): Promise<StatusAnswer> {
  const path = workspacePath(fieldOf(query))
  const { limits } = service.engine
  const status = await service.engine.status(path)
  return {
    workspace_path: status.workspacePath,
    collection_name: status.collectionName,
    last_sequence: status.sequence,
    last_upload: status.lastUpload,
    pending_operations: status.pendingOperations,
    status: service.applying.has(path) || status.isMirrorFollowing ? 'processing' : 'ready',
    server_info: {
      name: 'ce-delta',
      version: service.version,
      max_bundle_size_mb: Math.floor(limits.compressedBytes / 1024 ** 2),
      supported_formats: ['tar.gz'],
      abilities: ABILITIES,
      limits: {
        compressed_bytes: limits.compressedBytes,
        uncompressed_bytes: limits.uncompressedBytes,
        members: limits.members,
        path_bytes: PATH_LIMITS.bytes,
      },
    },
    tree: status.tree,
    last_bundle_id: status.lastBundleId,
    mirror: status.mirror,
  }
}

/** One line about the tree, then one for each file. */
export async function handleTree(service: Service, query: unknown): Promise<Readable> {
  return Readable.from(linesOf(await service.engine.list(workspacePath(fieldOf(query)))), { objectMode: false })
}

/** Lines in pieces of some size, because each piece costs a write. */
function* linesOf({ tree, sequence, files }: WorkspaceListing): Generator<string> {
  let text = `${JSON.stringify({ tree, sequence, files: files.length })}\n`
  for (const { path, blob } of files) {
    text += `${JSON.stringify({ path, blob })}\n`
    if (text.length < 1 << 16) continue
    yield text
    text = ''
  }
  if (text !== '') yield text
}

function fieldOf(query: unknown): unknown {
  return typeof query === 'object' && query !== null && 'workspace_path' in query ? query.workspace_path : undefined
}
