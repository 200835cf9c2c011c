import { type Reporter, showPath } from 'switchover/kit'

/** Names the tasks that took longer than a second. */
export function reporter(): Reporter {
  const slow: string[] = []
  return {
    report(event) {
      if (event.type === 'task-finished' && event.milliseconds > 1000)
        slow.push(`${showPath(event.path)} (${event.host})`)
    },
    async close() {
      process.stdout.write(`${slow.length} slow tasks\n${slow.map((line) => `${line}\n`).join('')}`)
    },
  }
}
