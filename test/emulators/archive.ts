import { gunzipSync } from 'node:zlib'
import type { Generation } from './generations.js'

export interface Member {
  readonly name: string
  readonly content: Buffer
}

/** What a server of some generation finds in a bundle. Written from protocol.md §2 alone, on nothing of the client's. */
export interface Archive {
  readonly manifest: Readonly<Record<string, unknown>>
  readonly operations: readonly Readonly<Record<string, unknown>>[]
  readonly hashes: ReadonlyMap<string, string>
  readonly history: Buffer | null
  content(kind: string, path: string): Buffer | null
  /** How often the archive had to be inflated from its start again, because what was wanted stood further ahead (§2, 6). */
  readonly rewinds: () => number
}

const REQUIRED = ['version', 'bundle_id', 'workspace_path', 'created_at', 'sequence_number']

/** Throws with the words of PROCESSING_ERROR. */
export function openArchive(bytes: Buffer, generation: Generation): Archive {
  const members = readTar(gunzipSync(bytes))
  // §2, 1: the manifest is the first member whose name ends so.
  const manifest = asObject(parsed(members.find(({ name }) => name.endsWith('manifest.json'))))
  for (const key of REQUIRED) {
    if (!(key in manifest)) throw new Error(`Missing required field in manifest: ${key}`)
  }
  const operations = asObject(parsed(metadata(members, generation, 'operations.json'))).operations
  const hashes = asObject(asObject(parsed(metadata(members, generation, 'hashes.json'))).file_hashes ?? {})
  const history = metadata(members, generation, 'git_history.json')
  const finder = new ContentFinder(members, generation)
  return {
    manifest,
    operations: Array.isArray(operations) ? operations.map(asObject) : [],
    hashes: new Map(Object.entries(hashes).map(([path, hash]) => [path, String(hash)])),
    history: history?.content ?? null,
    content: (kind, path) => finder.find(kind, path),
    rewinds: () => finder.rewinds,
  }
}

/** §2, 2: P0–S2 take the first such member, A3 the last. */
function metadata(members: readonly Member[], { plans }: Generation, name: string): Member | undefined {
  const isIt = (member: Member): boolean => member.name.endsWith(`metadata/${name}`)
  return plans ? members.findLast(isIt) : members.find(isIt)
}

class ContentFinder {
  readonly #members: readonly Member[]
  readonly #index: ReadonlyMap<string, number> | null
  #at = 0
  rewinds = 0

  constructor(members: readonly Member[], { members: rule }: Generation) {
    this.#members = members
    this.#index = rule === 'first that ends with the name' ? null : indexOf(members)
  }

  find(kind: string, path: string): Buffer | null {
    const found = this.#index?.get(`${kind}/${path}`) ?? this.#firstEndingWith(`files/${kind}/${path}`)
    if (found === null) return null
    if (found < this.#at) this.rewinds++
    this.#at = found
    // §2, 5: of members with one name the last counts.
    const { name } = this.#members[found] ?? { name: '' }
    return this.#members.findLast((member) => member.name === name)?.content ?? null
  }

  /** §2, 3: the end of the name decides, whatever stands before it. */
  #firstEndingWith(name: string): number | null {
    if (this.#index !== null) return null
    const found = this.#members.findIndex((member) => member.name.endsWith(name))
    return found === -1 ? null : found
  }
}

const METADATA = /metadata\/(operations|hashes|git_history)\.json$/

/** §2, 4: the text after the first `files/created/`, before `files/updated/` and `files/moved/` are looked for. */
function indexOf(members: readonly Member[]): ReadonlyMap<string, number> {
  const index = new Map<string, number>()
  members.forEach(({ name }, number) => {
    // §2, 2: a name that looks like metadata is taken for metadata, never for content.
    if (METADATA.test(name)) return
    for (const kind of ['created', 'updated', 'moved']) {
      const mark = `files/${kind}/`
      const at = name.indexOf(mark)
      if (at === -1) continue
      index.set(`${kind}/${name.slice(at + mark.length)}`, number)
      return
    }
  })
  return index
}

function parsed(member: Member | undefined): unknown {
  if (member === undefined) throw new Error('A required member is missing')
  return JSON.parse(member.content.toString('utf8'))
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error('An object was expected')
  return { ...value }
}

/** Plain files of a tar archive, with GNU and PAX long names. */
export function readTar(bytes: Buffer): Member[] {
  const members: Member[] = []
  let longName: string | null = null
  for (let at = 0; at + 512 <= bytes.length; ) {
    const header = bytes.subarray(at, at + 512)
    if (header[0] === 0) break
    const size = Number.parseInt(text(header, 124, 12), 8)
    const content = bytes.subarray(at + 512, at + 512 + size)
    const type = text(header, 156, 1)
    const prefix = text(header, 345, 155)
    if (type === 'L') longName = content.toString('utf8').replace(/\0+$/, '')
    else if (type === 'x') longName = paxPath(content) ?? longName
    else if (type === '0' || type === '') {
      const short = prefix === '' ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`
      members.push({ name: longName ?? short, content })
      longName = null
    }
    at += 512 + Math.ceil(size / 512) * 512
  }
  return members
}

function text(header: Buffer, start: number, length: number): string {
  const field = header.subarray(start, start + length)
  const end = field.indexOf(0)
  return field.toString('utf8', 0, end === -1 ? length : end)
}

function paxPath(content: Buffer): string | null {
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const length = Number(content.toString('latin1', at, space))
    const record = content.toString('utf8', space + 1, at + length - 1)
    if (record.startsWith('path=')) return record.slice('path='.length)
    at += length
  }
  return null
}
