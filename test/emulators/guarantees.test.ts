import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const TESTS = fileURLToPath(new URL('..', import.meta.url))
const document = readFileSync(fileURLToPath(new URL('../../docs/servers.md', import.meta.url)), 'utf8')

/** The rows of the table of guarantees, as cells. */
const rows = document
  .slice(document.indexOf('| guarantee'), document.indexOf('## What a server cannot hold'))
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))

const wordsIn = (cell: string): string[] => [...cell.matchAll(/“(.+?)”/g)].map(([, words = '']) => words)

function textOf(name: string): string {
  const places = [`emulators/${name}.test.ts`, `${name}.test.ts`, `${name}.ts`].map((place) => TESTS + place)
  const place = places.find((path) => existsSync(path))
  return place === undefined ? '' : readFileSync(place, 'utf8')
}

test.each(rows)('the test of the guarantee exists: %s', (guarantee, ...cells) => {
  expect(cells).toHaveLength(8)
  for (const cell of cells) {
    const [, name] = /^`(.+?)`/.exec(cell) ?? []
    const own = wordsIn(cell)
    const words = own.length > 0 ? own : wordsIn(guarantee ?? '')
    if (name !== undefined)
      expect({ name, text: textOf(name) }).toEqual({ name, text: expect.stringContaining(words[0] ?? '?') })
  }
})
