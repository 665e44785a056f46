import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const FILES_OF_A_FOLDER = 500

/** Fills a repository with small files: committed by `fast-import` into one pack, then checked out by git. */
export async function writeMany(tree, count) {
  await tree.init()
  const child = spawn('git', ['fast-import', '--quiet'], {
    cwd: tree.root,
    env: tree.env,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  await pipeline(Readable.from(commitOf(count)), child.stdin)
  const [exitCode] = await ended
  if (exitCode !== 0) throw new Error(`git fast-import ended with ${exitCode}`)
  await tree.git('reset', '--quiet', '--hard')
}

function* commitOf(count) {
  yield 'commit refs/heads/main\ncommitter Bench <bench@example.invalid> 1700000000 +0000\ndata 0\n'
  for (let folder = 0; folder * FILES_OF_A_FOLDER < count; folder++) {
    const first = folder * FILES_OF_A_FOLDER
    const names = Array.from({ length: Math.min(FILES_OF_A_FOLDER, count - first) }, (_, index) => first + index)
    yield names.map((number) => fileOf(folder, number)).join('')
  }
}

function fileOf(folder, number) {
  const path = `part${Math.floor(folder / 100)}/folder${folder}/file${number}.js`
  const content = `export const value = ${number}\n`
  return `M 100644 inline ${path}\ndata ${content.length}\n${content}\n`
}
