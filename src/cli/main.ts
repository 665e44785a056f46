#!/usr/bin/env node
import * as nodeModule from 'node:module'
import { VERSION } from '../support/version.js'

// What is asked most often needs nothing else to be loaded.
const [first] = process.argv.slice(2)
if (first === '--version' || first === '-v') process.stdout.write(`${VERSION}\n`)
else {
  // Node 22 and newer keep what they compiled.
  if ('enableCompileCache' in nodeModule && typeof nodeModule.enableCompileCache === 'function')
    nodeModule.enableCompileCache()
  const { runCommandLine } = await import('./command-line.js')
  process.exitCode = await runCommandLine(process.argv.slice(2))
}
