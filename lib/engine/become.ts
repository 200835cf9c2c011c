import type { Host } from '../model/inventory.ts'
import type { Lane } from './lanes.ts'
import type { RunState } from './state.ts'

/** What is said of who acts. true: whoever is named further out, else root; a name: that user; false: nobody else. */
export type Become = boolean | string | undefined

/** What the command line says of who acts: where nobody else says it. */
export interface Line {
  readonly become?: Become
  /** Whom to become where nobody is named. */
  readonly becomeUser?: string
}

/**
 * The user that a task acts as on a host, whichever of those it works on; undefined: the user of the connection. As in
 * Ansible the inventory's `ansible_become` and `ansible_become_user` come first, each for itself, then what was `said`
 * by the task or its play, then the host's settings, and last the command line.
 */
export function actsAs(said: Become, host: Host, line: Line = {}): string | undefined {
  const around = [said, host.settings.become, line.become]
  const wanted = host.become?.wanted ?? around.find((one) => one !== undefined) ?? false
  const named = around.find((one) => typeof one === 'string') as string | undefined
  return wanted === false ? undefined : (host.become?.user ?? named ?? line.becomeUser ?? 'root')
}

/** What a task says of who acts, with what its play says around it. */
export function saidBy(task: Become, play: Become): Become {
  return task === undefined || (task === true && typeof play === 'string') ? play : task
}

/** What the play around a task says of who acts. */
export function becomeIn({ batch }: Lane): Become {
  return batch.play.play.options.become
}

/** What the command line says of who acts. */
export function lineOf({ options: { become, becomeUser } }: RunState): Line {
  return { ...(become === undefined ? {} : { become }), ...(becomeUser === undefined ? {} : { becomeUser }) }
}
