import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readContents } from '../bundle/contents.js'
import type { OperationRecord } from '../bundle/manifest.js'
import type { BundleLimits, OpenedBundle } from '../bundle/reader.js'
import type { TreeId } from '../delta/operation.js'
import { syncDirectory } from '../support/durable-files.js'
import { DeltaError } from '../support/errors.js'
import { isObjectId, startGit } from '../support/git.js'
import { privateRepository } from '../support/git-repository.js'
import { checkDifference } from './check-difference.js'
import { ImportStream } from './import-stream.js'
import { MovedContents } from './moved-contents.js'
import { type ChangedFile, treeDifference } from './tree-difference.js'

/** A commit whose objects wait in a repository of their own; nothing of it can be seen yet. */
export interface Import {
  readonly commit: string
  readonly tree: TreeId
  /** What it changes; null where nothing was there before. */
  readonly difference: readonly ChangedFile[] | null
  readonly directory: string
}

const INCOMING = 'refs/heads/incoming'

/**
 * Makes the commit of a bundle, as one `fast-import`, in a repository of its own that borrows the objects of the
 * workspace's. Whatever is wrong with the bundle shows here, before anything has changed; the caller removes
 * `directory` or adopts it. Throws `bundle-refused`.
 */
export async function importBundle(
  gitDirectory: string,
  directory: string,
  bundle: OpenedBundle,
  parent: string | null,
  message: string,
  limits: BundleLimits,
): Promise<Import> {
  await makeQuarantine(directory, join(gitDirectory, 'objects'))
  const repository = privateRepository(directory)
  const importer = startGit(repository, ['fast-import', '--quiet', '--done', '--depth=0'], {
    settings: ['pack.compression=1'],
  })
  const moved = new MovedContents()
  const answers = moved.read(importer.stdout)
  answers.catch(() => importer.end())
  const output = new ImportStream(importer.stdin, importer.finished)
  try {
    await writeContents(output, bundle, limits)
    await writeCommit(output, bundle, parent, message, moved)
    output.end()
    await Promise.all([answers, importer.finished])
  } catch (thrown) {
    importer.end()
    // The folder is removed next; nobody may still be writing to it.
    await Promise.allSettled([importer.finished])
    // What the answers say is wrong comes before the broken pipe that it caused.
    if (thrown instanceof DeltaError && thrown.code === 'bundle-refused') throw thrown
    await answers
    throw thrown
  }
  const [tree, commit] = moved.last.map((line) => line.replace(/^040000 tree /, '').trimEnd())
  if (!isObjectId(commit) || !isObjectId(tree)) throw new DeltaError('internal', 'git fast-import made no commit.')
  const difference = parent === null ? null : await treeDifference(repository, parent, commit)
  checkDifference(bundle.records, difference)
  await moved.verify(repository)
  return { commit, tree, difference, directory }
}

/** Moves the objects of an import into the workspace's repository; still nothing refers to them. */
export async function adoptObjects(gitDirectory: string, imported: Import): Promise<void> {
  const from = join(imported.directory, 'objects')
  const to = join(gitDirectory, 'objects')
  const folders = (await readdir(from)).filter((folder) => folder !== 'info')
  for (const folder of folders) {
    await mkdir(join(to, folder), { recursive: true })
    // An index makes its pack visible, so it comes last.
    const names = (await readdir(join(from, folder))).sort(
      (left, right) => Number(left.endsWith('.idx')) - Number(right.endsWith('.idx')),
    )
    for (const name of names) await rename(join(from, folder, name), join(to, folder, name))
  }
  // Together: the disk then writes its journal once for several of them.
  await Promise.all(folders.map((folder) => syncDirectory(join(to, folder))))
  await syncDirectory(to)
}

/** The least that git takes for a repository. */
async function makeQuarantine(directory: string, borrowed: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(join(directory, 'objects', 'info'), { recursive: true, mode: 0o700 })
  await mkdir(join(directory, 'refs'))
  await writeFile(join(directory, 'HEAD'), `ref: ${INCOMING}\n`)
  await writeFile(
    join(directory, 'config'),
    '[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfsync = committed\n\tfsyncMethod = batch\n\tcompression = 1\n',
  )
  await writeFile(join(directory, 'objects', 'info', 'alternates'), `${borrowed}\n`)
}

async function writeContents(output: ImportStream, bundle: OpenedBundle, limits: BundleLimits): Promise<void> {
  let isFirst = true
  for await (const pieces of readContents(bundle, limits)) {
    for (const piece of pieces) {
      if (isFirst) output.write(`blob\nmark ${mark(piece.index)}\ndata ${piece.size}\n`)
      output.write(piece.bytes)
      if (piece.last) output.write('\n')
      isFirst = piece.last
    }
    await output.room()
  }
}

async function writeCommit(
  output: ImportStream,
  bundle: OpenedBundle,
  parent: string | null,
  message: string,
  moved: MovedContents,
): Promise<void> {
  const time = Math.max(0, Math.floor(Date.parse(bundle.manifest.created_at) / 1000))
  const itself = mark(bundle.records.length)
  const head = `commit ${INCOMING}\nmark ${itself}\ncommitter ce-delta <ce-delta> ${time} +0000\n`
  output.write(`${head}data ${Buffer.byteLength(message)}\n${message}\n`)
  if (parent !== null) output.write(`from ${parent}^0\n`)
  for (const [index, record] of bundle.records.entries()) {
    const source = moved.announce(record)
    if (source !== null) output.write(`ls ${quote(source)}\n`)
    output.write(command(record, mark(index)))
    if (output.isFull) await output.room()
  }
  // What became of it all: its tree, then the commit.
  output.write(`ls ""\nget-mark ${itself}\ndone\n`)
}

function command(record: OperationRecord, content: string): string {
  if (record.operation === 'deleted') return `D ${quote(record.path)}\n`
  if (record.operation !== 'moved' || record.source_path === undefined)
    return `M 100644 ${content} ${quote(record.path)}\n`
  if (record.content_included === false) return `R ${quote(record.source_path)} ${quote(record.path)}\n`
  return `D ${quote(record.source_path)}\nM 100644 ${content} ${quote(record.path)}\n`
}

function mark(index: number): string {
  return `:${index + 1}`
}

/** A path as fast-import reads it. */
function quote(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
}
