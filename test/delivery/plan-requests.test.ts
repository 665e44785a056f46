import { expect, test } from '@jest/globals'
import { askLacking } from '../../src/delivery/plan-requests.js'

const FILES = ['a', 'b', 'c'].map((path) => ({ path, contentHash: `sha1:${path}` }))
const never = new AbortController().signal

async function lacking(body: unknown, status = 200): Promise<string[] | null> {
  const text = JSON.stringify(body)
  const post = async () => ({ url: 'http://127.0.0.1:1/plan', status, retryAfter: null, date: null, text })
  const answer = await askLacking(post, { workspace_path: '/w' }, FILES, never)
  return answer === null ? null : [...answer]
}

const answer = (created: unknown, counts?: object) => ({
  success: true,
  needed_files: { created, updated: [], moved: [] },
  ...(counts === undefined ? {} : { operation_counts_preview: counts }),
})

test.each<[string, unknown, string[]]>([
  ['some', answer(['b']), ['b']],
  ['some, with counts', answer(['b'], { created: 1, skipped: 2, skipped_hash_match: 2, failed: 0 }), ['b']],
  ['nothing', answer([], { skipped: 3, skipped_hash_match: 3 }), []],
])('a server says that it lacks %s', async (_, body, expected) => {
  expect(await lacking(body)).toEqual(expected)
})

test.each<[string, unknown, number?]>([
  ['a file that it was not asked about (row 66)', answer(['b', 'x'])],
  ['a file twice', answer(['b', 'b'])],
  ['something that is no path', answer(['b', { path: 'c' }])],
  ['less than what it counts', answer(['b'], { created: 2, skipped_hash_match: 1 })],
  ['nothing of a file that it could not look at', answer(['b'], { skipped_hash_match: 1, failed: 1 })],
  ['no list', answer({ b: true })],
  ['no success', { ...answer([]), success: false }],
  ['it under another status', answer([]), 500],
])('an answer that names %s leaves it open: everything is sent', async (...[, body, status]) => {
  expect(await lacking(body, status)).toBe(null)
})
