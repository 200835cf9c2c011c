import yargs, { type Argv } from 'yargs'
import { readFileSync } from 'node:fs'
import { runPlaybook, type RunArguments } from './commands/run.ts'
import { showVars } from './commands/vars.ts'
import { showInventory } from './commands/inventory.ts'
import { readSettings } from './commands/settings.ts'
import { didYouMean, exit, Refused, showProblem } from './model/problem.ts'
import { mask } from './report/mask.ts'

/** Reads the command line, does what it says, and decides the exit code: nothing else does. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await exitCodeOf(argv)
}

async function exitCodeOf(argv: readonly string[]): Promise<number> {
  let code: number = exit.ok
  try {
    const settings = await readSettings()
    await parser(argv, (value) => {
      code = value
    }).config(settings).parseAsync()
    return code
  } catch (error) {
    if (error instanceof Refused) {
      for (const problem of error.problems) process.stderr.write(`${mask(showProblem(problem))}\n`)
      return error.exitCode
    }
    if (error instanceof Usage) {
      process.stderr.write(`${error.message}\n`)
      return exit.usage
    }
    process.stderr.write(`this is a fault of switchover itself, not of your playbook:\n${mask(error instanceof Error ? error.stack ?? error.message : String(error))}\n`)
    return exit.internal
  }
}

class Usage extends Error {}

function parser(argv: readonly string[], done: (code: number) => void): Argv {
  return yargs([...argv])
    .scriptName('run')
    .usage('$0 PLAYBOOK|ROLE -i INVENTORY [options]')
    .command('$0 <target>', 'Run a playbook, or a role by its name', runOptions, async (args) => {
      done(await runPlaybook(toRunArguments(args, argv)))
    })
    .command('inventory', 'Show what an inventory says', inventoryOptions, async (args) => {
      done(await showInventory(args as never))
    })
    .command('vars <target>', 'Show the variables that the roles of a playbook want', (y) => y.positional('target', { type: 'string', demandOption: true }), async (args) => {
      done(await showVars(String(args['target'])))
    })
    .parserConfiguration({ 'duplicate-arguments-array': true, 'camel-case-expansion': true, 'strip-dashed': false, 'short-option-groups': true, 'greedy-arrays': false, 'populate--': true })
    .strictOptions()
    .demandCommand(1, 'name a playbook or a role: run playbooks/full-upgrade.ts -i inventory/lab')
    .recommendCommands()
    .version(version())
    .help().alias('help', 'h')
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .exitProcess(false)
    .fail((message, error) => {
      if (error && !(error.name === 'YError')) throw error
      throw new Usage(usageMessage(message ?? error.message))
    })
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version
}

const options = {
  'inventory': { alias: 'i', type: 'string', array: true, describe: 'Inventory file or folder, or a list such as a,b, ; repeatable', group: 'What and where:' },
  'limit': { alias: 'l', type: 'string', array: true, describe: 'Only these hosts (a pattern, or @FILE)', group: 'What and where:' },
  'tags': { alias: 't', type: 'string', array: true, describe: 'Only tasks with one of these tags', group: 'What and where:' },
  'skip-tags': { type: 'string', array: true, describe: 'No tasks with one of these tags', group: 'What and where:' },
  'start-at-task': { type: 'string', describe: 'Leave out the tasks before this one (name or glob)', group: 'What and where:' },
  'extra-vars': { alias: 'e', type: 'string', array: true, describe: 'Variables above all others: k=v, JSON, or @FILE', group: 'What and where:' },
  'resume': { type: 'string', describe: 'Go on where the latest run of this playbook (or the named one) stopped', group: 'What and where:' },
  'check': { alias: 'C', type: 'boolean', default: false, describe: 'Change nothing; say what would change', group: 'How:' },
  'diff': { alias: 'D', type: 'boolean', default: false, describe: 'Show differences in files', group: 'How:' },
  'forks': { alias: 'f', type: 'number', default: 50, describe: 'Hosts at a time', group: 'How:' },
  'step': { type: 'boolean', default: false, describe: 'Ask before each task', group: 'How:' },
  'yes': { alias: 'y', type: 'boolean', default: false, describe: 'Answer yes at every gate', group: 'How:' },
  'force-handlers': { type: 'boolean', default: false, describe: 'Run due handlers on failed hosts too', group: 'How:' },
  'type-check': { type: 'boolean', default: true, describe: 'Check the types of playbook and inventory first (--no-type-check skips it)', group: 'How:' },
  'syntax-check': { type: 'boolean', default: false, describe: 'Check everything that can be checked without connecting, then stop', group: 'Look, do not run:' },
  'list-hosts': { type: 'boolean', default: false, describe: 'Print the hosts of each play', group: 'Look, do not run:' },
  'list-tasks': { type: 'boolean', default: false, describe: 'Print the tasks with their tags and places', group: 'Look, do not run:' },
  'list-tags': { type: 'boolean', default: false, describe: 'Print the tags', group: 'Look, do not run:' },
  'json': { type: 'boolean', default: false, describe: 'Print lists as JSON', group: 'Look, do not run:' },
  'output': { alias: 'o', type: 'string', array: true, describe: 'lines, json (one event a line), or junit=FILE; repeatable', group: 'Output:' },
  'verbose': { alias: 'v', type: 'count', describe: 'More output: -v results, -vv commands, -vvv stacks', group: 'Output:' },
  'user': { alias: 'u', type: 'string', describe: 'Connect as this user', group: 'Connection:' },
  'ask-pass': { alias: 'k', type: 'boolean', default: false, describe: 'Ask for the SSH password', group: 'Connection:' },
  'private-key': { alias: 'key-file', type: 'string', describe: 'Private key file', group: 'Connection:' },
  'timeout': { alias: 'T', type: 'number', describe: 'Seconds until a connection attempt is given up', group: 'Connection:' },
  'become': { alias: 'b', type: 'boolean', default: false, describe: 'Run tasks as another user', group: 'Connection:' },
  'become-user': { type: 'string', describe: 'The user to become (root)', group: 'Connection:' },
  'become-method': { choices: ['sudo', 'su'], describe: 'How to become it (sudo)', group: 'Connection:' },
  'ask-become-pass': { alias: 'K', type: 'boolean', default: false, describe: 'Ask for the password to become', group: 'Connection:' },
} as const

function runOptions(y: Argv) {
  return y.positional('target', { type: 'string', demandOption: true, describe: 'Path of a playbook, or the name of a role' }).options(options)
}

function inventoryOptions(y: Argv) {
  return y.options({
    'inventory': options.inventory,
    'list': { type: 'boolean', default: false, describe: 'Everything, as JSON in the shape of dynamic inventories' },
    'graph': { type: 'boolean', default: false, describe: 'Groups and hosts as a tree' },
    'host': { type: 'string', describe: "One host's variables, with where each comes from" },
  })
}

type Parsed = Awaited<ReturnType<ReturnType<typeof runOptions>['parseAsync']>>

function toRunArguments(args: Parsed, argv: readonly string[]): RunArguments {
  const commas = (given: readonly string[] | undefined) => (given ?? []).flatMap((text) => text.split(',')).map((s) => s.trim()).filter(Boolean)
  if (!Number.isInteger(args.forks) || args.forks < 1) throw new Usage(`--forks must be a whole number from 1, and is ${args.forks}`)
  if (!args.inventory?.length) throw new Usage('no inventory: name one with -i, such as -i inventory/lab')
  const strange = (args.output ?? []).find((o) => o !== 'lines' && o !== 'json' && !/^junit=./.test(o))
  if (strange !== undefined) throw new Usage(`--output ${strange} is unknown: there are lines, json and junit=FILE`)
  return {
    target: args.target, argv,
    inventory: args.inventory, limit: args.limit ?? [], tags: commas(args.tags), skipTags: commas(args['skip-tags']), extraVars: args['extra-vars'] ?? [],
    check: args.check, diff: args.diff, forks: args.forks, verbose: args.verbose, listHosts: args['list-hosts'], listTasks: args['list-tasks'],
    listTags: args['list-tags'], json: args.json, syntaxCheck: args['syntax-check'], typeCheck: args['type-check'], step: args.step, yes: args.yes,
    forceHandlers: args['force-handlers'], output: args.output ?? [], askPass: args['ask-pass'], become: args.become || args['become-user'] !== undefined,
    askBecomePass: args['ask-become-pass'],
    ...(args['start-at-task'] === undefined ? {} : { startAtTask: args['start-at-task'] }),
    ...(args.resume === undefined ? {} : { resume: args.resume === '' ? true : args.resume }),
    ...(args.user === undefined ? {} : { user: args.user }),
    ...(args['private-key'] === undefined ? {} : { privateKey: args['private-key'] }),
    ...(args.timeout === undefined ? {} : { timeout: args.timeout }),
    ...(args['become-user'] === undefined ? {} : { becomeUser: args['become-user'] }),
    ...(args['become-method'] === undefined ? {} : { becomeMethod: args['become-method'] }),
  }
}

function usageMessage(message: string): string {
  const unknown = /^Unknown arguments?: (.*)$/.exec(message)?.[1]?.split(', ')
  if (!unknown) return message.replace(/^Not enough non-option arguments.*$/, 'name a playbook or a role: run playbooks/full-upgrade.ts -i inventory/lab')
  const name = unknown.find((n) => n.length > 1) ?? unknown[0]!
  const near = didYouMean(name, Object.keys(options))
  return `there is no option ${name.length === 1 ? '-' : '--'}${name}${near ? ` - ${near.replace('mean ', 'mean --')}` : ' - see run --help'}`
}
