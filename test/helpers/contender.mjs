// A process that contends for a lock, round by round, as the test tells it over its standard input.
// The lock module is TypeScript; it is bundled by the test into the file that the first argument names.
import { createInterface } from 'node:readline'

const [, , module] = process.argv
const { tryLock } = await import(module)

let held = null
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [word, path] = line.split(' ')
  if (word === 'take') {
    const result = await tryLock(path)
    held = 'release' in result ? result : null
    console.log(held === null ? 'lost' : 'won')
  } else if (word === 'release') {
    await held?.release()
    held = null
    console.log('released')
  }
}
