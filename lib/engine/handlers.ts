import type { Host } from '../model/inventory.ts'
import { Advice } from '../model/operation.ts'
import type { Handler } from '../model/playbook.ts'
import { endWhenSpent } from './budget.ts'
import type { Lane } from './lanes.ts'
import type { HandlerNode, PlayNode, RoleNode } from './select.ts'
import type { Turns } from './turns.ts'

/** Who was notified, for which hosts, and has not run yet. */
export class Due {
  readonly #hosts = new Map<HandlerNode, Set<string>>()
  readonly #doubtful = new Map<HandlerNode, Set<string>>()

  notify(role: RoleNode, handler: Handler, host: string): void {
    const node = role.handlers.find((h) => h.handler === handler)
    if (!node)
      throw new Advice(
        `the handler «${handler.name}» belongs to another role than ${role.role.name}`,
        `a role notifies its own handlers: declare it in ${role.role.name}`,
      )
    this.add(node, host)
  }
  add(node: HandlerNode, host: string): void {
    this.#doubtful.get(node)?.delete(host)
    const hosts = this.#hosts.get(node) ?? new Set<string>()
    this.#hosts.set(node, hosts.add(host))
  }
  /** Takes the hosts for which a handler is due, of those that may run it now. */
  take(node: HandlerNode, able: (host: string) => boolean): ReadonlySet<string> {
    const due = this.#hosts.get(node) ?? new Set()
    const now = new Set([...due].filter(able))
    now.forEach((host) => due.delete(host))
    return now
  }
  /** In check mode nobody knows whether it will be due. */
  doubt(role: RoleNode, handler: Handler, host: string): void {
    const node = role.handlers.find((h) => h.handler === handler)
    if (!node || this.#hosts.get(node)?.has(host)) return
    this.add(node, host)
    this.#doubtful.set(node, (this.#doubtful.get(node) ?? new Set<string>()).add(host))
  }
  /** Is it due for all that is known? It is asked once. */
  isDoubtful(node: HandlerNode, host: string): boolean {
    return this.#doubtful.get(node)?.delete(host) === true
  }
  owed(): readonly { readonly host: string; readonly handler: string }[] {
    return [...this.#hosts].flatMap(([node, hosts]) => [...hosts].map((host) => ({ host, handler: node.handler.name })))
  }
}

/** The handlers of a play, or of one of its roles, in the order they are defined. */
export function handlersOf(play: PlayNode, role?: RoleNode): readonly HandlerNode[] {
  return (role ? [role] : play.roles).flatMap((r) => r.handlers)
}

/** Runs the handlers that are due on hosts that are able to, in the order they are defined. */
export async function flush(
  handlers: readonly HandlerNode[],
  hosts: readonly Host[],
  lane: Lane,
  turns: Turns,
  able = (host: Host) => lane.alive(host),
): Promise<void> {
  const { state } = turns
  const { due } = state
  for (const node of handlers) {
    if (state.over) return
    const now = due.take(node, (name) => hosts.some((host) => host.name === name && able(host)))
    const members = hosts.filter(({ name }) => now.has(name))
    if (members.length === 0) continue
    turns.offer(node, members)
    const run = async (host: Host) => {
      const outcome = await turns.handler(node, host, lane, able)
      if (!outcome || outcome.status === 'failed' || outcome.status === 'unreachable') due.add(node, host.name)
    }
    await Promise.all(members.map(run))
    endWhenSpent(lane.batch, state)
  }
}
