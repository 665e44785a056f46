#!/usr/bin/env node
import * as nodeModule from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { VERSION } from '../support/version.js'

// What is asked most often needs nothing else to be loaded.
const [first] = process.argv.slice(2)
if (first === '--version' || first === '-v') process.stdout.write(`${VERSION}\n`)
else {
  // Left alone, V8 keeps tens of megabytes for objects that are garbage at once. Not to let that part of the heap grow
  // saves a fifth of the memory of a large push, and no time is lost (bench/README.md).
  setFlagsFromString('--semi-space-growth-factor=1')
  // Node 22 and newer keep what they compiled.
  if ('enableCompileCache' in nodeModule && typeof nodeModule.enableCompileCache === 'function')
    nodeModule.enableCompileCache()
  const { runCommandLine } = await import('./command-line.js')
  process.exitCode = await runCommandLine(process.argv.slice(2))
}
