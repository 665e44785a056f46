// The programmatic API (docs/api.md): what the command does, for programs.
export { type PushOptions, push } from './api/push.js'
export { type ServeOptions, type Serving, serve } from './api/serve.js'
export { type WatchOptions, watch } from './api/watch.js'
export type { WorkspaceOptions } from './api/workspace.js'
export {
  defineConfig,
  type SecretSettings,
  type Settings,
  type UserConfig,
  type WorkspaceSettings,
} from './config/config.js'
export type { ServerEvent } from './receiver/server-events.js'
export type { PushEvent, PushReport, ReportedError } from './report/report.js'
export { DeltaError, type ErrorCode } from './support/errors.js'
export type { WatchEvent, WatchStatus } from './triggers/watch/events.js'
export type { WatchEnd } from './triggers/watch/watch.js'
