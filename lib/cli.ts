import yargs, { type Argv } from 'yargs'
import { readFileSync } from 'node:fs'
import { type Effective, effective, type Option, type OptionName, options } from './commands/options.ts'
import { Interrupted } from './commands/terminal.ts'
import { didYouMean, exit, Refused, showProblem } from './model/problem.ts'
import { mask } from './report/mask.ts'

/** Reads the command line, does what it says, and decides the exit code: nothing else does. */
export async function main(argv: readonly string[]): Promise<void> {
  // `run … | head` has read enough: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  process.exitCode = await exitCodeOf(argv)
  // A playbook may have left a timer or a socket behind; what was written to stdout is out by then.
  setTimeout(() => process.exit(), 2000).unref()
}

async function exitCodeOf(argv: readonly string[]): Promise<number> {
  let code: number = exit.ok
  try {
    await parser(argv, (value) => {
      code = value
    }).parseAsync([...normal(argv)], {}, (_error, _args, output) => {
      // The type of an option is seen from what is written of it.
      if (output)
        process.stdout.write(`${output.replace(/ *\[(?:string|array|boolean|count)\]/g, '').replace(/ +$/gm, '')}\n`)
    })
    return code
  } catch (error) {
    if (error instanceof Refused) {
      for (const problem of error.problems) process.stderr.write(`${mask(showProblem(problem))}\n`)
      return error.exitCode
    }
    if (error instanceof Interrupted) return exit.interrupted
    process.stderr.write(
      `this is a fault of switchover itself, not of your playbook:\n${mask(error instanceof Error ? (error.stack ?? error.message) : String(error))}\n`,
    )
    return exit.internal
  }
}

// What --resume means without a name.
const latest = 'latest'

// What yargs cannot say: `help exec`, a lone dash, and a value of --resume that may be missing.
function normal(argv: readonly string[]): readonly string[] {
  if (argv[0] === 'help') return [...argv.slice(1), '--help']
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  const isRun = (word: string | undefined) => word !== undefined && /^\d{8}(?:-|$)/.test(word)
  const joined = words.flatMap((word, i) => {
    // A lone dash is dropped by the parser; in what we take it for, it is this file.
    if (word === '-') return ['/dev/stdin']
    if (word === '--resume') return [`--resume=${isRun(words[i + 1]) ? words[i + 1] : latest}`]
    return words[i - 1] === '--resume' && isRun(word) ? [] : [word]
  })
  return end < 0 ? joined : [...joined, ...argv.slice(end)]
}

type Arguments = Readonly<Record<string, unknown>>
type Take = (args: Arguments, given: Effective, argv: readonly string[]) => Promise<number>

interface Command {
  readonly usage: string
  readonly describe: string
  readonly options: readonly OptionName[]
  readonly more?: (y: Argv) => Argv
  readonly examples?: readonly (readonly [string, string])[]
  readonly take: Take
}

const all = Object.keys(options) as readonly OptionName[]
const connecting: readonly OptionName[] = [
  'connection',
  'user',
  'private-key',
  'timeout',
  'become',
  'become-user',
  'become-method',
  'ask-pass',
  'connection-password-file',
  'ask-become-pass',
  'become-password-file',
]
const vaults: readonly OptionName[] = ['ask-vault-password', 'vault-password-file', 'vault-id']
const target =
  (describe: string) =>
  (y: Argv): Argv =>
    y.positional('target', { type: 'string', demandOption: true, describe })

