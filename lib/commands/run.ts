import path from 'node:path'
import { command } from '../cli/command.ts'
import { typed } from '../cli/command-line.ts'
import { parseExtraVars } from '../cli/extra-vars.ts'
import { becomeOf, inventorySources, keepOf, readInventory, withConnectionOptions } from '../cli/inputs.ts'
import { questions } from '../cli/operator.ts'
import { type connecting, options, pick, type Values, type ValuesOf, vaults } from '../cli/options.ts'
import { checkOutputs, makeOwn, type Own, ownReporters, reportersFor } from '../cli/reporters.ts'
import { type Signals, withSignals } from '../cli/signals.ts'
import { vaultOpener } from '../cli/passwords.ts'
import { choice, Interrupted, interactive } from '../cli/terminal.ts'
import { type PlayNode, tasksOf } from '../engine/select.ts'
import { counted } from '../model/counted.ts'
import type { Event } from '../model/event.ts'
import { exit, Refused, together } from '../model/problem.ts'
import { splitTags } from '../model/tags.ts'
import { findPlaybook, loadPlaybook } from '../program/playbooks.ts'
import type { Operator } from '../program/perform.ts'
import { checkPlays, type Prepared, prepare } from '../program/prepare.ts'
import type { LiveReporter } from '../report/index.ts'
import { program } from '../model/program.ts'

export const run = command({
  describe: 'Run a playbook, or a role by its name',
  takes: {
    target: {
      describe: 'Path of a playbook, or the name of a role',
      completes: 'runnable',
      missing: [
        'something to run is missing',
        'name a playbook or a role, as in run site.ts -i hosts.ini; see run --help',
      ],
    },
  },
  options,
  examples: [
    ['run site.ts -i hosts.ini', 'Run a playbook'],
    ['run site.ts -i hosts.ini -C -D -l web', 'Say what would change on the hosts of web, with differences'],
    ['run nginx -i hosts.ini -t config', 'Run a role by its name, only its tasks with the tag config'],
    ['run site.ts -i hosts.ini --resume', 'Go on where it stopped'],
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
    return runPlaybook({ target, values, argv })
  },
})

interface RunArguments {
  readonly target: string
  readonly values: Values
  readonly argv: readonly string[]
}

/** The options that say what is run, on which hosts. */
export const selecting = {
  ...pick('inventory', 'limit', 'tags', 'skip-tags', 'start-at-task', 'extra-vars'),
  ...vaults,
} as const

/** What is to be loaded. */
interface Wanted {
  readonly target: string
  readonly values: ValuesOf<typeof selecting>
  readonly argv: readonly string[]
  /** The files whose types are checked first, besides those of the playbook and the inventory. */
  readonly checked?: readonly string[]
}

/** A playbook of which some is selected, and its file. */
export interface Selected extends Prepared {
  readonly file: string
}

/**
 * Loads, checks, selects; then lists, or runs and reports. Gives the exit code.
 * @throws Refused before anything is touched
 */
async function runPlaybook(args: RunArguments): Promise<number> {
  const { values } = args
  const checks = values['type-check'] && !listing(values)
  const [asked, loaded] = await Promise.allSettled([
    Promise.resolve().then(() => checkAsked(values)),
    load({ ...args, ...(checks ? { checked: ownReporters(values.output) } : {}) }),
  ])
  const [, selected] = together(asked, loaded)
  if (listing(values)) return list(selected, values)
  await checkPlays(selected)
  const own = await makeOwn(ownReporters(values.output))
  if (values['syntax-check']) {
    const { file, plays } = selected
    process.stdout.write(
      `${path.relative(process.cwd(), file)}: ${counted(plays.length, 'play')}, ` +
        `${counted(plays.flatMap(({ nodes }) => [...tasksOf(nodes)]).length, 'task')}, nothing wrong\n`,
    )
    return exit.ok
  }
  return execute(await connected(selected, values), own, args)
}

/** @throws Refused for what cannot be done in this way or here */
function checkAsked(values: Values): void {
  if (values.step && !interactive())
    throw new Refused(
      { message: '--step needs a terminal to ask on', hint: 'start it on one, or leave --step out' },
      exit.usage,
    )
  checkOutputs(values.output)
}

/** What was selected, with what the command line says of connections. Passwords are asked for here. */
export async function connected(selected: Selected, values: ValuesOf<typeof connecting>): Promise<Selected> {
  // Asked for last: nobody types a password to be told of a typing error.
  const inventory = await withConnectionOptions(selected.inventory, values)
  const plays = selected.plays.map(
    (play): PlayNode => ({ ...play, hosts: play.hosts.map((host) => inventory.hosts.get(host.name) ?? host) }),
  )
  return { ...selected, inventory, plays }
}

