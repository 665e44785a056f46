import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { secondsOf, sideBySide } from '../measure.mjs'
import { compared } from '../results.mjs'

export async function oneChange({ ceDelta, competitors, trees, runs }) {
  const tree = await trees.packages()
  const server = await ceDelta.serve()
  try {
    await ceDelta.pushAndSettle(tree.root, server.endpoint)
    const [path] = (await tree.paths()).slice(tree.count / 2)
    const before = async (round) => await appendFile(join(tree.root, path), `// ${round}\n`)
    const candidates = {
      ours: {
        before,
        run: async () => await ceDelta.push(tree.root, server.endpoint),
        after: async () => await ceDelta.settle(tree.root),
      },
      git: { before, ...competitors.gitStatus(tree) },
    }
    const samples = await sideBySide(candidates, { runs, warmUp: true })
    return [resultOf(samples, tree.count)]
  } finally {
    await tree.restore('bench-start')
    await server.stop()
  }
}

function resultOf(samples, files) {
  return compared({
    what: `one file changed, ${files} files: command start → proven by \`serve\``,
    target: '≤ 1.5 × `git status` + 250 ms',
    ours: secondsOf(samples.ours),
    base: secondsOf(samples.git),
    limit: (base) => 1.5 * base + 0.25,
  })
}
