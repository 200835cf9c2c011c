import type { Event } from '../model/event.ts'
import { showPath } from '../model/path.ts'

/**
 * Events as lines: what an operator would see of their order, and nothing that varies from run to run.
 *
 * ```ts
 * assert.deepEqual(told(events).slice(0, 1), ['PLAY Web servers [web-1 web-2]'])
 * ```
 */
export function told(events: readonly Event[]): readonly string[] {
  return events.flatMap((event): readonly string[] => {
    switch (event.type) {
      case 'play-started':
        return [`PLAY ${event.play} [${event.hosts.join(' ')}]`]
      case 'play-skipped':
        return [`SKIPPED ${event.play}: ${event.reason}`]
      case 'batch-started':
        return [`BATCH ${event.batch} [${event.hosts.join(' ')}]`]
      case 'task-started':
        return [`${event.handler ? 'HANDLER' : 'TASK'} ${showPath(event.path)} [${event.hosts.join(' ')}]`]
      case 'attempt-failed':
        return [`${event.host}: retry (${event.left} left): ${event.reason}`]
      case 'handler-notified':
        return [`${event.host}: notified ${event.handler}`]
      case 'task-finished': {
        const why = event.failure?.reason ?? event.reason
        return [`${[event.host, ...event.delegated].join(' -> ')}: ${event.status}${why ? ` (${why})` : ''}`]
      }
      case 'gate-answered':
        return [`GATE ${showPath(event.path)}: ${event.passed ? 'passed' : 'refused'}`]
      case 'play-stopped':
        return [`STOPPED ${event.play}: ${event.reason}`]
      case 'warned':
        return [`WARNING ${event.message}`]
      case 'run-finished':
        return [`END ${event.outcome}${event.owed.map(({ host, handler }) => `, ${host} is owed ${handler}`).join('')}`]
      default:
        return []
    }
  })
}
