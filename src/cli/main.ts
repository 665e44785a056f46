#!/usr/bin/env node
import { VERSION } from '../support/version.js'

// The two things that are asked most often need nothing else to be loaded.
const [first] = process.argv.slice(2)
if (first === '--version' || first === '-v') process.stdout.write(`${VERSION}\n`)
else {
  const { runCommandLine } = await import('./command-line.js')
  process.exitCode = await runCommandLine(process.argv.slice(2))
}
