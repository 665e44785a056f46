import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './measure.mjs'

/** What a user would take instead, on the same files: everything but `.git`. */
export class Competitors {
  #repository = ''
  #repositories = 0

  constructor(scratch, env, installed) {
    Object.assign(this, { scratch, env, installed })
  }

  /** `git status --porcelain` of a tree. */
  gitStatus(tree) {
    return { run: async () => await this.#run(['git', 'status', '--porcelain'], tree.root) }
  }

  /** `tar` piped through `gzip -6` into a file. */
  tarGzip(tree) {
    const archive = join(this.scratch, 'files.tar.gz')
    const script = 'tar -C "$1" --exclude=./.git -cf - . | gzip -6 > "$2"'
    return {
      run: async () => await this.#run(['sh', '-c', script, 'sh', tree.root, archive]),
      after: async () => await rm(archive, { force: true }),
    }
  }

  /** A copy that exists already; null where rsync is not installed. */
  async rsyncAgain(tree) {
    if (this.installed.rsync === null) return null
    const copy = join(this.scratch, 'rsync')
    const run = async () => await this.#run(['rsync', '-a', '--delete', '--exclude=/.git', `${tree.root}/`, copy])
    await run()
    return { run }
  }

  /** A backup into a repository that has one already; null where restic is not installed. */
  async resticAgain(tree) {
    if (this.installed.restic === null) return null
    await this.#resticInit()
    const run = async () => await this.#resticBackup(tree)
    await run()
    return { run }
  }

  /** A first backup into an empty repository; null where restic is not installed. */
  resticFirst(tree) {
    if (this.installed.restic === null) return null
    return { before: async () => await this.#resticInit(), run: async () => await this.#resticBackup(tree) }
  }

  /** In a new place each time; see {@link CeDelta.serve} for why nothing is removed. */
  async #resticInit() {
    this.#repository = join(this.scratch, `restic-${this.#repositories++}`)
    await this.#run(['restic', '--repo', this.#repository, 'init'])
  }

  async #resticBackup(tree) {
    return await this.#run([
      'restic',
      '--repo',
      this.#repository,
      'backup',
      '--exclude',
      `${tree.root}/.git`,
      tree.root,
    ])
  }

  async #run(argv, cwd = this.scratch) {
    return await runCommand(argv, { cwd, env: this.env })
  }
}

/** The first line that a tool prints of its version, or null where it is not installed. */
export async function versionOf(argv) {
  try {
    const { stdout } = await runCommand(argv)
    return stdout.trim().split('\n')[0]
  } catch {
    return null
  }
}
