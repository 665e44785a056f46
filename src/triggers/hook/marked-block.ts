/** The lines between which a file of the user’s belongs to ce-delta. Everything outside them is never touched. */
const BEGIN = '# >>> ce-delta >>>'
const END = '# <<< ce-delta <<<'

/** Where the block goes: hooks may end early, so they get it first; a configuration gets it last. */
export type BlockPlace = 'after the shebang' | 'at the end'

export function markedBlock(lines: readonly string[]): string {
  return `${[`${BEGIN} (ce-delta hook uninstall removes this block)`, ...lines, END].join('\n')}\n`
}

export function hasBlock(text: string): boolean {
  return findBlock(text) !== null
}

/** The text with this block in it, in the place of one that is there already. */
export function withBlock(text: string, block: string, place: BlockPlace): string {
  const found = findBlock(text)
  if (found !== null && text.slice(found.start, found.end) === block.slice(0, found.end - found.start)) return text
  const plain = withoutBlock(text)
  const at = place === 'at the end' ? plain.length : endOfShebang(plain)
  const [before, after] = [plain.slice(0, at), plain.slice(at)]
  // A file without a newline at its end gets it back like that: then the block ends without one, too.
  if (before !== '' && !before.endsWith('\n')) return `${before}\n${block.slice(0, -1)}`
  return `${before}${block}${after}`
}

/** Law: `withoutBlock(withBlock(text, block, place)) === text` for every text without a block, byte for byte. */
export function withoutBlock(text: string): string {
  const found = findBlock(text)
  if (found === null) return text
  const start = found.endsWithFile && found.start > 0 ? found.start - 1 : found.start
  return withoutBlock(text.slice(0, start) + text.slice(found.end))
}

function findBlock(text: string): { start: number; end: number; endsWithFile: boolean } | null {
  const start = text.startsWith(BEGIN) ? 0 : text.indexOf(`\n${BEGIN}`) + 1
  if (start === 0 && !text.startsWith(BEGIN)) return null
  const last = text.indexOf(`\n${END}`, start)
  if (last === -1) return null
  const end = last + 1 + END.length
  return text[end] === '\n' ? { start, end: end + 1, endsWithFile: false } : { start, end, endsWithFile: true }
}

function endOfShebang(text: string): number {
  if (!text.startsWith('#!')) return 0
  const newline = text.indexOf('\n')
  return newline === -1 ? text.length : newline + 1
}
