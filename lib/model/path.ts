/** Where a task stands in a playbook. */
export interface TaskPath {
  readonly play: string
  readonly role: string
  /** Names of the blocks around it, outermost first. */
  readonly blocks: readonly string[]
  readonly task: string
}

/** `Move › keystone › Stop the daemons`: what tells a task from all others, and what a run is resumed by. */
export function identity({ play, role, blocks, task }: TaskPath): string {
  return [play, role, ...blocks, task].join(' › ')
}

/**
 * `keystone › Stop the daemons`: a task as reports and errors name it, without its play. A play that gives its steps
 * itself has a role of its own name, which is left out too.
 *
 * ```ts
 * if (event.type === 'task-finished') console.log(showPath(event.path), event.status)
 * ```
 */
export function showPath(path: TaskPath): string {
  return named(path, ' › ')
}

/** `keystone : Stop the daemons`, as Ansible names a task in its headings. */
export function headline(path: TaskPath): string {
  return named(path, ' : ')
}

function named({ play, role, blocks, task }: TaskPath, behindRole: string): string {
  return `${role === play ? '' : `${role}${behindRole}`}${[...blocks, task].join(' › ')}`
}
