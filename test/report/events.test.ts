import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { EVENT_GROUPS, eventProblem } from '../../src/report/events.js'
import { readTree } from '../helpers/workspace.js'

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

test('the page and the JSON schema are what the sources say today (npm run docs writes them)', async () => {
  const args = ['scripts/events-reference.mjs', '--print']
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: PROJECT })
  const { 'docs/events.md': page, 'src/report/events.schema.json': json } = JSON.parse(stdout)
  expect(await readFile(`${PROJECT}docs/events.md`, 'utf8')).toBe(page)
  const schema = JSON.parse(await readFile(`${PROJECT}src/report/events.schema.json`, 'utf8'))
  expect(schema).toEqual(JSON.parse(json))
  expect(schema.anyOf).toHaveLength(EVENT_GROUPS.flatMap(({ events }) => [...events]).length)
})

test('every event that the sources name is in it, and no other', async () => {
  const sources = await readTree(`${PROJECT}src`)
  const named = [...sources].filter(([path]) => path.endsWith('.ts') && !path.startsWith('report/events'))
  const texts = named.flatMap(([, text]) => [...text.toString('utf8').matchAll(/\bevent: '([a-z-]+)'/g)])
  const known = EVENT_GROUPS.flatMap(({ events }) => events.map(({ entries }) => entries.event.literal))
  expect([...new Set(known)].sort()).toEqual([...new Set(texts.map(([, name]) => name))].sort())
})

describe('what is not as documented is found', () => {
  test.each([
    ['an unknown event', { event: 'pushed' }, 'pushed is no event'],
    ['no event at all', 7, 'undefined is no event'],
    ['a field too many', { event: 'notice', message: 'x', level: 1 }, 'notice: level: '],
    ['a field too few', { event: 'notice' }, 'notice: message: '],
    ['a value of another kind', { event: 'look', reason: 7 }, 'look: reason: '],
    ['a negative number', { event: 'after-push', exit_code: -1, duration_ms: 1 }, 'after-push: exit_code: '],
  ])('%s', (_, event, problem) => {
    expect(eventProblem(event)).toContain(problem)
  })

  test('and what is, is not', () => {
    expect(eventProblem({ event: 'notice', message: 'x' })).toBeNull()
  })
})
