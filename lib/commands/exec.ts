import type { Event, Reporter } from '../model/event.ts'
import type { Host } from '../model/inventory.ts'
import { CommandFailed, type CommandResult, operation } from '../model/operation.ts'
import { play, playbook } from '../model/playbook.ts'
import { exit, Refused } from '../model/problem.ts'
import { mask } from '../report/mask.ts'
import { harmlessLines } from '../report/width.ts'
import { command } from '../cli/command.ts'
import { typed } from '../cli/command-line.ts'
import { becomeOf, keepOf, readInventory, withConnectionOptions } from '../cli/inputs.ts'
import { questions } from '../cli/operator.ts'
import { connecting, keeping, type Options, pick, type ValuesOf, vaults } from '../cli/options.ts'
import { withSignals } from '../cli/signals.ts'
import { select } from '../engine/select.ts'
import { type Command, perform as ran } from '../kit/command.ts'
import { sh } from '../kit/shell.ts'
import type { Ran } from '../modules/command.ts'
import { program } from '../model/program.ts'

const options = {
  ...pick('inventory', 'limit', 'extra-vars', 'check', 'forks', 'json', 'verbose', 'audit'),
  probe: {
    kind: 'flag',
    fallback: false,
    describe: 'It only looks: run in check mode too, and on hosts that another run has locked; no run is recorded',
  },
  ...connecting,
  ...keeping,
  ...vaults,
} as const satisfies Options

export const exec = command({
  describe: 'Run one command on hosts: run exec PATTERN -i INVENTORY -- COMMAND',
  takes: {
    pattern: {
      describe: 'A host pattern, as for --limit',
      completes: 'hosts',
      missing: ['the hosts are missing', 'name them first, as in run exec all -i inventory/lab -- uptime'],
    },
  },
  options,
  behind: 'The command and its arguments, as they are; one word alone is a line of shell',
  examples: [
    ['run exec web -i hosts.ini -- ls -l /etc', 'Equal outputs are shown once'],
    ["run exec all -i hosts.ini -b -- 'df | sort'", 'As root; one word alone is a line of shell'],
  ],
  act: ({ words: { pattern }, behind, values, argv }) => execute({ pattern, words: behind, values, argv }),
})

interface ExecArguments {
  readonly pattern: string
  readonly words: readonly string[]
  readonly values: ValuesOf<typeof options>
  readonly argv: readonly string[]
}

/** How the command ended on one host. */
interface Ending {
  readonly host: string
  readonly status: 'ok' | 'failed' | 'unreachable' | 'skipped'
  readonly code?: number
  readonly stdout: string
  readonly stderr: string
  readonly reason?: string
}

/**
 * Runs one command on the hosts of a pattern and prints what it wrote, equal endings once. Gives the exit code of a
 * run.
 */
async function execute({ pattern, words, values, argv }: ExecArguments): Promise<number> {
  const [line = '', ...more] = words
  const script = more.length > 0 ? sh`${words}` : line.trim()
  if (script === '')
    throw new Refused(
      { message: 'no command', hint: `write it behind two dashes: ${program()} exec PATTERN -i INVENTORY -- COMMAND` },
      exit.usage,
    )
  const inventory = await withConnectionOptions(await readInventory(values), values)
  const results = new Map<string, CommandResult>()
  const book = playbook('exec', [
    play('exec', { hosts: pattern, strategy: 'free' }, ({ task }) => {
      task(script, async (host) => {
        try {
          const result = await host.run((values.probe ? looking : anything)({ script, long: true }))
          if (values.probe || !host.check) results.set(host.name, result)
        } catch (error) {
          if (error instanceof CommandFailed) results.set(host.name, error.result)
          throw error
        }
      })
    }),
  ])
  const plays = select(book, inventory, { limit: values.limit ?? [], tags: [], skipTags: [] })
  const hosts = plays.flatMap((p) => p.hosts)
  if (hosts.length === 0) {
    const see = typed(['inventory', ...(values.inventory ?? []).flatMap((one) => ['-i', one]), '--graph'])
    const hint = plays.some(({ limited }) => limited)
      ? `see: ${program()} ${see}`
      : `add some to ${inventory.path}; see: ${program()} ${see}`
    throw new Refused(
      { message: `no host is selected: ${plays.map(({ empty }) => empty).join('; ')}`, hint },
      exit.empty,
    )
  }

  const { perform } = await import('../program/perform.ts')
  const endings = new Map<string, Ending>()
  return withSignals(async (caught) => {
    const ended = await perform(
      { playbook: book, inventory, plays },
      {
        check: values.check,
        forks: values.forks,
        audit: values.audit,
        forceHandlers: false,
        argv,
        keep: keepOf(values),
        ...becomeOf(values),
        // Whoever only looks may look at a host on which another run works.
        ...(values.check || values.probe ? {} : { locks: '--probe, for a command that only looks' }),
        records: !values.check && !values.probe,
        reporters: [reporter(values.verbose > 0, results, endings)],
        operator(emit) {
          const { stop, abort } = caught(emit)
          return { ...questions(stop, (question) => question()), gate: async () => true, stop, abort }
        },
      },
    )
    const ends = inOrder(hosts, endings)
    process.stdout.write(
      values.json ? `${mask(JSON.stringify(ends, undefined, 2))}\n` : harmlessLines(mask(folded(ends))),
    )
    return ended
  }, 'ours')
}

