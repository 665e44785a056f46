/** A rule as it is written in a file, and what it says from inside of a folder. */
export interface InheritedRule {
  readonly text: string
  readonly original: string
  /** Counted from 1. */
  readonly line: number
}

/**
 * What the rules of a `.gitignore` above say of the files in a folder, in the same order. `way` is the way from there to
 * the folder. A rule for files of any place stays as it is; one for a place is cut by the way, or means other places. That
 * a rule ignores the folder as a whole does not count: somebody named it as a workspace.
 */
export function inheritRules(text: string, way: readonly string[], ignoreCase: boolean): InheritedRule[] {
  return text.split('\n').flatMap((written, index) => {
    const original = written.replace(/\r$/, '')
    const texts = inheritRule(withoutTrailingSpaces(original), way, ignoreCase)
    return texts.map((inherited) => ({ text: inherited, original: original.trimEnd(), line: index + 1 }))
  })
}

function inheritRule(rule: string, way: readonly string[], ignoreCase: boolean): string[] {
  if (rule === '' || rule.startsWith('#')) return []
  const negation = rule.startsWith('!') ? '!' : ''
  const pattern = rule.slice(negation.length)
  const isForFolders = pattern.endsWith('/')
  const path = isForFolders ? pattern.slice(0, -1) : pattern
  if (!path.includes('/')) return [rule]
  const parts = path.replace(/^\//, '').split('/')
  const rests = cut(parts, way, ignoreCase).map((rest) => `${negation}/${rest.join('/')}${isForFolders ? '/' : ''}`)
  return [...new Set(rests)]
}

/** What is left of a pattern on the way to a folder: none where it leads elsewhere; several where `**` can mean more. */
function cut(parts: readonly string[], way: readonly string[], ignoreCase: boolean): string[][] {
  const [part, ...rest] = parts
  const [step, ...further] = way
  if (part === undefined) return []
  if (step === undefined) return [[...parts]]
  if (part === '**') return [...cut(rest, way, ignoreCase), ...cut(parts, further, ignoreCase)]
  return matches(part, step, ignoreCase) ? cut(rest, further, ignoreCase) : []
}

/** One part of a pattern against the name of one folder, as git matches it. */
function matches(part: string, name: string, ignoreCase: boolean): boolean {
  try {
    return new RegExp(`^${expressionOf(part)}$`, ignoreCase ? 'iu' : 'u').test(name)
  } catch (thrown) {
    // A range from z to a, a bracket that does not close: to git it matches nothing.
    if (thrown instanceof SyntaxError) return false
    throw thrown
  }
}

const CLASSES: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'A-Z',
  space: '\\s',
  punct: '!-\\/:-@\\[-`{-~',
  xdigit: '0-9A-Fa-f',
}

const TOKEN =
  /\\(?<escaped>.)|(?<stars>\*+)|(?<any>\?)|\[(?<not>[!^]?)(?<set>\]?(?:\[:[a-z]+:\]|\\.|[^\]])*)\]|(?<plain>.)/gsu

function expressionOf(part: string): string {
  return part.replaceAll(TOKEN, (...all) => {
    const groups: Readonly<Record<string, string | undefined>> = all.at(-1)
    if (groups.stars !== undefined) return '.*'
    if (groups.any !== undefined) return '.'
    if (groups.set !== undefined) return `[${groups.not === '' ? '' : '^'}${setOf(groups.set)}]`
    return literal(groups.escaped ?? groups.plain ?? '')
  })
}

function setOf(set: string): string {
  return set.replaceAll(/\[:([a-z]+):\]|\\(.)|([\][\\^])/gsu, (_, name, escaped, special) => {
    return name === undefined ? literal(escaped ?? special) : (CLASSES[name] ?? '')
  })
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character
}

/** A space at the end counts only where a backslash is before it. */
function withoutTrailingSpaces(rule: string): string {
  return rule.replace(/(?<!\\) +$/, '')
}
