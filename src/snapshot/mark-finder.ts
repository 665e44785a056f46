/** Pairs of characters that are told apart; those beyond ASCII share a place with others, which does no harm. */
const PAIRS = 1 << 14

/**
 * Looks for up to 32 marks at once, of four characters each, in place of which there may be a choice (`A[KS]IA`). One
 * regular expression for all of them takes three times as long. This looks at every second pair of characters only: each
 * mark has its first pair there or its second one. Marks should have such as are rare in those two.
 */
export class MarkFinder {
  /** Whether a pair is the first or the second one of any mark. */
  readonly #isNoticed = new Uint8Array(PAIRS)
  /** The marks, a bit each, that have a pair in the first place, in the second and in the third. */
  readonly #places = [new Uint32Array(PAIRS), new Uint32Array(PAIRS), new Uint32Array(PAIRS)] as const

  constructor(marks: readonly string[]) {
    for (const [bit, mark] of marks.entries()) {
      const sets = [...mark.matchAll(/\[([^\]]+)\]|./g)].map(([one, several]) => Buffer.from(several ?? one))
      for (const [place, masks] of this.#places.entries()) {
        for (const left of sets[place] ?? []) {
          for (const right of sets[place + 1] ?? []) {
            const pair = pairOf(left, right)
            masks[pair] = (masks[pair] ?? 0) | (1 << bit)
            if (place < 2) this.#isNoticed[pair] = 1
          }
        }
      }
    }
  }

  /** The marks that stand in a content, as bits; now and then one that does not. */
  find(content: Buffer): number {
    const isNoticed = this.#isNoticed
    let found = 0
    for (let at = 1; at + 1 < content.length; at += 2) {
      if (isNoticed[pairOf(content[at], content[at + 1])] === 1)
        found |= this.#marksAt(content, at - 1) | this.#marksAt(content, at)
    }
    return found
  }

  #marksAt(content: Buffer, start: number): number {
    const [first, second, third] = this.#places
    const [a, b, c, d] = [content[start], content[start + 1], content[start + 2], content[start + 3]]
    return (first[pairOf(a, b)] ?? 0) & (second[pairOf(b, c)] ?? 0) & (third[pairOf(c, d)] ?? 0)
  }
}

/** Past the end of a content there is nothing, which counts as a zero. */
function pairOf(left = 0, right = 0): number {
  return ((left << 7) ^ right) & (PAIRS - 1)
}
