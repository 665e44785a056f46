import { type Delta, isContent, type Operation, type TreeId } from '../delta/operation.js'
import type { Shadow } from '../snapshot/shadow.js'
import { treeAfter } from '../snapshot/trees.js'
import { TreesBetween } from '../snapshot/trees-between.js'

/** The trees that the parts of a delta lead to, asked for one after another. */
export class PartTrees {
  readonly #shadow: Shadow
  readonly #target: TreeId
  #base: TreeId
  /** From where on only contents follow, in the order of their paths. */
  #contents: TreesBetween | null = null

  /** The operations in the order of `orderOperations`. */
  constructor(shadow: Shadow, { base, target }: Delta) {
    this.#shadow = shadow
    this.#base = base
    this.#target = target
  }

  /** The tree after this part, which `next` follows. Throws `objects-missing`. */
  async after(part: readonly Operation[], next: Operation | undefined): Promise<TreeId> {
    if (next === undefined) return this.#target
    const others = part.filter((operation) => !isContent(operation))
    if (others.length > 0) this.#base = await treeAfter(this.#shadow, this.#base, others)
    if (!isContent(next)) return this.#base
    this.#contents ??= new TreesBetween(this.#shadow, this.#base, this.#target)
    return await this.#contents.upTo(next.path)
  }
}
