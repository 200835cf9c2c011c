import { quote } from '../kit/shell.ts'
import { program } from '../model/program.ts'

/** Words of a command line as they are to be typed again. */
export function typed(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}

/** A text of ours, in which `run` stands for this program, with the words that it was called by. */
export function asCalled(text: string): string {
  return text.replace(/\brun(?= )/g, program())
}
