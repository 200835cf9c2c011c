import { checkLimit, checkNames, type PlayNode, type Selection, selected, tagsOf, tasksOf } from '../engine/select.ts'
import type { Inventory } from '../model/inventory.ts'
import type { Playbook } from '../model/playbook.ts'
import { exit, Refused, together, wrongly } from '../model/problem.ts'

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
  const [loaded, read] = await Promise.allSettled([loading, reading])
  const { checkExtraVars } = await import('../engine/preflight.ts')
  const unknown = loaded.status === 'fulfilled' ? checkExtraVars(loaded.value, wanted.given) : []
  // An operator who is told half of it has to come back.
  const alone = loaded.status === read.status
  const [playbook, inventory] = together(
    loaded,
    read,
    wrongly(loaded.status === 'fulfilled' && !alone ? checkNames(loaded.value, wanted) : [], exit.empty),
    wrongly(read.status === 'fulfilled' && !alone ? checkLimit(read.value, wanted) : [], exit.empty),
    wrongly(alone ? [] : unknown, exit.load),
  )
  const { plays, faults, problems } = selected(playbook, inventory, wanted)
  together(wrongly(faults, exit.load), wrongly(problems, exit.empty), wrongly(unknown, exit.load))
  refuseNoTask(playbook, plays, wanted)
  refuseNoHost(plays, inventory)
  return { playbook, inventory, plays }
}

/** Looks at the variables of all hosts, and at local files. @throws Refused with everything that is wrong with them */
export async function checkPlays({ plays, inventory }: Prepared): Promise<void> {
  const { preflight } = await import('../engine/preflight.ts')
  const problems = preflight(plays, inventory)
  if (problems.length > 0) throw new Refused(problems, exit.load)
}

function refuseNoTask(playbook: Playbook, plays: readonly PlayNode[], { tags, skipTags, startAt }: Wanted): void {
  const tasks = plays.flatMap((play) => [...tasksOf(play.nodes)])
  if (tasks.some(({ selected }) => selected)) return
  if (tasks.length === 0)
    throw new Refused(
      { message: `the playbook «${playbook.name}» has no task`, hint: "write one: task('…', …)", at: playbook.at },
      exit.empty,
    )
  const given = [
    ...(tags.length > 0 ? ['--tags'] : []),
    ...(skipTags.length > 0 ? ['--skip-tags'] : []),
    ...(startAt === undefined ? [] : ['--start-at-task']),
  ]
  const [last, ...before] = [...given].reverse()
  const options = before.length > 0 ? `${before.reverse().join(', ')} and ${last}` : last
  const hint =
    options === undefined
      ? `all wait to be named by a tag: --tags ${tagsOf(playbook).find((tag) => tag !== 'never') ?? 'never'}`
      : `see what there is: --list-tasks without ${options}`
  throw new Refused({ message: 'no task is selected', hint }, exit.empty)
}

/** @throws Refused when nothing would be done on any host, with what to look at or to write */
export function refuseNoHost(plays: readonly PlayNode[], inventory: Inventory): void {
  const wanted = plays.filter((play) => [...tasksOf(play.nodes)].some((n) => n.selected))
  if (wanted.some((play) => play.hosts.length > 0)) return
  const reasons = [...new Set(wanted.map(({ empty }) => empty))]
  const hint = wanted.some(({ limited }) => limited)
    ? 'see: --list-hosts without --limit'
    : `add some to ${inventory.path}`
  throw new Refused({ message: `no host is selected: ${reasons.join('; ')}`, hint }, exit.empty)
}
