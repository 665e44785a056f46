// Prints docs/cli.md: what `--help` says of every command, taken from the built command itself, so that the page cannot
// say anything else. `npm run docs` writes it; test/cli/reference.test.ts fails where it is out of date.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

function helpOf(words) {
  return execFileSync(process.execPath, ['--no-warnings', CLI, ...words, '--help'], { encoding: 'utf8' }).trim()
}

/** A command and its own commands, in the order of the command table. */
function commandsFrom(words) {
  const help = helpOf(words)
  const listed = /^Commands:\n((?: .*\n)+)/m.exec(`${help}\n`)?.[1] ?? ''
  const prefix = ['ce-delta', ...words].join(' ')
  const names = [...listed.matchAll(new RegExp(`^  ${prefix} ([a-z]+)`, 'gm'))].map(([, name]) => name)
  return [{ words, help }, ...names.flatMap((name) => commandsFrom([...words, name]))]
}

/** Options that every command has are told once, at the top. */
function withoutCommonOptions(help) {
  const isCommon = /^ +(?:-h, --help|-C, --directory|--json|-q, --quiet|--verbose|--debug|--color|-v, --version) /
  const isContinued = /^ {12}/
  let isLeftOut = false
  const lines = help.split('\n').filter((line) => {
    isLeftOut = isCommon.test(line) || (isLeftOut && isContinued.test(line))
    return !isLeftOut
  })
  return lines
    .join('\n')
    .replace(/\nOptions:\n(?=\n|$)/, '')
    .trim()
}

const sections = commandsFrom([]).map(({ words, help }) => {
  const title = ['ce-delta', ...words].join(' ')
  const level = words.length === 0 ? '##' : '#'.repeat(words.length + 1)
  return `${level} ${title}\n\n\`\`\`text\n${words.length === 0 ? help : withoutCommonOptions(help)}\n\`\`\`\n`
})

process.stdout.write(`# Commands

What \`--help\` says of every command; \`npm run docs\` writes this page. See also [exit codes](exit-codes.md),
[events](events.md) and [what to do when something is wrong](troubleshooting.md).

${sections.join('\n')}`)
