import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Place } from './apply.js'

type Json = Readonly<Record<string, unknown>>

interface PlanRequest {
  readonly operations?: readonly Json[]
  readonly file_hashes?: Readonly<Record<string, string>>
}

/** protocol.md §1 POST plan: what the server lacks, by what it believes of its files. */
export function plan(place: Place, { operations = [], file_hashes = {} }: PlanRequest): Json {
  const needed = { created: [] as string[], updated: [] as string[], moved: [] as string[] }
  let known = 0
  for (const operation of operations) {
    const path = String(operation.path)
    const hash = operation.content_hash ?? file_hashes[path]
    const isThere = (name: string): boolean => existsSync(join(place.folder, name))
    const isKnown = typeof hash === 'string' && place.hashes.get(path) === hash && isThere(path)
    if (isKnown && operation.operation !== 'moved') known++
    if (operation.operation === 'created' && !isKnown) needed.created.push(path)
    if (operation.operation === 'updated' && !isKnown) needed.updated.push(path)
    if (operation.operation === 'moved' && !isThere(String(operation.source_path))) needed.moved.push(path)
  }
  return {
    success: true,
    needed_files: needed,
    operation_counts_preview: {
      created: needed.created.length,
      updated: needed.updated.length,
      deleted: 0,
      moved: 0,
      skipped: known,
      skipped_hash_match: known,
      failed: 0,
    },
    needed_size_bytes: 0,
    replica_targets: [],
    fallback_used: false,
    error: null,
  }
}
