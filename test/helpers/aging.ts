import { lutimes, readdir } from 'node:fs/promises'
import { join } from 'node:path'

let calls = 0

/**
 * Dates everything in a work tree back by an hour, so that git believes what it cached of its folders and files. Each
 * time to another second: git compares whole ones, and would not see what changed between two calls within one of them.
 */
export async function age(folder: string): Promise<void> {
  await dateBack(folder, Math.floor(Date.now() / 1000) - 3600 + calls++)
}

async function dateBack(folder: string, time: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name === '.git') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await dateBack(path, time)
    else await lutimes(path, time, time)
  }
  await lutimes(folder, time, time)
}
