import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'

/** What a process did to a disk. Paths are absolute. */
export type DiskStep =
  | { readonly kind: 'create'; readonly path: string; readonly truncates: boolean; readonly appends: boolean }
  | { readonly kind: 'write'; readonly path: string; readonly bytes: Buffer; readonly at: number | null }
  | { readonly kind: 'seek'; readonly path: string; readonly at: number }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir' | 'rmdir'; readonly path: string }

/** The system calls that {@link readDiskTrace} understands: all that change a disk, and what is needed to name files. */
const CALLS = [
  'openat,creat,lseek,write,pwrite64,writev,pwritev,ftruncate,fsync,fdatasync,sync_file_range',
  'rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,chdir,clone,clone3,fork,vfork',
].join(',')

/** The command line that runs a command, and git below it, and writes down what it does. */
export function traced(trace: string): string[] {
  return ['strace', '-f', '-y', '-xx', '-qq', '-s', '16000000', '-o', trace, '-e', `trace=${CALLS}`]
}

/** Reads what strace wrote down of a command that began in `cwd`. */
export async function readDiskTrace(trace: string, cwd: string): Promise<DiskStep[]> {
  const folders = new Folders(cwd)
  const steps: DiskStep[] = []
  for (const call of wholeCalls((await readFile(trace, 'latin1')).split('\n'), folders)) {
    const step = call.result < 0 ? null : stepOf(call, folders)
    if (step !== null) steps.push(step)
  }
  return steps
}

interface Call {
  readonly process: string
  readonly name: string
  readonly args: readonly string[]
  readonly result: number
  readonly resultPath: string | null
}

/** Which folder each process works in: a relative path says nothing without it. */
class Folders {
  readonly #first: string
  readonly #folders = new Map<string, string>()
  readonly #cloning: string[] = []

  constructor(first: string) {
    this.#first = first
  }

  of(process: string): string {
    const known = this.#folders.get(process)
    if (known !== undefined) return known
    const parent = this.#cloning.at(-1)
    const folder = parent === undefined ? this.#first : this.of(parent)
    this.#folders.set(process, folder)
    return folder
  }

  cloning(process: string): void {
    if (!this.#cloning.includes(process)) this.#cloning.push(process)
  }

  cloned(process: string, child: string): void {
    if (this.#cloning.includes(process)) this.#cloning.splice(this.#cloning.indexOf(process), 1)
    if (!this.#folders.has(child)) this.#folders.set(child, this.of(process))
  }

  change(process: string, path: string): void {
    this.#folders.set(process, resolve(this.of(process), path))
  }
}

/** Puts together the calls that strace tells in two lines, because another process came in between. */
function* wholeCalls(lines: readonly string[], folders: Folders): Generator<Call> {
  const begun = new Map<string, string>()
  for (const line of lines) {
    const process = /^\d+/.exec(line)?.[0]
    if (process === undefined) continue
    folders.of(process)
    const text = line.slice(process.length).trim()
    const isClone = /^(?:clone3?|v?fork)\(/.test(text)
    if (isClone) folders.cloning(process)
    if (text.endsWith('<unfinished ...>')) {
      begun.set(process, text.slice(0, -'<unfinished ...>'.length))
      continue
    }
    const resumed = /^<\.\.\. \w+ resumed>/.exec(text)
    const whole = resumed === null ? text : (begun.get(process) ?? '') + text.slice(resumed[0].length)
    const parsed = /^(\w+)\((.*)\)\s+= (-?\d+)(?:<([^>]*)>)?/s.exec(whole)
    if (parsed === null) continue
    const [, name = '', args = '', result = '', resultPath] = parsed
    if (/^(?:clone3?|v?fork)$/.test(name)) folders.cloned(process, result)
    yield {
      process,
      name,
      args: args.split(', '),
      result: Number(result),
      resultPath: resultPath === undefined ? null : text8(resultPath),
    }
  }
}

function stepOf(call: Call, folders: Folders): DiskStep | null {
  const { process, name, args, result, resultPath } = call
  const at = (index: number): string => args[index] ?? ''
  const path = (index: number): string => resolve(folders.of(process), quotedText(at(index)))
  const pathAt = (index: number): string =>
    resolve(openPath(at(index)) ?? folders.of(process), quotedText(at(index + 1)))
  const open = openPath(at(0))
  switch (name) {
    case 'chdir':
      folders.change(process, quotedText(at(0)))
      return null
    case 'openat':
      return /O_CREAT|O_TRUNC/.test(at(2)) && resultPath !== null
        ? {
            kind: 'create',
            path: resultPath,
            truncates: at(2).includes('O_TRUNC'),
            appends: at(2).includes('O_APPEND'),
          }
        : null
    case 'lseek':
      return open === null ? null : { kind: 'seek', path: open, at: result }
    case 'write':
    case 'writev':
    case 'pwrite64':
    case 'pwritev': {
      if (open === null) return null
      const bytes = quotedBytes(args.slice(1).join(', ')).subarray(0, result)
      return { kind: 'write', path: open, bytes, at: name.startsWith('p') ? Number(at(args.length - 1)) : null }
    }
    case 'ftruncate':
      return open === null ? null : { kind: 'truncate', path: open, size: Number(at(1)) }
    case 'fsync':
    case 'fdatasync':
      return open === null ? null : { kind: 'sync', path: open }
    case 'sync_file_range':
      // git waits for the contents so, file by file, where it makes sure of many at once.
      return open === null || !args.join().includes('WAIT_AFTER') ? null : { kind: 'sync', path: open }
    case 'rename':
    case 'link':
      return { kind: name, path: path(0), to: path(1) }
    case 'renameat':
    case 'renameat2':
      return { kind: 'rename', path: pathAt(0), to: pathAt(2) }
    case 'linkat':
      return { kind: 'link', path: pathAt(0), to: pathAt(2) }
    case 'unlink':
    case 'mkdir':
    case 'rmdir':
      return { kind: name, path: path(0) }
    case 'unlinkat':
      return { kind: at(2).includes('AT_REMOVEDIR') ? 'rmdir' : 'unlink', path: pathAt(0) }
    case 'mkdirat':
      return { kind: 'mkdir', path: pathAt(0) }
    default:
      return null
  }
}

/** `5</path>`; null where it is no file, or one that has no name any more. */
function openPath(argument: string): string | null {
  const hex = /^(?:\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})+)>$/.exec(argument)?.[1]
  const path = hex === undefined ? null : text8(hex)
  return path?.startsWith('/') === true ? path : null
}

function quotedText(argument: string): string {
  return quotedBytes(argument).toString('utf8')
}

function quotedBytes(argument: string): Buffer {
  return Buffer.concat([...argument.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => fromHex(hex)))
}

function text8(hex: string): string {
  return fromHex(hex).toString('utf8')
}

function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex')
}
