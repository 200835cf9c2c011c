import { exit, Refused } from './problem.ts'
import type { Secret } from './secret.ts'

type Ask = (question: string, label: string) => Promise<Secret>

let how: Ask = (question) => Promise.reject(new Refused({ message: `${question}: there is nobody to ask` }, exit.usage))

/** Says how the operator is asked for a secret; the command does, since it owns the terminal. */
export function answeredBy(ask: Ask): void {
  how = ask
}

/** A secret that the operator types without its being shown. @throws Refused where nobody can type */
export function askForSecret(question: string, label: string): Promise<Secret> {
  return how(question, label)
}
