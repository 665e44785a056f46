import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { thisMachine } from '../helpers/command.js'
import { consoleBlocks, missingLine, PROJECT, readPages } from '../helpers/pages.js'
import { serve } from '../helpers/serving.js'
import { git, gitEnvironment, gitRepository, writeTree } from '../helpers/workspace.js'

const BLOCKS = [...(await readPages())].flatMap(([page, text]) => consoleBlocks(page, text))
const EXIT_CODE = /^\[exit code (\d+)\]$/

test('the pages have something to type', () => {
  expect(BLOCKS.length).toBeGreaterThanOrEqual(6)
})

describe('what the pages let a reader type does what they say', () => {
  test.each(BLOCKS.map(({ page, line, lines }) => [`${page}, line ${line}`, lines] as const))(
    '%s',
    async (_, lines) => {
      const port = String(await freePort())
      const block = lines.map((line) => line.replaceAll('8080', port))
      const commands = block.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
      const output = await typed(await workspaceLike(block.join('\n')), commands)
      const missing = missingLine(block, output)
      expect({ missing, output: missing === null ? [] : output }).toEqual({ missing: null, output: [] })
      expect(output.filter((line) => EXIT_CODE.test(line) && line !== '[exit code 0]')).toEqual([])
    },
  )
})

/** A small workspace with one file of each kind that the pages speak of. */
async function workspaceLike(text: string): Promise<string> {
  const root = await gitRepository({ files: { one: 'one\n', 'a.txt': 'a\n', '.gitignore': '*.log\n' } })
  await writeTree(root, { 'x.log': 'log\n', '.env': 'KEY=1\n', 'bin.dat': Buffer.from([0, 1]) })
  // Not in one piece, or it would be found in this file.
  if (text.includes('leak.ts')) await writeTree(root, { 'src/leak.ts': `const key = '${'AKIA'}Q3EGRIVQJ7SLDMNB'\n` })
  return root
}

describe('the examples of --help', () => {
  /** What an example needs first. */
  const BEFORE: Readonly<Record<string, string>> = {
    'ce-delta diff 3 5 --stat': 'echo 2 > two && ce-delta push -q',
    'ce-delta outbox list': 'echo 3 > three; CE_DELTA_MAX_RETRIES=0 ce-delta push -q',
    'ce-delta outbox export /media/stick/app': 'CE_DELTA_MAX_RETRIES=0 ce-delta push -q',
    'ce-delta bundle create v2.tar.gz --from v1.0 --to v2.0': 'git add . && git commit -qm two && git tag v2.0',
    'ce-delta bundle apply week.tar.gz copy/': 'git worktree add -q copy v1.0',
    'CE_DELTA=0 git commit': 'git add .',
    'pass show context | ce-delta login https://context.example.com --user ada --password-stdin':
      'pass() { echo words; }',
  }
  /** What an example names is another thing here. */
  const REPLACED: readonly (readonly [RegExp, string])[] = [
    [/ 3 5/, ' 1 2'],
    [/(diff|show|--from) (3|12)\b/, '$1 1'],
    [/show 7/, 'show 1'],
    [/0\.0\.0\.0/, '127.0.0.1'],
    [/serve/, 'serve --port 0 --data served'],
    [/&& make index/, ''],
    [/git commit/, 'git commit -qm words'],
  ]
  /** The others end with 0. */
  const EXIT_CODES: Readonly<Record<string, number>> = {
    'ce-delta init': 2,
    // This receiver knows no logins.
    'ce-delta login https://context.example.com': 2,
    'pass show context | ce-delta login https://context.example.com --user ada --password-stdin': 2,
    'ce-delta outbox retry': 4,
    'ce-delta watch --flush && make index': 2,
  }

  test('are understood, and do what they say', async () => {
    const { url } = await serve()
    const root = await workspaceLike('')
    await writeTree(root, { 'token.txt': 'a long random text', 'src/main.ts': '', 'test/fixtures/key.pem': '' })
    await git(root, 'tag', 'v1.0')
    const examples = await examplesOfHelp()
    expect(examples.length).toBeGreaterThan(40)
    const commands = examples.flatMap((example) => {
      const replaced = REPLACED.reduce((text, [from, to]) => text.replace(from, to), example)
      const address = replaced.replace('https://context.example.com', url).replaceAll('/media/stick', '$HOME/stick')
      const isEndless = /^ce-delta (serve|watch)(?! --flush)/.test(example)
      // What waits does so for a workspace of its own, at a server that is down.
      const isWaiting = /^ce-delta outbox/.test(example)
      const env = isWaiting ? 'CE_DELTA_ENDPOINT=http://127.0.0.1:1 CE_DELTA_WORKSPACE_PATH=/waiting ' : ''
      const before = BEFORE[example] === undefined ? ':' : `${BEFORE[example]}`
      const whole = isEndless ? `timeout --preserve-status -s INT 5 ${address} || [ $? = 130 ]` : address
      return [
        isWaiting
          ? `export ${env}; ${before}; ${whole}; code=$?; unset CE_DELTA_ENDPOINT CE_DELTA_WORKSPACE_PATH; (exit $code)`
          : `${before}; ${whole}`,
      ]
    })
    const output = await typed(root, commands)
    const exitCodes = output.flatMap((line) => EXIT_CODE.exec(line)?.[1] ?? []).map(Number)
    const unexpected = examples.flatMap((example, index) => {
      const exitCode = exitCodes[index]
      return exitCode === (EXIT_CODES[example] ?? 0) ? [] : [`${example}: exit code ${exitCode}`]
    })
    expect({ unexpected, output: unexpected.length === 0 ? [] : output }).toEqual({ unexpected: [], output: [] })
  }, 240_000)
})

