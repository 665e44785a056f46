/** The shells that {@link completionScript} knows. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const

export type Shell = (typeof SHELLS)[number]

/**
 * Each script asks the installed command itself for the words that fit, so that it never lags behind a new version.
 * What the command offers depends on SHELL: with zsh in it, words have descriptions.
 */
const SCRIPTS: { readonly [Name in Shell]: string } = {
  bash: `# Put this into ~/.bashrc:  source <(ce-delta completion bash)
_ce_delta() {
  local IFS=$'\\n'
  local offered
  offered=$(SHELL=bash ce-delta --get-yargs-completions "\${COMP_WORDS[@]:0:COMP_CWORD+1}")
  COMPREPLY=($(compgen -W "$offered" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o bashdefault -o default -F _ce_delta ce-delta
`,
  zsh: `# Put this into ~/.zshrc, after compinit:  source <(ce-delta completion zsh)
_ce_delta() {
  local -a offered
  offered=("\${(@f)$(SHELL=zsh ce-delta --get-yargs-completions "\${(@)words[1,CURRENT]}")}")
  if [[ -n "$offered[1]" ]]; then
    _describe ce-delta offered
  else
    _files
  fi
}
compdef _ce_delta ce-delta
`,
  fish: `# Put this into ~/.config/fish/config.fish:  ce-delta completion fish | source
complete -c ce-delta -a '(env SHELL=fish ce-delta --get-yargs-completions (commandline -opc) (commandline -ct))'
`,
  powershell: `# Put this into $PROFILE:  ce-delta completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName ce-delta -ScriptBlock {
  param($word, $line, $cursor)
  $words = @($line.CommandElements | ForEach-Object { $_.ToString() })
  if ($word -eq '') { $words += ' ' }
  ce-delta --get-yargs-completions @words |
    Where-Object { $_ -like "$word*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`,
}

/** A script that teaches this shell to complete the command line. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]
}
