import { realpath } from 'node:fs/promises'
import type { RecordedCommand } from '../../triggers/hook/shim.js'

/** This command, as a hook can call it later: whatever the PATH is, and whatever link it was called by. */
export async function thisCommand(): Promise<RecordedCommand> {
  return { node: process.execPath, script: await realpath(process.argv[1] ?? '') }
}
