import { lstat, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { DiskStep } from './disk-trace.js'

interface File {
  readonly kind: 'file'
  data: Buffer
  position: number
  appends: boolean
  /** What is on the disk for certain; null: nothing of it. */
  forced: Buffer | null
}

interface Folder {
  readonly kind: 'folder'
  readonly entries: Map<string, Node>
  /** The entries that are on the disk for certain. */
  readonly forced: Map<string, Node>
}

type Node = File | Folder

/** A change of names. A rename is two of them that are only there together. */
interface Change {
  readonly parts: readonly { readonly folder: Folder; readonly name: string; readonly node: Node | null }[]
}

/** What becomes of what was not forced to the disk when the power goes. */
export interface Loss {
  readonly keepsName: (index: number) => boolean
  /** The contents of a file that was never forced, or not since it was last written. */
  readonly keeps: (data: Buffer, forced: Buffer | null) => Buffer
}

/** The files of a folder after a loss: null is a folder. */
export type Remains = ReadonlyMap<string, Buffer | null>

/**
 * A disk as the standard promises it and no better: contents are there when their file was forced, names when their
 * folder was, and of everything else any part may be there. Only a rename is whole or not at all.
 */
export class Disk {
  readonly #roots: ReadonlyMap<string, Folder>
  #pending: Change[] = []

  private constructor(roots: ReadonlyMap<string, Folder>) {
    this.#roots = roots
  }

  /** Begins with what is there, all of it forced. */
  static async of(roots: readonly string[]): Promise<Disk> {
    return new Disk(new Map(await Promise.all(roots.map(async (root) => [root, await readFolder(root)] as const))))
  }

  /** Returns whether the step was about one of the folders. */
  apply(step: DiskStep): boolean {
    const place = this.#place(step.path)
    if (place === null) return false
    // Whether the folder itself is there is not in question.
    if (place.names.length === 0 && step.kind !== 'sync') return true
    switch (step.kind) {
      case 'create':
        this.#create(step.path, step.truncates, step.appends)
        break
      case 'mkdir':
        this.#name(step.path, newFolder())
        break
      case 'unlink':
      case 'rmdir':
        this.#name(step.path, null)
        break
      case 'link':
        this.#name(step.to, this.#node(step.path))
        break
      case 'rename':
        this.#rename(step.path, step.to)
        break
      case 'sync':
        this.#force(step.path)
        break
      default:
        this.#fill(step)
    }
    return true
  }

  /** What is there when nothing is lost. */
  whole(): Map<string, Remains> {
    return this.#remains(
      (folder) => folder.entries,
      ({ data }) => data,
    )
  }

  /** What is there when the power goes now. */
  afterLoss(loss: Loss): Map<string, Remains> {
    const names = new Map<Folder, Map<string, Node>>()
    const namesOf = (folder: Folder): Map<string, Node> => {
      const known = names.get(folder) ?? new Map(folder.forced)
      names.set(folder, known)
      return known
    }
    for (const [index, change] of this.#pending.entries()) {
      if (!loss.keepsName(index)) continue
      for (const { folder, name, node } of change.parts) setEntry(namesOf(folder), name, node)
    }
    return this.#remains(namesOf, ({ data, forced }) =>
      forced?.equals(data) === true ? data : loss.keeps(data, forced),
    )
  }

  #remains(
    namesOf: (folder: Folder) => ReadonlyMap<string, Node>,
    contentOf: (file: File) => Buffer,
  ): Map<string, Remains> {
    const all = new Map<string, Remains>()
    for (const [root, top] of this.#roots) {
      const remains = new Map<string, Buffer | null>()
      const visit = (folder: Folder, prefix: string): void => {
        for (const [name, node] of namesOf(folder)) {
          remains.set(prefix + name, node.kind === 'file' ? contentOf(node) : null)
          if (node.kind === 'folder') visit(node, `${prefix}${name}/`)
        }
      }
      visit(top, '')
      all.set(root, remains)
    }
    return all
  }

  #place(path: string): { root: Folder; names: string[] } | null {
    for (const [root, folder] of this.#roots) {
      if (path === root) return { root: folder, names: [] }
      if (path.startsWith(`${root}/`)) return { root: folder, names: path.slice(root.length + 1).split('/') }
    }
    return null
  }

  #node(path: string): Node | null {
    const place = this.#place(path)
    let node: Node | null = place?.root ?? null
    for (const name of place?.names ?? []) node = node?.kind === 'folder' ? (node.entries.get(name) ?? null) : null
    return node
  }

  #folderOf(path: string): Folder {
    const folder = this.#node(dirname(path))
    if (folder?.kind !== 'folder') throw new Error(`${path} is in no folder that is known.`)
    return folder
  }

  #change(parts: Change['parts']): void {
    for (const { folder, name, node } of parts) setEntry(folder.entries, name, node)
    this.#pending.push({ parts })
  }

  #name(path: string, node: Node | null): void {
    this.#change([{ folder: this.#folderOf(path), name: basename(path), node }])
  }

  #rename(from: string, to: string): void {
    const node = this.#node(from)
    const gone = this.#place(from) === null ? [] : [{ folder: this.#folderOf(from), name: basename(from), node: null }]
    const come = this.#place(to) === null ? [] : [{ folder: this.#folderOf(to), name: basename(to), node }]
    this.#change([...gone, ...come])
  }

  #create(path: string, truncates: boolean, appends: boolean): void {
    const file = this.#node(path)
    if (file === null) this.#name(path, { kind: 'file', data: Buffer.alloc(0), position: 0, appends, forced: null })
    else if (file.kind === 'file') {
      if (truncates) file.data = Buffer.alloc(0)
      file.position = 0
      file.appends = appends
    }
  }

  #fill(step: Extract<DiskStep, { kind: 'write' | 'seek' | 'truncate' }>): void {
    const file = this.#node(step.path)
    if (file?.kind !== 'file') return
    if (step.kind === 'seek') file.position = step.at
    else if (step.kind === 'truncate') file.data = Buffer.concat([file.data, Buffer.alloc(step.size)], step.size)
    else {
      const at = step.at ?? (file.appends ? file.data.length : file.position)
      const data = Buffer.alloc(Math.max(file.data.length, at + step.bytes.length))
      file.data.copy(data)
      step.bytes.copy(data, at)
      file.data = data
      if (step.at === null) file.position = at + step.bytes.length
    }
  }

  #force(path: string): void {
    const node = this.#node(path)
    if (node?.kind === 'file') node.forced = node.data
    if (node?.kind !== 'folder') return
    const isOfFolder = ({ parts }: Change): boolean => parts.some(({ folder }) => folder === node)
    for (const { parts } of this.#pending.filter(isOfFolder))
      for (const { folder, name, node: entry } of parts) setEntry(folder.forced, name, entry)
    this.#pending = this.#pending.filter((change) => !isOfFolder(change))
  }
}

