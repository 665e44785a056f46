import { describe, expect, test } from '@jest/globals'
import { nearestOf } from '../../src/support/nearest.js'

const SETTINGS = ['endpoint', 'exclude', 'enabled', 'timeout', 'secrets.scan']

describe('a misspelt word', () => {
  test.each([
    ['exclud', 'exclude'],
    ['Endpoint', 'endpoint'],
    ['endpiont', 'endpoint'],
    ['timeouts', 'timeout'],
    ['secret.scan', 'secrets.scan'],
    ['exclude', 'exclude'],
  ])('%s means %s', (word, meant) => {
    expect(nearestOf(word, SETTINGS)).toBe(meant)
  })

  test.each(['colour', '', 'x', 'tree'])('%j means nothing that is known', (word) => {
    expect(nearestOf(word, SETTINGS)).toBeNull()
  })
})
