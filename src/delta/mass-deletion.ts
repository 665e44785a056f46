/** What a delta does to the number of files. A file that moves is not deleted. */
export interface Deletion {
  /** Files in the base. */
  readonly before: number
  readonly deleted: number
  /** The target has no file at all. */
  readonly isEmptied: boolean
}

/** Up to this, losing files is a day's work. */
const MANY = 20
/** From this on, something should be left of what was there. */
const ENOUGH = 10

/**
 * Whether a delta looks like an accident (faults.md row 31): a folder that is not mounted, a checkout that was broken off,
 * a path that leads elsewhere now. More than half of the files and more than 20 are gone; or no file is left at all;
 * or all is replaced: of 10 files or more, none is left.
 */
export function isMassDeletion({ before, deleted, isEmptied }: Deletion): boolean {
  const isMost = deleted > MANY && deleted * 2 > before
  const isReplaced = deleted === before && before >= ENOUGH
  return isMost || isReplaced || (isEmptied && deleted > 0)
}

/** So few that they are harmless whatever the size of the workspace, as long as a file is left. */
export function isFewDeletions(deleted: number): boolean {
  return deleted < ENOUGH
}
