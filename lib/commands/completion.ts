import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { exit, Refused } from '../model/problem.ts'
import { readInventory } from './inputs.ts'
import { effective, type Option, type OptionName, options } from './options.ts'
import { findPlaybook, loadPlaybook, playbooks, roles } from './playbooks.ts'

const scripts = {
  bash: `# Completion of run in bash: eval "$(run completion bash)"
_run_complete() {
  local IFS=$'\\n' word
  COMPREPLY=()
  while read -r word; do COMPREPLY+=("$word"); done < <("\${COMP_WORDS[0]}" complete "$COMP_CWORD" -- "\${COMP_WORDS[@]}" 2>/dev/null)
  case "\${COMPREPLY[0]}" in */|*=) compopt -o nospace ;; esac
}
complete -o default -F _run_complete run
`,
  zsh: `#compdef run
# Completion of run in zsh: eval "$(run completion zsh)"
_run() {
  local -a found
  found=("\${(@f)$("\${words[1]}" complete $((CURRENT - 1)) -- "\${words[@]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -Q -a found; else _files; fi
}
compdef _run run
`,
} as const

/** Prints the script that makes a shell ask us for completions. */
export async function completionScript(shell: string | undefined): Promise<number> {
  const wanted = shell ?? path.basename(process.env['SHELL'] ?? '')
  const script = (scripts as Readonly<Record<string, string>>)[wanted]
  if (script === undefined)
    throw new Refused(
      {
        message: wanted === '' ? 'for which shell is not known' : `there is no completion for ${wanted}`,
        hint: 'there are: run completion bash, run completion zsh',
      },
      exit.usage,
    )
  process.stdout.write(script)
  return exit.ok
}

const commands = ['exec', 'inventory', 'vars', 'vault', 'config', 'history', 'report', 'unlock', 'completion', 'help']

/** Prints what the word at `index` may become, one a line; nothing when it is anybody's guess. Nothing is ever refused here. */
export async function complete(index: number, words: readonly string[]): Promise<number> {
  const found = await candidates(index, words).catch(() => [])
  process.stdout.write(found.map((word) => `${word}\n`).join(''))
  return exit.ok
}

async function candidates(index: number, given: readonly string[]): Promise<readonly string[]> {
  // bash cuts words at `=`: --tags=a comes as three.
  const words = given.slice(0, index + 1).filter((word) => word !== '=')
  const word = given[index] === '=' ? '' : (words.at(-1) ?? '')
  const line = words.slice(1, given[index] === '=' ? undefined : -1)
  if (line.includes('--')) return []
  const wants = optionOf(line.at(-1))
  if (wants && takesValue(wants)) return starting(word, await valuesOf(wants, line), true)
  if (line.at(-1) === '--host') return starting(word, await hosts(line), false)
  if (word.startsWith('-')) return starting(word, [...Object.keys(options).map((name) => `--${name}`), '--help'], false)
  if (line.length === 0) return starting(word, [...commands, ...roles(), ...playbooks()], false)
  const [command] = line
  if (positionals(line).length > 1) return []
  switch (command) {
    case 'vars':
      return starting(word, [...roles(), ...playbooks()], false)
    case 'vault':
      return starting(word, ['encrypt', 'decrypt', 'view', 'edit', 'rekey', 'encrypt-string'], false)
    case 'completion':
      return starting(word, ['bash', 'zsh'], false)
    case 'help':
      return starting(word, commands, false)
    case 'exec':
      return starting(word, await hosts(line), false)
    case 'report':
      return starting(word, recorded(), false)
    case 'inventory':
      return starting(word, ['--list', '--graph', '--host'], false)
    default:
      return []
  }
}

/** Those that begin as the word does. With commas, the last part is what is being typed. */
function starting(word: string, candidates: readonly string[], parts: boolean): readonly string[] {
  const before = parts ? word.slice(0, word.lastIndexOf(',') + 1) : ''
  return [...new Set(candidates)].filter((one) => one.startsWith(word.slice(before.length))).map((one) => before + one)
}

function optionOf(word: string | undefined): OptionName | undefined {
  if (word === undefined) return undefined
  const short = /^-[A-Za-z]*([A-Za-z])$/.exec(word)?.[1]
  return (Object.entries(options) as [OptionName, Option][]).find(([name, { alias }]) => {
    return word === `--${name}` || [alias ?? []].flat().some((a) => (a.length === 1 ? a === short : word === `--${a}`))
  })?.[0]
}

const takesValue = (name: OptionName) => options[name].kind !== 'flag' && options[name].kind !== 'count'

/** The words of a line that are neither options nor their values. */
function positionals(line: readonly string[]): readonly string[] {
  return line.filter((word, i) => {
    const before = optionOf(line[i - 1])
    return !word.startsWith('-') && !(before && takesValue(before))
  })
}

async function valuesOf(name: OptionName, line: readonly string[]): Promise<readonly string[]> {
  const { choices } = options[name] as Option
  if (choices) return choices
  switch (name) {
    case 'inventory':
      return inventories()
    case 'limit':
      return hosts(line)
    case 'tags':
    case 'skip-tags': {
      const { tagsOf } = await import('../engine/select.ts')
      return [...tagsOf(await playbookOf(line)), 'all', 'always', 'never', 'tagged', 'untagged']
    }
    case 'output':
      return ['lines', 'json', 'junit=']
    case 'resume':
      return recorded()
    default:
      return []
  }
}

function inventories(): readonly string[] {
  if (!existsSync('inventory')) return []
  return readdirSync('inventory')
    .filter((name) => !name.startsWith('.') && !/^(group|host)_vars$/.test(name))
    .map((name) => `inventory/${name.replace(/\.ts$/, '')}`)
}

function recorded(): readonly string[] {
  return existsSync('.switchover/runs')
    ? readdirSync('.switchover/runs')
        .map((name) => name.replace(/\.jsonl$/, ''))
        .sort()
        .reverse()
    : []
}

async function playbookOf(line: readonly string[]) {
  return loadPlaybook(findPlaybook(positionals(line)[0] ?? ''))
}

async function hosts(line: readonly string[]): Promise<readonly string[]> {
  const { readSettings } = await import('./settings.ts')
  const { values } = effective({}, await readSettings())
  const given = line.flatMap((word, i) =>
    optionOf(word) === 'inventory' && line[i + 1] !== undefined ? [line[i + 1]!] : [],
  )
  const inventory = await readInventory({
    ...values,
    'ask-vault-password': false,
    ...(given.length > 0 ? { inventory: given } : {}),
  })
  return [...inventory.groups.keys(), ...inventory.hosts.keys()]
}
