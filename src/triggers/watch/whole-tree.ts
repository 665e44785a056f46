import { type FSWatcher, watch } from 'node:fs'
import { join, sep } from 'node:path'
import { type FolderWatcher, type FolderWatcherOptions, watchFailure } from './folder-watcher.js'

/** Where one watch of the system sees everything below a folder. */
export class WholeTree implements FolderWatcher {
  readonly #options: FolderWatcherOptions
  #watcher: FSWatcher | null = null

  constructor(options: FolderWatcherOptions) {
    this.#options = options
  }

  async begin(): Promise<void> {
    const { root, onChange, onFailure } = this.#options
    try {
      this.#watcher = watch(root, { recursive: true }, (_, name) => {
        if (name === null) onChange(null)
        else if (!this.#isLeftOut(name)) onChange(join(root, name))
      })
    } catch (thrown) {
      throw watchFailure(thrown)
    }
    this.#watcher.on('error', (thrown) => {
      this.close()
      onFailure(watchFailure(thrown))
    })
  }

  async lookAgain(): Promise<boolean> {
    return false
  }

  close(): void {
    this.#watcher?.close()
  }

  #isLeftOut(path: string): boolean {
    const { root, leftOut } = this.#options
    const parts = path.split(sep)
    return parts.includes('.git') || parts.some((_, length) => leftOut.has(join(root, ...parts.slice(0, length + 1))))
  }
}
