import { lstatSync, rmdirSync, rmSync, unlinkSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFolder } from '../support/durable-files.js'
import { systemErrorCode } from '../support/errors.js'
import { runGit } from '../support/git.js'
import { privateRepository } from '../support/git-repository.js'
import { splitNul } from '../support/text.js'
import {
  foldersAbove,
  isRealFolder,
  type Mirror,
  type MirrorFile,
  publishFiles,
  publishWhole,
  STAGING_INDEX,
} from './publish.js'
import { type ChangedFile, parseRaw } from './tree-difference.js'

/** The index of git that is compared with. */
const COMPARING = 'mirror.index'

const SLASH = 0x2f

/** Brings the mirror over a difference to the next commit. Right only if it was exact before. */
export async function advanceMirror(mirror: Mirror, difference: readonly ChangedFile[]): Promise<void> {
  const removed = difference.filter(({ after }) => after === null).map(({ path }) => path)
  await applyChanges(mirror, filesOf(difference, 'after'), removed)
}

/**
 * Makes the mirror exact, whatever is there: files that were changed, added or removed behind our back, links that
 * were planted, a mirror that was left half done.
 */
export async function repairMirror(mirror: Mirror, commit: string): Promise<void> {
  if (isMirrorMissing(mirror)) return await publishWhole(mirror, commit)
  const indexFile = join(mirror.gitDirectory, COMPARING)
  const repository = privateRepository(mirror.gitDirectory, { workTree: mirror.directory, indexFile })
  await runGit(repository, ['read-tree', commit])
  // Compares contents once; without it every file counts as different and is written anew.
  await runGit(repository, ['update-index', '-q', '--refresh'])
  const differing = parseRaw(await runGit(repository, ['diff-files', '-z', '--raw']))
  const unknown = splitNul(await runGit(repository, ['ls-files', '-z', '--others']))
  await rm(indexFile, { force: true })
  const strays = await findStrays(mirror.directory)
  await applyChanges(mirror, filesOf(differing, 'before'), [...unknown, ...strays])
}

/** Removes what a process left that was killed while it wrote the mirror. */
export async function clearInterruptedMirror({ gitDirectory, staging }: Mirror): Promise<void> {
  await removeFolder(staging)
  const indexes = [COMPARING, STAGING_INDEX].flatMap((index) => [index, `${index}.lock`])
  await Promise.all(indexes.map(async (index) => await rm(join(gitDirectory, index), { force: true })))
}

export function isMirrorMissing(mirror: Mirror): boolean {
  return !isRealFolder(Buffer.from(mirror.directory))
}

function filesOf(difference: readonly ChangedFile[], side: 'before' | 'after'): MirrorFile[] {
  return difference.flatMap(({ path, [side]: blob }) => (blob === null ? [] : [{ path, blob }]))
}

async function applyChanges(mirror: Mirror, written: readonly MirrorFile[], removed: readonly Buffer[]): Promise<void> {
  const root = Buffer.from(`${mirror.directory}/`)
  for (const path of removed) removeFile(root, path)
  if (written.length === 0) return
  await publishFiles(mirror, written)
}

/** Removes a file, and the folders that it leaves empty. Nothing is removed through a link. */
function removeFile(root: Buffer, name: Buffer): void {
  const path = name.at(-1) === SLASH ? name.subarray(0, -1) : name
  for (const folder of foldersAbove(root, path)) if (!isRealFolder(folder)) return
  const target = Buffer.concat([root, path])
  if (isRealFolder(target)) rmSync(target, { recursive: true, force: true })
  else if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) unlinkSync(target)
  const folders = [...foldersAbove(root, path)].reverse()
  for (const folder of folders) if (!removeIfEmpty(folder)) return
}

function removeIfEmpty(folder: Buffer): boolean {
  try {
    rmdirSync(folder)
    return true
  } catch (thrown) {
    if (NOT_EMPTY.has(systemErrorCode(thrown) ?? '')) return false
    throw thrown
  }
}

const NOT_EMPTY = new Set(['ENOTEMPTY', 'EEXIST'])

/** What `git ls-files --others` does not list: git folders, folders without any file, pipes, sockets and devices. */
async function findStrays(directory: string): Promise<Buffer[]> {
  const strays: Buffer[] = []
  const holdsFiles = async (folder: Buffer): Promise<boolean> => {
    const path = Buffer.concat([Buffer.from(`${directory}/`), folder])
    let holds = false
    for (const entry of await readdir(path, { withFileTypes: true, encoding: 'buffer' })) {
      const name = folder.length === 0 ? entry.name : Buffer.concat([folder, Buffer.from('/'), entry.name])
      const isPlain = entry.isFile() || entry.isDirectory()
      if (entry.name.toString('latin1') === '.git' || !isPlain) strays.push(name)
      else if (!entry.isDirectory() || (await holdsFiles(name))) holds = true
    }
    if (!holds && folder.length > 0) strays.push(folder)
    return holds
  }
  await holdsFiles(Buffer.alloc(0))
  return strays
}
