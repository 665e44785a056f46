import { LOCAL_VARIABLES } from '../../support/git-repository.js'
import { type HookName, SHIM_NAME } from './names.js'

/** The command as it is called on this machine. */
export interface RecordedCommand {
  /** Absolute paths. */
  readonly node: string
  readonly script: string
}

/** Each of its commits comes by here, and post-rewrite comes at its end. */
const UNLESS_REBASING = `[ -d "\${GIT_DIR:-.git}/rebase-merge" ] || `

/**
 * What a hook does: find the shim of this clone, and read it. It works in a file that others get by cloning, too: for
 * them there is no shim, so nothing happens. No process is started here; a hook may run a hundred times in a rebase.
 */
export function hookLines(hook: HookName): string[] {
  return [
    `${hook === 'post-commit' ? UNLESS_REBASING : ''}(`,
    `  hook=${hook} dir=\${GIT_DIR:-.git} common=`,
    '  [ -d "$dir" ] || dir=$(git rev-parse --git-dir 2>/dev/null)',
    '  [ ! -f "$dir/commondir" ] || read -r common <"$dir/commondir"',
    '  case $common in /* | ?:*) ;; *) common=$dir/$common ;; esac',
    `  [ ! -f "$common/${SHIM_NAME}" ] || . "$common/${SHIM_NAME}"`,
    ') || :',
  ]
}

/**
 * The shim, in POSIX sh. Its contract: it never fails, it never waits, it prints nothing but one line after a failure
 * in the background, and what it starts holds nothing that git or the terminal waits for. On the way to its end it
 * starts no process but the background one.
 */
export function shimText({ node, script }: RecordedCommand): string {
  return `# Written by "ce-delta hook install" for this clone; read by the hooks of all its worktrees.
# CE_DELTA=0 switches it off. Called directly: sh ${SHIM_NAME} post-commit "$@"
[ "\${CE_DELTA:-1}" != 0 ] || exit 0
[ -n "\${hook-}" ] || { hook=\${1-} dir=\${GIT_DIR:-.git}; shift; }
[ -e .git ] && [ -d "$dir" ] || exit 0
state=$dir/ce-delta/hook

# A clone and a new worktree have no old commit. What was never pushed is not uploaded by surprise.
case "$hook \${1-}" in
  'post-checkout '*[!0]*) ;;
  'post-checkout '*) [ -d "$dir/ce-delta" ] || exit 0 ;;
esac

[ -d "$state" ] || (umask 077 && mkdir -p "$state") 2>/dev/null || exit 0
if [ "$hook" = post-commit ] && [ -s "$state/notice" ]; then
  read -r notice <"$state/notice" && true >"$state/notice" && printf 'ce-delta: %s\\n' "$notice" >&2
fi

# The mark is left before anybody looks whether somebody works, and who works looks for it after saying that he ended.
{ true >"$state/dirty"; } 2>/dev/null || exit 0
if [ -f "$state/runner" ] && read -r runner <"$state/runner" && kill -0 "$runner" 2>/dev/null; then
  # On Linux a process that got the number of a dead one is told apart by where it works.
  [ -e /proc/self/cwd ] || exit 0
  [ ! "/proc/$runner/cwd" -ef . ] || exit 0
fi
# The measurement of "ce-delta hook stats" ends where the work would begin.
unset ${LOCAL_VARIABLES.join(' ')} GIT_REFLOG_ACTION GIT_EDITOR GIT_AUTHOR_DATE
# What is started is born without a pipe of ours: who reads one to its end does not even wait for it to begin.
{ true >>"$state/log"; } 2>/dev/null || exit 0
exec </dev/null >>"$state/log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
(
  [ -z "\${CE_DELTA_MEASURE-}" ] || exit 0
  trap '' HUP
  node=${quoted(node)}
  script=${quoted(script)}
  for node in "$node" "$(command -v node)" "$HOME/.volta/bin/node" "$HOME/.local/share/mise/shims/node" \\
    "$HOME/.asdf/shims/node" "$HOME/.local/share/fnm/aliases/default/bin/node" "$HOME"/.nvm/versions/node/*/bin/node \\
    /opt/homebrew/bin/node /usr/local/bin/node /usr/bin/node; do
    [ ! -x "$node" ] || [ -d "$node" ] || break
  done
  for script in "$script" ./node_modules/ce-delta/dist/cli.js "$(command -v ce-delta)"; do
    [ ! -f "$script" ] || break
  done
  if [ -x "$node" ] && [ -f "$script" ]; then
    session=$(command -v setsid)
    exec $session "$node" --no-warnings "$script" hook run "$hook"
  fi
  echo 'the last push in the background failed: node or ce-delta was not found. Run ce-delta hook install again' \\
    | tee "$state/notice"
) &
[ -n "\${CE_DELTA_MEASURE-}" ] || { echo $! >"$state/runner"; } 2>/dev/null
exit 0
`
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
