import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './measure.mjs'

/** A tree in a git repository, `.git` in its root. */
export class GitTree {
  constructor(root, env) {
    this.root = root
    this.env = env
  }

  async git(...args) {
    return (await runCommand(['git', ...args], { cwd: this.root, env: this.env })).stdout
  }

  /** The regular files. */
  async paths() {
    const entries = (await this.git('ls-files', '--stage', '-z')).split('\0').slice(0, -1)
    return entries.filter((entry) => entry.startsWith('100')).map((entry) => entry.slice(entry.indexOf('\t') + 1))
  }

  async init() {
    await this.git('init', '--quiet', '--initial-branch=main')
    await this.git('config', 'gc.auto', '0')
  }

  async commitAll(message) {
    await this.git('add', '--all', '--force')
    await this.git('commit', '--quiet', '--allow-empty', '--message', message)
    return (await this.git('rev-parse', 'HEAD')).trim()
  }

  /** Packed, as a clone is, and with an index that knows its files: git trusts a time only when it has passed. */
  async tidy() {
    await this.git('repack', '-adq')
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await this.git('status', '--porcelain')
  }

  /** Back to a commit, without what was not committed. */
  async restore(commit) {
    await this.git('reset', '--quiet', '--hard', commit)
    await this.git('clean', '-fdq')
  }

  /** Removes what ce-delta leaves out, so that everybody is measured on the same files. Returns how many. */
  async prune(ceDelta) {
    const { report } = await ceDelta.push(this.root, ['--local', '--dry-run'], {
      outcomes: ['dry-run'],
      expect: [0, 3],
    })
    for (const { path } of report.skipped) await rm(join(this.root, path), { recursive: true, force: true })
    await ceDelta.forget(this.root)
    return report.skipped.length
  }
}
