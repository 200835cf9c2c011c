import { handlersOf } from '../engine/handlers.ts'
import { type PlayNode, tasksOf } from '../engine/select.ts'
import type { Timed } from '../model/event.ts'
import { identity, type TaskPath } from '../model/path.ts'
import { asFirstTold } from '../report/mask.ts'

/**
 * Gives events of a journal the names that the playbook has: in the journal a word of them that is a secret too, such
 * as a password `nova`, is masked, and the task would never be found again.
 */
export function ownNames(plays: readonly PlayNode[]): (event: Timed) => Timed {
  const paths = plays.flatMap((play) => [...tasksOf(play.nodes), ...handlersOf(play)].map(({ path }) => path))
  const own = new Map(paths.map((path) => [identity(masked(path)), path]))
  return (event) => {
    if (event.type === 'sent-ahead')
      return { ...event, paths: event.paths.map((path) => own.get(identity(path)) ?? path) }
    if (!('path' in event)) return event
    if (event.type !== 'handler-notified') return { ...event, path: own.get(identity(event.path)) ?? event.path }
    const handler = own.get(identity({ ...event.path, blocks: [], task: event.handler }))?.task
    return { ...event, path: own.get(identity(event.path)) ?? event.path, handler: handler ?? event.handler }
  }
}

const masked = ({ play, role, blocks, task }: TaskPath): TaskPath => ({
  play: asFirstTold(play),
  role: asFirstTold(role),
  blocks: blocks.map(asFirstTold),
  task: asFirstTold(task),
})