/** Loads playbook and inventory and selects. @throws Refused with all that is wrong with them */
export async function load({ target, values, argv, checked }: Wanted): Promise<Selected> {
  const vault = vaultOpener(values)
  const finding = Promise.resolve().then(() => findPlaybook(target))
  const parsing = parseExtraVars(values['extra-vars'] ?? [], vault)
  const [file, [given]] = await Promise.all([finding.catch(() => undefined), Promise.allSettled([parsing])])
  const extraVars = given.status === 'fulfilled' ? given.value : {}
  const loading = finding.then((path) =>
    loadPlaybook(path, values.limit ? undefined : `${program()} ${typed(argv)} -l HOSTS`),
  )
  const sources = checked && file && [file, ...inventorySources(values.inventory ?? []), ...checked]
  const [types, prepared, loaded] = await Promise.allSettled([
    sources ? import('../cli/typecheck.ts').then(({ typeCheck }) => typeCheck(sources)) : undefined,
    prepare(loading, readInventory(values, { extraVars, vault, folder: path.dirname(file ?? '.') }), {
      limit: values.limit ?? [],
      tags: splitTags(values.tags ?? []),
      skipTags: splitTags(values['skip-tags'] ?? []),
      ...(values['start-at-task'] === undefined ? {} : { startAt: values['start-at-task'] }),
      given: Object.keys(extraVars),
    }),
    loading,
  ])
  const ready = types.status === 'rejected' ? apartFrom(types.reason, loaded, prepared) : prepared
  const [, selected] = together(types, ready, given)
  return { file: await finding, ...selected }
}

/**
 * A type error says more than what follows from it at run time: what a playbook that does not load says then is left
 * out, and what is said of the same files.
 */
function apartFrom(
  types: unknown,
  loaded: PromiseSettledResult<unknown>,
  prepared: PromiseSettledResult<Prepared>,
): PromiseSettledResult<Prepared> {
  const problemsOf = (reason: unknown) => (reason instanceof Refused ? reason.problems : [])
  if (prepared.status === 'fulfilled' || !(prepared.reason instanceof Refused)) return prepared
  const files = new Set(problemsOf(types).map(({ at }) => at?.file))
  const following = loaded.status === 'rejected' ? problemsOf(loaded.reason) : []
  const problems = prepared.reason.problems.filter(
    (one) => !following.includes(one) && !(one.at && files.has(one.at.file)),
  )
  return { status: 'rejected', reason: new Refused(problems, prepared.reason.exitCode) }
}

function listing(values: Values): boolean {
  return values['list-hosts'] || values['list-tasks'] || values['list-tags']
}

/** What keeps what a run of this replaces. */
export async function keeperOf({ playbook }: Prepared, { inventory = [] }: Pick<Values, 'inventory'>) {
  const undo = await import('./undo/keep.ts')
  return (run: string) => undo.keeperOf({ run, playbook: playbook.name, inventory })
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

async function execute(prepared: Prepared, own: readonly Own[], { values, argv }: RunArguments): Promise<number> {
  const { check, forks, resume } = values
  const { live, reporters } = await reportersFor(values, own, argv)
  const { perform } = await import('../program/perform.ts')
  const keeps = check || !values.undoable ? undefined : await keeperOf(prepared, values)
  return withSignals(async (caught) => {
    const ended = await perform(prepared, {
      check,
      forks,
      forceHandlers: values['force-handlers'],
      audit: values.audit,
      argv,
      keep: keepOf(values),
      ...becomeOf(values),
      ...(resume === undefined ? {} : { resume }),
      ...(check ? {} : { locks: '--check' }),
      ...(keeps ? { keeper: keeps } : {}),
      records: !check,
      unattended: !check && !values.yes && !interactive(),
      reporters,
      operator(emit) {
        const signals = caught(emit)
        return {
          ...operatorAt(live, signals, values, emit),
          ...(values.step
            ? { step: (task, hosts) => stoppable(signals, 'no', () => stepper(task, hosts, signals)) }
            : {}),
        }
      },
    })
    // Not on stdout, which is the events' where they are asked for as JSON.
    if (ended.page !== undefined) process.stderr.write(`The report of this run: ${ended.page}\n`)
    return ended
  })
}

/** The operator at the terminal, who may stop it and is asked at gates. */
export function operatorAt(
  live: Pick<LiveReporter, 'pause' | 'resume'>,
  caught: Signals,
  values: Pick<Values, 'yes'>,
  emit: (event: Event) => void,
): Operator {
  return {
    ...questions(caught.stop, (question) => asking(live, question)),
    gate: (question) => asking(live, () => stoppable(caught, false, () => gate(question, values, emit, caught))),
    calls: caught.calls,
    stop: caught.stop,
    abort: caught.abort,
  }
}

/** A question on a terminal whose picture is out of the way. */
async function asking<T>(live: Pick<LiveReporter, 'pause' | 'resume'>, question: () => Promise<T>): Promise<T> {
  live.pause()
  try {
    return await question()
  } finally {
    live.resume()
  }
}

/** A question at which Ctrl-C stops the run, as it does elsewhere; a run that is stopped meanwhile asks no more. */
async function stoppable<T>(signals: Signals, otherwise: T, question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    if (!signals.stop.aborted) signals.interrupt()
    return otherwise
  }
}

async function gate(
  question: string,
  { yes }: Pick<Values, 'yes'>,
  emit: (event: Event) => void,
  { stop: signal }: Signals,
): Promise<boolean> {
  if (yes) return true
  if (!interactive()) {
    emit({ type: 'warned', message: `«${question}» needs an answer and there is no terminal: go on with --yes` })
    return false
  }
  return (await choice(`${question} [y/N]`, ['yes', 'no'], { otherwise: 'no', signal })) === 'yes'
}

async function stepper(
  task: string,
  hosts: readonly string[],
  { stop: signal }: Signals,
): Promise<'yes' | 'no' | 'all'> {
  const where = hosts.length > 6 ? `${hosts.length} hosts` : hosts.join(', ')
  const question = `Perform task: ${task} on ${where}? (y)es / (n)o / (c)ontinue without asking:`
  const answer = await choice(question, ['yes', 'no', 'continue'], { signal })
  return answer === 'continue' ? 'all' : answer
}
