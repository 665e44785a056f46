import { appendFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GitTree } from './git-tree.mjs'
import { writeMany } from './many-files.mjs'
import { exists, runCommand } from './measure.mjs'
import { HISTORY, PACKAGES } from './packages.mjs'

/** A tree with room for what ce-delta leaves out. */
const MARGIN = 1.03

/**
 * The trees that are measured, each made when it is first asked for and kept in the work folder for the next time.
 * A tree that was only half made has no `.ready` file beside it and is made again.
 */
export class Trees {
  constructor({ work, files, million, tree, env, ceDelta, note }) {
    Object.assign(this, { work, files, million, source: tree, env, ceDelta, note })
  }

  /** Real files: npm packages side by side, or a copy of `--tree`. */
  async packages() {
    if (this.source === undefined) {
      return await this.#kept(`packages-${this.files}`, async (root) => await this.#unpackMany(root))
    }
    const name = `copy-${resolve(this.source).replaceAll(/[^A-Za-z0-9.]+/g, '_')}`
    return await this.#kept(name, async (root) => await copyTree(this.source, root))
  }

  /** The same twice; in the second copy every file differs, so that nothing can be stored once for both. */
  async twice() {
    const once = await this.packages()
    return await this.#kept(`twice-${once.name}`, async (root) => {
      for (const half of ['first', 'second']) await copyTree(once.root, join(root, half))
      for (const path of await once.paths()) await appendFile(join(root, 'second', path), '\nsecond\n')
    })
  }

  /** A part of the tree of packages: the `index`th of `count` equal ones. */
  async slice(index, count) {
    const whole = await this.packages()
    return await this.#kept(`slice-${index}-of-${count}-${whole.name}`, async (root) => {
      const paths = await whole.paths()
      const size = Math.floor(paths.length / count)
      for (const path of paths.slice(index * size, (index + 1) * size))
        await cp(join(whole.root, path), join(root, path), { preserveTimestamps: true })
    })
  }

  /** Successive versions of npm packages, each a commit. */
  async history() {
    const packages = this.files < 10_000 ? HISTORY.slice(0, 1) : HISTORY
    const name = `history-${packages.length}`
    return await this.#kept(name, async (root, tree) => await this.#commitVersions(root, tree, packages))
  }

  /** Small generated files, as many as were asked for. */
  async many() {
    return await this.#kept(`generated-${this.million}`, async (_, tree) => await writeMany(tree, this.million))
  }

  async #kept(name, make) {
    const root = join(this.work, name)
    const tree = Object.assign(new GitTree(root, this.env), { name })
    const ready = `${root}.ready`
    if (!(await exists(ready))) {
      this.note(`preparing ${root}`)
      await rm(root, { recursive: true, force: true })
      await mkdir(root, { recursive: true })
      await make(root, tree)
      await this.#finish(tree)
      const files = (await tree.paths()).length
      if (files === 0) throw new Error(`of ${root} nothing is left to measure: its own rules ignore every file`)
      await writeFile(ready, String(files))
    }
    await this.ceDelta.forget(root)
    tree.count = Number(await readFile(ready, 'utf8'))
    return tree
  }

  async #finish(tree) {
    if (!(await exists(join(tree.root, '.git')))) {
      await tree.init()
      const removed = await tree.prune(this.ceDelta)
      this.note(`  left out by ce-delta, so removed for all: ${removed}`)
      await tree.commitAll('everything')
    }
    await tree.git('tag', '--force', 'bench-start')
    await tree.tidy()
  }

  async #unpackMany(root) {
    let count = 0
    for (const specification of PACKAGES) {
      if (count >= this.files * MARGIN) return
      count += await this.#unpack(specification, join(root, folderOf(specification)))
    }
    if (count < this.files) throw new Error(`all packages together have only ${count} files`)
  }

  async #commitVersions(root, tree, packages) {
    await tree.init()
    const steps = Math.max(...packages.map(({ versions }) => versions.length))
    for (let step = 0; step < steps; step++) {
      for (const { name, versions } of packages) {
        await rm(join(root, name), { recursive: true, force: true })
        await this.#unpack(`${name}@${versions[step] ?? versions.at(-1)}`, join(root, name))
      }
      await tree.commitAll(`step ${step}`)
    }
  }

  /** Fetches with the user's own npm, and unpacks. Returns the number of files. */
  async #unpack(specification, folder) {
    const tarballs = join(this.work, 'tarballs')
    await mkdir(tarballs, { recursive: true })
    await mkdir(folder, { recursive: true })
    const archive = join(tarballs, `${folderOf(specification)}.tgz`)
    // npm gives the archive this name.
    if (!(await exists(archive)))
      await runCommand(['npm', 'pack', '--silent', '--pack-destination', tarballs, specification])
    await runCommand(['tar', 'xzf', archive, '-C', folder, '--strip-components=1'])
    const { stdout } = await runCommand(['tar', 'tzf', archive])
    return stdout.trimEnd().split('\n').length
  }
}

function folderOf(specification) {
  return specification.replace(/^@/, '').replaceAll(/[@/]/g, '-')
}

async function copyTree(from, to) {
  await mkdir(to, { recursive: true })
  await runCommand(['sh', '-c', 'tar -C "$1" --exclude=.git -cf - . | tar -C "$2" -xf -', 'sh', from, to])
}
