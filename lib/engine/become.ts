import type { Host } from '../model/inventory.ts'
import type { Lane } from './lanes.ts'
import type { RunState } from './state.ts'

/** What is said of who acts. true: root; a name: that user; false: the user of the connection. */
export type Become = boolean | string | undefined

/**
 * The user that a task acts as on a host, whichever of those it works on: as was said of the task (by itself, the
 * command line or its play), else by the host's own settings. undefined: the user of the connection.
 */
export function actsAs(said: Become, host: Host): string | undefined {
  const become = said ?? host.settings.become
  return become === true ? 'root' : become === false ? undefined : become
}

/** What is said of who acts by those around a task: the command line, else the play. */
export function becomeIn({ batch }: Lane, { options }: RunState): Become {
  return options.become ?? batch.play.play.options.become
}
