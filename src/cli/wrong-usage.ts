import { DeltaError } from '../support/errors.js'
import { nearestOf } from '../support/nearest.js'

/** What yargs says of a wrong command line, in our words. */
export const USAGE_WORDS = {
  'Not enough arguments following: %s': 'A value is missing after --%s.',
  'Argument: %s, Given: %s, Choices: %s': '%s cannot be %s; it can be %s.',
  'Arguments %s and %s are mutually exclusive': '--%s and --%s exclude each other.',
}

/**
 * The error of a command line that is not understood: which word is the matter, what was most likely meant, and where to
 * read on. `helpOf` tells what `--help` says of a command, which is all that can be written there.
 */
export async function wrongUsage(
  message: string | null,
  args: readonly string[],
  helpOf: (words: readonly string[]) => Promise<string>,
): Promise<DeltaError> {
  const words = await commandIn(args, helpOf)
  const name = ['ce-delta', ...words].join(' ')
  const next = `${name} --help tells what it understands.`
  const unknown = /^Unknown arguments?: (.*)$/.exec(message ?? '')?.[1]?.split(', ') ?? []
  const option = args.find((arg) => unknown.some((word) => isOption(arg, word)))?.replace(/=.*/, '')
  if (option !== undefined) {
    const suggestion = suggest(option, [...(await helpOf(words)).matchAll(/(?<=\s)--[a-z-]+/g)].flat())
    return new DeltaError('usage', `${option} is no option of ${name}.${suggestion}`, { facts: { option }, next })
  }
  const word = unknown.find((argument) => args.includes(argument))
  if (word === undefined) return new DeltaError('usage', explain(message ?? '', await helpOf(words)), { next })
  const commands = commandsIn(await helpOf(words), words)
  const suggestion = commands.length === 0 ? ' It takes no more than that.' : suggest(word, commands)
  const what =
    commands.length === 0 ? `${name} does not know what to do with ${word}.` : `${name} has no command ${word}.`
  return new DeltaError('usage', `${what}${suggestion}`, { facts: { argument: word }, next })
}

function explain(message: string, help: string): string {
  if (/^Not enough non-option arguments/.test(message)) return `Something is missing: ${help.split('\n', 1)}`
  const [, choice, given = '', choices = ''] =
    /^Invalid values:\s+(\S+ cannot be "(.*)"; it can be (.*)\.)/.exec(message) ?? []
  if (choice === undefined) return message === '' ? 'The command line is not understood.' : message
  return `${choice}${suggest(given, [...choices.matchAll(/(?<=")[^", ]+(?=")/g)].flat())}`
}

function isOption(arg: string, name: string): boolean {
  return arg.replace(/=.*/, '').replace(/^-+/, '') === name && arg.startsWith('-')
}

function suggest(misspelt: string, known: readonly string[]): string {
  const nearest = nearestOf(misspelt, known)
  return nearest === null ? '' : ` Did you mean ${nearest}?`
}

/** The commands at the beginning, as far as there are such commands. */
async function commandIn(
  args: readonly string[],
  helpOf: (words: readonly string[]) => Promise<string>,
): Promise<readonly string[]> {
  const words: string[] = []
  for (const arg of args.filter((word) => !word.startsWith('-'))) {
    if (commandsIn(await helpOf(words), words).includes(arg)) words.push(arg)
    else if (words.length > 0) break
  }
  return words
}

function commandsIn(help: string, words: readonly string[]): string[] {
  const prefix = ['ce-delta', ...words].join(' ')
  return [...help.matchAll(new RegExp(`^  ${prefix} ([a-z]+)`, 'gm'))].map(([, name = '']) => name)
}
