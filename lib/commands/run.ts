import path from 'node:path'
import type { RunOutcome } from '../engine/run.ts'
import { type PlayNode, select, tasksOf } from '../engine/select.ts'
import type { Event, Reporter } from '../model/event.ts'
import type { Host, Inventory } from '../model/inventory.ts'
import type { Playbook } from '../model/playbook.ts'
import { exit, Refused } from '../model/problem.ts'
import type { Journal } from '../engine/journal.ts'
import type { LiveReporter } from '../report/index.ts'
import { command } from '../cli/command.ts'
import { typed } from '../cli/command-line.ts'
import { parseExtraVars } from '../cli/extra-vars.ts'
import { becomeOf, inventorySources, readInventory, withConnectionOptions } from '../cli/inputs.ts'
import { commas, options, type Values } from '../cli/options.ts'
import { isYes, questions } from '../cli/operator.ts'
import { findPlaybook, loadPlaybook } from '../cli/playbooks.ts'
import { catchSignals, type Signals } from '../cli/signals.ts'
import { ask, interactive, Interrupted } from '../cli/terminal.ts'

export const run = command({
  describe: 'Run a playbook, or a role by its name',
  takes: {
    target: {
      describe: 'Path of a playbook, or the name of a role',
      completes: 'runnable',
      missing: [
        'something to run is missing',
        'name a playbook or a role, as in run playbooks/site.ts -i inventory/lab; see run --help',
      ],
    },
  },
  options,
  examples: [
    ['run playbooks/site.ts -i inventory/lab', 'Run a playbook'],
    [
      'run playbooks/site.ts -i inventory/lab -C -D -l web',
      'Say what would change on the hosts of web, with differences',
    ],
    ['run nova -i inventory/lab -t config', 'Run a role by its name, only its tasks with the tag config'],
    ['run playbooks/site.ts -i inventory/lab --resume', 'Go on where it stopped'],
  ],
  act({ words: { target }, values, from, argv }) {
    if (from.json === 'command line' && !listing(values))
      throw new Refused(
        {
          message: '--json prints a list: --list-hosts, --list-tasks or --list-tags',
          hint: 'for events write -o json',
        },
        exit.usage,
      )
    return runPlaybook({ target, values: checked(values), argv })
  },
})

interface RunArguments {
  readonly target: string
  readonly values: Values
  readonly argv: readonly string[]
}

/** What a command line selects: of which playbook, on which hosts. */
interface Selected {
  readonly file: string
  readonly playbook: Playbook
  readonly inventory: Inventory
  readonly plays: readonly PlayNode[]
}

/** Loads, checks, selects; then lists, or runs and reports. Gives the exit code. @throws Refused before anything is touched */
async function runPlaybook(args: RunArguments): Promise<number> {
  const { values } = args
  if (values.step && !interactive()) throw new Refused({ message: '--step needs a terminal to ask on' }, exit.usage)
  const selected = await load(args)
  if (listing(values)) return list(selected, values)
  const { checkVars } = await import('../engine/preflight.ts')
  const problems = checkVars(selected.plays, selected.inventory)
  if (problems.length > 0) throw new Refused(problems, exit.load)
  if (values['syntax-check']) {
    const { file, plays } = selected
    process.stdout.write(
      `${path.relative(process.cwd(), file)}: ${plays.length} plays, ${plays.flatMap((p) => [...tasksOf(p.nodes)]).length} tasks, nothing wrong\n`,
    )
    return exit.ok
  }
  // Asked for last: nobody types a password to be told of a typing error.
  const inventory = await withConnectionOptions(selected.inventory, values)
  const plays = selected.plays.map(
    (play): PlayNode => ({ ...play, hosts: play.hosts.map((host) => inventory.hosts.get(host.name) ?? host) }),
  )
  return execute({ ...selected, inventory, plays }, args)
}

function checked(values: Values): Values {
  const strange = values.output?.find((o) => o !== 'lines' && o !== 'json' && !/^junit=./.test(o))
  if (strange !== undefined)
    throw new Refused(
      { message: `--output ${strange} is unknown`, hint: 'there are lines, json and junit=FILE' },
      exit.usage,
    )
  return values
}

