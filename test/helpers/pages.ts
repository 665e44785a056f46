import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url))

/** The pages that users read, by their paths. */
export async function readPages(): Promise<Map<string, string>> {
  const names = (await readdir(join(PROJECT, 'docs')))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
  const paths = ['README.md', ...names.sort()]
  const pages = paths.map(async (path) => [path, await readFile(join(PROJECT, path), 'utf8')] as const)
  return new Map(await Promise.all(pages))
}

export interface ConsoleBlock {
  readonly page: string
  readonly line: number
  readonly lines: readonly string[]
}

/** What a reader may type and see. A block that cannot be run has a comment before it that says why. */
export function consoleBlocks(page: string, text: string): ConsoleBlock[] {
  const blocks = text.matchAll(/(<!-- not run: .+ -->\n)?^```console\n([\s\S]*?)^```$/gm)
  const contents = [...blocks].flatMap(([, reason, content = '']) => (reason === undefined ? [content] : []))
  return contents.map((content) => {
    const line = text.slice(0, text.indexOf(content)).split('\n').length
    return { page, line, lines: content.trimEnd().split('\n') }
  })
}

/** What differs from run to run is the same here: numbers, sizes, times, ids, places. */
export function loosely(line: string): string {
  return line
    .replace(/(?<![\w.-])(~|https?:\/)?(\/[\w.~-]+)+\/?/g, '<place>')
    .replace(/\b\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, '<time>')
    .replace(/\b[0-9a-f]{8,40}\b/g, '<id>')
    .replace(/\b[\d.,]+ (ms|s|min|B|kB|MB|GB)\b( \d+ s)?/g, '<amount>')
    .replace(/\d[\d.,]*/g, '<n>')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The first of these lines that did not come, in this order, among others; null where all did. */
export function missingLine(expected: readonly string[], got: readonly string[]): string | null {
  const rest = got.map(loosely)
  for (const line of expected.filter((text) => text.trim() !== '…')) {
    const place = rest.indexOf(loosely(line))
    if (place === -1) return line
    rest.splice(0, place + 1)
  }
  return null
}