/** It takes a while until a machine is on again. */
const LONG_AGO = Date.now() / 1000 - 3600

/** Makes folders what remained of them. */
export async function mount(states: ReadonlyMap<string, Remains>): Promise<void> {
  for (const [root, remains] of states) {
    await rm(root, { recursive: true, force: true })
    await mkdir(root, { recursive: true })
    for (const [path, content] of remains) {
      if (content === null) await mkdir(join(root, path), { recursive: true })
      else await writeFile(join(root, path), content, { mode: 0o600 })
      if (content !== null) await utimes(join(root, path), LONG_AGO, LONG_AGO)
    }
  }
}

/** What is in a folder now, as {@link Disk.whole} tells it. */
export async function remainsOf(root: string): Promise<Remains> {
  const remains = new Map<string, Buffer | null>()
  for (const name of await readdir(root, { recursive: true })) {
    const path = join(root, name)
    remains.set(name, (await lstat(path)).isDirectory() ? null : await readFile(path))
  }
  return remains
}

function setEntry(entries: Map<string, Node>, name: string, node: Node | null): void {
  if (node === null) entries.delete(name)
  else entries.set(name, node)
}

function newFolder(): Folder {
  return { kind: 'folder', entries: new Map(), forced: new Map() }
}

async function readFolder(path: string): Promise<Folder> {
  const folder = newFolder()
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    const place = join(path, entry.name)
    const data = entry.isDirectory() ? null : await readFile(place)
    const node: Node =
      data === null ? await readFolder(place) : { kind: 'file', data, position: 0, appends: false, forced: data }
    folder.entries.set(entry.name, node)
    folder.forced.set(entry.name, node)
  }
  return folder
}
