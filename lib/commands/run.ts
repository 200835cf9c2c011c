import { readFileSync } from 'node:fs'
import path from 'node:path'
import { findRun, Journal } from '../engine/journal.ts'
import { listAsJson, listHosts, listTags, listTasks } from '../engine/list.ts'
import { checkExtraVars, checkVars } from '../engine/preflight.ts'
import { newRunId, run, type RunOutcome } from '../engine/run.ts'
import { type PlayNode, select, tasksOf } from '../engine/select.ts'
import type { Event, Reporter } from '../model/event.ts'
import type { ConnectionSettings, Host, Inventory } from '../model/inventory.ts'
import { loadInventory } from '../inventory/load.ts'
import { applyLimit } from '../model/pattern.ts'
import { exit, Refused } from '../model/problem.ts'
import { guarded } from '../report/guard.ts'
import { both, createJunitReporter, createReporter, type LiveReporter, wantsColor } from '../report/index.ts'
import { createTransport, type UnknownHostKey } from '../transport/index.ts'
import { parseExtraVars } from './extra-vars.ts'
import { findPlaybook, loadPlaybook } from './playbooks.ts'
import { ask, askSecret, interactive } from './terminal.ts'
import { typeCheck } from './typecheck.ts'

/** The command line of `run PLAYBOOK|ROLE`, as parsed. */
export interface RunArguments {
  readonly target: string
  readonly inventory: readonly string[]
  readonly limit: readonly string[]
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  readonly extraVars: readonly string[]
  readonly check: boolean
  readonly diff: boolean
  readonly forks: number
  readonly verbose: number
  readonly listHosts: boolean
  readonly listTasks: boolean
  readonly listTags: boolean
  readonly json: boolean
  readonly syntaxCheck: boolean
  readonly typeCheck: boolean
  readonly startAtTask?: string
  readonly step: boolean
  readonly resume?: string | true
  readonly yes: boolean
  readonly forceHandlers: boolean
  readonly output: readonly string[]
  readonly user?: string
  readonly askPass: boolean
  readonly privateKey?: string
  readonly timeout?: number
  readonly become: boolean
  readonly becomeUser?: string
  readonly becomeMethod?: 'sudo' | 'su'
  readonly askBecomePass: boolean
  readonly argv: readonly string[]
}

