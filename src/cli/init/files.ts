import { appendFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { readTextIfPresent } from '../../support/durable-files.js'
import { systemErrorCode } from '../../support/errors.js'
import { VERSION } from '../../support/version.js'

export const CONFIG_FILE = 'ce-delta.config.ts'
export const WORKFLOW_FILE = '.github/workflows/ce-delta.yml'

/** Writes a file that is not there yet; returns false, and leaves it, where it is. */
export async function writeNew(path: string, text: string): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true })
  try {
    await writeFile(path, text, { flag: 'wx' })
    return true
  } catch (thrown) {
    if (systemErrorCode(thrown) === 'EEXIST') return false
    throw thrown
  }
}

/** Adds a line at the end of a file, and makes the file where it is not there. */
export async function appendLine(path: string, line: string): Promise<void> {
  const text = (await readTextIfPresent(path)) ?? ''
  const isComplete = text === '' || text.endsWith('\n')
  await appendFile(path, `${isComplete ? '' : '\n'}${line}\n`)
}

/** Every line that is not a default is commented out. */
export function configText(endpoint: string | null): string {
  const upload =
    endpoint === null ? "// endpoint: 'https://context.example.com'," : `endpoint: ${JSON.stringify(endpoint)},`
  return `// The settings of ce-delta, all optional. docs/configuration.md explains each of them.
/** @type {import('ce-delta').UserConfig} */
export default {
  // Where to upload to. Without an endpoint the copy is kept on this machine.
  // A token does not belong here: ce-delta login, or CE_DELTA_TOKEN.
  ${upload}

  // The identity of this workspace at the receiver: the same text on every machine that pushes it.
  // workspacePath: '/work/app',

  // What is not part of the copy, beyond what git ignores (the syntax of .gitignore).
  // exclude: ['*.snap', 'fixtures/large/'],
  // maxFileSize: '5 MiB',

  // Files with a credential in them: 'skip' leaves them out, 'block' stops the push, 'warn' sends them.
  // secrets: { scan: 'skip' },

  // When the receiver cannot be reached, keep the copy on this machine as well.
  // fallback: 'local',
}
`
}

/** The action that belongs to this version. */
const ACTION = `ce-delta/ce-delta@v${VERSION}`

/**
 * Pushes the commit, not the work tree, so it needs no state but the checkout. The identity is named, because the path
 * of a checkout differs from runner to runner.
 */
export function workflowText(facts: { branch: string; endpoint: string; workspacePath: string }): string {
  return `# Written by ce-delta init: every commit on this branch is pushed. docs/ci.md explains the inputs and outputs.
name: ce-delta
on:
  push:
    branches: [${JSON.stringify(facts.branch)}]
  workflow_dispatch:
permissions:
  contents: read
# One at a time: an older commit never arrives after a newer one.
concurrency:
  group: ce-delta
jobs:
  push:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: actions/setup-node@39370e3970a6d050c480ffad4ff0ed4d3fdee5af # v4.1.0
        with:
          node-version: 22
      - uses: ${ACTION}
        with:
          endpoint: ${JSON.stringify(facts.endpoint)}
          token: \${{ secrets.CE_DELTA_TOKEN }}
          workspace-path: ${JSON.stringify(facts.workspacePath)}
`
}
