import { constants, openSync } from 'node:fs'

/** Windows has no way to open a path only where it is no link. */
export const OPENS_NO_LINKS = constants.O_NOFOLLOW !== undefined

const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Opens a file of the work tree for reading, neither through a link nor waiting for whoever may write into a pipe. */
export function openFile(path: string | Buffer): number {
  return openSync(path, FLAGS)
}
