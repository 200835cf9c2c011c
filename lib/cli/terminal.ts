import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { exit, Refused } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'

/** The operator pressed Ctrl-C at a question. */
export class Interrupted extends Error {}

/** Can the operator be asked? */
export function interactive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** One line from the operator, asked on stderr so that stdout stays the report's. @throws Interrupted */
export async function ask(question: string): Promise<string> {
  return (
    await answer(createInterface({ input: process.stdin, output: process.stderr, terminal: true }), `${question} `)
  ).trim()
}

/** One of some words from the operator, or the beginning of one; asked again until it is. @throws Interrupted */
export async function choice<W extends string>(question: string, words: readonly W[], otherwise?: W): Promise<W> {
  for (;;) {
    const answer = (await ask(question)).toLowerCase()
    const found = answer === '' ? otherwise : words.find((word) => word.startsWith(answer))
    if (found !== undefined) return found
    process.stderr.write(`please answer ${words.slice(0, -1).join(', ')} or ${words.at(-1)}\n`)
  }
}

/** A secret typed without being shown. @throws Refused where nobody can type; Interrupted */
export async function askSecret(question: string, label: string): Promise<Secret> {
  if (!interactive())
    throw new Refused(
      { message: `${question}: there is no terminal to ask on`, hint: 'give it in a file, or in the inventory' },
      exit.usage,
    )
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  // Whoever types as soon as there is a prompt must find the echo turned off.
  const line = createInterface({ input: process.stdin, output: silent, terminal: true })
  process.stderr.write(`${question}: `)
  try {
    return Secret.of(await answer(line, ''), label)
  } finally {
    process.stderr.write('\n')
  }
}

// The terminal is raw while a line is typed: Ctrl-C comes as a character, and an end of input as a line that never
// comes.
async function answer(line: Interface, question: string): Promise<string> {
  try {
    return await new Promise<string>((resolve, reject) => {
      line.once('SIGINT', () => reject(new Interrupted('interrupted')))
      line.once('close', () => reject(new Interrupted('no answer')))
      line.question(question).then(resolve, reject)
    })
  } finally {
    line.close()
  }
}
