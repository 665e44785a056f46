/** One after the other. */
export function* chain<Value>(first: Iterable<Value>, second: Iterable<Value>): Generator<Value> {
  yield* first
  yield* second
}

/** The next values, so many at most; the others stay to be taken. */
export function take<Value>(most: number, values: Iterator<Value>): Value[] {
  const taken: Value[] = []
  while (taken.length < most) {
    const next = values.next()
    if (next.done === true) break
    taken.push(next.value)
  }
  return taken
}

/**
 * The same values, each made while the consumer is busy with the one before. Where the consumer stops early, this ends only
 * when nothing is being made any more, so that nothing happens behind its back.
 */
export async function* ahead<Value>(source: AsyncGenerator<Value>): AsyncGenerator<Value> {
  const begin = (): Promise<IteratorResult<Value>> => {
    const coming = source.next()
    // A failure is reported where the value is awaited, in order.
    coming.catch(() => undefined)
    return coming
  }
  let coming = begin()
  try {
    for (let next = await coming; next.done !== true; next = await coming) {
      coming = begin()
      yield next.value
    }
  } finally {
    await Promise.allSettled([coming])
    await source.return(undefined)
  }
}
