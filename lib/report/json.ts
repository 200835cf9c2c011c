import type { Reporter } from '../model/event.ts'
import type { Sink } from './sink.ts'

/** One event a line, for programs. */
export function jsonReporter(out: Sink): Reporter {
  return {
    report(event) {
      out.write(`${asciiControls(JSON.stringify(event))}\n`)
    },
    close: () => out.close(),
  }
}

/** JSON leaves some control characters as they are, and a terminal may obey them. */
export function asciiControls(json: string): string {
  return json.replace(/[\x7f-\x9f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`)
}
