import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { PROJECT } from '../helpers/action.js'
import { ceDelta, thisMachine } from '../helpers/command.js'
import { userGit } from '../helpers/hooked.js'
import { serve } from '../helpers/serving.js'
import { git, gitRepository, readTree, temporaryDirectory } from '../helpers/workspace.js'

/** The snippets of docs/ci.md, as a user would copy them. */
async function snippetsOf(language: string): Promise<string[]> {
  const text = await readFile(join(PROJECT, 'docs/ci.md'), 'utf8')
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '')
}

/** A folder with a `ce-delta` in it, as a global install makes it. */
async function installedCommand(): Promise<string> {
  const folder = join((await thisMachine()).home, 'bin')
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'ce-delta')
  await writeFile(file, `#!/bin/sh\nexec "${process.execPath}" --no-warnings "${PROJECT}/dist/cli.js" "$@"\n`)
  await chmod(file, 0o755)
  return folder
}

test('the post-receive hook of the docs pushes what a bare repository gets, without a checkout', async () => {
  const { url, mirrors } = await serve()
  const bare = join(await temporaryDirectory(), 'app.git')
  const root = await gitRepository({ files: { a: '1', 'b/c': '2' } })
  await git(root, 'init', '--quiet', '--bare', '--initial-branch=main', bare)
  const [snippet = ''] = await snippetsOf('sh')
  const hook = join(bare, 'hooks/post-receive')
  await mkdir(join(bare, 'hooks'), { recursive: true })
  await writeFile(hook, snippet.replaceAll('https://context.example.com', url))
  await chmod(hook, 0o755)
  const PATH = `${await installedCommand()}:${process.env.PATH}`
  expect(await userGit(root, ['push', '--quiet', bare, 'HEAD:main', 'HEAD:other'], { PATH })).toMatchObject({
    exitCode: 0,
    stderr: '',
  })
  const env = { CE_DELTA_ENDPOINT: url, CE_DELTA_WORKSPACE_PATH: '/repositories/app' }
  const deadline = performance.now() + 60_000
  for (;;) {
    const { report } = await ceDelta(bare, ['push', '--json', '--commit', 'main', '--dry-run'], { env })
    if (report.sequence === 1) break
    if (performance.now() > deadline) throw new Error(await readFile(join(bare, 'ce-delta.log'), 'utf8'))
    await sleep(100)
  }
  const paths = [...(await readTree(mirrors)).keys()].map((path) => path.replace(/^[^/]+\//, ''))
  expect(paths).toEqual(['a', 'b/c'])
})

test('the snippet for GitLab CI is what it seems, and its command works there', async () => {
  const { url } = await serve()
  const root = await gitRepository({ files: { a: '1' } })
  const snippets = await snippetsOf('yaml')
  const job = parse(snippets[1] ?? '')['ce-delta']
  expect(job.cache.paths).toEqual(['.ce-delta-state'])
  const [line] = job.script
  const args = line.replace(/^npx --yes ce-delta@[\d.]+ /, '').split(' ')
  const gitlab = { ...job.variables, CE_DELTA_ENDPOINT: url, GITLAB_CI: 'true', CI: 'true' }
  const result = await ceDelta(root, [...args, '--json'], { env: gitlab })
  expect(result).toMatchObject({ exitCode: 0, report: { outcome: 'confirmed' } })
  expect(result.events).toContainEqual(expect.objectContaining({ event: 'ci', provider: 'GitLab CI', base: 'nothing' }))
  expect([...(await readTree(join(root, '.ce-delta-state'))).keys()]).toEqual(['state.json', 'trees.pack'])
  const fork = { ...gitlab, CI_MERGE_REQUEST_ID: '1', CI_MERGE_REQUEST_PROJECT_ID: '1' }
  const foreign = await ceDelta(root, ['ci', '--json'], { env: { ...fork, CI_MERGE_REQUEST_SOURCE_PROJECT_ID: '2' } })
  expect(foreign).toMatchObject({ exitCode: 0, events: [{ event: 'ci', outcome: 'skipped' }] })
})