async function load({ target, values }: RunArguments): Promise<Selected> {
  const file = findPlaybook(target)
  const extraVars = await parseExtraVars(values['extra-vars'] ?? [])
  const checks = values['type-check'] && !listing(values)
  const checked = checks
    ? import('../cli/typecheck.ts').then(({ typeCheck }) =>
        typeCheck([file, ...inventorySources(values.inventory ?? [])]),
      )
    : Promise.resolve()
  // A type error says more than what follows from it at run time, so it is the one to be shown.
  const [types, loaded] = await Promise.allSettled([
    checked,
    both(loadPlaybook(file), readInventory(values, extraVars)),
  ])
  if (types.status === 'rejected') throw types.reason
  if (loaded.status === 'rejected') throw loaded.reason
  const [playbook, inventory] = loaded.value
  const plays = select(playbook, inventory, {
    limit: values.limit ?? [],
    tags: commas(values.tags),
    skipTags: commas(values['skip-tags']),
    ...(values['start-at-task'] === undefined ? {} : { startAt: values['start-at-task'] }),
  })
  const { checkExtraVars } = await import('../engine/preflight.ts')
  const unknown = checkExtraVars(playbook, Object.keys(extraVars))
  if (unknown.length > 0) throw new Refused(unknown, exit.load)
  refuseEmpty(plays, values)
  return { file, playbook, inventory, plays }
}

/** Both, or what is wrong with either: an operator who is told half of it has to come back. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<readonly [A, B]> {
  const [a, b] = await Promise.allSettled([first, second])
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value]
  const reasons = [a, b].flatMap((end): readonly unknown[] => (end.status === 'rejected' ? [end.reason] : []))
  const refused = reasons.filter((reason) => reason instanceof Refused)
  if (refused.length < 2) throw reasons.find((reason) => !(reason instanceof Refused)) ?? reasons[0]
  throw new Refused(
    refused.flatMap(({ problems }) => problems),
    refused[0]!.exitCode,
  )
}

function listing(values: Values): boolean {
  return values['list-hosts'] || values['list-tasks'] || values['list-tags']
}

async function list({ playbook, plays }: Selected, values: Values): Promise<number> {
  const { listAsJson, listHosts, listTags, listTasks } = await import('../engine/list.ts')
  process.stdout.write(
    `${
      values.json
        ? listAsJson(plays)
        : [
            values['list-hosts'] && listHosts(plays),
            values['list-tasks'] && listTasks(plays),
            values['list-tags'] && listTags(playbook, plays),
          ]
            .filter(Boolean)
            .join('\n\n')
    }\n`,
  )
  return exit.ok
}

function refuseEmpty(plays: readonly PlayNode[], { limit = [] }: Values): void {
  const wanted = plays.filter((play) => [...tasksOf(play.nodes)].some((n) => n.selected))
  if (wanted.length === 0)
    throw new Refused(
      {
        message: 'no task is selected',
        hint: 'see what there is: --list-tasks without --tags, --skip-tags and --start-at-task',
      },
      exit.empty,
    )
  if (wanted.every((play) => play.hosts.length === 0)) {
    throw new Refused(
      {
        message: `no host is selected: ${limit.length > 0 ? `the limit ${limit.join(',')} leaves none of` : 'there is none in'} ${wanted.map((p) => p.play.options.hosts).join(', ')}`,
        hint: 'see: --list-hosts without --limit',
      },
      exit.empty,
    )
  }
}

/** The hosts on which something is going to be done. */
function workedOn(plays: readonly PlayNode[]): readonly Host[] {
  const busy = plays.filter((play) => [...tasksOf(play.nodes)].some((n) => n.selected))
  return [...new Map(busy.flatMap((play) => play.hosts).map((host) => [host.name, host])).values()]
}

