import { describe, expect, test } from '@jest/globals'
import { ahead, chain, take } from '../../src/support/sequence.js'

/** Notes when each value is begun, and when all is over. */
async function* numbers(log: string[], most: number): AsyncGenerator<number> {
  try {
    for (let number = 1; number <= most; number++) {
      log.push(`make ${number}`)
      await Promise.resolve()
      yield number
    }
  } finally {
    log.push('over')
  }
}

describe('what is made ahead', () => {
  test('comes in order, each begun before the one before it is used', async () => {
    const log: string[] = []
    for await (const number of ahead(numbers(log, 3))) log.push(`use ${number}`)
    expect(log.filter((line) => line.startsWith('use'))).toEqual(['use 1', 'use 2', 'use 3'])
    expect(log.indexOf('make 2')).toBeLessThan(log.indexOf('use 1'))
    expect(log.indexOf('make 3')).toBeLessThan(log.indexOf('use 2'))
  })

  test('is over when the consumer that stopped early goes on', async () => {
    const log: string[] = []
    for await (const number of ahead(numbers(log, 9))) if (number === 2) break
    expect(log).toEqual(['make 1', 'make 2', 'make 3', 'over'])
  })

  test('tells what failed where it is awaited, after what came before it', async () => {
    async function* failing(): AsyncGenerator<number> {
      yield 1
      throw new Error('no more')
    }
    const used: number[] = []
    const using = async (): Promise<void> => {
      for await (const number of ahead(failing())) {
        used.push(number)
        // The failure comes while nobody waits for it.
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await expect(using()).rejects.toThrow('no more')
    expect(used).toEqual([1])
  })
})

test('what is taken is gone, and the others are still there', () => {
  const values = [1, 2, 3, 4][Symbol.iterator]()
  expect(take(2, values)).toEqual([1, 2])
  expect([...chain([0], values)]).toEqual([0, 3, 4])
  expect(take(2, values)).toEqual([])
})
