import { runGit } from '../support/git.js'
import type { Repository } from '../support/git-repository.js'
import { splitNul } from '../support/text.js'

/** A file that is not the same in two trees. A blob is null where there is no such file. */
export interface ChangedFile {
  readonly path: Buffer
  readonly before: string | null
  readonly after: string | null
}

/** The files that differ between two commits of a receiver. It costs what the difference costs, however large the trees are. */
export async function treeDifference(repository: Repository, from: string, to: string): Promise<ChangedFile[]> {
  return parseRaw(await runGit(repository, ['diff-tree', '-r', '-z', '--no-renames', '--raw', from, to]))
}

/** Reads git's raw format, `:<modes> <before> <after> <status> NUL path NUL …`. */
export function parseRaw(output: Buffer): ChangedFile[] {
  const fields = splitNul(output)
  const files: ChangedFile[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, , before = '', after = ''] = (fields[at]?.toString('latin1') ?? '').split(' ')
    files.push({ path: fields[at + 1] ?? Buffer.alloc(0), before: blobOrNull(before), after: blobOrNull(after) })
  }
  return files
}

function blobOrNull(id: string): string | null {
  return /^0+$/.test(id) ? null : id
}