async function execute({ playbook, plays, inventory }: Selected, { values, argv }: RunArguments): Promise<number> {
  const [{ findRun, Journal }, engine, { createTransport }, { both }, { lockHosts }] = await Promise.all([
    import('../engine/journal.ts'),
    import('../engine/run.ts'),
    import('../transport/index.ts'),
    import('../report/guard.ts'),
    import('../engine/lock.ts'),
  ])
  const { resume, check, forks } = values
  const done = resume === undefined ? undefined : findRun(resume === 'latest' ? undefined : resume, playbook.name)
  const runId = engine.newRunId()
  const release = check ? () => {} : lockHosts(workedOn(plays), runId, playbook.name)
  // Whatever ends the process, the next run must not find it locked.
  process.on('exit', release)
  const journal = check ? undefined : new Journal(runId)
  const shown = await reporterFor(values, argv)
  const sinks = both(...(journal ? [await recorder(journal, () => signals.stopNow())] : []), ...shown.reporters)
  const emit = (event: Event) => sinks.report({ ...event, time: Date.now() })
  const signals = catchSignals((message) => emit({ type: 'warned', message }))
  const transport = createTransport({
    inventory,
    ...questions((question) => asking(shown.live, question)),
    warn: (message) => emit({ type: 'warned', message }),
  })
  const become = becomeOf(values)
  let outcome: RunOutcome
  try {
    outcome = await engine.run({
      playbook,
      plays,
      inventory,
      transport,
      emit,
      runId,
      check,
      forks,
      forceHandlers: values['force-handlers'],
      argv,
      ...(become === undefined ? {} : { become }),
      ...(done ? { done } : {}),
      gate: (question) => asking(shown.live, () => stoppable(signals, false, () => gate(question, values, emit))),
      ...(values.step ? { step: (task: string) => stoppable(signals, 'no', () => stepper(task)) } : {}),
      stop: signals.stop,
      abort: signals.abort,
    })
  } catch (error) {
    emit({ type: 'run-finished', run: runId, outcome: 'crashed', milliseconds: 0, owed: [] })
    throw error
  } finally {
    signals.release()
    await transport.close()
    await sinks.close()
    release()
    process.off('exit', release)
  }
  // A gate that Ctrl-C answered was refused only because of it.
  const interrupted = outcome === 'interrupted' || (outcome === 'refused' && signals.stop.aborted)
  return interrupted ? signals.exitCode() : exit[outcome as Exclude<RunOutcome, 'interrupted'>]
}

async function reporterFor(
  { output = [], step, verbose, diff, check }: Values,
  argv: readonly string[],
): Promise<{ readonly live: LiveReporter; readonly reporters: readonly Reporter[] }> {
  const { createJunitReporter, createReporter, wantsColor } = await import('../report/index.ts')
  const junit = output.find((o) => o.startsWith('junit='))?.slice('junit='.length)
  const kind = output.includes('json')
    ? 'json'
    : process.stdout.isTTY && !output.includes('lines') && !step
      ? 'tree'
      : 'lines'
  const live = createReporter({
    kind,
    out: process.stdout,
    err: process.stderr,
    verbosity: verbose,
    diff,
    color: wantsColor(process.stdout),
    columns: process.stdout.columns || 120,
    rows: process.stdout.rows || 24,
    next: ({ finished }) =>
      check || finished.outcome === 'ok'
        ? undefined
        : `Go on with: run ${typed(argv.filter((word) => !word.startsWith('--resume=')))} --resume`,
  })
  return { live, reporters: junit ? [live, createJunitReporter(junit)] : [live] }
}

/** The journal as a reporter: it gets events masked, as every other sink does. A run whose record breaks off must not go on. */
async function recorder(journal: Journal, stop: () => void): Promise<Reporter> {
  const { guarded } = await import('../report/guard.ts')
  return guarded(
    {
      report: (event) => journal.append(event),
      close: () => Promise.resolve(journal.close()),
    },
    (error) => {
      process.stderr.write(
        `the journal ${journal.path} cannot be written, and nothing new is started: ${error instanceof Error ? error.message : String(error)}\n`,
      )
      stop()
    },
  )
}

/** A question on a terminal whose picture is out of the way. */
async function asking<T>(live: LiveReporter, question: () => Promise<T>): Promise<T> {
  live.pause()
  try {
    return await question()
  } finally {
    live.resume()
  }
}

/** A question at which Ctrl-C stops the run, as it does elsewhere. */
async function stoppable<T>(signals: Signals, otherwise: T, question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    signals.interrupt()
    return otherwise
  }
}

async function gate(question: string, { yes }: Values, emit: (event: Event) => void): Promise<boolean> {
  if (yes) return true
  if (!interactive()) {
    emit({ type: 'warned', message: `«${question}» needs an answer and there is no terminal: go on with --yes` })
    return false
  }
  return isYes(await ask(`${question} [y/N]`))
}

async function stepper(task: string): Promise<'yes' | 'no' | 'all'> {
  const answer = (await ask(`Perform task: ${task}? (y)es / (n)o / (c)ontinue without asking:`)).toLowerCase()
  return answer.startsWith('c') ? 'all' : answer.startsWith('y') ? 'yes' : 'no'
}
