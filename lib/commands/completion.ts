import path from 'node:path'
import { command } from '../cli/command.ts'
import { exit, Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'

const scripts = {
  bash: `# Completion of run in bash: eval "$(run completion bash)"
_run_complete() {
  local IFS=$'\\n' word
  COMPREPLY=()
  while read -r word; do COMPREPLY+=("$word"); done \\
    < <("\${COMP_WORDS[0]}" complete "$COMP_CWORD" -- "\${COMP_WORDS[@]}" 2>/dev/null)
  case "\${COMPREPLY[0]}" in */|*=) compopt -o nospace ;; esac
}
complete -o default -F _run_complete run switchover
`,
  zsh: `#compdef run switchover
# Completion of run in zsh: eval "$(run completion zsh)"
_run() {
  local -a found
  found=("\${(@f)$("\${words[1]}" complete $((CURRENT - 1)) -- "\${words[@]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -Q -a found; else _files; fi
}
compdef _run run switchover
`,
} as const

const shells = Object.keys(scripts)

export const completion = command({
  describe: 'Print a script that completes in bash or zsh: eval "$(run completion bash)"',
  takes: { shell: { choices: shells, describe: 'The shell; that of $SHELL unless said' } },
  async act({ words: { shell } }) {
    const wanted = shell ?? path.basename(process.env['SHELL'] ?? '')
    const script = (scripts as Readonly<Record<string, string>>)[wanted]
    if (script === undefined)
      throw new Refused(
        {
          message: wanted === '' ? 'for which shell is not known' : `there is no completion for ${wanted}`,
          hint: `there are: ${shells.map((name) => `${program()} completion ${name}`).join(', ')}`,
        },
        exit.usage,
      )
    process.stdout.write(script)
    return exit.ok
  },
})
