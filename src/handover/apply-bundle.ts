import { createHash } from 'node:crypto'
import { createReadStream, lstatSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readContents } from '../bundle/contents.js'
import type { OperationRecord } from '../bundle/manifest.js'
import { DEFAULT_LIMITS, type OpenedBundle } from '../bundle/reader.js'
import { applyOperations } from '../delta/apply.js'
import type { Operation } from '../delta/operation.js'
import { DeltaError, systemErrorCode } from '../support/errors.js'
import { requireFolder } from '../support/folders.js'
import { parentsOf } from '../support/paths.js'
import { printable } from '../support/text.js'

/**
 * Applies a bundle to a folder of plain files. Everything is verified before the first file changes: every content of
 * the bundle, and that each operation fits what stands in the folder. Nothing outside the folder is written: a link in
 * the way is refused, never followed. Throws `bundle-refused`.
 */
export async function applyBundle(bundle: OpenedBundle, folder: string): Promise<void> {
  requireFolder(folder)
  await checkFits(bundle, folder)
  const staging = await mkdtemp(join(folder, STAGING))
  try {
    await unpack(bundle, staging)
    for (const record of bundle.records) await checkSource(folder, record)
    for (const [index, record] of bundle.records.entries()) await carryOut(folder, record, stagedFile(staging, index))
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

const STAGING = '.ce-delta-apply-'

/** Replays the operations on the names alone, as strictly as a file system would. */
async function checkFits({ records }: OpenedBundle, folder: string): Promise<void> {
  const standing = await filesIn(folder)
  const removed = new Set<string>()
  for (const { operation, path, source_path: source } of records) {
    for (const touched of [path, source ?? path]) {
      if (standing.get(touched) === 'other') throw doesNotFit(touched, 'it is a link or a device')
    }
    const isTaken = operation !== 'updated' && operation !== 'deleted' && standing.has(path) && !removed.has(path)
    if (isTaken) throw doesNotFit(path, 'a file stands there already')
    if (operation === 'deleted' || source !== undefined) removed.add(source ?? path)
  }
  try {
    applyOperations(new Map([...standing.keys()].map((path) => [path, ''])), records.map(nameOnly))
  } catch (thrown) {
    if (!(thrown instanceof DeltaError)) throw thrown
    throw doesNotFit(String(thrown.facts.path), String(thrown.facts.reason))
  }
}

function nameOnly({ operation: kind, path, source_path: source = '' }: OperationRecord): Operation {
  if (kind === 'deleted') return { kind, path }
  return kind === 'moved' ? { kind, path, source, blob: '' } : { kind, path, blob: '' }
}

/** Every name in the folder that is not a folder, so that a link stands in the way of what is below it. */
async function filesIn(folder: string): Promise<Map<string, 'file' | 'other'>> {
  const files = new Map<string, 'file' | 'other'>()
  const visit = async (prefix: string): Promise<void> => {
    for (const entry of await readdir(join(folder, prefix), { withFileTypes: true })) {
      const path = `${prefix}${entry.name}`
      if (entry.isDirectory()) await visit(`${path}/`)
      else files.set(path, entry.isFile() ? 'file' : 'other')
    }
  }
  await visit('')
  return files
}

/** Contents are verified while they are written; where one is wrong, nothing of the folder has changed yet. */
async function unpack(bundle: OpenedBundle, staging: string): Promise<void> {
  let file: Awaited<ReturnType<typeof open>> | null = null
  try {
    for await (const pieces of readContents(bundle, DEFAULT_LIMITS)) {
      for (const piece of pieces) {
        file ??= await open(stagedFile(staging, piece.index), 'wx')
        await file.writeFile(piece.bytes)
        if (!piece.last) continue
        await file.close()
        file = null
      }
    }
  } finally {
    await file?.close()
  }
}

function stagedFile(staging: string, index: number): string {
  return join(staging, String(index))
}

/** A move without content takes what stands at its source, which must be what was announced. */
async function checkSource(folder: string, record: OperationRecord): Promise<void> {
  const { source_path: source, content_hash: announced, content_included: isIncluded } = record
  if (source === undefined || isIncluded !== false) return
  const hash = createHash('sha1')
  for await (const chunk of createReadStream(join(folder, source))) hash.update(chunk)
  if (`sha1:${hash.digest('hex')}` !== announced) throw doesNotFit(source, 'its content is not the announced one')
}

async function carryOut(folder: string, record: OperationRecord, staged: string): Promise<void> {
  const { operation, path, source_path: source, content_included: isIncluded } = record
  if (operation === 'deleted') return await remove(folder, path)
  await makeFolders(folder, path)
  await removeIfEmpty(join(folder, path))
  await rename(isIncluded === false && source !== undefined ? join(folder, source) : staged, join(folder, path))
  if (source !== undefined) await remove(folder, source)
}

/** What is above a path is looked at again before each step, because links may be planted while we work. */
async function makeFolders(folder: string, path: string): Promise<void> {
  for (const parent of parentsOf(path).reverse()) {
    const stats = lstatSync(join(folder, parent), { throwIfNoEntry: false })
    if (stats === undefined) await mkdir(join(folder, parent))
    else if (!stats.isDirectory()) throw doesNotFit(parent, 'it is not a folder')
  }
}

async function remove(folder: string, path: string): Promise<void> {
  await makeFolders(folder, path)
  await rm(join(folder, path), { force: true })
  for (const parent of parentsOf(path)) if (!(await removeIfEmpty(join(folder, parent)))) return
}

async function removeIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (thrown) {
    if (!NOT_AN_EMPTY_FOLDER.has(systemErrorCode(thrown) ?? '')) throw thrown
    return false
  }
}

const NOT_AN_EMPTY_FOLDER = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'])

function doesNotFit(path: string, problem: string): DeltaError {
  return new DeltaError('bundle-refused', `The bundle does not fit the folder: ${printable(path)}: ${problem}.`, {
    facts: { path, problem },
    next: 'Nothing was changed. The folder must hold what the bundle was made from.',
  })
}
