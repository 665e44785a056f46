import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseListing, parseStatus, parseUploadAnswer } from '../../src/delivery/http-answers.js'
import type { HttpAnswer } from '../../src/delivery/http-exchange.js'
import { NO_OPERATIONS } from '../../src/delta/operation.js'
import { DeltaError } from '../../src/support/errors.js'

const ID = '00000000-0000-4000-8000-000000000001'
const UPLOAD = { path: '/x', bytes: 1, digest: 'sha256:0', bundleId: ID, sequence: 6, steps: NO_OPERATIONS }
const SUCCESS = { success: true, bundle_id: ID, sequence_number: 6, processed_operations: null }
const STATUS = { last_sequence: 5, status: 'ready' }
const TREE = 'a'.repeat(40)

function answer(body: unknown, status = 200): HttpAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { url: 'http://127.0.0.1:1/x', status, retryAfter: null, date: null, text }
}

function failureOf(read: () => unknown): DeltaError {
  try {
    read()
  } catch (thrown) {
    if (thrown instanceof DeltaError) return thrown
    throw thrown
  }
  throw new Error('It was taken for a success.')
}

const upload = (body: unknown, status?: number) => parseUploadAnswer(answer(body, status), UPLOAD)

const NOT_A_SUCCESS: readonly (readonly [string, unknown, number?])[] = [
  ['a login page', '<html><body>Please log in</body></html>'],
  ['no success', { ...SUCCESS, success: undefined }],
  ['success as a text', { ...SUCCESS, success: 'true' }],
  ['success as a number', { ...SUCCESS, success: 1 }],
  ['cut off JSON', JSON.stringify(SUCCESS).slice(0, -1)],
  ['a byte order mark', `\uFEFF${JSON.stringify(SUCCESS)}`],
  ['nothing, 204', '', 204],
  ['nothing, 200', ''],
  ['a list', [SUCCESS]],
  ['null', 'null'],
  ['a text', '"success"'],
  ['another bundle', { ...SUCCESS, bundle_id: ID.replace('1', '2') }],
  ['no bundle', { ...SUCCESS, bundle_id: null }],
  ['another sequence', { ...SUCCESS, sequence_number: 7 }],
  ['the sequence as a text', { ...SUCCESS, sequence_number: '6' }],
  ['no sequence', { ...SUCCESS, sequence_number: null }],
  ['two answers', `${JSON.stringify(SUCCESS)}${JSON.stringify(SUCCESS)}`],
]

