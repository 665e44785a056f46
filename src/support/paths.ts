/** Why a path cannot be carried to the other end; the words are shown to people. */
export type PathProblem =
  | 'empty'
  | 'absolute'
  | 'not canonical'
  | 'contains a NUL byte'
  | 'names git’s own folder'
  | 'too long'
  | 'too deep'
  | 'is not valid Unicode'
  | 'not possible on Windows'

export const PATH_LIMITS = { bytes: 4095, componentBytes: 255, depth: 512 } as const

/**
 * The one grammar of paths, used by the client, the bundle reader and the receiver (faults.md rows 47, 88).
 * A path is relative, `/`-separated, canonical, valid Unicode, and never leads into a git folder.
 * It is refused, never repaired. Returns null where the path is good. On Windows `\` and `:` are refused as well: there
 * they separate folders, drives and streams.
 */
export function pathProblem(path: string, platform: NodeJS.Platform = process.platform): PathProblem | null {
  if (path === '') return 'empty'
  if (path.includes('\0')) return 'contains a NUL byte'
  if (path.startsWith('/')) return 'absolute'
  if (!path.isWellFormed()) return 'is not valid Unicode'
  if (/^[A-Za-z]:[\\/]/.test(path)) return 'absolute'
  if (platform === 'win32' && /[\\:]/.test(path)) return 'not possible on Windows'
  if (path.length > PATH_LIMITS.bytes || Buffer.byteLength(path) > PATH_LIMITS.bytes) return 'too long'
  const components = path.split('/')
  if (components.length > PATH_LIMITS.depth) return 'too deep'
  for (const component of components) {
    if (component === '' || component === '.' || component === '..') return 'not canonical'
    if (component.length > 63 && Buffer.byteLength(component) > PATH_LIMITS.componentBytes) return 'too long'
    if (component.split('\\').some(isGitFolderName)) return 'names git’s own folder'
  }
  return null
}

// Characters that HFS+ ignores when it compares names, as in git's is_hfs_dotgit.
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

/** `.git` in any disguise that some file system takes for it: case, HFS+ joiners, NTFS short names, trailing dots. */
function isGitFolderName(component: string): boolean {
  const first = component.charCodeAt(0)
  const couldBe = first === 0x2e || first === 0x67 || first === 0x47 || first > 0x7f
  if (!couldBe) return false
  const plain = component.replace(IGNORED_BY_HFS, '').toLowerCase()
  const windows = plain.replace(/:.*$/s, '').replace(/[ .]+$/, '')
  return plain === '.git' || windows === '.git' || windows === 'git~1'
}

/** The folders above a path, nearest first: `a/b/c` gives `a/b`, `a`. */
export function parentsOf(path: string): string[] {
  const parents: string[] = []
  for (let slash = path.lastIndexOf('/'); slash !== -1; slash = path.lastIndexOf('/', slash - 1)) {
    parents.push(path.slice(0, slash))
  }
  return parents
}

const encoder = new TextEncoder()

/** Order of bytes, which is git's order; JavaScript's own order differs beyond U+FFFF. */
export function compareBytes(left: string, right: string): number {
  if (isAscii(left) && isAscii(right)) return left < right ? -1 : Number(left > right)
  return Buffer.compare(encoder.encode(left), encoder.encode(right))
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}
