import { lutimes, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Dates everything in a work tree back by an hour, so that git believes what it cached of its folders and files. */
export async function age(folder: string): Promise<void> {
  const anHourAgo = Date.now() / 1000 - 3600
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name === '.git') continue
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await age(path)
    else await lutimes(path, anHourAgo, anHourAgo)
  }
  await lutimes(folder, anHourAgo, anHourAgo)
}
