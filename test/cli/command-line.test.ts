import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from '@jest/globals'
import { ceDelta, thisMachine } from '../helpers/command.js'
import { gitRepository, writeTree } from '../helpers/workspace.js'

let root: string
beforeEach(async () => {
  root = await gitRepository({ files: { 'a.txt': 'a', 'b.txt': 'b' } })
})

describe('help', () => {
  test('names every command and how to go on', async () => {
    const { exitCode, stdout } = await ceDelta(root, ['--help'])
    expect(exitCode).toBe(0)
    for (const command of ['push', 'status', 'serve']) expect(stdout).toContain(`ce-delta ${command}`)
  })

  test.each(['push', 'status', 'serve'])('%s describes its options', async (command) => {
    const { exitCode, stdout } = await ceDelta(root, [command, '--help'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('--json')
  })

  test('the version is one line', async () => {
    expect((await ceDelta(root, ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('a wrong command line ends with exit code 2', () => {
  test.each([
    ['no command', []],
    ['a misspelt command', ['pusj']],
    ['an unknown option', ['push', '--forse']],
    ['an option without its value', ['push', '--commit']],
    ['two receivers', ['push', '--local', '--endpoint', 'http://127.0.0.1:1']],
    ['an endpoint that is none', ['push', '--endpoint', 'example.com']],
    ['a folder that is none', ['push', '-C', 'nowhere']],
    ['a revision that is none', ['push', '--commit', 'nothing']],
    ['a port that is none', ['serve', '--port', '99999']],
  ])('%s', async (_, args) => {
    const { exitCode, stdout, stderr } = await ceDelta(root, args)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toMatch(/^✗ /)
    expect(stderr).not.toMatch(/\bat .*\(|node:internal/)
  })

  test.each([
    ['pusj', 'ce-delta has no command pusj. Did you mean push?'],
    ['push --forse', '--forse is no option of ce-delta push. Did you mean --force?'],
    ['push --dry-rn', '--dry-rn is no option of ce-delta push. Did you mean --dry-run?'],
    ['-C . outbox lst', 'ce-delta outbox has no command lst. Did you mean list?'],
    [
      'outbox list --edpoint=http://localhost',
      '--edpoint is no option of ce-delta outbox list. Did you mean --endpoint?',
    ],
    [
      'hook instal',
      'action cannot be "instal"; it can be "install", "uninstall", "status", "stats", "run". Did you mean install?',
    ],
    ['push here', 'ce-delta push does not know what to do with here. It takes no more than that.'],
    ['push --commit', 'A value is missing after --commit.'],
    ['outbox show', 'Something is missing: ce-delta outbox show <bundle>'],
    ['push --zzzzzz', '--zzzzzz is no option of ce-delta push.'],
  ])('%s: says what was meant', async (args, message) => {
    const { exitCode, stderr } = await ceDelta(root, args.split(' '))
    expect({ exitCode, message: stderr.split('\n')[0] }).toEqual({ exitCode: 2, message: `✗ ${message}` })
    expect(stderr).toContain('--help')
  })

  test.each([
    ['absent', 'ENOENT'],
    ['.', 'EISDIR'],
  ])('serve --token-file %s: is told, and nobody listens', async (file, code) => {
    const { exitCode, stderr } = await ceDelta(root, ['serve', '--port', '0', '--token-file', file])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`✗ The token file ${file} cannot be read (${code}).`)
  })

  test('as an event too', async () => {
    const { exitCode, report } = await ceDelta(root, ['push', '--forse', '--json'])
    expect(exitCode).toBe(2)
    expect(report).toMatchObject({ event: 'report', outcome: 'failed', error: { code: 'usage' } })
  })
})

describe('how much is said', () => {
  test('--verbose tells every step', async () => {
    const { stderr } = await ceDelta(root, ['push', '--verbose'])
    expect(stderr).toMatch(/^ {2}snapshot [0-9a-f]{10}: /m)
    expect(stderr).toMatch(/^ {2}bundle [0-9a-f]{8} for sequence 1: 2 created, /m)
    expect(stderr).toMatch(/^ {2}confirmed: sequence 1, /m)
    expect((await ceDelta(root, ['push'])).stderr).not.toContain('snapshot')
  })

  test.each([
    ['where it asks for them', {}, ['--color', 'always'], true],
    ['where the environment does', { FORCE_COLOR: '1' }, [], true],
    ['but not into a pipe', {}, [], false],
    ['but not where it refuses them', { FORCE_COLOR: '1' }, ['--color=never'], false],
    ['not with NO_COLOR, unless it asks for them', { NO_COLOR: '1' }, ['--color=always'], true],
  ])('colours, %s', async (_, env, args, isColoured) => {
    const { stderr } = await ceDelta(root, ['push', ...args], { env })
    expect(stderr.includes('\u001b[32m✓')).toBe(isColoured)
  })
})

describe('a dry run', () => {
  test('prints every operation and every file left out, and sends nothing', async () => {
    await writeTree(root, { '.gitignore': 'out/\n', 'out/x': 'x', '.env': 'KEY=1', 'bin.dat': Buffer.from([0]) })
    const { exitCode, stdout } = await ceDelta(root, ['push', '--dry-run'])
    expect(exitCode).toBe(0)
    const lines = stdout.trimEnd().split('\n').sort()
    expect(lines).toEqual(
      ['+ .gitignore', '+ a.txt', '+ b.txt', '! .env: secret by name', '! bin.dat: binary', '! out/: ignored'].sort(),
    )
    expect((await ceDelta(root, ['push', '--json'])).report).toMatchObject({ outcome: 'confirmed', sequence: 1 })
  })
})

describe('afterPush', () => {
  const listener = `const chunks=[];process.stdin.on('data',c=>chunks.push(c)).on('end',()=>require('fs').writeFileSync('../seen.json',Buffer.concat(chunks)))`

  test('hears what was applied, after it was applied', async () => {
    await writeTree(root, { 'ce-delta.config.json': JSON.stringify({ afterPush: [process.execPath, '-e', listener] }) })
    const { exitCode, report, events } = await ceDelta(root, ['push', '--json'])
    expect(exitCode).toBe(0)
    expect(events).toContainEqual(expect.objectContaining({ event: 'after-push', exit_code: 0 }))
    const { readFile } = await import('node:fs/promises')
    const seen: unknown = JSON.parse(await readFile(join(root, '../seen.json'), 'utf8'))
    expect(seen).toMatchObject({ sequence: 1, tree: report.tree, mirror: report.mirror })
    expect(seen).toHaveProperty('operations', expect.arrayContaining([{ operation: 'created', path: 'a.txt' }]))
  })

  test('is not called when nothing changed', async () => {
    await ceDelta(root, ['push'])
    await writeTree(root, { 'package.json': '{}' })
    await ceDelta(root, ['push'])
    const { events } = await ceDelta(root, ['push', '--json'])
    expect(events.map(({ event }) => event)).not.toContain('after-push')
  })

  test.each([
    ['that fails', 'exit 3'],
    ['that does not exist', 'no-such-command-anywhere'],
    ['that does not read what it is told', 'exec 0<&-; exit 1'],
  ])('a command %s does not undo the push', async (_, afterPush) => {
    await writeTree(root, { 'ce-delta.config.json': JSON.stringify({ afterPush }) })
    const { exitCode, report } = await ceDelta(root, ['push', '--json'])
    expect(exitCode).toBe(1)
    expect(report).toMatchObject({ outcome: 'confirmed', error: { code: 'after-push-failed' } })
    expect((await ceDelta(root, ['push', '--json'])).report).toMatchObject({ outcome: 'unchanged', error: null })
  })
})

describe('faults.md row 13: nobody reads what is printed', () => {
  test.each(['push', 'push --json', 'push --dry-run'])('%s into a closed pipe', async (args) => {
    const command = join(process.cwd(), 'dist/cli.js')
    const { home, data } = await thisMachine()
    const env = { ...process.env, XDG_DATA_HOME: data, HOME: home }
    const script = `set -o pipefail; "${process.execPath}" "${command}" ${args} 2>&1 | head -c 0`
    const { status } = spawnSync('bash', ['-c', script], { cwd: root, env })
    expect(status).toBe(0)
  })
})
