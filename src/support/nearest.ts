/** How many letters may differ before a word is taken for another one: one in three. */
const TOLERANCE = 1 / 3

/** The one of `known` that a misspelt word most likely means; null where none is near. Letters count, case does not. */
export function nearestOf(word: string, known: readonly string[]): string | null {
  let nearest: string | null = null
  let least = Math.ceil(word.length * TOLERANCE) + 1
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}

/** The Levenshtein distance: letters inserted, removed or replaced. Row by row of its table. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[to.length] ?? 0
}
