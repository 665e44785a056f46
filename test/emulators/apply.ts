import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Archive } from './archive.js'
import type { Generation } from './generations.js'

/** `processed_operations` as the servers count (protocol.md §1). */
export interface Counts {
  created: number
  updated: number
  deleted: number
  moved: number
  skipped: number
  skipped_hash_match: number
  failed: number
}

export interface Place {
  readonly folder: string
  /** The name of the folder, as a path in the workspace may begin with it by accident (§4). */
  readonly slug: string
  /** What the server believes each file's hash to be; it never looks (§2 hashes.json). */
  readonly hashes: Map<string, string>
  /** Paths for which writing fails, to show what a server does then. */
  readonly broken: (path: string) => boolean
  /** Paths that are passed over without a word. */
  readonly skipped: (path: string) => boolean
  /** Paths that would have left the folder. */
  readonly escaped: string[]
}

/** The whole bundle is given up here; what was done before stays done (§3, §4 "bad path"). */
export class Aborted extends Error {}

type Outcome = Exclude<keyof Counts, never>
type Operation = Readonly<Record<string, unknown>>

/** Carries out a list of operations in its order: no transaction, nothing taken back (§4). */
export function applyOperations(
  generation: Generation,
  place: Place,
  operations: readonly Operation[],
  archive: Archive | null,
): Counts {
  const counts = { created: 0, updated: 0, deleted: 0, moved: 0, skipped: 0, skipped_hash_match: 0, failed: 0 }
  for (const operation of operations) counts[outcomeOf(generation, place, operation, archive)]++
  // What is known already is counted twice (§1).
  counts.skipped += counts.skipped_hash_match
  return counts
}

function outcomeOf(generation: Generation, place: Place, operation: Operation, archive: Archive | null): Outcome {
  try {
    return new Step(generation, place, operation, archive).run()
  } catch (thrown) {
    if (thrown instanceof Aborted) throw thrown
    return 'failed'
  }
}

class Step {
  readonly #generation: Generation
  readonly #place: Place
  readonly #operation: Operation
  readonly #archive: Archive | null

  constructor(generation: Generation, place: Place, operation: Operation, archive: Archive | null) {
    this.#generation = generation
    this.#place = place
    this.#operation = operation
    this.#archive = archive
  }

  run(): Outcome {
    const kind = String(this.#operation.operation)
    const path = this.#safe(String(this.#operation.path ?? ''))
    if (path === null || this.#place.skipped(path)) return 'skipped'
    if (this.#place.broken(path)) throw new Error('The disk is full')
    if (kind === 'created' || kind === 'updated') return this.#write(kind, path)
    if (kind === 'moved') return this.#move(path)
    if (kind === 'deleted') return this.#delete(path)
    return this.#generation.unknownOperation
  }

  #safe(path: string): string | null {
    const { badPath, ownSlug } = this.#generation
    const { slug, escaped } = this.#place
    const isBad = path === '' || path === '.' || path.startsWith('/') || path.split('/').includes('..')
    if (isBad && badPath === 'escapes') escaped.push(path)
    if (isBad && badPath === 'aborts') throw new Aborted(`Unsafe path: ${path}`)
    if (isBad) throw new Error(`Unsafe path: ${path}`)
    const isOwn = path === slug || path.startsWith(`${slug}/`)
    if (!isOwn || ownSlug === 'literal') return path
    if (ownSlug === 'aborts') throw new Aborted(`Unexpected slug: ${path}`)
    return path === slug ? null : path.slice(slug.length + 1)
  }

  #write(kind: string, path: string): Outcome {
    const hash = this.#operation.content_hash
    const isKnown = this.#generation.plans && typeof hash === 'string' && this.#place.hashes.get(path) === hash
    if (isKnown && existsSync(this.#file(path))) return 'skipped_hash_match'
    this.#put(path, this.#content(kind, path))
    return kind === 'created' ? 'created' : 'updated'
  }

  #move(path: string): Outcome {
    const source = this.#safe(String(this.#operation.source_path ?? this.#operation.source_relative_path ?? ''))
    if (source === null) return 'skipped'
    const { moves } = this.#generation
    const content = this.#archive?.content('moved', path) ?? null
    if (moves === 'renames' && existsSync(this.#file(source))) this.#rename(source, path)
    else if (moves === 'writes, unlinks the source') this.#writeAndUnlink(source, path, content)
    else this.#put(path, content)
    return 'moved'
  }

  #rename(source: string, path: string): void {
    const [from, to] = [this.#file(source), this.#file(path)]
    mkdirSync(dirname(to), { recursive: true })
    if (this.#generation.plans) rmSync(to, { force: true })
    renameSync(from, to)
    const hash = this.#place.hashes.get(source)
    this.#place.hashes.delete(source)
    if (hash !== undefined) this.#place.hashes.set(path, hash)
    this.#prune(source)
  }

  /** Generation Q: the source goes even where there was nothing to write. */
  #writeAndUnlink(source: string, path: string, content: Buffer | null): void {
    if (content !== null) this.#put(path, content)
    if (existsSync(this.#file(source))) unlinkSync(this.#file(source))
    this.#prune(source)
    if (content === null) throw new Error('There is no such member')
  }

  #delete(path: string): Outcome {
    const file = this.#file(path)
    this.#place.hashes.delete(path)
    if (!existsSync(file)) return this.#generation.missingDeletion
    unlinkSync(file)
    this.#prune(path)
    return 'deleted'
  }

  #content(kind: string, path: string): Buffer | null {
    return this.#archive?.content(kind, path) ?? null
  }

  #put(path: string, content: Buffer | null): void {
    if (content === null) throw new Error('There is no such member')
    const file = this.#file(path)
    mkdirSync(dirname(file), { recursive: true })
    if (existsSync(file) && lstatSync(file).isDirectory()) throw new Error('A folder stands there')
    writeFileSync(file, content)
    const hash = this.#operation.content_hash ?? this.#archive?.hashes.get(path)
    if (typeof hash === 'string') this.#place.hashes.set(path, hash)
    else this.#place.hashes.delete(path)
  }

  #prune(path: string): void {
    if (!this.#generation.prunes) return
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) {
      const absolute = this.#file(folder)
      if (!existsSync(absolute) || readdirSync(absolute).length > 0) return
      rmdirSync(absolute)
    }
  }

  #file(path: string): string {
    return join(this.#place.folder, path)
  }
}
