import { commitDelta } from './commit-delta.mjs'
import { firstBundles, firstProven } from './first-push.mjs'
import { hooks } from './hooks.mjs'
import { memory } from './memory.mjs'
import { noOp } from './no-op.mjs'
import { noOpMillion } from './no-op-million.mjs'
import { oneChange } from './one-change.mjs'
import { operations } from './operations.mjs'
import { renamedFolder } from './rename.mjs'
import { version } from './version.mjs'
import { watch } from './watch.mjs'
import { workspaces } from './workspaces.mjs'

/** What `--only` names, in the order of the table. Each gives one or more results. */
export const ROWS = {
  version,
  'no-op': noOp,
  'no-op-million': noOpMillion,
  'one-change': oneChange,
  'commit-delta': commitDelta,
  'first-bundles': firstBundles,
  'first-proven': firstProven,
  memory,
  rename: renamedFolder,
  operations,
  hooks,
  watch,
  workspaces,
}