const commands: readonly Command[] = [
  {
    usage: '$0 <target>',
    describe: 'Run a playbook, or a role by its name',
    options: all,
    more: target('Path of a playbook, or the name of a role'),
    examples: [
      ['run playbooks/site.ts -i inventory/lab', 'Run a playbook'],
      [
        'run playbooks/site.ts -i inventory/lab -C -D -l web',
        'Say what would change on the hosts of web, with differences',
      ],
      ['run nova -i inventory/lab -t config', 'Run a role by its name, only its tasks with the tag config'],
      ['run playbooks/site.ts -i inventory/lab --resume', 'Go on where it stopped'],
    ],
    take: async (args, { values }, argv) =>
      (await import('./commands/run.ts')).runPlaybook({
        target: String(args['target']),
        values: checked(values),
        argv,
      }),
  },
  {
    usage: 'exec <pattern>',
    describe: 'Run one command on hosts: run exec PATTERN -i INVENTORY -- COMMAND',
    options: ['inventory', 'limit', 'extra-vars', 'check', 'forks', 'json', 'verbose', ...connecting, ...vaults],
    more: (y) =>
      y.positional('pattern', { type: 'string', demandOption: true, describe: 'A host pattern, as for --limit' }),
    examples: [
      ['run exec compute -i inventory/lab -- uptime', 'Equal outputs are shown once'],
      [
        `run exec all -i inventory/lab -b -- 'grep -c ERROR /var/log/nova/*.log'`,
        'As root; the quoted text is a shell script',
      ],
    ],
    take: async (args, { values }, argv) =>
      (await import('./commands/exec.ts')).execute({
        pattern: String(args['pattern']),
        words: (args['--'] ?? []) as readonly string[],
        values,
        argv,
      }),
  },
  {
    usage: 'inventory',
    describe: 'Show what an inventory says',
    options: ['inventory', 'limit', 'extra-vars', 'json', ...vaults],
    more: (y) =>
      y.options({
        list: { type: 'boolean', default: false, describe: 'Everything, as JSON in the shape of dynamic inventories' },
        graph: { type: 'boolean', default: false, describe: 'Groups and hosts as a tree' },
        host: { type: 'string', describe: "One host's variables, with where each comes from and what it overrode" },
      }),
    take: async (args, { values }) =>
      (await import('./commands/inventory.ts')).showInventory({
        values,
        list: args['list'] === true,
        host: args['host'] as string | undefined,
      }),
  },
  {
    usage: 'vars <target>',
    describe: 'Show the variables that the roles of a playbook want',
    options: ['json'],
    more: target('Path of a playbook, or the name of a role'),
    take: async (args, { values }) =>
      (await import('./commands/vars.ts')).showVars(String(args['target']), values.json),
  },
  {
    usage: 'vault <action> [files..]',
    describe: 'Encrypt and decrypt files and values as Ansible Vault does',
    options: vaults,
    more: (y) =>
      y
        .positional('action', {
          choices: ['encrypt', 'decrypt', 'view', 'edit', 'rekey', 'encrypt-string'],
          demandOption: true,
          describe: 'What to do',
        })
        .positional('files', {
          type: 'string',
          array: true,
          default: [],
          describe: 'Files; - is stdin and stdout. For encrypt-string the text, or nothing for stdin',
        })
        .options({
          'new-vault-password-file': { type: 'string', describe: 'rekey: the new password' },
          'new-vault-id': { type: 'string', describe: 'rekey: the new password and its label, LABEL@FILE' },
          'encrypt-vault-id': { type: 'string', describe: 'Which --vault-id to encrypt with' },
          name: { alias: 'n', type: 'string', describe: 'encrypt-string: the name of the variable' },
          to: { type: 'string', describe: 'encrypt, decrypt: write there and leave the file as it is; - is stdout' },
        }),
    examples: [
      ['run vault edit group_vars/all/vault.yml --vault-password-file ~/.vault', 'Change an encrypted file in $EDITOR'],
      [
        'run vault encrypt-string -n db_password --ask-vault-password',
        'Encrypt a value that is typed or comes on stdin',
      ],
    ],
    take: async (args, { values }) =>
      (await import('./commands/vault.ts')).vault({
        action: String(args['action']),
        files: args['files'] as readonly string[],
        values,
        name: args['name'] as string | undefined,
        to: args['to'] as string | undefined,
        newFile: args['new-vault-password-file'] as string | undefined,
        newId: args['new-vault-id'] as string | undefined,
        encryptId: args['encrypt-vault-id'] as string | undefined,
      }),
  },
  {
    usage: 'config',
    describe: 'Show the value of every setting and where it comes from',
    options: all,
    take: async (_args, given) => (await import('./commands/config.ts')).showConfig(given),
  },
  {
    usage: 'history',
    describe: 'List the recorded runs',
    options: ['json'],
    take: async (_args, { values }) => (await import('./commands/history.ts')).history(values.json),
  },
  {
    usage: 'report <run>',
    describe: 'Show a recorded run again',
    options: ['verbose', 'diff', 'json'],
    more: (y) =>
      y.positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'Its name, or the beginning of it; latest is the latest',
      }),
    take: async (args, { values }) => (await import('./commands/history.ts')).report(String(args['run']), values),
  },
  {
    usage: 'unlock [run]',
    describe: 'Remove the locks of runs that have ended',
    options: [],
    more: (y) =>
      y
        .positional('run', { type: 'string', describe: 'The run that holds them' })
        .option('force', { type: 'boolean', default: false, describe: 'Also those of a run that goes on' }),
    take: async (args) =>
      (await import('./commands/lock.ts')).unlock({
        run: args['run'] as string | undefined,
        force: args['force'] === true,
      }),
  },
  {
    usage: 'completion [shell]',
    describe: 'Print a script that completes in bash or zsh: eval "$(run completion bash)"',
    options: [],
    more: (y) => y.positional('shell', { choices: ['bash', 'zsh'], describe: 'The shell; that of $SHELL unless said' }),
    take: async (args) =>
      (await import('./commands/completion.ts')).completionScript(args['shell'] as string | undefined),
  },
  {
    usage: 'complete <index>',
    describe: '',
    options: [],
    more: (y) => y.positional('index', { type: 'string', demandOption: true }),
    take: async (args) =>
      (await import('./commands/completion.ts')).complete(
        Number(args['index']),
        (args['--'] ?? []) as readonly string[],
      ),
  },
]

