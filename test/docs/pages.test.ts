import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { ERROR_CODES, exitCodeOf, httpStatusOf } from '../../src/support/errors.js'
import { PROJECT, readPages } from '../helpers/pages.js'
import { readTree } from '../helpers/workspace.js'

const PAGES = await readPages()

/** How the address of a heading is made from its words. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll('`', '')
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('links', () => {
  test.each([...PAGES.keys()])('of %s lead somewhere', (page) => {
    const links = [...(PAGES.get(page) ?? '').matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
    const dead = links.filter(([, path = '', anchor]) => {
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(PROJECT, target))) return true
      return anchor !== undefined && !anchorsOf(PAGES.get(target) ?? '').includes(anchor)
    })
    expect(dead.map(([link]) => link)).toEqual([])
  })

  test('lead from the README to every page', () => {
    const readme = PAGES.get('README.md') ?? ''
    expect([...PAGES.keys()].filter((page) => page !== 'README.md' && !readme.includes(`(${page})`))).toEqual([])
  })
})

test('docs/exit-codes.md has every error code, with its exit code and its HTTP status', () => {
  const page = PAGES.get('docs/exit-codes.md') ?? ''
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (\d+) \| \S.*\|$/gm)]
  const listed = rows.map(([, code, exit, http]) => [code, Number(exit), Number(http)])
  const known = ERROR_CODES.map((code) => [code, exitCodeOf(code), httpStatusOf(code)])
  expect(listed.sort()).toEqual(known.sort())
  const exits = [...page.matchAll(/^\| (\d+)(?:, \d+)? \| \S/gm)].map(([, exit]) => Number(exit))
  for (const code of ERROR_CODES) expect(exits).toContain(exitCodeOf(code))
})

test('the messages that docs/troubleshooting.md names are those of the sources', async () => {
  const sources = [...(await readTree(join(PROJECT, 'src')))].map(([, text]) => text.toString('utf8')).join('\n')
  const page = PAGES.get('docs/troubleshooting.md') ?? ''
  const quoted = [...page.matchAll(/^\| `([^`]+)`/gm)].map(([, message = '']) => message)
  expect(quoted.length).toBeGreaterThan(7)
  const parts = quoted.flatMap((message) => message.split(/…|\(|\)|\d+ s|: /)).map((part) => part.trim())
  expect(parts.filter((part) => !sources.includes(part))).toEqual([])
})

test('the map of the source in the README names every folder, and nothing that is not there', async () => {
  const map = /## The source[\s\S]*?```\n([\s\S]*?)```/.exec(PAGES.get('README.md') ?? '')?.[1] ?? ''
  const named = [...map.matchAll(/(?:^|\s)((?:src|test|bench|hooks)\/[\w.-]*\/?)/gm)].map(([, path = '']) => path)
  expect(named.filter((path) => !existsSync(join(PROJECT, path)))).toEqual([])
  const folders = new Set([...(await readTree(join(PROJECT, 'src'))).keys()].map((path) => /^[^/]+\//.exec(path)?.[0]))
  expect([...folders].filter((folder) => folder !== undefined && !named.includes(`src/${folder}`))).toEqual([])
})

test('the layers in docs/architecture.md are those that are enforced', async () => {
  const { LAYERS } = await import('../helpers/architecture.js')
  const line = /^`(cli → .*)`$/m.exec(PAGES.get('docs/architecture.md') ?? '')?.[1] ?? ''
  expect(line.split(' → ').map((name) => name.split(',')[0])).toEqual(LAYERS)
})

test('the version of Node that the README asks for is that of the package', async () => {
  const { engines } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'))
  expect(PAGES.get('README.md')).toContain(`Node ${engines.node.replace('>=', '≥ ')}`)
})
