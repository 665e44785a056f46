import { stripVTControlCharacters } from 'node:util'

/**
 * Lines as a terminal shows them best: cut between words where they are too long. Elsewhere they stay as they are.
 * `indent`: where the text of a line begins, unless that is behind its first spaces and its sign.
 */
export function wrapped(text: string, { isTTY, columns }: NodeJS.WriteStream, indent?: number): string {
  if (!isTTY || !(columns > 0)) return text
  return text
    .split('\n')
    .map((line) => wrapWords(line, columns, indent))
    .join('\n')
}

/** Cuts a line between words. What follows stands where its text begins; a word that is too long stays whole. */
export function wrapWords(line: string, columns: number, start = startOfText(line)): string {
  if (widthOf(line) <= columns) return line
  const indent = ' '.repeat(start)
  const lines = ['']
  for (const word of line.match(/ *[^ ]+| +$/g) ?? []) {
    const last = lines.pop() ?? ''
    const isFull = last.trim() !== '' && word.trim() !== '' && widthOf(last + word) > columns
    lines.push(...(isFull ? [last, indent + word.trimStart()] : [last + word]))
  }
  return lines.join('\n')
}

/** Behind the spaces that it begins with, and behind a sign of one character. */
function startOfText(line: string): number {
  return /^ *(?:\S (?=\S))?/.exec(stripVTControlCharacters(line))?.[0].length ?? 0
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
