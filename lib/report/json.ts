import type { Reporter } from '../model/event.ts'
import type { Sink } from './sink.ts'

/** One event a line, for programs. */
export function jsonReporter(out: Sink): Reporter {
  return {
    report(event) {
      out.write(`${JSON.stringify(event)}\n`)
    },
    close: () => out.close(),
  }
}
