export { defineConfig, type UserConfig } from './config/config.js'
export { push } from './push.js'
export type { PushContext, PushRequest } from './push-request.js'
export type { PushEvent, PushReport } from './report/report.js'
