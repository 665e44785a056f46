import { isAbsolute, relative, sep } from 'node:path'

/** The ignore rule that leaves out this folder; none where it is not inside, or is left out already as git's own. */
export function ruleForFolder(root: string, folder: string): string[] {
  const path = relative(root, folder)
  const parts = path.split(sep)
  const isInside = path !== '' && !isAbsolute(path) && parts[0] !== '..' && !parts.includes('.git')
  return isInside && !path.includes('\n') ? [`/${parts.join('/').replace(/[\\*?[ ]/g, '\\$&')}/`] : []
}
