import { lstatSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemErrorCode } from '../support/errors.js'
import { runGit } from '../support/git.js'
import { privateRepository, type Repository } from '../support/git-repository.js'
import { splitNul } from '../support/text.js'

/**
 * The plain files of a workspace, for an indexer to read: a projection of the last applied commit. Every file is made
 * ready beside the mirror and renamed into it, so a reader sees the old bytes or the new ones, never a part of them.
 */
export interface Mirror {
  readonly gitDirectory: string
  /** The folder with the files. */
  readonly directory: string
  /** Where files are made ready; on the same file system as `directory`, outside of it. */
  readonly staging: string
}

interface MirrorChanges {
  readonly written: readonly { readonly path: Buffer; readonly blob: string }[]
  readonly removed: readonly Buffer[]
}

/** Indexes of git, of what is compared and of what is made ready. */
const COMPARING = 'mirror.index'
const MAKING_READY = 'staging.index'

const SLASH = 0x2f
const SLASH_BYTE = Buffer.from('/')

/** Brings the mirror from one commit to the next. Right only if it was exact before. */
export async function advanceMirror(mirror: Mirror, from: string | null, to: string): Promise<void> {
  if (from === null) return await replaceMirror(mirror, to)
  const repository = privateRepository(mirror.gitDirectory)
  const fields = splitNul(await runGit(repository, ['diff-tree', '-r', '-z', '--no-renames', '--raw', from, to]))
  await applyChanges(mirror, parseChanges(fields, 'new'))
}

/**
 * Makes the mirror exact, whatever is there: files that were changed, added or removed behind our back, links that
 * were planted, a mirror that was left half done.
 */
export async function repairMirror(mirror: Mirror, commit: string): Promise<void> {
  if (isMirrorMissing(mirror)) return await replaceMirror(mirror, commit)
  const indexFile = join(mirror.gitDirectory, COMPARING)
  const repository = privateRepository(mirror.gitDirectory, { workTree: mirror.directory, indexFile })
  await runGit(repository, ['read-tree', commit])
  // Compares contents once; without it every file counts as different and is written anew.
  await runGit(repository, ['update-index', '-q', '--refresh'])
  const differing = parseChanges(splitNul(await runGit(repository, ['diff-files', '-z', '--raw'])), 'old')
  const unknown = splitNul(await runGit(repository, ['ls-files', '-z', '--others']))
  await rm(indexFile, { force: true })
  const strays = await findStrays(mirror.directory)
  await applyChanges(mirror, { written: differing.written, removed: [...unknown, ...strays] })
}

/** Removes what a process left that was killed while it wrote the mirror. */
export async function clearInterruptedMirror({ gitDirectory, staging }: Mirror): Promise<void> {
  await rm(staging, { recursive: true, force: true })
  const indexes = [COMPARING, MAKING_READY].flatMap((index) => [index, `${index}.lock`])
  await Promise.all(indexes.map(async (index) => await rm(join(gitDirectory, index), { force: true })))
}

export function isMirrorMissing(mirror: Mirror): boolean {
  return lstatSync(mirror.directory, { throwIfNoEntry: false })?.isDirectory() !== true
}

/** `:<modes> <old> <new> <status> NUL path NUL …`; `side` names the blob that the mirror shall have. */
function parseChanges(fields: readonly Buffer[], side: 'old' | 'new'): MirrorChanges {
  const written: { path: Buffer; blob: string }[] = []
  const removed: Buffer[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, , oldBlob = '', newBlob = ''] = (fields[at]?.toString('latin1') ?? '').split(' ')
    const path = fields[at + 1] ?? Buffer.alloc(0)
    const blob = side === 'old' ? oldBlob : newBlob
    if (/^0+$/.test(blob)) removed.push(path)
    else written.push({ path, blob })
  }
  return { written, removed }
}

/** A mirror that does not exist yet appears whole, by one rename. */
async function replaceMirror(mirror: Mirror, commit: string): Promise<void> {
  await makeReady(mirror, async (repository) => {
    await runGit(repository, ['read-tree', commit])
  })
  await rm(mirror.directory, { recursive: true, force: true })
  await mkdir(dirname(mirror.directory), { recursive: true })
  await rename(mirror.staging, mirror.directory)
}

async function applyChanges(mirror: Mirror, { written, removed }: MirrorChanges): Promise<void> {
  const root = Buffer.from(`${mirror.directory}/`)
  for (const path of removed) removeFile(root, path)
  if (written.length === 0) return
  const entries = written.map(({ path, blob }) =>
    Buffer.concat([Buffer.from(`100644 ${blob}\t`), path, Buffer.from([0])]),
  )
  await makeReady(mirror, async (repository) => {
    await runGit(repository, ['update-index', '-z', '--index-info'], { input: entries })
  })
  publish(Buffer.from(mirror.staging), Buffer.from(mirror.directory))
  await rm(mirror.staging, { recursive: true, force: true })
}

/** Makes ready, in a staging folder that is not there yet, the files of the index that `fill` fills. */
async function makeReady(mirror: Mirror, fill: (repository: Repository) => Promise<void>): Promise<void> {
  const indexFile = join(mirror.gitDirectory, MAKING_READY)
  await mkdir(mirror.staging, { recursive: true })
  const repository = privateRepository(mirror.gitDirectory, { workTree: mirror.staging, indexFile })
  await fill(repository)
  await runGit(repository, ['checkout-index', '--all', '--force', '--quiet'])
  await rm(indexFile, { force: true })
}

/**
 * Renames all that was made ready into the mirror. A folder that the mirror does not have yet goes there whole. A link
 * that was planted where a folder or a file belongs is replaced, never followed (faults.md row 92).
 */
function publish(ready: Buffer, published: Buffer): void {
  for (const entry of readdirSync(ready, { withFileTypes: true, encoding: 'buffer' })) {
    const from = Buffer.concat([ready, SLASH_BYTE, entry.name])
    const to = Buffer.concat([published, SLASH_BYTE, entry.name])
    if (entry.isDirectory() && isRealFolder(to)) publish(from, to)
    else replace(from, to, entry.isDirectory())
  }
}

/** A file over a file is one step, so that a reader always finds one of them. */
function replace(from: Buffer, to: Buffer, isFolder: boolean): void {
  const isInTheWay = isFolder || isRealFolder(to)
  if (isInTheWay) rmSync(to, { recursive: true, force: true })
  renameSync(from, to)
}

/** The folders above a path, outermost first. */
function* foldersAbove(root: Buffer, path: Buffer): Generator<Buffer> {
  for (let slash = path.indexOf(SLASH); slash !== -1; slash = path.indexOf(SLASH, slash + 1)) {
    yield Buffer.concat([root, path.subarray(0, slash)])
  }
}

function isRealFolder(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
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
