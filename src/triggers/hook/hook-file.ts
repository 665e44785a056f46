import { lstat, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeDurably } from '../../support/durable-files.js'
import { DeltaError, systemErrorCode } from '../../support/errors.js'

/** A file that a block is put into. Its text is its bytes, one character each, so that nothing is lost. */
export interface HookFile {
  readonly path: string
  readonly kind: 'file' | 'absent' | 'other'
  /** null where there is no file. */
  readonly text: string | null
  readonly mode: number
}

/** Reads a file that is to be edited. A link is not followed: what it leads to is somebody else's. */
export async function readHookFile(path: string): Promise<HookFile> {
  try {
    const stats = await lstat(path)
    if (!stats.isFile()) return { path, kind: 'other', text: null, mode: 0 }
    return { path, kind: 'file', text: await readFile(path, 'latin1'), mode: stats.mode & 0o777 }
  } catch (thrown) {
    const code = systemErrorCode(thrown)
    if (code === 'ENOENT' || code === 'ENOTDIR') return { path, kind: 'absent', text: null, mode: 0o755 }
    throw thrown
  }
}

/** Throws `usage` where our lines would not be run, or would be run by something other than a shell. */
export function checkHookFile({ path, kind, text, mode }: HookFile, needsExecutable: boolean): void {
  if (kind === 'other') throw notEditable(path, 'it is a link or no file')
  if (text === null) return
  const [shebang = ''] = /^#!.*/.exec(text) ?? []
  if (text.includes('\0')) throw notEditable(path, 'it is a binary')
  if (shebang !== '' && !/[/ ](?:ba|da|k|z|a)?sh\b/.test(shebang))
    throw notEditable(path, `it is for ${shebang.slice(2).trim()}`)
  if (needsExecutable && (mode & 0o111) === 0) throw notEditable(path, 'it is not executable, so git ignores it')
}

function notEditable(path: string, reason: string): DeltaError {
  return new DeltaError('usage', `${path} cannot get our lines: ${reason}.`, {
    facts: { file: path, reason },
    next: 'Let it run, at its end: sh "$(git rev-parse --git-common-dir)/ce-delta-hook.sh" <name of the hook> "$@"',
  })
}

/** Old or new, never half (faults.md row 21); null removes the file. */
export async function writeHookFile(file: HookFile, text: string | null): Promise<void> {
  if (text === null) return await rm(file.path, { force: true })
  try {
    await mkdir(dirname(file.path), { recursive: true })
    await writeDurably(file.path, async (handle) => {
      await handle.writeFile(text, 'latin1')
      await handle.chmod(file.mode)
    })
  } catch (thrown) {
    const code = systemErrorCode(thrown)
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw thrown
    throw new DeltaError('usage', `The hooks in ${dirname(file.path)} cannot be written (${code}).`, {
      facts: { folder: dirname(file.path), system_code: code },
      next: 'Correct the permissions of the folder, then run ce-delta hook install again.',
      cause: thrown,
    })
  }
}
