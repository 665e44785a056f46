import { posix, win32 } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { compareBytes, PATH_LIMITS, type PathProblem, parentsOf, pathProblem } from '../../src/support/paths.js'
import { HOSTILE_NAMES } from '../helpers/trees.js'

describe('faults.md row 88: a path that could lead elsewhere is refused', () => {
  test.each<[string, PathProblem]>([
    ['', 'empty'],
    ['/', 'absolute'],
    ['/x', 'absolute'],
    ['//x', 'absolute'],
    ['//host/share/x', 'absolute'],
    ['/../x', 'absolute'],
    ['..', 'not canonical'],
    ['.', 'not canonical'],
    ['../x', 'not canonical'],
    ['a/..', 'not canonical'],
    ['a/../../x', 'not canonical'],
    ['a/../b', 'not canonical'],
    ['./x', 'not canonical'],
    ['a/./b', 'not canonical'],
    ['a/.', 'not canonical'],
    ['a//b', 'not canonical'],
    ['a/', 'not canonical'],
    ['a/b/', 'not canonical'],
    ['C:\\x', 'absolute'],
    ['C:/x', 'absolute'],
    ['c:\\', 'absolute'],
    ['z:/a/b', 'absolute'],
    ['\0', 'contains a NUL byte'],
    ['a\0b', 'contains a NUL byte'],
    ['a/b\0', 'contains a NUL byte'],
    ['/x\0', 'contains a NUL byte'],
    ['\ud800', 'is not valid Unicode'],
    ['a/\udfff/b', 'is not valid Unicode'],
    ['\ude00\ud83d', 'is not valid Unicode'],
  ])('%j: %s', (path, problem) => {
    expect(pathProblem(path)).toBe(problem)
  })
})

describe('faults.md row 47: git’s own folder is refused', () => {
  const disguises = [
    // as it is, and as file systems without case see it
    '.git',
    '.GIT',
    '.gIt',
    // as HFS+ sees it: some characters do not count
    '.g\u200cit',
    '.gi\u200dt',
    '.git\u200e',
    '\u200f.git',
    '.g\u202ait',
    '.g\u202bit',
    '.g\u202cit',
    '.g\u202dit',
    '.g\u202eit',
    '.g\u206ait',
    '.g\u206bit',
    '.g\u206cit',
    '.g\u206dit',
    '.g\u206eit',
    '.g\u206fit',
    '\ufeff.git',
    '\u200c.\u200dG\u200ei\u200fT\ufeff',
    // as NTFS sees it: no dots or spaces at the end, short names, streams, another separator
    '.git ',
    '.git.',
    '.git...',
    '.git . .',
    '.GIT. ',
    'git~1',
    'GIT~1',
    'Git~1.',
    'git~1 ',
    '.git:',
    '.git:stream',
    '.git::$INDEX_ALLOCATION',
    '.git .::$INDEX_ALLOCATION',
    'git~1:x',
    '.git\\hooks',
    '.git .\\hooks\\post-checkout',
    'git~1\\config',
    '.git\\',
    // as both of them together see it
    '.g\u200cit .',
    'gi\u200ct~1',
  ]

  test.each(disguises.map((name) => [name]))('%j, wherever it is in the path', (name) => {
    const problem: PathProblem = 'names git’s own folder'
    expect(pathProblem(name)).toBe(problem)
    expect(pathProblem(`${name}/hooks/post-checkout`)).toBe(problem)
    expect(pathProblem(`vendor/library/${name}`)).toBe(problem)
    expect(pathProblem(`vendor/${name}/config`)).toBe(problem)
  })

  test('in any mixture of case and of characters that do not count', () => {
    const ignored = fc.constantFrom('', '\u200c', '\u200f', '\u202e', '\u206a', '\ufeff')
    const letter = (lower: string) =>
      fc.tuple(ignored, fc.constantFrom(lower, lower.toUpperCase())).map((p) => p.join(''))
    const ending = fc.stringMatching(/^[ .]{0,4}(:.{0,3})?$/).filter((text) => !/[\0/]/.test(text))
    const name = fc.tuple(letter('.'), letter('g'), letter('i'), letter('t'), ignored, ending).map((p) => p.join(''))
    fc.assert(
      fc.property(name, (disguise) => {
        expect(pathProblem(`a/${disguise}/b`)).not.toBeNull()
      }),
      { seed: 47, numRuns: 1000 },
    )
  })

  test.each([
    ['.gitignore'],
    ['.gitattributes'],
    ['.gitmodules'],
    ['.github/workflows/ci.yml'],
    ['.gitkeep'],
    ['.git-blame-ignore-revs'],
    ['.git_'],
    ['..git'],
    ['git'],
    ['git.'],
    ['git~2'],
    ['git~10'],
    ['git~'],
    ['a.git'],
    ['a.git/config'],
    ['x/my.git'],
    ['gitignore'],
    ['.gi'],
    ['.gité'],
  ])('%j is a name like any other', (path) => {
    expect(pathProblem(path)).toBeNull()
  })
})

