import { statSync } from 'node:fs'
import { DeltaError } from './errors.js'

/** Throws `usage` where somebody named a folder that does not exist. */
export function requireFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new DeltaError('usage', `${folder} is not a folder.`, { facts: { folder }, next: 'Name an existing folder.' })
}