describe('an answer to an upload (row 66)', () => {
  test('counts when it is about our bundle and our sequence', () => {
    const counts = { created: 1, updated: 2, deleted: 3, moved: 4 }
    const result = upload({ ...SUCCESS, processed_operations: { ...counts, failed: 0 }, tree: TREE, mirror: '/m' })
    expect(result).toEqual({ kind: 'applied', sequence: 6, tree: TREE, operations: counts, mirror: '/m' })
    expect(upload({ ...SUCCESS, processed_operations: counts, tree: 'main' })).toMatchObject({ tree: null })
  })

  test('without a word on its operations is only queued', () => {
    expect(upload(SUCCESS)).toEqual({ kind: 'queued', sequence: 6 })
  })

  test.each<[string, object, object, number]>([
    ['operations that failed', { created: 3 }, { created: 1, failed: 2 }, 2],
    ['a partial failure beside a success', { created: 1 }, { created: 1, failed: 1 }, 1],
    ['a creation that was skipped', { created: 2, deleted: 2 }, { created: 1, deleted: 2, skipped: 1 }, 1],
    ['a creation that is counted nowhere', { created: 2 }, { created: 1 }, 1],
    ['a deletion that is counted nowhere', { deleted: 2 }, { deleted: 1 }, 1],
    ['a move that was skipped beside its trailing deletion', { deleted: 1, moved: 1 }, { deleted: 1, skipped: 1 }, 1],
    ['deletions of what was not there', { created: 1, deleted: 2 }, { created: 1, skipped: 2 }, 0],
    ['an update counted as a creation', { updated: 1 }, { created: 1 }, 0],
    ['known contents, skipped too', { created: 2, deleted: 1 }, { deleted: 1, skipped: 2, skipped_hash_match: 2 }, 0],
    ['known contents, not skipped', { created: 2, deleted: 1 }, { skipped: 1, skipped_hash_match: 2 }, 0],
    ['nothing to do, and nothing done', {}, { created: 0 }, 0],
  ])('with %s (row 83)', (_, steps, counts, failed) => {
    const sent = { ...UPLOAD, steps: { ...NO_OPERATIONS, ...steps } }
    const result = parseUploadAnswer(answer({ ...SUCCESS, processed_operations: counts }), sent)
    expect(result).toMatchObject(failed === 0 ? { kind: 'applied' } : { kind: 'partly applied', failed })
  })

  test.each([{}, { total: 3 }, { created: '1' }, []])('that counts nothing (%j) says no more than none', (counts) => {
    expect(upload({ ...SUCCESS, processed_operations: counts })).toEqual({ kind: 'queued', sequence: 6 })
  })

  test.each(NOT_A_SUCCESS)('%s is no success: exit 7', (...[, body, status]) => {
    expect(failureOf(() => upload(body, status)).code).toBe('answer-malformed')
  })

  test('SEQUENCE_MISMATCH comes with HTTP 200 (row 77)', () => {
    const refusal = (error: unknown) => upload({ success: false, error })
    expect(refusal({ code: 'SEQUENCE_MISMATCH', expected_sequence: 9 })).toEqual({
      kind: 'sequence mismatch',
      expected: 9,
    })
    expect(refusal({ code: 'SEQUENCE_MISMATCH' })).toEqual({ kind: 'sequence mismatch', expected: null })
    expect(upload({ success: false, error: { code: 'TREE_MISMATCH' } }, 409)).toEqual({ kind: 'tree mismatch' })
  })

  test.each<[string, number, string]>([
    ['{"detail":"no"}', 401, 'not-authorised'],
    ['<h1>Forbidden</h1>', 403, 'not-authorised'],
    ['{"detail":"large"}', 413, 'bundle-too-large'],
    ['<html>too large</html>', 413, 'bundle-too-large'],
    ['{"detail":"slow down"}', 429, 'receiver-busy'],
    ['', 503, 'receiver-busy'],
    ['{"success":true}', 500, 'receiver-unreachable'],
    ['<html>Bad gateway</html>', 502, 'receiver-unreachable'],
    ['', 504, 'receiver-unreachable'],
    ['', 408, 'receiver-unreachable'],
    ['{"detail":"bad"}', 400, 'bundle-refused'],
    ['{"detail":"Not Found"}', 404, 'bundle-refused'],
    ['', 405, 'bundle-refused'],
    ['{"detail":[{"loc":["body"]}]}', 422, 'bundle-refused'],
    [JSON.stringify(SUCCESS), 500, 'receiver-unreachable'],
    [JSON.stringify(SUCCESS), 404, 'bundle-refused'],
    ['{"success":false,"error":{"code":"PROCESSING_ERROR","message":"boom"}}', 200, 'bundle-refused'],
    ['{"success":false,"error":"boom"}', 200, 'bundle-refused'],
    ['{"success":false}', 503, 'receiver-busy'],
  ])('%s with HTTP %i is %s (rows 68–72)', (body, status, code) => {
    expect(failureOf(() => upload(body, status)).code).toBe(code)
    if (status >= 300) expect(failureOf(() => parseStatus(answer(body, status))).code).toBe(code)
  })

  test('what a server says is shown short and without control characters (rows 39, 99)', () => {
    const nasty = `\u001b[2J\n::add-mask::${'x'.repeat(5000)}`
    for (const error of [
      failureOf(() => upload({ detail: nasty }, 400)),
      failureOf(() => upload({ success: false, error: { code: nasty, message: nasty } })),
      failureOf(() => upload(nasty)),
    ]) {
      const shown = `${error.message} ${Object.values(error.facts).slice(0, 1).join(' ')}`
      expect([...shown].some((character) => character < ' ' || character === '\u007f')).toBe(false)
      expect(shown.length).toBeLessThan(2500)
    }
  })

  test('anything at all is either understood or an error of ours', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), fc.integer({ min: 200, max: 599 }), (text, status) => {
        for (const read of [
          () => parseUploadAnswer(answer(text, status), UPLOAD),
          () => parseStatus(answer(text, status)),
        ])
          expect(failureOf(read)).toBeInstanceOf(DeltaError)
      }),
    )
  })
})

describe('a status', () => {
  test('of a server that tells a number and nothing else', () => {
    expect(parseStatus(answer({ ...STATUS, server_info: { max_bundle_size_mb: 100 } }))).toEqual({
      sequence: 5,
      tree: null,
      lastBundleId: null,
      lastUpload: null,
      pendingOperations: 0,
      isProcessing: false,
      maxBundleBytes: 100 * 1024 * 1024,
      canListTree: false,
      movesWithoutContent: false,
      takesUploadsEarly: false,
      mirror: null,
      lastUploadState: undefined,
      shown: {
        isOwn: false,
        tellsUploads: false,
        fingerprint: 'last_sequence max_bundle_size_mb server_info status undefined',
      },
    })
    expect(parseStatus(answer({ ...STATUS, status: 'processing' })).isProcessing).toBe(true)
  })

  test.each([null, undefined, '5', 5.5, -1, 2 ** 53, true, [5], {}])(
    'with the sequence %j makes no sense (row 84)',
    (value) => {
      expect(failureOf(() => parseStatus(answer({ ...STATUS, last_sequence: value }))).code).toBe('answer-malformed')
    },
  )
})

describe('a listing', () => {
  const head = (files: number) => JSON.stringify({ tree: TREE, sequence: 1, files })
  const line = (path: string, blob = TREE) => JSON.stringify({ path, blob })

  test('is taken whole', () => {
    expect(parseListing(answer(`${head(2)}\n${line('a')}\n${line('b/c\n')}\n`))).toHaveLength(2)
    expect(parseListing(answer(`${head(0)}\n`))).toEqual([])
  })

  test.each([
    ['cut off between two lines', `${head(2)}\n${line('a')}\n`],
    ['cut off within a line', `${head(1)}\n${line('a').slice(0, 9)}`],
    ['longer than announced', `${head(1)}\n${line('a')}\n${line('b')}\n`],
    ['with a path that leaves the tree', `${head(1)}\n${line('../a')}\n`],
    ['with an absolute path', `${head(1)}\n${line('/a')}\n`],
    ['with no blob', `${head(1)}\n${line('a', 'x')}\n`],
    ['a page', '<html></html>'],
    ['nothing', ''],
  ])('%s makes no sense', (_, text) => {
    expect(failureOf(() => parseListing(answer(text))).code).toBe('answer-malformed')
  })
})
