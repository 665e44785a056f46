export { defineConfig, type UserConfig } from './config/config.js'
export { type PushContext, type PushRequest, push } from './push.js'
export type { PushEvent, PushReport } from './report/report.js'
