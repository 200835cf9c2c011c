import type { Timed } from '../model/event.ts'
import { identity, type TaskPath } from '../model/path.ts'

/** One task on one host, and what had to end before it could begin. */
export interface Link {
  readonly path: TaskPath
  /** None for a gate. */
  readonly host: string | undefined
  readonly milliseconds: number
  /** Milliseconds since 1970. */
  readonly ended: number
  readonly before: Link | undefined
}

/** What held a run up, folded as it goes. */
export interface CriticalPath {
  add(event: Timed): void
  /** From the start of the run to what ended last: each began because the one before it had ended. */
  links(): readonly Link[]
}

// Tasks that run side by side may end in one breath, and then the last of them need not be the one that was waited for.
const breath = 5

/**
 * Begins a path with nothing in it. The engine begins a task in the moment in which the last thing ends that it waited
 * for, so what bounds it is what ended last before it, in its own role if that was in the same breath: this holds for
 * hosts in lock-step, for roles after and beside each other, handlers, batches and plays. A host that had to wait its
 * turn for a task (--forks, throttle) is bounded by the one that made room.
 */
export function createCriticalPath(): CriticalPath {
  let recent: readonly Link[] = []
  const bounds = new Map<string, Link | undefined>()

  const bound = ({ play, role }: TaskPath, hosts: readonly string[]) => {
    const ours = recent.filter(({ path }) => path.role === role && path.play === play)
    return ours.findLast(({ host }) => host !== undefined && hosts.includes(host)) ?? ours.at(-1) ?? recent.at(-1)
  }

  const end = (link: Link) => {
    recent = [...recent.filter(({ ended }) => ended >= link.ended - breath), link]
  }

  return {
    add(event) {
      if (event.type === 'task-started') {
        const found = bound(event.path, event.hosts)
        const key = identity(event.path)
        for (const host of event.hosts) bounds.set(`${key}\0\0${host}`, found)
      }
      if (event.type === 'host-started') {
        const key = `${identity(event.path)}\0\0${event.host}`
        const last = recent.at(-1)
        if (last && last.ended - (bounds.get(key)?.ended ?? 0) > breath) bounds.set(key, last)
      }
      if (event.type === 'gate-answered') {
        const { path, time: ended } = event
        const before = bound(path, [])
        // The time of a gate is its operator's.
        end({ path, host: undefined, milliseconds: ended - (before?.ended ?? ended), ended, before })
      }
      if (event.type !== 'task-finished' || event.status === 'resumed') return
      const { path, host, milliseconds, time: ended } = event
      const key = `${identity(path)}\0\0${host}`
      const before = bounds.has(key) ? bounds.get(key) : bound(path, [host])
      bounds.delete(key)
      end({ path, host, milliseconds, ended, before })
    },
    links() {
      const links: Link[] = []
      for (let link = recent.at(-1); link; link = link.before) links.push(link)
      return links.reverse()
    },
  }
}
