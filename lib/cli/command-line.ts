import { quote } from '../kit/shell.ts'
import { program } from '../model/program.ts'
import { knownSecrets } from '../model/secret.ts'

/** Words of a command line as they are to be typed again. */
export function typed(argv: readonly string[]): string {
  return argv.map(quote).join(' ')
}

/**
 * The words that go on with a run. A variable with a secret in it is left out and asked for: what would be shown in its
 * place is a label, which must not be typed.
 */
export function typedToResume(argv: readonly string[]): string {
  const { words, asked } = withoutSecrets(argv.filter((word) => !word.startsWith('--resume=')))
  // Masked, it could not be typed; in clear, it would stand in every log.
  if (words.some(holdsSecret)) return 'the same line, with --resume behind (a secret stands in it)'
  return `${program()} ${typed(words)} --resume${asked}`
}

/**
 * The words of a command line without the variables that hold a secret, and which of them are to be given again, as is
 * said behind the line: ` (and give -e token=… again)`.
 */
export function withoutSecrets(argv: readonly string[]): { readonly words: readonly string[]; readonly asked: string } {
  const left: string[] = []
  const again: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!
    const alone = word === '-e' || word === '--extra-vars'
    const [, joined] = /^(?:-e|--extra-vars=)(.+)$/s.exec(word) ?? []
    const value = alone ? argv[i + 1] : joined
    if (value !== undefined && holdsSecret(value)) {
      again.push(...(value.trim().startsWith('{') ? ['-e …'] : namesIn(value).map((name) => `-e ${name}=…`)))
      if (alone) i++
    } else left.push(word)
  }
  return { words: left, asked: again.length > 0 ? ` (and give ${again.join(' ')} again)` : '' }
}

/** Does a known secret stand in this text? */
export function holdsSecret(text: string): boolean {
  return knownSecrets().some(([secret]) => text.includes(secret))
}

const namesIn = (pairs: string) => [...pairs.matchAll(/(?:^|\s)([\w.-]+)=/g)].map(([, name]) => name!)

/** A text of ours, in which `run` stands for this program, with the words that it was called by. */
export function asCalled(text: string): string {
  return text.replace(/(?<=^|: |as in |\$\()run(?= )/g, program())
}
