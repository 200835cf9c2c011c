import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { exit, Refused } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'

/** The operator pressed Ctrl-C at a question, or the run was ended while it stood there. */
export class Interrupted extends Error {}

/** Can the operator be asked? */
export function interactive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** One line from the operator, asked on stderr so that stdout stays the report's. @throws Interrupted */
export async function ask(question: string, signal?: AbortSignal): Promise<string> {
  const line = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  return (await answer(line, `${question} `, signal)).trim()
}

/**
 * One of some words from the operator, or the beginning of one; asked again until it is.
 * @throws Interrupted, also when the signal fires
 */
export async function choice<W extends string>(
  question: string,
  words: readonly W[],
  { otherwise, signal }: { readonly otherwise?: W; readonly signal?: AbortSignal } = {},
): Promise<W> {
  for (;;) {
    const answer = (await ask(question, signal)).toLowerCase()
    const found = answer === '' ? otherwise : words.find((word) => word.startsWith(answer))
    if (found !== undefined) return found
    process.stderr.write(`please answer ${words.slice(0, -1).join(', ')} or ${words.at(-1)}\n`)
  }
}

/**
 * A secret typed without being shown. `option` is the one that it can be given by, in a file.
 * @throws Refused where nobody can type; Interrupted
 */
export async function askSecret(
  question: string,
  label: string,
  { signal, option }: { readonly signal?: AbortSignal; readonly option?: string } = {},
): Promise<Secret> {
  if (!interactive())
    throw new Refused(
      {
        message: `${question}: there is no terminal to ask on`,
        hint: option === undefined ? 'give it in a file, or in the inventory' : `give it in a file: --${option} FILE`,
      },
      exit.usage,
    )
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  // Whoever types as soon as there is a prompt must find the echo turned off.
  const line = createInterface({ input: process.stdin, output: silent, terminal: true })
  process.stderr.write(`${question}: `)
  try {
    return Secret.of(await answer(line, '', signal), label)
  } finally {
    process.stderr.write('\n')
  }
}

// The terminal is raw while a line is typed: Ctrl-C comes as a character, and an end of input as a line that never
// comes.
async function answer(line: Interface, question: string, signal?: AbortSignal): Promise<string> {
  let abort = () => {}
  try {
    return await new Promise<string>((resolve, reject) => {
      abort = () => reject(new Interrupted('ended'))
      if (signal?.aborted) return abort()
      signal?.addEventListener('abort', abort, { once: true })
      line.once('SIGINT', () => reject(new Interrupted('interrupted')))
      line.once('close', () => reject(new Interrupted('no answer')))
      line.question(question).then(resolve, reject)
    })
  } finally {
    signal?.removeEventListener('abort', abort)
    line.close()
  }
}
