#!/usr/bin/env node
import * as nodeModule from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { VERSION } from '../support/version.js'

// What is asked most often needs nothing else to be loaded.
const [first] = process.argv.slice(2)
if (first === '--version' || first === '-v') process.stdout.write(`${VERSION}\n`)
else {
  // Node 22 and newer keep what they compiled.
  if ('enableCompileCache' in nodeModule && typeof nodeModule.enableCompileCache === 'function')
    nodeModule.enableCompileCache()
  const { runCommandLine } = await import('./command-line.js')
  // Left alone, V8 lets garbage pile up, so that a large push or a server takes twice the memory of what it works with.
  // These let it have a young generation that stays small, and an old one of a third more than what is in use. The small
  // one is cleared by this thread alone: where the others are busy, waiting for them takes longer than the work.
  // Not before all is loaded: what was compiled under other flags, like Node's own modules, would be compiled again.
  const memory = ['--semi-space-growth-factor=1', '--heap-growing-percent=30', '--no-parallel-scavenge']
  for (const flag of memory) setFlagsFromString(flag)
  process.exitCode = await runCommandLine(process.argv.slice(2))
}
