import type { Handler } from '../model/playbook.ts'
import type { HandlerNode, PlayNode, RoleNode } from './select.ts'

/** Who was notified, for which hosts, and has not run yet. */
export class Due {
  readonly #hosts = new Map<HandlerNode, Set<string>>()

  notify(role: RoleNode, handler: Handler, host: string): void {
    const node = role.handlers.find((h) => h.handler === handler)
    if (!node)
      throw new Error(
        `the handler «${handler.name}» belongs to another role than ${role.role.name}: ` +
          'a role notifies its own handlers',
      )
    this.add(node, host)
  }
  add(node: HandlerNode, host: string): void {
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
  owed(): readonly { readonly host: string; readonly handler: string }[] {
    return [...this.#hosts].flatMap(([node, hosts]) => [...hosts].map((host) => ({ host, handler: node.handler.name })))
  }
}

/** The handlers of a play, or of one of its roles, in the order they are defined. */
export function handlersOf(play: PlayNode, role?: RoleNode): readonly HandlerNode[] {
  return (role ? [role] : play.roles).flatMap((r) => r.handlers)
}
