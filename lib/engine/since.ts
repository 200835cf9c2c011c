import { counted } from '../model/counted.ts'
import type { HostMet } from '../model/event.ts'
import type { Host } from '../model/inventory.ts'
import { showPath } from '../model/path.ts'
import type { Entry, Other } from './done.ts'
import { hostLimiter } from './limit.ts'
import { addressOf } from './meetings.ts'
import { type TaskNode, tasksOf } from './select.ts'
import { namesOf, type RunState } from './state.ts'

/** What became of the world since a task was done, so that it is done again. */
export type Difference =
  | { readonly kind: 'edited' }
  | { readonly kind: 'machine' | 'boot' | 'unmet'; readonly host: string }
  | { readonly kind: 'vars'; readonly names: readonly string[] }
  | { readonly kind: 'other'; readonly other: Other }

/** What differs since the run that is gone on with: its journal is believed only where nothing does. */
export class Since {
  readonly #state: RunState
  readonly #now = new Map<string, HostMet | undefined>()

  constructor(state: RunState) {
    this.#state = state
  }

  /** Asks the hosts on which something was done which machines they are, and says what differs. */
  async begin(): Promise<void> {
    const { circumstances, forks, plays, inventory, emit } = this.#state.options
    const done = this.#done()
    if (circumstances) {
      const inTurn = hostLimiter(forks)
      const names = new Set(done.flatMap(({ entry }) => entry.met.map(({ host }) => host)))
      const hosts = [...names].flatMap((name) => inventory.hosts.get(name) ?? [])
      await Promise.all(
        hosts.map((host) =>
          inTurn(host.name, async () => {
            this.#now.set(host.name, await this.#state.meetings.meet(host))
          }),
        ),
      )
    }
    for (const message of [...this.#told(done), ...this.#gone(new Set(plays.flatMap(idsIn)))])
      emit({ type: 'warned', message })
  }

  /** Why what was done of a task on a host does not count any more; undefined where it does. */
  differs(node: TaskNode, host: Host, entry: Entry): Difference | undefined {
    const moved = this.moved(host, entry)
    const { circumstances } = this.#state.options
    if (moved || !circumstances) return moved
    if (entry.code !== undefined && entry.code !== circumstances.codeOf(node.task.at)) return { kind: 'edited' }
    if (!entry.vars) return undefined
    const now = this.#state.meetings.vars(node, host)
    const names = [...new Set([...Object.keys(entry.vars), ...Object.keys(now)])].filter(
      (name) => entry.vars![name] !== now[name],
    )
    return names.length > 0 ? { kind: 'vars', names } : undefined
  }

  /** Is the host another one than it was, or in another state? */
  moved(host: Host, { run, met }: Pick<Entry, 'run' | 'met'>): Difference | undefined {
    const { done, circumstances } = this.#state.options
    const places = [{ host: host.name, address: addressOf(host) }, ...met]
    for (const place of places) {
      const other = done?.since(run, place.host, place.address)
      if (other) return { kind: 'other', other }
    }
    for (const was of circumstances ? met : []) {
      const now = this.#now.get(was.host)
      if (!now) return { kind: 'unmet', host: was.host }
      const other = done?.stranger(now)
      if (other) return { kind: 'other', other }
      if (!isSame(was, now)) return { kind: 'machine', host: was.host }
      if (was.boot !== now.boot) return { kind: 'boot', host: was.host }
    }
    return undefined
  }

  /** What was done of the tasks that will run, host by host. */
  #done(): readonly Was[] {
    const { done, plays } = this.#state.options
    return plays.flatMap(({ nodes, hosts }) =>
      [...tasksOf(nodes)].flatMap((node) =>
        node.kind !== 'task' || !node.selected || node.tags.includes('always') || node.task.options.verify
          ? []
          : hosts.flatMap((host) => {
              const entry = done!.get(node.id, host.name)
              return entry ? [{ node, host, entry }] : []
            }),
      ),
    )
  }

  #told(done: readonly Was[]): readonly string[] {
    const found = done.flatMap((was) => {
      const difference = this.differs(was.node, was.host, was.entry)
      return difference ? [{ ...was, difference }] : []
    })
    const of = (kind: Difference['kind']) => found.filter(({ difference }) => difference.kind === kind)
    const hosts = (some: readonly Was[]) => few([...new Set(namesOf(some.map(({ host }) => host)))])
    const tasks = (some: readonly Was[]) => [...new Set(some.map(({ node }) => showPath(node.path)))]
    const again = (some: readonly Was[]) =>
      `${counted(tasks(some).length, 'task that was', 'tasks that were')} done there ` +
      `${tasks(some).length === 1 ? 'runs' : 'run'} again`
    const edited = of('edited')
    const vars = of('vars')
    const names = [...new Set(vars.flatMap(({ difference }) => (difference.kind === 'vars' ? difference.names : [])))]
    const others = grouped(of('other'), ({ difference }) => (difference as { readonly other: Other }).other.run)
    const unkept = done.filter(({ entry }) => entry.unkept)
    const about = (kind: Difference['kind'], say: (host: string) => string) =>
      [...grouped(of(kind), ({ difference, host }) => ('host' in difference ? difference.host : host.name))].map(
        ([host, some]) => `${say(host)}: ${again(some)}`,
      )
    return [
      ...(edited.length > 0
        ? [
            `the playbook was edited: ${counted(tasks(edited).length, 'task differs', 'tasks differ')}, ` +
              `to be run again: ${few(tasks(edited))}`,
          ]
        : []),
      ...(vars.length > 0
        ? [`${few(names)} ${names.length === 1 ? 'differs' : 'differ'} on ${hosts(vars)}: ${again(vars)}`]
        : []),
      ...[...others.values()].map((some) => {
        const { told } = (some[0]!.difference as { readonly other: Other }).other
        return `another run worked on ${hosts(some)} since (${told}): ${again(some)}`
      }),
      ...about('machine', (host) => `${host} is another machine than it was`),
      ...about('boot', (host) => `${host} was started anew since`),
      ...about('unmet', (host) => `${host} cannot be asked whether it is the machine that it was`),
      ...(unkept.length > 0
        ? [
            `${counted(tasks(unkept).length, 'task runs', 'tasks run')} again whose results are not kept, ` +
              `since they hold secrets or are long: ${few(tasks(unkept))}`,
          ]
        : []),
    ]
  }

