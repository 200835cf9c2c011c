import { readFileSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import { command } from '../cli/command.ts'
import { becomeOf, readInventory, withConnectionOptions } from '../cli/inputs.ts'
import { questions } from '../cli/operator.ts'
import { connecting, pick, type ValuesOf, vaults } from '../cli/options.ts'
import { actsAs } from '../engine/become.ts'
import { endOfRun, onlyRun } from '../engine/journal.ts'
import { limiter } from '../engine/limit.ts'
import { describe, lives, locks, unlocking } from '../engine/lock.ts'
import type { Host } from '../model/inventory.ts'
import { applyLimit } from '../model/pattern.ts'
import { didYouMean, exit, type Problem, Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'
import { harmlessLines } from '../report/width.ts'
import { createTransport, type Unlocked } from '../transport/index.ts'

const options = {
  force: { kind: 'flag', fallback: false, describe: 'Also those of a run that goes on' },
  ...pick('inventory', 'limit', 'extra-vars', 'forks'),
  ...connecting,
  ...vaults,
} as const

export const unlock = command({
  describe: 'Remove the locks of runs that have ended, here and on the hosts of -i',
  takes: { run: { describe: 'The run that holds them', completes: 'runs' } },
  options,
  examples: [
    ['run unlock', 'The locks of this folder'],
    ['run unlock 20260101-000000-abcd --force -i hosts.ini -l web1', 'That of one run on a host, dead or not'],
  ],
  act: ({ words: { run }, values }) => release({ run, values }),
})

interface Asked {
  readonly run: string | undefined
  readonly values: ValuesOf<typeof options>
}

/**
 * Removes the locks of one run, or of all that have ended; of one that goes on only when forced. Gives the exit code.
 */
async function release(asked: Asked): Promise<number> {
  const hosts = asked.values.inventory?.length ? await onHosts(asked) : undefined
  const here = inFolder(asked, hosts)
  if (!hosts?.told && !here.told) process.stdout.write('nothing is locked\n')
  // Of a run of this machine the folder knows more than the host does.
  const elsewhere = (hosts?.problems ?? []).filter(
    ({ of }) => !here.problems.some((one) => of !== undefined && one.of === of),
  )
  const problems = [...here.problems, ...elsewhere].map(({ of: _, ...problem }) => problem)
  if (problems.length > 0) throw new Refused(problems, exit.locked)
  return exit.ok
}

const nothing = 'no lock lies in this folder; for those that lie on hosts name them: -i INVENTORY'

interface Released {
  /** `of`: the run and the host of a lock that stays. */
  readonly problems: readonly (Problem & { readonly of?: string })[]
  readonly told: boolean
}

interface OnHosts extends Released {
  readonly found: readonly string[]
  /** Runs that hold a host and were not asked for. */
  readonly others: readonly string[]
  /** Those that were chosen by -l; undefined: all there are. */
  readonly only: ReadonlySet<string> | undefined
}

function inFolder({ run, values: { force } }: Asked, hosts: OnHosts | undefined): Released {
  const all = locks().filter(({ holder }) => hosts?.only?.has(holder.host) !== false)
  const runs = [...new Set([...all.map(({ holder }) => holder.run), ...(hosts?.others ?? [])])]
  const named = run === undefined ? undefined : onlyRun(run, runs)
  const found = all.filter(({ holder }) => run === undefined || holder.run === named)
  // Of hosts that were asked, and of which none is locked, there is nothing left to do.
  const known = hosts === undefined || runs.length > 0
  if (run !== undefined && found.length === 0 && !hosts?.told && known) {
    throw new Refused(
      {
        message: `no host is locked by a run ${run}`,
        hint: didYouMean(run, runs) ?? (runs.length > 0 ? `there are: ${runs.join(', ')}` : nothing),
      },
      exit.usage,
    )
  }
  const held = found.filter(
    ({ holder }) => !force && (holder.machine === hostname() ? lives(holder) : run === undefined),
  )
  for (const { file, holder } of found) {
    if (held.some((one) => one.file === file)) continue
    rmSync(file, { force: true })
    process.stdout.write(`${holder.host}: no longer locked by run ${holder.run}\n`)
  }
  const problems = held.map(({ holder }) => ({
    of: `${holder.run} ${holder.host}`,
    message: `${holder.host} stays locked by ${describe(holder)}`,
    hint:
      holder.machine === hostname()
        ? `it goes on: end it with kill ${holder.pid}`
        : `when it is known to have ended: ${program()} unlock ${holder.run}`,
  }))
  return { problems, told: found.length > 0 }
}

async function onHosts({ run, values }: Asked): Promise<OnHosts> {
  const inventory = await withConnectionOptions(await readInventory(values), values)
  const all = [...inventory.hosts.values()]
  const { hosts, problems: wrong } = applyLimit(all, values.limit ?? [], inventory, (file) =>
    readFileSync(file, 'utf8'),
  )
  if (wrong.length > 0) throw new Refused(wrong, exit.empty)
  const found: string[] = []
  const others: string[] = []
  const problems: (Problem & { readonly of?: string })[] = []
  const heard = (host: string, { word, run: of, holder, owner }: Unlocked): void => {
    const again = unlocking(of, host, inventory.path)
    if (word !== 'none' && word !== 'other') found.push(host)
    if (word === 'other' && of !== '') others.push(of)
    if (word === 'removed')
      process.stdout.write(`${host}: no longer locked by ${harmlessLines(holder || `run ${of}`)}\n`)
    if (word === 'held')
      problems.push({
        of: `${of} ${host}`,
        message: `${host} stays locked by ${holder}`,
        hint: `when it is known to have ended: ${again}`,
      })
    if (word === 'left')
      problems.push({
        message: `${host}: ${holder} has ended, and a command of it goes on`,
        hint: `the next run ends it; to have it go on beside others: ${again}`,
      })
    if (word === 'refused')
      problems.push({ message: `${host}: the lock of ${holder} is ${owner}'s`, hint: `become ${owner}: ${again} -b` })
  }
  const never = new AbortController().signal
  const line = becomeOf(values)
  const transport = createTransport({
    ...questions(never, (question) => question()),
    inventory,
    unlock: { run, force: values.force, heard, over: hasEnded },
  })
  const turn = limiter(values.forks)
  const ask = async (host: Host) => {
    try {
      await transport.connection(host, { become: (at) => actsAs(undefined, at, line) }).exec('true')
    } catch (error) {
      const {
        message,
        hint = `see what is there: ${program()} exec ${host.name} -i ${inventory.path} -- ls -la /tmp`,
      } = error as Error & { hint?: string }
      problems.push({ message: `${host.name}: ${message}`, hint })
    }
  }
  try {
    await Promise.all(hosts.map((host) => turn(() => ask(host))))
  } finally {
    await transport.close()
  }
  const only = values.limit?.length ? new Set(hosts.map(({ name }) => name)) : undefined
  return { problems, found, others, only, told: found.length > 0 || problems.length > 0 }
}

/** Whether a run that was begun in this folder has ended: what its hosts still have of it holds nobody up. */
function hasEnded(run: string): boolean {
  const own = locks().filter(({ holder }) => holder.run === run && holder.machine === hostname())
  return own.length > 0 ? !own.some(({ holder }) => lives(holder)) : endOfRun(run) !== undefined
}
