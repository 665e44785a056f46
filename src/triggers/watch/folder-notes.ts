import { lstatSync } from 'node:fs'
import { readTextIfPresent, writeHint } from '../../support/durable-files.js'
import { asFields, parseJson } from '../../support/json.js'

/** Some file systems count in steps of this many milliseconds. */
const COARSEST_CLOCK = 2000

/** The signature of a folder, and the names of the folders in it. */
type Note = readonly [signature: string, ...names: string[]]

/**
 * Which folders were in each folder when it was read, for the next watch. A folder has another time of change when
 * something came or went in it, whatever its other times were set to, so one that is as it was need not be read again (git's
 * untracked cache relies on the same).
 */
export class FolderNotes {
  readonly #file: string
  readonly #known: Readonly<Record<string, unknown>>
  readonly #notes = new Map<string, Note>()
  readonly #now: number
  #isAsBefore = true

  private constructor(file: string, known: Readonly<Record<string, unknown>>, now: number) {
    this.#file = file
    this.#known = known
    this.#now = now
  }

  /**
   * With what an earlier watch left in the file; with nothing where there is none, or it cannot be understood. `now` is
   * before any folder is looked at, in milliseconds.
   */
  static async recall(file: string, now: number): Promise<FolderNotes> {
    return new FolderNotes(file, asFields(parseJson((await readTextIfPresent(file)) ?? '')) ?? {}, now)
  }

  /**
   * The names of the folders in a folder as it is now; `read` is only called where they are not known. Nothing is kept of
   * one that may still change within its time.
   */
  inside(folder: string, read: (folder: string) => readonly string[]): readonly string[] {
    const { dev, ino, birthtimeNs, ctimeNs, ctimeMs } = lstatSync(folder, { bigint: true })
    const signature = [dev, ino, birthtimeNs, ctimeNs].join(' ')
    const known = this.#known[folder]
    const isKnown = isNote(known) && known[0] === signature
    const note: Note = isKnown ? known : [signature, ...read(folder)]
    if (!isKnown) this.#isAsBefore = false
    if (isKnown || Number(ctimeMs) < this.#now - COARSEST_CLOCK) this.#notes.set(folder, note)
    return note.slice(1)
  }

  async write(): Promise<void> {
    if (this.#isAsBefore) return
    await writeHint(this.#file, JSON.stringify(Object.fromEntries(this.#notes)))
  }
}

function isNote(value: unknown): value is Note {
  return Array.isArray(value) && value.length > 0 && value.every((part) => typeof part === 'string')
}