const exitCodes = `Exit codes:
  0  all went well                        6    playbook, inventory or settings cannot be loaded
  1  a fault of switchover itself         7    nothing is selected: no such host, tag or task
  2  a task failed on a host              8    refused at a gate
  4  a host was unreachable               9    locked by another run
  5  wrong option or value                130  Ctrl-C (143: TERM)

run COMMAND --help says more of each command.`

function parser(given: readonly string[], done: (code: number) => void): Argv {
  const argv = normal(given)
  const made = yargs().scriptName('run').usage('$0 PLAYBOOK|ROLE -i INVENTORY [options]')
  for (const { usage, describe, options: names, more, examples = [], take } of commands) {
    const builder = (y: Argv) => {
      for (const name of names) y.option(name, forParser(options[name]))
      y.example(examples as [string, string][])
      return more ? more(y) : y
    }
    const shown: string = describe === '' ? (false as never) : describe
    made.command(usage, shown, builder, async (args: Arguments) => {
      // Completion must never fail for a typing error in the settings.
      const settings = usage.startsWith('complet')
        ? { values: {} }
        : await (await import('./commands/settings.ts')).readSettings()
      done(await take(args, effective(args, settings), argv))
    })
  }
  return made
    .parserConfiguration({
      'duplicate-arguments-array': true,
      'camel-case-expansion': false,
      'short-option-groups': true,
      'greedy-arrays': false,
      'populate--': true,
      'parse-positional-numbers': false,
    })
    .strictOptions()
    .demandCommand(1)
    .version(version())
    .help()
    .alias('help', 'h')
    .epilogue(exitCodes)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      if (error && error.name !== 'YError') throw error
      throw new Refused(usageProblem(message ?? error.message, argv[0]), exit.usage)
    })
}

function forParser({ kind, alias, group, describe, choices, fallback }: Option) {
  const type = kind === 'flag' ? 'boolean' : kind === 'count' ? 'count' : 'string'
  return {
    type,
    group,
    describe: `${describe}${choices ? `: ${choices.join(' or ')}` : ''}${kind === 'number' && fallback !== undefined ? ` (${fallback})` : ''}`,
    ...(alias === undefined ? {} : { alias }),
    ...(kind === 'texts' ? { array: true } : {}),
    ...(type === 'string' ? { requiresArg: true } : {}),
  } as const
}

function checked(values: Effective['values']): Effective['values'] {
  const strange = values.output?.find((o) => o !== 'lines' && o !== 'json' && !/^junit=./.test(o))
  if (strange !== undefined)
    throw new Refused(
      { message: `--output ${strange} is unknown`, hint: 'there are lines, json and junit=FILE' },
      exit.usage,
    )
  return values
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}

// What a command that is followed by nothing needs, where that is no playbook.
const missing: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  exec: ['the hosts are missing', 'name them first, as in run exec all -i inventory/lab -- uptime'],
  report: ['the run to show is missing', 'name one of those that run history lists'],
  vault: ['what to do is missing', 'see run vault --help'],
}

function usageProblem(message: string, command = ''): { readonly message: string; readonly hint?: string } {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(', ')
  if (unknown) {
    const name = unknown.find((n) => n.length > 1) ?? unknown[0]!
    const near = name.length > 1 ? didYouMean(name, Object.keys(options)) : undefined
    return {
      message: `there is no option ${name.length === 1 ? '-' : '--'}${name}`,
      hint: near?.replace('mean ', 'mean --') ?? 'see run --help',
    }
  }
  const choice = /Argument: (\w+), Given: "(.*?)", Choices: (.*)$/s.exec(message)
  if (choice) {
    const choices = [...choice[3]!.matchAll(/"(.*?)"/g)].map((match) => match[1]!)
    return {
      message: `there is no ${choice[1]} ${choice[2]}`,
      hint: didYouMean(choice[2]!, choices) ?? `there are: ${choices.join(', ')}`,
    }
  }
  const bare = /^Not enough arguments following: (.*)$/.exec(message)?.[1]
  if (bare) return { message: `${bare.length === 1 ? '-' : '--'}${bare} needs a value` }
  if (/^Not enough (?:non-option )?arguments/.test(message)) {
    const [said, hint] = (Object.hasOwn(missing, command) && missing[command]) || [
      'something to run is missing',
      'name a playbook or a role, as in run playbooks/site.ts -i inventory/lab; see run --help',
    ]
    return { message: said, hint }
  }
  return { message: message.trim().replace(/\s*\n\s*/g, '; ') }
}
