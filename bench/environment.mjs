import { join } from 'node:path'

/** Variables that would change what is measured. */
const UNWANTED = /^(GIT_|CE_DELTA_|REMOTE_UPLOAD_|XDG_|RESTIC_|NODE_OPTIONS$)/

/** The environment of a user without any configuration, whose home is in `scratch`. */
export function isolatedEnvironment(scratch) {
  const kept = Object.entries(process.env).filter(([name]) => !UNWANTED.test(name))
  const home = join(scratch, 'home')
  const person = { NAME: 'Bench', EMAIL: 'bench@example.invalid' }
  const people = Object.entries(person).flatMap(([key, value]) => [
    [`GIT_AUTHOR_${key}`, value],
    [`GIT_COMMITTER_${key}`, value],
  ])
  return {
    ...Object.fromEntries([...kept, ...people]),
    HOME: home,
    XDG_DATA_HOME: join(scratch, 'data'),
    XDG_STATE_HOME: join(scratch, 'state'),
    XDG_CONFIG_HOME: join(scratch, 'config'),
    XDG_CACHE_HOME: join(scratch, 'cache'),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    RESTIC_PASSWORD: 'bench',
  }
}
