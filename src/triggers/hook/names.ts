/** After these, git has changed what is checked out, or has committed it. */
export const HOOK_NAMES = ['post-commit', 'post-merge', 'post-checkout', 'post-rewrite'] as const

export type HookName = (typeof HOOK_NAMES)[number]

export function isHookName(name: string): name is HookName {
  return HOOK_NAMES.some((known) => known === name)
}

/** Lies in the git folder that all worktrees share: nothing in a committed file names a path of this machine. */
export const SHIM_NAME = 'ce-delta-hook.sh'