  /** Tasks of which something was done, and that the playbook does not have. */
  #gone(known: ReadonlySet<string>): readonly string[] {
    const gone = [...this.#state.options.done!.ids].filter((id) => !known.has(id))
    if (gone.length === 0) return []
    const are = gone.length === 1 ? 'task was done and is' : 'tasks were done and are'
    return [`${gone.length} ${are} in the playbook no more; under another name it runs again: ${few(gone)}`]
  }
}

interface Was {
  readonly node: TaskNode
  readonly host: Host
  readonly entry: Entry
}

const idsIn = ({ nodes }: { readonly nodes: Parameters<typeof tasksOf>[0] }) => [...tasksOf(nodes)].map(({ id }) => id)

// Where one of two says nothing, the other decides.
function isSame(was: HostMet, now: HostMet): boolean {
  const [one, other] = [was.machine, now.machine]
  const named = one !== undefined && other !== undefined
  const keyed = was.keys.length > 0 && now.keys.length > 0
  if (!named && !keyed) return was.address === now.address
  // A machine may get a key of a new kind; another one has none of these.
  return (!named || one === other) && (!keyed || was.keys.some((key) => now.keys.includes(key)))
}

function grouped<T>(all: readonly T[], by: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) groups.set(by(one), [...(groups.get(by(one)) ?? []), one])
  return groups
}

function few(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
}
