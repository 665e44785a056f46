import type { Contents } from '../helpers/workspace.js'

/** Names that servers take for their own (protocol.md §2). */
export const HOSTILE_NAMES: Contents = {
  'manifest.json': '{}',
  'public/manifest.json': '{"name":"app"}',
  'x/metadata/operations.json': '{"operations":[{"operation":"deleted","path":"z.txt"}]}',
  'metadata/hashes.json': '{}',
  'metadata/git_history.json': '{"mode":"snapshot","commits":[]}',
  'z.txt': 'the right one',
  'pkg/files/created/z.txt': 'the wrong one',
  'a/myfiles/created/z.txt': 'the wrong one as well',
  'b/files/updated/z.txt': 'no',
  'c/files/moved/z.txt': 'no',
  'a/files/created/b': 'b',
  'new\nline': 'n',
  'ä/日本語': 'ü',
  [`deep/${'long-'.repeat(40)}`]: 'a long name',
}
