import { EachFolder } from './each-folder.js'
import type { FolderWatcher, FolderWatcherOptions } from './folder-watcher.js'
import { WholeTree } from './whole-tree.js'

/** Whether one watch of the system sees a whole tree. Elsewhere (Linux) each folder needs one. */
const IS_RECURSIVE = process.platform === 'darwin' || process.platform === 'win32'

/**
 * The one door to the system's file events. They only ever say "look again", so nothing is kept about files, and a
 * watch costs one entry for each folder.
 */
export function folderWatcher(options: FolderWatcherOptions): FolderWatcher {
  return IS_RECURSIVE ? new WholeTree(options) : new EachFolder(options)
}