/** Loads, checks, selects; then lists, or runs and reports. Gives the exit code. @throws Refused before anything is touched */
export async function runPlaybook(args: RunArguments): Promise<number> {
  const file = findPlaybook(args.target)
  const extraVars = parseExtraVars(args.extraVars)
  const checked = args.typeCheck && !listing(args) ? typeCheck([file, ...inventoryFiles(args.inventory)]) : Promise.resolve()
  // A type error says more than what follows from it at run time, so it is the one to be shown.
  const [types, loaded] = await Promise.allSettled([checked, Promise.all([loadPlaybook(file), loadInventory(args.inventory, { extraVars, cwd: process.cwd() })])])
  if (types.status === 'rejected') throw types.reason
  if (loaded.status === 'rejected') throw loaded.reason
  const [playbook, raw] = loaded.value
  const inventory = await withConnectionOptions(raw, args)
  const limit = applyLimit([...inventory.hosts.values()], args.limit, inventory, (file) => readFileSync(file, 'utf8'))
  if (limit.problems.length > 0) throw new Refused(limit.problems, exit.empty)
  const plays = select(playbook, inventory, {
    ...(args.limit.length > 0 ? { limit: limit.hosts } : {}), tags: args.tags, skipTags: args.skipTags,
    ...(args.startAtTask === undefined ? {} : { startAt: args.startAtTask }),
  })
  const unknown = checkExtraVars(playbook, Object.keys(extraVars))
  if (unknown.length > 0) throw new Refused(unknown, exit.load)
  refuseEmpty(plays, args)
  if (listing(args)) {
    if (args.json) process.stdout.write(`${listAsJson(plays)}\n`)
    else process.stdout.write(`${[args.listHosts && listHosts(plays), args.listTasks && listTasks(plays), args.listTags && listTags(playbook, plays)].filter(Boolean).join('\n\n')}\n`)
    return exit.ok
  }
  const problems = checkVars(plays, inventory)
  if (problems.length > 0) throw new Refused(problems, exit.load)
  if (args.syntaxCheck) {
    process.stdout.write(`${path.relative(process.cwd(), file)}: ${plays.length} plays, ${plays.flatMap((p) => [...tasksOf(p.nodes)]).length} tasks, nothing wrong\n`)
    return exit.ok
  }
  const done = args.resume === undefined ? undefined : findRun(args.resume === true ? undefined : args.resume, playbook.name)
  return execute()

  async function execute(): Promise<number> {
    const runId = newRunId()
    const journal = args.check ? undefined : new Journal(runId)
    const shown = reporterFor(args)
    const sinks = both(...journal ? [recorder(journal, () => signals.stopNow())] : [], ...shown.reporters)
    const emit = (event: Event) => sinks.report({ ...event, time: Date.now() })
    const signals = catchSignals(emit)
    const transport = createTransport({ inventory, ...(interactive() ? { ask: confirmHostKey } : {}) })
    let outcome: RunOutcome
    try {
      outcome = await run({
        playbook, plays, inventory, transport, emit, runId,
        check: args.check, forks: args.forks, forceHandlers: args.forceHandlers, argv: args.argv,
        ...(args.become ? { become: args.becomeUser ?? true } : {}),
        ...(done ? { done } : {}),
        gate: (question) => asking(shown.live, () => gate(question, args, emit)),
        ...(args.step ? { step: stepper } : {}),
        stop: signals.stop, abort: signals.abort,
      })
    } catch (error) {
      emit({ type: 'run-finished', run: runId, outcome: 'crashed', milliseconds: 0, owed: [] })
      throw error
    } finally {
      signals.release()
      await transport.close()
      await sinks.close()
    }
    return outcome === 'ok' ? exit.ok : outcome === 'interrupted' ? signals.exitCode() : exit[outcome]
  }
}

function listing(args: RunArguments): boolean {
  return args.listHosts || args.listTasks || args.listTags
}

function inventoryFiles(inventories: readonly string[]): readonly string[] {
  return inventories.flatMap((given) => [given, path.join(given, 'index.ts')]).filter((file) => file.endsWith('.ts')).map((file) => path.resolve(file))
}

async function withConnectionOptions(inventory: Inventory, args: RunArguments): Promise<Inventory> {
  const password = args.askPass ? await askSecret('SSH password', 'ssh password') : undefined
  const becomePassword = args.askBecomePass ? await askSecret('BECOME password', 'become password') : undefined
  const over: ConnectionSettings = {
    ...(args.user === undefined ? {} : { user: args.user }),
    ...(args.privateKey === undefined ? {} : { privateKey: args.privateKey }),
    ...(args.timeout === undefined ? {} : { timeout: args.timeout }),
    ...(password === undefined ? {} : { password }),
    ...(becomePassword === undefined ? {} : { becomePassword }),
    ...(args.becomeMethod === undefined ? {} : { becomeMethod: args.becomeMethod }),
  }
  if (Object.keys(over).length === 0) return inventory
  const hosts = new Map([...inventory.hosts].map(([name, host]): [string, Host] => [name, { ...host, settings: { ...host.settings, ...over } }]))
  return { ...inventory, hosts }
}

function refuseEmpty(plays: readonly PlayNode[], args: RunArguments): void {
  const wanted = plays.filter((play) => [...tasksOf(play.nodes)].some((n) => n.selected))
  if (wanted.length === 0) throw new Refused({ message: 'no task is selected', hint: 'see what there is: --list-tasks without --tags, --skip-tags and --start-at-task' }, exit.empty)
  if (wanted.every((play) => play.hosts.length === 0)) {
    throw new Refused({
      message: `no host is selected: ${args.limit.length > 0 ? `the limit ${args.limit.join(',')} leaves none of` : 'there is none in'} ${wanted.map((p) => p.play.options.hosts).join(', ')}`,
      hint: 'see: --list-hosts without --limit',
    }, exit.empty)
  }
}