/** From docs/cli.md, which is what `--help` says. An example, or what it is for, may go on in the next line. */
async function examplesOfHelp(): Promise<string[]> {
  const text = await readFile(join(PROJECT, 'docs/cli.md'), 'utf8')
  const examples: string[] = []
  for (const [, section = ''] of text.matchAll(/^Examples:\n([\s\S]*?)^```/gm)) {
    for (const line of section.trimEnd().split('\n')) {
      const [, words = '', meaning] = /^ {2}(\S.*?)(?: {2,}(\S.*))?$/.exec(line) ?? []
      if (meaning !== undefined) examples.push(words)
      else if (words !== '') examples.push(`${examples.pop()} ${words}`)
    }
  }
  return examples
}

/** Types commands into one shell; returns what its terminal would show, and after each command its exit code. */
async function typed(root: string, commands: readonly string[]): Promise<string[]> {
  const { home } = await thisMachine()
  const bin = join(home, 'bin')
  await writeTree(home, {
    // What is installed in a project is found without asking a registry.
    'bin/npx': '#!/bin/sh\nexec "$@"\n',
    'bin/ce-delta': `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${PROJECT}dist/cli.js" "$@"\n`,
  })
  const log = join(home, 'typed')
  const script = commands.map((command) => `echo ${quoted(`$ ${command}`)}\n${command}\n${ended(command, log)}\n`)
  const text = `exec >${quoted(log)} 2>&1\nchmod +x ${quoted(bin)}/*\ntrap 'kill $(jobs -p) 2>/dev/null' EXIT\n${script.join('')}`
  const env = { ...gitEnvironment(), HOME: home, PATH: `${bin}:${process.env.PATH}` }
  const running = promisify(execFile)('bash', ['-c', text], { cwd: root, env })
  running.child.stdin?.end()
  await running
  return (await readFile(log, 'utf8')).trimEnd().split('\n')
}

/** A server in the background is waited for until it listens, as a person would. */
function ended(command: string, log: string): string {
  if (!/&( *#.*)?$/.test(command)) return 'echo "[exit code $?]"'
  return `for i in $(seq 200); do grep -q 'listening on' ${quoted(log)} && break; sleep 0.1; done`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
