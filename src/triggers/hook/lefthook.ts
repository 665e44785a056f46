import { DeltaError } from '../../support/errors.js'
import { type HookName, SHIM_NAME } from './names.js'
import { hookLines } from './shim.js'

/** The file of lefthook's that is for one machine only; lefthook merges it into the shared one. */
export const LEFTHOOK_FILE = 'lefthook-local.yml'

/** lefthook writes a hook anew whenever its configuration changes, so our lines belong into the configuration. */
export function isLefthooks(text: string | null): boolean {
  return text !== null && /^call_lefthook\b/m.test(text)
}

/** Jobs for the hooks that lefthook runs; it puts the arguments of the hook where `{0}` stands. */
export function lefthookLines(hooks: readonly HookName[]): string[] {
  const job = ['  jobs:', '    - name: ce-delta', '      run: |', '        set -- {0}']
  return hooks.flatMap((hook) => [`${hook}:`, ...job, ...hookLines(hook).map((line) => `        ${line}`)])
}

/** Two keys of the same name are no YAML; then the user is shown what to write. Throws `usage`. */
export function checkLefthookFile(path: string, text: string, hooks: readonly HookName[]): void {
  const taken = hooks.filter((hook) => new RegExp(`^['"]?${hook}['"]?\\s*:`, 'm').test(text))
  if (taken.length === 0) return
  const command = `sh "$(git rev-parse --git-common-dir)/${SHIM_NAME}" ${taken[0]} {0}`
  throw new DeltaError('usage', `${path} has ${taken.join(' and ')} already.`, {
    facts: { file: path, hooks: taken.join(' ') },
    next: `Add a job there, for each its name: { name: ce-delta, run: '${command}' }`,
  })
}
