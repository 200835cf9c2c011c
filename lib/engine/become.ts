import type { Host } from '../model/inventory.ts'

/** What is said of who acts. true: root; a name: that user; false: the user of the connection. */
export type Become = boolean | string | undefined

/**
 * The user that a task acts as on a host, whichever of those it works on: as was said of the task (by itself, the
 * command line
 * or its play), else by the host's own settings. undefined: the user of the connection.
 */
export function actsAs(said: Become, host: Host): string | undefined {
  const become = said ?? host.settings.become
  return become === true ? 'root' : become === false ? undefined : become
}
