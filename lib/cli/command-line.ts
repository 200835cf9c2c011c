import { quote } from '../kit/shell.ts'

/** Words of a command line as they are to be typed again. */
export function typed(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}