function reporterFor(args: RunArguments): { readonly live: LiveReporter; readonly reporters: readonly Reporter[] } {
  const junit = args.output.find((o) => o.startsWith('junit='))?.slice('junit='.length)
  const kind = args.output.includes('json') ? 'json' : process.stdout.isTTY && !args.output.includes('lines') && !args.step ? 'tree' : 'lines'
  const live = createReporter({
    kind, out: process.stdout, err: process.stderr, verbosity: args.verbose, diff: args.diff, color: wantsColor(process.stdout),
    columns: process.stdout.columns ?? 120, rows: process.stdout.rows ?? 24,
    next: ({ finished }) => args.check || finished.outcome === 'ok' ? undefined : `Go on with: run ${withoutResume(args.argv)} --resume`,
  })
  return { live, reporters: junit ? [live, createJunitReporter(junit)] : [live] }
}

/** The journal as a reporter: it gets events masked, as every other sink does. A run whose record breaks off must not go on. */
function recorder(journal: Journal, stop: () => void): Reporter {
  return guarded({
    report: (event) => journal.append(event),
    close: () => Promise.resolve(journal.close()),
  }, (error) => {
    process.stderr.write(`the journal ${journal.path} cannot be written, and nothing new is started: ${error instanceof Error ? error.message : String(error)}\n`)
    stop()
  })
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

function withoutResume(argv: readonly string[]): string {
  const kept: string[] = []
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--resume') {
      if (argv[i + 1] && !argv[i + 1]!.startsWith('-')) i++
    } else if (!argv[i]!.startsWith('--resume=')) kept.push(/^[\w./:=@,%+-]+$/.test(argv[i]!) ? argv[i]! : `'${argv[i]!.replaceAll("'", `'\\''`)}'`)
  }
  return kept.join(' ')
}

async function gate(question: string, args: RunArguments, emit: (event: Event) => void): Promise<boolean> {
  if (args.yes) return true
  if (!interactive()) {
    emit({ type: 'warned', message: `«${question}» needs an answer and there is no terminal: go on with --yes` })
    return false
  }
  return /^y(es)?$/i.test(await ask(`${question} [y/N]`))
}

async function confirmHostKey(key: UnknownHostKey): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(`${key.host} is not known: its key is ${key.type} ${key.fingerprint}. Go on connecting? [y/N]`))
}

async function stepper(task: string): Promise<'yes' | 'no' | 'all'> {
  if (!interactive()) throw new Refused({ message: '--step needs a terminal to ask on' }, exit.usage)
  const answer = (await ask(`Perform task: ${task}? (y)es / (n)o / (c)ontinue without asking:`)).toLowerCase()
  return answer.startsWith('c') ? 'all' : answer.startsWith('y') ? 'yes' : 'no'
}

/** The first Ctrl-C stops starting new work, the second ends what runs; TERM does both at once. */
function catchSignals(emit: (event: Event) => void) {
  const stop = new AbortController()
  const abort = new AbortController()
  let by: NodeJS.Signals = 'SIGINT'
  const onInterrupt = () => {
    if (!stop.signal.aborted) {
      emit({ type: 'warned', message: 'stopping: what runs is finished, nothing new is started (Ctrl-C again to end it now)' })
      stop.abort()
    } else abort.abort(new Error('interrupted'))
  }
  const onTerminate = () => {
    by = 'SIGTERM'
    stop.abort()
    abort.abort(new Error('terminated'))
  }
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  process.on('SIGHUP', onTerminate)
  return {
    stop: stop.signal,
    abort: abort.signal,
    stopNow: () => stop.abort(),
    exitCode: () => (by === 'SIGINT' ? exit.interrupted : exit.terminated),
    release() {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
      process.off('SIGHUP', onTerminate)
    },
  }
}
