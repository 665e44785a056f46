import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { inheritRules } from '../../src/snapshot/inherited-rules.js'
import { git, gitBytes, temporaryDirectory } from '../helpers/workspace.js'

const inherited = (rules: string): string[] => inheritRules(rules, ['packages', 'a'], false).map(({ text }) => text)

describe('what a rule above says in packages/a', () => {
  test.each<[string, string[]]>([
    ['dist', ['dist']],
    ['dist/', ['dist/']],
    ['!keep', ['!keep']],
    ['# a comment', []],
    ['', []],
    ['/dist', []],
    ['/packages/a/dist', ['/dist']],
    ['packages/a/dist/', ['/dist/']],
    ['packages/*/dist', ['/dist']],
    ['!packages/?/dist', ['!/dist']],
    ['packages/[!a]/dist', []],
    ['packages/[[:alpha:]]/dist', ['/dist']],
    ['packages/b/dist', []],
    ['packages/a', []],
    ['packages/', ['packages/']],
    ['/packages/', []],
    ['packages/a/**', ['/**']],
    ['**/dist', ['/**/dist']],
    ['packages/**/dist', ['/**/dist']],
    ['packages/a/b c\\ ', ['/b c\\ ']],
    ['packages/a/b  ', ['/b']],
    ['packages/\\a/x', ['/x']],
    ['packages/[z-a]/x', []],
  ])('%j', (rule, expected) => {
    expect(inherited(rule).sort()).toEqual([...expected].sort())
  })

  test('each knows where it was written', () => {
    expect(inheritRules('# first\npackages/a/x\r\n', ['packages', 'a'], false)).toEqual([
      { text: '/x', original: 'packages/a/x', line: 2 },
    ])
  })
})

const FILES = ['x', 'd/x', 'd/e/x', 'e/d/x', 'a/x', 'p/a/x', 'y.log', 'd/y.log']
const part = fc.constantFrom('p', 'a', 'd', 'e', 'x', '*', '**', '?', '[a-d]', '[!a]', '*.log', 'y.log', '\\a')
const rule = fc
  .record({
    not: fc.constantFrom('', '', '!'),
    root: fc.boolean(),
    parts: fc.array(part, { minLength: 1, maxLength: 4 }),
    folder: fc.boolean(),
  })
  .map(({ not, root, parts, folder }) => `${not}${root ? '/' : ''}${parts.join('/')}${folder ? '/' : ''}`)

test('law: in the folder git ignores what it ignores from above, for rules that do not match the folder itself', async () => {
  const root = await temporaryDirectory()
  await git(root, 'init', '--quiet')
  const inside = join(await temporaryDirectory(), 'a')
  await mkdir(inside)
  await git(inside, 'init', '--quiet')
  for (const file of FILES) {
    await mkdir(dirname(join(root, 'p/a', file)), { recursive: true })
    await writeFile(join(root, 'p/a', file), '')
    await mkdir(dirname(join(inside, file)), { recursive: true })
    await writeFile(join(inside, file), '')
  }
  const ask = async (directory: string, rules: string, prefix: string): Promise<string[]> => {
    // git ends with an error where nothing at all is ignored.
    await writeFile(join(directory, '.git/info/exclude'), `/always\n${rules}`)
    const list = [...FILES.map((file) => `${prefix}${file}`), 'always'].join('\0')
    const args = ['check-ignore', '--no-index', '-v', '-n', '-z', '--stdin']
    const fields = (await gitBytes(directory, args, list)).toString().split('\0')
    return FILES.filter((_, index) => {
      const pattern = fields[index * 4 + 2] ?? ''
      return pattern !== '' && !pattern.startsWith('!')
    })
  }
  const isOfFolder = async (rules: string): Promise<boolean> => {
    await writeFile(join(root, '.git/info/exclude'), `/always\n${rules.replaceAll(/^!/gm, '')}`)
    const fields = (await gitBytes(root, ['check-ignore', '--no-index', '-v', '-n', '-z', '--stdin'], 'p\0p/a\0always'))
      .toString()
      .split('\0')
    return fields[2] !== '' || fields[6] !== ''
  }
  await fc.assert(
    fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 4 }), async (rules) => {
      const text = rules.join('\n')
      fc.pre(!(await isOfFolder(text)))
      const below = inheritRules(text, ['p', 'a'], false)
        .map(({ text: line }) => line)
        .join('\n')
      expect({ below, ignored: await ask(inside, below, '') }).toEqual({
        below,
        ignored: await ask(root, text, 'p/a/'),
      })
    }),
    { numRuns: 60 },
  )
}, 120_000)