describe('a path that is too large is refused, and one that just fits is not', () => {
  const folders = (depth: number, name = 'a') => Array.from({ length: depth }, () => name).join('/')

  test.each<[string, string, PathProblem | null]>([
    ['a name of 255 bytes', 'n'.repeat(PATH_LIMITS.componentBytes), null],
    ['a name of 256 bytes', 'n'.repeat(PATH_LIMITS.componentBytes + 1), 'too long'],
    ['a folder name of 256 bytes', `${'n'.repeat(256)}/a`, 'too long'],
    ['a name of 85 characters, 3 bytes each', '語'.repeat(85), null],
    ['a name of 86 characters, 3 bytes each', '語'.repeat(86), 'too long'],
    ['a name of 63 characters, 4 bytes each', '😀'.repeat(63), null],
    ['a name of 64 characters, 4 bytes each', '😀'.repeat(64), 'too long'],
    ['a path of 4095 bytes', folders(16, 'n'.repeat(255)), null],
    ['a path of 4096 bytes', `a/${folders(16, 'n'.repeat(255))}`.slice(0, 4096), 'too long'],
    ['a path of 4095 bytes in fewer characters', folders(16, '語'.repeat(85)), null],
    ['a path of 4096 bytes in fewer characters', `a/${folders(15, '語'.repeat(85))}/${'é'.repeat(127)}`, 'too long'],
    ['512 folders deep', folders(PATH_LIMITS.depth), null],
    ['513 folders deep', folders(PATH_LIMITS.depth + 1), 'too deep'],
  ])('%s', (_, path, problem) => {
    expect(pathProblem(path)).toBe(problem)
  })
})

describe('every other name is a name', () => {
  test.each(HOSTILE_NAMES.map((name) => [name]))('%j (rows 39 and 48)', (name) => {
    expect(pathProblem(name)).toBeNull()
    expect(pathProblem(`folder/${name}/file`)).toBeNull()
  })

  test.each([['...'], ['..a'], ['a..'], ['a..b'], ['.a'], ['%2e%2e'], ['~'], ['$HOME'], ['con'], ['ab:c'], ['1:/x']])(
    '%j',
    (path) => {
      expect(pathProblem(path)).toBeNull()
    },
  )
})

describe('a path that is not refused never leaves the folder it is written to', () => {
  const piece = fc.constantFrom('..', '.', '', 'a', 'b ', '/', '/', '\\', '\\', 'C:', 'c', ':', '.git', '?')
  const strange = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join(''))
  const accepted = fc.oneof(strange, fc.string({ unit: 'binary' })).filter((path) => pathProblem(path) === null)
  const runs = { seed: 88, numRuns: 2000 }

  test('on Linux and macOS', () => {
    fc.assert(
      fc.property(accepted, (path) => {
        expect(posix.resolve('/root', path)).toBe(`/root/${path}`)
      }),
      runs,
    )
  })

  test.each([
    ['\\\\host\\share\\x'],
    ['\\\\?\\C:\\x'],
    ['..\\x'],
    ['a\\..\\..\\x'],
    ['a/..\\..\\x'],
    ['\\x'],
    ['C:x'],
    ['c:..\\x'],
  ])('on Windows, where %j would lead elsewhere', (path) => {
    expect(win32.resolve('R:\\root', path)).not.toMatch(/^R:\\root\\/)
    expect(pathProblem(path, 'win32')).not.toBeNull()
  })

  test('on Windows', () => {
    const acceptedThere = accepted.filter((path) => pathProblem(path, 'win32') === null)
    fc.assert(
      fc.property(acceptedThere, (path) => {
        expect(win32.resolve('R:\\root', path)).toMatch(/^R:\\root(\\|$)/)
      }),
      runs,
    )
  })

  test.each([['a\\.git\\config'], ['a\\git~1\\config'], ['a/b\\.GIT \\hooks']])(
    'on Windows, where %j is git’s own folder',
    (path) => {
      expect(pathProblem(path)).not.toBeNull()
    },
  )
})

describe('the folders above a path', () => {
  test.each([
    ['a', []],
    ['a/b', ['a']],
    ['a/b/c/d', ['a/b/c', 'a/b', 'a']],
    ['constructor/__proto__/x', ['constructor/__proto__', 'constructor']],
  ])('%j: %j', (path, parents) => {
    expect(parentsOf(path)).toEqual(parents)
  })
})

describe('the order of paths is the order of their bytes', () => {
  test.each([
    ['a', 'b'],
    ['A', 'a'],
    ['a', 'aa'],
    ['a-b', 'a/b'],
    ['z', 'é'],
    ['é', '語'],
    // JavaScript alone would sort these the other way round
    ['\uff5e', '😀'],
    ['\ufb01', '\u{10000}'],
  ])('%j comes before %j', (first, second) => {
    expect(compareBytes(first, second)).toBeLessThan(0)
    expect(compareBytes(second, first)).toBeGreaterThan(0)
    expect(compareBytes(first, first)).toBe(0)
  })

  test('for any two names', () => {
    const names = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary-ascii' }))
    fc.assert(
      fc.property(names, names, (left, right) => {
        expect(Math.sign(compareBytes(left, right))).toBe(Buffer.compare(Buffer.from(left), Buffer.from(right)))
      }),
      { seed: 1, numRuns: 1000 },
    )
  })
})