/** Notes how the command ends on each host; what it says meanwhile is shown where that is wanted. */
function reporter(aloud: boolean, results: ReadonlyMap<string, CommandResult>, endings: Map<string, Ending>): Reporter {
  return {
    report(event) {
      if (event.type === 'warned') process.stderr.write(harmlessLines(mask(`[WARNING]: ${event.message}\n`)))
      if (aloud && event.type === 'output')
        process.stderr.write(harmlessLines(mask(event.text)).replace(/^(?=.)/gm, `${event.host} | `))
      note(event, results, endings)
    },
    close: () => Promise.resolve(),
  }
}

/** What is typed may do anything, so that nothing of it is predicted. */
const anything = operation<Command, null, Command, Ran>(({ script }) => script, {
  read: async () => null,
  plan: (_, command) => ({ result: { code: 0, stdout: '', stderr: '' }, change: command, unpredictable: true }),
  apply: async (connection, command) => ({ ...(await ran(connection, command)) }),
})

/** What is said to look only, in check mode too. */
const looking = operation<Command, Ran, Ran>(({ script }) => script, {
  read: async (connection, command) => ({ ...(await ran(connection, command)) }),
  plan: (result) => ({ result }),
})

function note(event: Event, results: ReadonlyMap<string, CommandResult>, endings: Map<string, Ending>): void {
  if (event.type !== 'task-finished') return
  const { host, status, failure, unpredictable } = event
  const result = results.get(host)
  if (result) endings.set(host, { host, status: result.code === 0 ? 'ok' : 'failed', ...result })
  else if (unpredictable || status === 'changed')
    endings.set(host, { host, status: 'skipped', stdout: '', stderr: '', reason: 'it would run here' })
  else {
    const reason = failure && `${failure.reason}${failure.hint ? ` - ${failure.hint}` : ''}`
    endings.set(host, {
      host,
      status: status === 'unreachable' ? 'unreachable' : 'failed',
      stdout: '',
      stderr: '',
      ...(reason ? { reason } : {}),
    })
  }
}

function inOrder(hosts: readonly Host[], endings: ReadonlyMap<string, Ending>): readonly Ending[] {
  return hosts.map(
    ({ name }) => endings.get(name) ?? { host: name, status: 'skipped', stdout: '', stderr: '', reason: 'not started' },
  )
}

/** `web1, web2 (2 hosts): ok` with the output under it; hosts with the same ending share it. */
function folded(endings: readonly Ending[]): string {
  const groups = new Map<string, Ending[]>()
  for (const ending of endings) {
    const key = JSON.stringify({ ...ending, host: '' })
    groups.set(key, [...(groups.get(key) ?? []), ending])
  }
  return [...groups.values()]
    .map((group) => {
      const { status, code, stdout, stderr, reason } = group[0]!
      const names = group.map(({ host }) => host).join(', ')
      const word = code !== undefined && code !== 0 ? `exit code ${code}` : status
      const many = group.length > 1 ? ` (${group.length} hosts)` : ''
      const title = `${names}${many}: ${word}${reason === undefined ? '' : `: ${reason}`}`
      const said = [stdout, stderr].filter((text) => text !== '').map((text) => text.replace(/\n+$/, ''))
      return `${[title, ...said].join('\n')}\n`
    })
    .join('\n')
}
