import { type Reporter, showPath } from 'switchover/kit'

/** Names what was changed, as somebody wants to read it in a chat. */
export function reporter(): Reporter {
  const changes: string[] = []
  return {
    report(event) {
      if (event.type === 'task-finished' && event.status === 'changed')
        changes.push(`${event.host}: ${showPath(event.path)}\n`)
    },
    async close() {
      process.stdout.write(changes.length > 0 ? changes.join('') : 'nothing was changed\n')
    },
  }
}
