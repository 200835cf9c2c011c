import { type PlayNode, type Selection, select, tasksOf } from '../engine/select.ts'
import type { Inventory } from '../model/inventory.ts'
import type { Playbook } from '../model/playbook.ts'
import { exit, Refused } from '../model/problem.ts'

/** What is to be run: of which playbook, on which hosts. */
export interface Prepared {
  readonly playbook: Playbook
  readonly inventory: Inventory
  readonly plays: readonly PlayNode[]
}

/** What is wanted of a playbook. */
export interface Wanted extends Selection {
  /** The names of the variables that are given above all others. */
  readonly given: readonly string[]
}

/** Loads, and selects what will run. @throws Refused with everything that is wrong before a variable is looked at */
export async function prepare(
  loading: Promise<Playbook>,
  reading: Promise<Inventory>,
  wanted: Wanted,
): Promise<Prepared> {
  const [playbook, inventory] = await both(loading, reading)
  const plays = select(playbook, inventory, wanted)
  const { checkExtraVars } = await import('../engine/preflight.ts')
  const unknown = checkExtraVars(playbook, wanted.given)
  if (unknown.length > 0) throw new Refused(unknown, exit.load)
  refuseEmpty(plays)
  return { playbook, inventory, plays }
}

/** Looks at the variables of all hosts, and at local files. @throws Refused with everything that is wrong with them */
export async function checkPlays({ plays, inventory }: Prepared): Promise<void> {
  const { preflight } = await import('../engine/preflight.ts')
  const problems = preflight(plays, inventory)
  if (problems.length > 0) throw new Refused(problems, exit.load)
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

function refuseEmpty(plays: readonly PlayNode[]): void {
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
    const reasons = [...new Set(wanted.map(({ empty }) => empty))]
    throw new Refused(
      { message: `no host is selected: ${reasons.join('; ')}`, hint: 'see: --list-hosts without --limit' },
      exit.empty,
    )
  }
}
