import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import {
  asDeltaError,
  DeltaError,
  type ErrorCode,
  exitCodeOf,
  httpStatusOf,
  systemErrorCode,
} from '../../src/support/errors.js'

/** design.md §5; a code that is missing here does not compile. */
const EXIT_CODES = {
  internal: 1,
  'after-push-failed': 1,
  'git-failed': 1,
  'disk-failed': 1,
  'watch-failed': 1,
  'objects-missing': 1,
  'state-of-newer-version': 2,
  'git-missing': 2,
  usage: 2,
  'configuration-invalid': 2,
  'receiver-unreachable': 4,
  'connection-blocked': 4,
  'not-confirmed': 4,
  'receiver-busy': 4,
  'bundle-refused': 5,
  'bundle-too-large': 5,
  'workspace-unknown': 5,
  conflict: 6,
  'answer-malformed': 7,
  'proof-failed': 7,
  'redirect-refused': 7,
  'not-a-repository': 10,
  'repository-not-trusted': 10,
  'already-running': 11,
  'not-authorised': 12,
  'guard-stopped': 13,
  interrupted: 130,
} satisfies Record<ErrorCode, number>

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(EXIT_CODES, code)
}

const CODES = Object.keys(EXIT_CODES).filter(isErrorCode)

const systemError = (code: string) => Object.assign(new Error(`${code}: it went wrong`), { code })

describe('every error has one exit code and one HTTP status', () => {
  test.each(CODES)('%s', (code) => {
    expect(exitCodeOf(code)).toBe(EXIT_CODES[code])
    expect(httpStatusOf(code)).toBeGreaterThanOrEqual(400)
    expect(httpStatusOf(code)).toBeLessThanOrEqual(599)
  })

  test.each<[ErrorCode, number]>([
    ['bundle-refused', 400],
    ['not-authorised', 401],
    ['workspace-unknown', 404],
    ['conflict', 409],
    ['bundle-too-large', 413],
    ['receiver-busy', 503],
    ['disk-failed', 507],
  ])('%s is answered with %d', (code, status) => {
    expect(httpStatusOf(code)).toBe(status)
  })
})

describe('an error carries what machines and people need', () => {
  test('all of it', () => {
    const cause = new Error('below')
    const error = new DeltaError('conflict', 'Somebody else pushed.', { facts: { head: 3 }, next: 'Pull.', cause })

    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'DeltaError',
      code: 'conflict',
      message: 'Somebody else pushed.',
      facts: { head: 3 },
      next: 'Pull.',
      cause,
    })
  })

  test.each(CODES)('%s: what to do next, whoever throws it', (code) => {
    expect(new DeltaError(code, 'It went wrong.').next).toMatch(/^[A-Z].{15,}/i)
  })

  test('nothing more than that', () => {
    const error = new DeltaError('usage', 'No such option.')
    expect(error.facts).toEqual({})
    expect('cause' in error).toBe(false)
  })
})

describe('anything thrown becomes one of our errors', () => {
  test('ours stays what it is', () => {
    const error = new DeltaError('guard-stopped', 'Too many deletions.')
    expect(asDeltaError(error)).toBe(error)
  })

  test.each(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE'])(
    '%s means that the disk failed',
    (code) => {
      const thrown = systemError(code)
      const error = asDeltaError(thrown)
      expect(error).toMatchObject({ code: 'disk-failed', facts: { system_code: code }, message: thrown.message })
      expect(error.cause).toBe(thrown)
      expect(error.next).toBeDefined()
    },
  )

  test.each(['ENOENT', 'ECONNREFUSED', 'ERR_INVALID_ARG_TYPE'])('%s was not foreseen', (code) => {
    const thrown = systemError(code)
    expect(asDeltaError(thrown)).toMatchObject({ code: 'internal', message: thrown.message })
    expect(asDeltaError(thrown).cause).toBe(thrown)
  })

  test('so was an ordinary error, and it keeps its words', () => {
    const thrown = new TypeError('undefined is not a function')
    expect(asDeltaError(thrown)).toMatchObject({ code: 'internal', message: thrown.message })
    expect(asDeltaError(thrown).cause).toBe(thrown)
  })

  test.each([
    ['a string', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a number', 7, '7'],
  ])('%s can be thrown as well', (_, thrown, message) => {
    expect(asDeltaError(thrown)).toMatchObject({ code: 'internal', message })
  })

  test('an abort by its name or by its code means interrupted', () => {
    expect(asDeltaError(Object.assign(new Error('stop'), { name: 'AbortError' })).code).toBe('interrupted')
    expect(asDeltaError(systemError('ABORT_ERR')).code).toBe('interrupted')
  })
})

describe('what Node itself throws is understood', () => {
  const thrownBy = async (action: () => Promise<unknown>): Promise<unknown> => {
    try {
      await action()
    } catch (thrown) {
      return thrown
    }
    throw new Error('Nothing was thrown.')
  }
  const { signal } = (() => {
    const controller = new AbortController()
    controller.abort()
    return controller
  })()

  test('a file that does not exist', async () => {
    const thrown = await thrownBy(() => readFile('/there/is/no/such/file'))
    expect(systemErrorCode(thrown)).toBe('ENOENT')
    expect(asDeltaError(thrown)).toMatchObject({ code: 'internal', message: expect.stringMatching(/^ENOENT: /) })
  })

  test('a wait that is aborted', async () => {
    expect(asDeltaError(await thrownBy(() => sleep(60_000, undefined, { signal }))).code).toBe('interrupted')
  })

  test('the reason of an abort', async () => {
    expect(asDeltaError(await thrownBy(async () => signal.throwIfAborted())).code).toBe('interrupted')
  })
})

describe('the code of a system error', () => {
  test.each([
    ['an error with a code', systemError('EPIPE'), 'EPIPE'],
    ['an error without one', new Error('x'), undefined],
    ['an error with a number', Object.assign(new Error('x'), { code: 5 }), undefined],
    ['nothing', undefined, undefined],
    ['null', null, undefined],
  ])('%s', (_, thrown, code) => {
    expect(systemErrorCode(thrown)).toBe(code)
  })
})
