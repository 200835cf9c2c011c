import type { Secret } from '../model/secret.ts'
import { harmlessLines } from '../report/width.ts'
import type { AskHostKey, AskSecret } from '../transport/index.ts'
import { askSecret, choice, interactive, Interrupted } from './terminal.ts'

/**
 * What connections ask the operator, each question put by `asking`, until the run is stopped; nothing where nobody can
 * answer.
 */
export function questions(
  signal: AbortSignal,
  asking: <T>(question: () => Promise<T>) => Promise<T>,
): {
  readonly ask?: AskHostKey
  readonly askSecret?: AskSecret
} {
  if (!interactive()) return {}
  return {
    ask: (key) =>
      asking(() =>
        orInterrupt(signal, false, async () => {
          const known = harmlessLines(`${key.host} is not known: its key is ${key.type} ${key.fingerprint}`)
          return (
            (await choice(`${known}. Go on connecting? [y/N]`, ['yes', 'no'], { otherwise: 'no', signal })) === 'yes'
          )
        }),
      ),
    askSecret: (wanted) =>
      asking(() =>
        orInterrupt(signal, undefined, async (): Promise<Secret | undefined> => {
          // A server says itself what it wants to know.
          const question = harmlessLines(wanted)
          const answer = await askSecret(question[0]!.toUpperCase() + question.slice(1), question, { signal })
          return answer.reveal() === '' ? undefined : answer
        }),
      ),
  }
}

/** Ctrl-C at a question of a connection is Ctrl-C to the whole run. */
async function orInterrupt<T>(signal: AbortSignal, otherwise: T, question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    if (!signal.aborted) process.kill(process.pid, 'SIGINT')
    return otherwise
  }
}
