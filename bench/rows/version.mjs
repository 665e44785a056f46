import { runCommand, secondsOf, sideBySide } from '../measure.mjs'
import { compared } from '../results.mjs'

/** Short enough to be repeated more often than the others. */
const MORE = 4

export async function version({ ceDelta, runs, env }) {
  const samples = await sideBySide(
    {
      ours: { run: async () => await ceDelta.run(['--version']) },
      node: { run: async () => await runCommand([process.execPath, '-e', '0'], { env }) },
    },
    { runs: runs * MORE, warmUp: true },
  )
  return [
    compared({
      what: '`ce-delta --version`',
      target: '≤ 2 × `node -e 0`',
      ours: secondsOf(samples.ours),
      base: secondsOf(samples.node),
      limit: (base) => 2 * base,
    }),
  ]
}
