import { printable } from '../support/text.js'

// What a step of GitHub Actions can tell the runner, as text. Everything that came from outside is escaped, so that no
// name of a file or a branch can become a command (faults.md row 99).

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice'
  readonly message: string
  readonly title?: string
  /** From the root of the repository. */
  readonly file?: string
  readonly line?: number
}

export function annotationCommand({ level, message, title, file, line }: Annotation): string {
  const properties = Object.entries({ file, line, title })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  return `::${level}${properties.length === 0 ? '' : ` ${properties.join(',')}`}::${escapeData(message)}`
}

/** A value is masked line by line: that is how the runner looks for it. */
export function maskCommands(secret: string): string[] {
  return secret
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => `::add-mask::${escapeData(line)}`)
}

export function groupCommand(title: string): string {
  return `::group::${escapeData(printable(title))}`
}

export const END_GROUP = '::endgroup::'

/** Until the token is said again, the runner takes no line for a command. `token` must be one that nobody can guess. */
export function stopCommands(token: string): { readonly stop: string; readonly resume: string } {
  return { stop: `::stop-commands::${token}`, resume: `::${token}::` }
}

/** Lines for the file of outputs, each value between marks that it cannot contain. */
export function outputLines(outputs: Readonly<Record<string, string>>, mark: string): string {
  return Object.entries(outputs)
    .map(([name, value]) => `${name}<<${mark}\n${value}\n${mark}\n`)
    .join('')
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
