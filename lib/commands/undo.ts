import { command } from '../cli/command.ts'
import { becomeOf, keepOf, readInventory, withConnectionOptions } from '../cli/inputs.ts'
import { connecting, keeping, type Options, pick, type ValuesOf, vaults } from '../cli/options.ts'
import { checkOutputs, makeOwn, ownReporters, reportersFor } from '../cli/reporters.ts'
import { sh } from '../kit/shell.ts'
import { withSignals } from '../cli/signals.ts'
import { interactive } from '../cli/terminal.ts'
import { select } from '../engine/select.ts'
import { counted } from '../model/counted.ts'
import { Advice, type Operation, type Value } from '../model/operation.ts'
import { type Play, play, playbook } from '../model/playbook.ts'
import { didYouMean, exit, Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'
import { daemonReload, started, stopped, enabled, disabled, restarted } from '../modules/service.ts'
import { harmlessLines, mask } from '../report/index.ts'
import { canBePutBack, keeperOf } from './undo/keep.ts'
import { type Entry, readManifest } from './undo/manifest.ts'
import { Conflict, nameOf, putBack } from './undo/put-back.ts'
import { operatorAt } from './run.ts'

const options = {
  ...pick('inventory', 'limit', 'resume', 'extra-vars', 'check', 'diff', 'forks', 'yes', 'output', 'verbose'),
  force: {
    kind: 'texts',
    completes: 'files',
    describe:
      'Put this back, a path or what else the message names, although somebody has changed it since; repeatable',
  },
  ...connecting,
  ...keeping,
  ...vaults,
} as const satisfies Options

type Given = ValuesOf<typeof options>

export const undo = command({
  describe: 'Put back what a run has replaced (one that was started with --undoable)',
  takes: {
    run: {
      describe: 'Its name, or the beginning of it; latest is the latest',
      completes: 'runs',
      missing: ['the run to undo is missing', 'name one of those that run history lists'],
    },
  },
  options,
  examples: [
    ['run undo latest --check -D', 'Show what would be put back'],
    ['run undo latest -l web1', 'Put it back on one host'],
  ],
  async act({ words, values, argv }) {
    checkOutputs(values.output)
    const { head, entries } = readManifest(words.run)
    const given = values.inventory?.length ? values : { ...values, inventory: head.inventory }
    const inventory = await withConnectionOptions(await readInventory(given), values)
    refuseUnknown(values.force ?? [], entries, head.run)
    const all = [...new Set(entries.map(({ on }) => on))]
    const hosts = all.filter((name) => inventory.hosts.has(name))
    if (hosts.length === 0)
      throw new Refused(
        {
          message: `run ${head.run} has replaced nothing on a host of ${inventory.path}`,
          hint: `name the inventory of ${[...new Set(entries.map(({ on }) => on))].join(', ')}: -i INVENTORY`,
        },
        exit.empty,
      )
    const book = playbook(`Undo ${head.run}`, [undoing(head.run, entries, hosts, values.force ?? [])])
    const plays = select(book, inventory, { limit: values.limit ?? [], tags: [], skipTags: [] })
    const chosen = new Set(plays.flatMap((one) => one.hosts.map(({ name }) => name)))
    if (chosen.size === 0)
      throw new Refused(
        {
          message: `run ${head.run} has replaced nothing on a host that -l ${values.limit?.join(',')} leaves`,
          hint: `it has on ${hosts.join(', ')}`,
        },
        exit.empty,
      )
    tell(
      all
        .filter((name) => !hosts.includes(name))
        .map((name) => `${name} is no host of ${inventory.path}: what the run replaced there stays`),
    )
    tellWhatStays(entries.filter(({ on }) => chosen.has(on)))
    // By its name: the undo itself is the latest from now on.
    const typed = argv.map((word) => (word === words.run ? head.run : word))
    return execute({ playbook: book, inventory, plays }, given, typed)
  },
})

/** Says beforehand what is not undone. */
function tellWhatStays(entries: readonly Entry[]): void {
  const stay = entries.filter(({ not }) => not !== undefined)
  if (stay.length === 0) return
  const lines = stay.map(({ on, task, operation, not }) => `  ${on}: ${operation} («${task}»): ${not}`)
  tell([`${counted(stay.length, 'change')} cannot be undone:`, ...new Set(lines)])
}

function tell(lines: readonly string[]): void {
  if (lines.length > 0) process.stderr.write(harmlessLines(mask(`${lines.join('\n')}\n`)))
}

/** @throws Refused where something is named that the run has not replaced */
function refuseUnknown(force: readonly string[], entries: readonly Entry[], run: string): void {
  const known = new Set(
    entries.flatMap(({ kept }) =>
      kept.flatMap((one) => (one.kind === 'file' || one.kind === 'thing' ? [nameOf(one)] : [])),
    ),
  )
  const unknown = force.filter((name) => !known.has(name))
  if (unknown.length === 0) return
  throw new Refused(
    unknown.map((name) => ({
      message: `--force ${name}: run ${run} has replaced nothing of that name`,
      hint: didYouMean(name, known) ?? `see what it has replaced: ${program()} undo ${run} --check`,
    })),
    exit.usage,
  )
}

/** One task for all the hosts on which the same is put back, with what it does on each. */
interface Step {
  readonly name: string
  readonly become: string | undefined
  /** What is put back, where that is something that --force may name. */
  readonly what?: string
  readonly does: Map<string, Operation<Value>>
}

/** All that was replaced, from the last to the first; services that were restarted read at the end what is there. */
function undoing(run: string, entries: readonly Entry[], hosts: readonly string[], force: readonly string[]): Play {
  const steps: Step[] = []
  // Where each host is: what follows there comes behind it.
  const reached = new Map<string, number>()
  const add = (name: string, { on, become }: Entry, does: Operation<Value>, what?: string) => {
    const from = (reached.get(on) ?? -1) + 1
    const same = steps.findIndex((one, i) => i >= from && one.name === name && one.become === become)
    const at = same < 0 ? steps.length : same
    if (same < 0) steps.push({ name, become, ...(what === undefined ? {} : { what }), does: new Map() })
    steps[at]!.does.set(on, does)
    reached.set(on, at)
  }
  const earlierOf = (entry: Entry, name: string) =>
    entries
      .slice(0, entries.indexOf(entry))
      .filter(({ on }) => on === entry.on)
      .flatMap(({ kept }) => kept.flatMap((one) => ('before' in one && nameOf(one) === name ? [one.before] : [])))
  const reloads = new Map<string, Entry>()
  const restarts = new Map<string, readonly [name: string, of: Entry]>()
  for (const entry of [...entries].reverse()) {
    for (const one of [...entry.kept].reverse()) {
      if (one.kind === 'reload') reloads.set(entry.on, entry)
      else if (one.kind === 'restart') restarts.set(`${entry.on} ${one.name}`, [one.name, entry])
      else if (one.kind === 'service') add(`Have ${one.name} ${one.was}`, entry, words[one.was](one.name))
      else if (one.kind === 'thing' || canBePutBack(one))
        add(
          `Put back ${nameOf(one)}`,
          entry,
          putBack({ ...one, force: force.includes(nameOf(one)), earlier: earlierOf(entry, nameOf(one)) }),
          nameOf(one),
        )
    }
  }
  for (const entry of reloads.values()) add('Read the units anew', entry, daemonReload())
  for (const [name, entry] of restarts.values()) add(`Restart ${name}`, entry, restarted(name))
  const names = new Map<string, number>()
  const left = new Map<string, readonly Conflict[]>()
  const foretold = new Map<string, readonly string[]>()
  // In check mode what would have been put back before is not there yet: only of other files it can be told.
  const isDoubtful = (host: string, what: string) =>
    (foretold.get(host) ?? []).some(
      (one) => !what.startsWith('/') || one === what || one.startsWith(`${what}/`) || what.startsWith(`${one}/`),
    )
  return play('Undo', { hosts: hosts.join(','), strategy: 'free' }, ({ task }) => {
    for (const { name, become, what, does } of steps) {
      const nth = (names.get(name) ?? 0) + 1
      names.set(name, nth)
      const when = (host: { readonly name: string }) => does.has(host.name)
      const options = { when, ...(become === undefined ? {} : { become }) }
      task(nth === 1 ? name : `${name} (${nth})`, options, async (host) => {
        const before = left.get(host.name) ?? []
        // What it was still earlier, and the directory that it lies in, wait for it.
        if (before.some((one) => one.what === what || one.what.startsWith(`${what}/`))) return
        try {
          await host.run(does.get(host.name)!)
          if (host.check && what !== undefined) foretold.set(host.name, [...(foretold.get(host.name) ?? []), what])
        } catch (error) {
          if (!(error instanceof Conflict) || isDoubtful(host.name, error.what)) throw error
          left.set(host.name, [...before, error])
          host.log(`${error.what} is left as it is`)
        }
      })
    }
    // All of a host together, when what nobody has changed is put back.
    const stays = (host: { readonly name: string }) => left.has(host.name)
    task('See what is left as it is', { when: stays }, (host) => {
      const conflicts = left.get(host.name)!
      const again = conflicts.map(({ what }) => sh`--force ${what}`).join(' ')
      const act = conflicts.length === 1 ? conflicts[0]!.hint : 'put them back all the same'
      throw new Advice(conflicts.map(({ message }) => message).join('; '), `${act}: ${program()} undo ${run} ${again}`)
    })
  })
}

const words = { started, stopped, enabled, disabled } as const

async function execute(
  prepared: Parameters<typeof import('../program/perform.ts').perform>[0],
  values: Given,
  argv: readonly string[],
): Promise<number> {
  const own = await makeOwn(ownReporters(values.output))
  const { live, reporters } = await reportersFor({ ...values, step: false }, own, argv)
  const { perform } = await import('../program/perform.ts')
  const { check, resume } = values
  return withSignals(
    (caught) =>
      perform(prepared, {
        check,
        forks: values.forks,
        forceHandlers: false,
        argv,
        keep: keepOf(values),
        ...becomeOf(values),
        ...(resume === undefined ? {} : { resume }),
        ...(check ? {} : { locks: '--check' }),
        records: !check,
        unattended: !check && !values.yes && !interactive(),
        reporters,
        ...(check
          ? {}
          : {
              keeper: (run: string) =>
                keeperOf({ run, playbook: prepared.playbook.name, inventory: values.inventory ?? [] }),
            }),
        operator: (emit) => operatorAt(live, caught(emit), values, emit),
      }),
    'ours',
  )
}
