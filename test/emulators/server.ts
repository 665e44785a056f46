import { randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { basename, join } from 'node:path'
import { afterEach } from '@jest/globals'
import { readTree, temporaryDirectory } from '../helpers/workspace.js'
import { type Answer, accepted, failure, type Json, mismatch, NOT_FOUND, ok, refused, sendPage } from './answers.js'
import { Aborted, applyOperations, type Counts, type Place } from './apply.js'
import { type Archive, openArchive } from './archive.js'
import { Counters } from './counters.js'
import { type Faults, MEGABYTE, noFaults } from './faults.js'
import { GENERATIONS, type Generation, type GenerationName } from './generations.js'
import { Logins } from './logins.js'
import { keyOf, slugOf } from './names.js'
import { plan } from './plan.js'

interface Tracked {
  readonly bundleId: string
  status: 'processing' | 'completed' | 'failed' | 'error'
  counts: Counts | null
  error: string | null
}

const running: Server[] = []

afterEach(async () => {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A server of one generation, on loopback, with real files. */
export class Emulator {
  readonly generation: Generation
  readonly work: string
  readonly faults: Faults
  url = ''
  /** Requests that came, as `POST /api/v1/delta/upload`. */
  readonly requests: string[] = []
  readonly logins = new Logins()
  /** The heads of requests, with everything in them. */
  readonly heads: string[] = []
  /** What uploads, plans and operations said beside the bundle. */
  readonly fields: Json[] = []
  /** Bundles that were being applied while another one was: it must never happen (§3). */
  overlaps = 0
  /** Sum over all bundles of how often the archive had to be inflated anew (§2, 6). */
  rewinds = 0
  readonly escaped: string[] = []
  readonly counted: Counts[] = []
  /** The bundles that were applied, at least in part, by their ids and one after another. */
  readonly applied: string[] = []
  /** The bundles themselves, for those who look at them. */
  readonly bundles: Buffer[] = []
  /** What was taken for a history of commits. */
  readonly histories: string[] = []
  readonly #counters: Counters
  #hashes = new Map<string, Map<string, string>>()
  #tracked = new Map<string, Tracked>()
  readonly #workers = new WeakMap<Socket, number>()
  #connections = 0
  #applying = 0
  #life = 0
  #lostStatuses = 0

  constructor(generation: Generation, work: string) {
    this.generation = generation
    this.work = work
    this.#counters = new Counters(generation.keepsCounter)
    this.faults = noFaults()
  }

  /** The plain files of a workspace, without what the server keeps for itself (§4). */
  async files(workspacePath: string): Promise<Map<string, Buffer>> {
    const { folder } = this.#place(workspacePath)
    if (!existsSync(folder)) return new Map()
    const all = await readTree(folder)
    return new Map([...all].filter(([path]) => !/^\.(codebase|remote-git)\//.test(path)))
  }

  folder(workspacePath: string): string {
    return this.#place(workspacePath).folder
  }

  /** Another client brought a file called `theirs`, in the next number. */
  async foreignUpload(workspacePath: string): Promise<void> {
    const place = this.#place(workspacePath)
    writeFileSync(join(place.folder, 'theirs'), 'theirs')
    const key = keyOf(workspacePath)
    for (let worker = 0; worker < this.faults.workers; worker++)
      this.#counters.count(key, worker, this.#counters.last(key, worker) + 1)
  }

  /** Ends everything that is under way; counters in memory are gone (§3 "Server restart"). */
  restart({ keepFiles }: { readonly keepFiles: boolean }): void {
    this.#life++
    this.#applying = 0
    this.#counters.restart()
    this.#tracked.clear()
    if (keepFiles) return
    this.#counters.wipe()
    this.#hashes.clear()
    rmSync(this.work, { recursive: true, force: true })
    mkdirSync(this.work, { recursive: true })
  }

  /** Keeps a copy of everything; calling the result puts it back, as a restored backup. */
  backup(): () => void {
    const copy = `${this.work}-backup`
    rmSync(copy, { recursive: true, force: true })
    cpSync(this.work, copy, { recursive: true })
    const restoreCounters = this.#counters.backup()
    const hashes = structuredClone(this.#hashes)
    return () => {
      rmSync(this.work, { recursive: true, force: true })
      cpSync(copy, this.work, { recursive: true })
      restoreCounters()
      this.#hashes = structuredClone(hashes)
    }
  }

  /** Nothing is being applied. */
  get isIdle(): boolean {
    return this.#applying === 0
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    this.requests.push(`${request.method} ${pathname}`)
    this.heads.push([request.url, ...request.rawHeaders].join('\n'))
    const worker = this.#workerOf(request.socket)
    const isUpload = pathname === '/api/v1/delta/upload'
    if (isUpload && this.#takes('loseUpload')) return void request.socket.destroy()
    if (isUpload && this.#takes('page')) return sendPage(response)
    if (isUpload) this.#lostStatuses = this.faults.loseStatus
    const isLost = pathname === '/api/v1/delta/status' && this.faults.loseStatus > 0 && this.#lostStatuses-- > 0
    if (isLost) return void request.socket.destroy()
    if (isUpload && this.faults.overtaken !== null) await this.foreignUpload(this.faults.overtaken)
    if (isUpload) this.faults.overtaken = null
    const before = isUpload && this.#takes('putBack') ? this.backup() : null
    const answer = await this.#answer(`${request.method} ${pathname}`, request, body, searchParams, worker)
    const isChange = isUpload || pathname === '/api/v1/delta/apply_ops'
    if (before !== null) before()
    if (isChange && this.#takes('loseAnswer')) return void request.socket.destroy()
    const text = JSON.stringify(answer.body)
    const ends = isUpload && this.faults.endsConnections ? { connection: 'close' } : {}
    const length = Buffer.byteLength(text)
    response.writeHead(answer.status, { 'content-type': 'application/json', 'content-length': length, ...ends })
    response.end(text)
  }

  async #answer(
    what: string,
    request: IncomingMessage,
    body: Buffer,
    query: URLSearchParams,
    worker: number,
  ): Promise<Answer> {
    const { plans } = this.generation
    switch (what) {
      case 'POST /api/v1/delta/upload':
        return await this.#upload(await formOf(request, body), worker)
      case 'GET /api/v1/delta/status':
        return this.#status(query.get('workspace_path'), worker)
      case 'GET /health':
        return ok({ status: 'healthy', timestamp: new Date().toISOString(), version: '1.0.0', work_dir: this.work })
      case 'GET /openapi.json':
        return this.faults.hidden ? NOT_FOUND : ok(this.#openapi())
      case 'POST /api/v1/delta/plan':
        return plans && !this.faults.hidden ? this.#plan(body) : NOT_FOUND
      case 'POST /api/v1/delta/apply_ops':
        return plans && !this.faults.hidden ? await this.#applyOps(body, worker) : NOT_FOUND
      case 'GET /auth/status':
        return this.#hasLogins ? this.logins.status() : NOT_FOUND
      case 'POST /auth/login':
      case 'POST /auth/login/password':
        return this.#hasLogins ? this.logins.login(what.slice('POST '.length), body) : NOT_FOUND
      case 'POST /auth/validate':
        return this.#hasLogins && this.logins.validates ? this.logins.validate(body) : NOT_FOUND
      default:
        return NOT_FOUND
    }
  }

  get #hasLogins(): boolean {
    return this.generation.formFields.includes('session')
  }

  /** Only the field counts: neither a header nor the query (§1). */
  #refusal(fields: Json): Answer | null {
    this.fields.push(fields)
    return this.#hasLogins ? this.logins.refusal(fields.session) : null
  }

  /** What FastAPI tells of itself (§0). */
  #openapi(): Json {
    const fields = Object.fromEntries(this.generation.formFields.map((name) => [name, { type: 'string' }]))
    const paths = ['/api/v1/delta/upload', '/api/v1/delta/status', '/health']
    if (this.generation.plans) paths.push('/api/v1/delta/plan', '/api/v1/delta/apply_ops')
    return {
      openapi: '3.1.0',
      paths: Object.fromEntries(paths.map((path) => [path, {}])),
      components: { schemas: { Body_upload_delta_bundle_api_v1_delta_upload_post: { properties: fields } } },
    }
  }

  /** §1 GET status. */
  #status(workspacePath: string | null, worker: number): Answer {
    if (workspacePath === null) return refused(422, [{ type: 'missing', loc: ['query', 'workspace_path'] }])
    const key = keyOf(workspacePath)
    const tracked = this.#tracked.get(key)
    const server = {
      version: '1.0.0',
      max_bundle_size_mb: this.faults.largest / MEGABYTE,
      supported_formats: ['tar.gz'],
    }
    const told = {
      last_bundle_id: tracked?.bundleId ?? null,
      last_upload_status: tracked?.status ?? null,
      last_processed_operations: tracked?.counts ?? null,
      last_processing_time_ms: tracked?.counts == null ? null : 1,
      last_error: tracked?.error ?? null,
    }
    return ok({
      workspace_path: workspacePath,
      collection_name: `${basename(workspacePath)}-00000000`,
      last_sequence: this.#counters.last(key, worker),
      last_upload: null,
      pending_operations: 0,
      status: this.generation.plans && tracked?.status === 'processing' ? 'processing' : 'ready',
      server_info: this.generation.plans ? { ...server, ...told } : server,
    })
  }

  /** §1 POST upload, §3. */
  async #upload(form: FormData, worker: number): Promise<Answer> {
    const [bundle, workspacePath] = [form.get('bundle'), form.get('workspace_path')]
    if (!(bundle instanceof Blob) || typeof workspacePath !== 'string') return refused(422, [{ type: 'missing' }])
    const refusal = this.#refusal(Object.fromEntries([...form].filter(([name]) => name !== 'bundle')))
    if (refusal !== null) return refusal
    const bytes = Buffer.from(await bundle.arrayBuffer())
    if (bytes.length > this.faults.largest) return refused(413, 'Bundle too large. Max size: 0MB')
    this.bundles.push(bytes)
    const key = keyOf(workspacePath)
    let archive: Archive
    try {
      archive = openArchive(bytes, this.generation)
    } catch (thrown) {
      return failure('PROCESSING_ERROR', { message: String(thrown) })
    }
    const { refuse } = this.faults
    const isRefused = archive.operations.some(({ path, operation }) => path === refuse?.path && operation !== 'deleted')
    if (refuse !== null && isRefused)
      return refuse.status === 200 ? failure('PROCESSING_ERROR', {}) : refused(refuse.status, 'Not wanted')
    const given = numberOf(form.get('sequence_number')) ?? numberOf(archive.manifest.sequence_number)
    const last = this.#counters.last(key, worker)
    const bundleId = String(archive.manifest.bundle_id)
    if (this.generation.acknowledgesReplay && given !== null && given === last && last > 0) {
      return accepted(bundleId, last, null)
    }
    const isForced = /^(1|true|yes|on)$/.test(String(form.get('force') ?? ''))
    if (given !== null && given !== last + 1 && !isForced) return mismatch(last + 1, given)
    const isCounted = given !== null || this.generation.unnumbered === 'takes the next number'
    const number = given ?? last + 1
    const work = {
      key,
      worker,
      bundleId,
      archive,
      number: isCounted ? number : null,
      place: this.#place(workspacePath),
    }
    if (this.generation.applies === 'before the answer') return await this.#applyNow(work)
    this.#applyLater(work)
    return accepted(bundleId, number, null)
  }

  async #applyNow(work: Work): Promise<Answer> {
    try {
      await this.#apply(work)
    } catch (thrown) {
      const code = this.generation.keepsCounter ? 'BUNDLE_APPLY_FAILED' : 'PROCESSING_ERROR'
      return failure(code, { message: String(thrown), retry_after: 5000 })
    }
    return accepted(work.bundleId, work.number ?? 0, this.counted.at(-1) ?? null)
  }

  #applyLater(work: Work): void {
    const life = this.#life
    const tracked: Tracked = { bundleId: work.bundleId, status: 'processing', counts: null, error: null }
    setImmediate(async () => {
      if (life !== this.#life) return
      this.#tracked.set(work.key, tracked)
      try {
        tracked.counts = await this.#apply(work)
        tracked.status = tracked.counts.failed > 0 ? 'failed' : 'completed'
      } catch (thrown) {
        // What the server of generation A1 does as well: a line in a log that nobody sees.
        tracked.status = 'error'
        tracked.error = String(thrown)
      }
    })
  }

  async #apply({ key, worker, bundleId, archive, number, place }: Work): Promise<Counts> {
    const life = this.#life
    this.applied.push(bundleId)
    if (this.#applying++ > 0) this.overlaps++
    try {
      if (this.faults.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.faults.delay))
      if (life !== this.#life) throw new Error('The server was stopped')
      mkdirSync(place.folder, { recursive: true })
      const { operations } = archive
      if (this.#takes('failAfterAnswer')) {
        applyOperations(this.generation, place, operations.slice(0, operations.length / 2), archive)
        throw new Aborted('Failed in the middle')
      }
      const counts = applyOperations(this.generation, place, operations, archive)
      this.rewinds += archive.rewinds()
      this.counted.push(counts)
      if (archive.history !== null) this.histories.push(archive.history.toString())
      if (archive.history !== null) this.#keepHistory(place.folder, archive.history)
      if (number !== null && (counts.failed === 0 || this.generation.countsFailedBundles))
        this.#counters.count(key, worker, number)
      return counts
    } finally {
      if (life === this.#life) this.#applying--
    }
  }

  #keepHistory(folder: string, history: Buffer): void {
    mkdirSync(join(folder, '.remote-git'), { recursive: true })
    writeFileSync(join(folder, '.remote-git', `git_history_${randomUUID()}.json`), history)
  }

  #plan(body: Buffer): Answer {
    const request = JSON.parse(body.toString('utf8'))
    if (typeof request.workspace_path !== 'string') return refused(422, [{ type: 'missing' }])
    const { operations, file_hashes, ...fields } = request
    return this.#refusal(fields) ?? ok(plan(this.#place(request.workspace_path), request))
  }

  /** §1 POST apply_ops: deletions and moves only, at once. */
  async #applyOps(body: Buffer, worker: number): Promise<Answer> {
    const request = JSON.parse(body.toString('utf8'))
    if (typeof request.workspace_path !== 'string') return refused(422, [{ type: 'missing' }])
    const { operations: _, file_hashes, ...fields } = request
    const refusal = this.#refusal(fields)
    if (refusal !== null) return refusal
    const key = keyOf(request.workspace_path)
    const last = this.#counters.last(key, worker)
    const given = numberOf(request.manifest?.sequence_number)
    if (given !== null && given !== last + 1) return mismatch(last + 1, given)
    const number = given ?? last + 1
    const possible = (operation: Json): boolean => operation.operation === 'deleted' || operation.operation === 'moved'
    const operations: Json[] = request.operations
    const counts = applyOperations(
      this.generation,
      this.#place(request.workspace_path),
      operations.map((operation) => (possible(operation) ? operation : { ...operation, operation: 'unknown' })),
      null,
    )
    const isApplied = counts.failed === 0 || (this.generation.countsFailedBundles && counts.failed < operations.length)
    if (isApplied) this.#counters.count(key, worker, number)
    this.applied.push(String(request.manifest?.bundle_id))
    if (counts.failed > 0) {
      return failure('APPLY_OPS_PARTIAL_FAILURE', { failed_count: counts.failed, processed_operations: counts })
    }
    return accepted(String(request.manifest?.bundle_id), number, counts)
  }

  #place(workspacePath: string): Place {
    const slug = slugOf(workspacePath)
    let hashes = this.#hashes.get(slug)
    if (hashes === undefined) {
      hashes = new Map()
      this.#hashes.set(slug, hashes)
    }
    return {
      folder: join(this.work, slug),
      slug,
      hashes,
      broken: this.faults.broken,
      skipped: this.faults.skipped,
      escaped: this.escaped,
    }
  }

  #workerOf(socket: Socket): number {
    const known = this.#workers.get(socket)
    if (known !== undefined) return known % this.faults.workers
    this.#workers.set(socket, this.#connections++)
    return (this.#connections - 1) % this.faults.workers
  }

  #takes(fault: 'failAfterAnswer' | 'putBack' | 'loseAnswer' | 'loseUpload' | 'page'): boolean {
    if (this.faults[fault] <= 0) return false
    this.faults[fault]--
    return true
  }
}

interface Work {
  readonly key: string
  readonly worker: number
  readonly bundleId: string
  readonly archive: Archive
  readonly number: number | null
  readonly place: Place
}

export async function emulator(name: GenerationName, changes: Partial<Generation> = {}): Promise<Emulator> {
  const subject = new Emulator({ ...GENERATIONS[name], ...changes }, join(await temporaryDirectory(), 'work'))
  mkdirSync(subject.work)
  const server = createServer((request, response) => {
    request.on('error', () => undefined)
    subject.handle(request, response).catch((thrown: unknown) => {
      response.writeHead(500, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ success: false, error: { code: 'INTERNAL_ERROR', message: String(thrown) } }))
    })
  })
  running.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  subject.url = `http://127.0.0.1:${port}`
  return subject
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

async function formOf(request: IncomingMessage, body: Buffer): Promise<FormData> {
  const type = request.headers['content-type'] ?? ''
  return await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData()
}

function numberOf(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null
  return Number(value)
}
