import { expect, test } from '@jest/globals'
import { yesOrNo } from '../../src/cli/init/questions.js'

test.each([
  ['', true],
  ['y', true],
  ['Yes', true],
  ['n', false],
  ['NO', false],
  ['maybe', null],
  ['never', null],
  ['http://127.0.0.1', null],
])('a question of yes or no, answered with %j', (answer, meaning) => {
  expect(yesOrNo(answer)).toBe(meaning)
})
