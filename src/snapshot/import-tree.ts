import type { TreeId } from '../delta/operation.js'
import { DeltaError } from '../support/errors.js'
import { gitText, gitTextOrNull, isObjectId, runGit, startGit } from '../support/git.js'
import { readBlobs } from '../support/git-objects.js'
import { splitNul } from '../support/text.js'
import { quotedPath } from './changed-tree.js'
import type { Shadow } from './shadow.js'

/** The tree of a commit whose repository uses another hash, made again in the shadow. */
export async function importTree(shadow: Shadow, commit: string): Promise<TreeId> {
  const reference = `refs/ce-delta/imported/${commit}`
  const known = await gitTextOrNull(shadow.repository, ['rev-parse', '--quiet', '--verify', `${reference}^{tree}`])
  if (isObjectId(known)) return known
  const git = shadow.workspace.git?.repository
  if (git === undefined) throw new DeltaError('internal', 'A commit was asked for where there is no repository.')
  const listing = splitNul(await runGit(git, ['ls-tree', '-r', '-z', '--full-tree', commit]))
  const entries = listing.map((entry) => {
    const tab = entry.indexOf(0x09)
    const [mode = '', type = '', id = ''] = entry.toString('latin1', 0, tab).split(' ')
    return { mode, type, id, name: entry.subarray(tab + 1) }
  })
  const files = entries.filter(({ type }) => type === 'blob')
  const importer = startGit(shadow.repository, ['fast-import', '--quiet', '--done', '--force'])
  const write = async (bytes: string | Buffer): Promise<void> => {
    if (!importer.stdin.write(bytes)) await new Promise((resolve) => importer.stdin.once('drain', resolve))
  }
  let isFirst = true
  const blobs = files.map(({ id }) => id)
  for await (const pieces of readBlobs(git, blobs)) {
    for (const { index, size, bytes, last } of pieces) {
      if (isFirst) await write(`blob\nmark :${index + 1}\ndata ${size}\n`)
      await write(bytes)
      if (last) await write('\n')
      isFirst = last
    }
  }
  await write(`commit ${reference}\ncommitter ce-delta <ce-delta> 0 +0000\ndata 0\n`)
  for (const [index, { mode, name }] of files.entries()) await write(fileChange(mode, `:${index + 1}`, name))
  for (const { mode, type, name } of entries) if (type === 'commit') await write(fileChange(mode, SOME_COMMIT, name))
  importer.stdin.end('done\n')
  await importer.finished
  return await gitText(shadow.repository, ['rev-parse', '--verify', `${reference}^{tree}`])
}

/** A submodule is named by a commit of another repository; of which one is of no interest. */
const SOME_COMMIT = '1'.repeat(40)

function fileChange(mode: string, what: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`M ${mode} ${what} `), quotedPath(name), Buffer.from('\n')])
}
