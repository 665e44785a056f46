import { lstat, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Removes what stands where a folder above the path, or the file itself, shall be. */
export async function clearWay(root: string, path: string): Promise<void> {
  const parts = path.split('/')
  for (const [index] of parts.entries()) {
    const place = join(root, ...parts.slice(0, index + 1))
    const isLast = index === parts.length - 1
    const stats = await lstat(place).catch(() => null)
    if (stats !== null && (isLast || !stats.isDirectory())) await rm(place, { recursive: true })
    if (!isLast) await mkdir(place, { recursive: true })
  }
}
