import { appendFileSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runGit } from '../support/git.js'
import { readBlobs } from '../support/git-objects.js'
import { privateRepository, type Repository } from '../support/git-repository.js'

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

/** A file that the mirror shall have. */
export interface MirrorFile {
  readonly path: Buffer
  readonly blob: string
}

/** The index of git of what is made ready. */
export const STAGING_INDEX = 'staging.index'

/** Up to this many files one process that reads them is quicker than an index and a checkout. */
const MOST_BY_OURSELVES = 100

const SLASH = 0x2f
const SLASH_BYTE = Buffer.from('/')

/** A mirror that does not exist yet, or is to be replaced, appears whole, by one rename. */
export async function publishWhole(mirror: Mirror, commit: string): Promise<void> {
  await checkOut(mirror, async (repository) => {
    await runGit(repository, ['read-tree', commit])
  })
  await rm(mirror.directory, { recursive: true, force: true })
  await mkdir(dirname(mirror.directory), { recursive: true })
  await rename(mirror.staging, mirror.directory)
}

/** Makes files ready in the staging folder, which is not there yet, and renames them into the mirror. */
export async function publishFiles(mirror: Mirror, files: readonly MirrorFile[]): Promise<void> {
  await (files.length > MOST_BY_OURSELVES ? checkOutFiles(mirror, files) : writeFiles(mirror, files))
  moveInto(Buffer.from(mirror.staging), Buffer.from(mirror.directory))
  await rm(mirror.staging, { recursive: true, force: true })
}

async function checkOutFiles(mirror: Mirror, files: readonly MirrorFile[]): Promise<void> {
  const entries = files.map(({ path, blob }) =>
    Buffer.concat([Buffer.from(`100644 ${blob}\t`), path, Buffer.from([0])]),
  )
  await checkOut(mirror, async (repository) => {
    await runGit(repository, ['update-index', '-z', '--index-info'], { input: entries })
  })
}

/** Checks out the files of the index that `fill` fills. */
async function checkOut(mirror: Mirror, fill: (repository: Repository) => Promise<void>): Promise<void> {
  const indexFile = join(mirror.gitDirectory, STAGING_INDEX)
  await mkdir(mirror.staging, { recursive: true })
  const repository = privateRepository(mirror.gitDirectory, { workTree: mirror.staging, indexFile })
  await fill(repository)
  // By one process: for small files several spend more on telling each other than the work takes.
  await runGit(repository, ['checkout-index', '--all', '--force', '--quiet'])
  await rm(indexFile, { force: true })
}

async function writeFiles({ gitDirectory, staging }: Mirror, files: readonly MirrorFile[]): Promise<void> {
  const root = Buffer.from(`${staging}/`)
  mkdirSync(root, { recursive: true })
  for (const { path } of files) for (const folder of foldersAbove(root, path)) mkdirSync(folder, { recursive: true })
  const blobs = files.map(({ blob }) => blob)
  for await (const pieces of readBlobs(privateRepository(gitDirectory), blobs)) {
    for (const { index, bytes } of pieces) {
      const file = files[index]
      if (file !== undefined) appendFileSync(Buffer.concat([root, file.path]), bytes)
    }
  }
}

/**
 * Renames all that was made ready into the mirror. A folder that the mirror does not have yet goes there whole. A link
 * that was planted where a folder or a file belongs is replaced, never followed (faults.md row 92).
 */
function moveInto(ready: Buffer, published: Buffer): void {
  for (const entry of readdirSync(ready, { withFileTypes: true, encoding: 'buffer' })) {
    const from = Buffer.concat([ready, SLASH_BYTE, entry.name])
    const to = Buffer.concat([published, SLASH_BYTE, entry.name])
    if (entry.isDirectory() && isRealFolder(to)) moveInto(from, to)
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
export function* foldersAbove(root: Buffer, path: Buffer): Generator<Buffer> {
  for (let slash = path.indexOf(SLASH); slash !== -1; slash = path.indexOf(SLASH, slash + 1)) {
    yield Buffer.concat([root, path.subarray(0, slash)])
  }
}

export function isRealFolder(path: Buffer): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
