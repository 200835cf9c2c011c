/// <reference types="node" preserve="true" />
import path from 'node:path'
import type { InventoryDefinition } from '../inventory/define.ts'
import { inventoryOf, loadInventory } from '../inventory/load.ts'
import { type HostCounts, recap, type Timed } from '../model/event.ts'
import type { Inventory } from '../model/inventory.ts'
import { defaultKeep, type Keep } from '../model/keep.ts'
import type { Playbook } from '../model/playbook.ts'
import { exit, Refused } from '../model/problem.ts'
import { harmless } from '../report/harmless.ts'
import { perform } from './perform.ts'
import type { Performed } from './performed.ts'
import { findPlaybook, loadPlaybook } from './playbooks.ts'
import { checkPlays, prepare } from './prepare.ts'

export type { HostCounts, Timed } from '../model/event.ts'
export { type Problem, Refused } from '../model/problem.ts'

/** What a program wants to be run, and how; what `run` has as an option means the same here. */
export interface PlaybookRun {
  /** A playbook, or the path of a file that exports one. */
  readonly playbook: Playbook | string
  /** An inventory as its file would export it, or paths as behind -i. */
  readonly inventory: InventoryDefinition | string | readonly string[]
  readonly limit?: string | readonly string[]
  readonly tags?: readonly string[]
  readonly skipTags?: readonly string[]
  readonly startAtTask?: string
  /** Above all that the inventory says of a variable. */
  readonly extraVars?: Readonly<Record<string, unknown>>
  readonly check?: boolean
  readonly forks?: number
  /** Who acts where neither the inventory nor a play says it. */
  readonly become?: boolean | string
  readonly forceHandlers?: boolean
  /** false: neither locks its hosts nor is recorded below `.switchover`, and cannot be resumed. */
  readonly record?: boolean
  /** How long the records of earlier runs stay that nothing needs any more; 90 days and 1000 MB in all unless said. */
  readonly keep?: Keep
  /** The recorded run to go on with: its name, or `latest`. */
  readonly resume?: string
  /** Answers at a gate; without it every gate is refused. */
  readonly gate?: (question: string) => boolean | Promise<boolean>
  /** Hears of everything, with secrets masked; what it throws ends nothing, and is told once on stderr. */
  readonly onEvent?: (event: Timed) => void
  /** Fires when no new work should begin. */
  readonly stop?: AbortSignal
  /** Fires when running work should end too. */
  readonly abort?: AbortSignal
}

/** How it ended, and how many tasks ended in which way on each host. */
export interface PlaybookEnd extends Performed {
  readonly hosts: readonly HostCounts[]
}

/**
 * Runs a playbook from a program: events come out, and how it ended comes back. Nothing is printed, nobody is asked, no
 * signal is caught, and the process does not end.
 *
 * ```ts
 * const { outcome } = await runPlaybook({ playbook: 'site.ts', inventory: 'hosts.ts', onEvent: (event) => log(event) })
 * ```
 * @throws Refused for everything that is known to be wrong before a host is touched
 */
export async function runPlaybook(wanted: PlaybookRun): Promise<PlaybookEnd> {
  const { playbook, limit = [], tags = [], skipTags = [], startAtTask: startAt, extraVars = {}, check = false } = wanted
  const { forks = 50 } = wanted
  // The limit of hosts would let nobody begin, and the promise would never settle.
  if (!Number.isInteger(forks) || forks < 1)
    throw new Refused(
      { message: `forks must be a whole number from 1, and is ${forks}`, hint: 'write forks: 50, or leave it out' },
      exit.usage,
    )
  const prepared = await prepare(
    Promise.resolve().then(() =>
      typeof playbook === 'string' ? loadPlaybook(findPlaybook(path.resolve(playbook))) : playbook,
    ),
    read(wanted),
    {
      limit: typeof limit === 'string' ? [limit] : limit,
      tags,
      skipTags,
      ...(startAt === undefined ? {} : { startAt }),
      given: Object.keys(extraVars),
    },
  )
  await checkPlays(prepared)
  const events: Timed[] = []
  const heard = harmless(
    { report: (event) => wanted.onEvent?.(event), close: () => Promise.resolve() },
    'listener of runPlaybook',
    wanted.onEvent !== undefined,
    process.stderr,
  )
  const never = new AbortController().signal
  const records = wanted.record !== false && !check
  const ended = await perform(prepared, {
    check,
    forks,
    forceHandlers: wanted.forceHandlers ?? false,
    argv: [],
    ...(wanted.become === undefined ? {} : { become: wanted.become }),
    ...(wanted.resume === undefined ? {} : { resume: wanted.resume }),
    ...(records ? { locks: 'check: true' } : {}),
    records,
    keep: wanted.keep ?? defaultKeep,
    unattended: !check && wanted.gate === undefined,
    reporters: [
      heard,
      {
        report: (event) => void (event.type === 'output' || events.push(event)),
        close: () => Promise.resolve(),
      },
    ],
    operator: () => ({
      gate: async (question) => (await wanted.gate?.(question)) ?? false,
      stop: wanted.stop ?? never,
      abort: wanted.abort ?? never,
    }),
  })
  return { ...ended, hosts: recap(events) }
}

function read({ inventory, extraVars = {} }: PlaybookRun): Promise<Inventory> {
  if (typeof inventory === 'object' && !Array.isArray(inventory))
    return inventoryOf(inventory as InventoryDefinition, extraVars)
  const paths = [inventory].flat() as readonly string[]
  return loadInventory(paths, { extraVars, cwd: process.cwd() })
}
