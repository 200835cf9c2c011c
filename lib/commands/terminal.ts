import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { exit, Refused } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'

/** Can the operator be asked? */
export function interactive(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true
}

/** One line from the operator, asked on stderr so that stdout stays the report's. */
export async function ask(question: string): Promise<string> {
  const line = createInterface({ input: process.stdin, output: process.stderr, terminal: true })
  try {
    return (await line.question(`${question} `)).trim()
  } finally {
    line.close()
  }
}

/** A secret typed without being shown. @throws Refused where nobody can type */
export async function askSecret(question: string, label: string): Promise<Secret> {
  if (!interactive()) throw new Refused({ message: `${question}: there is no terminal to ask on`, hint: 'set it in the inventory, from a file or the environment' }, exit.usage)
  process.stderr.write(`${question}: `)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const line = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return Secret.of(await line.question(''), label)
  } finally {
    line.close()
    process.stderr.write('\n')
  }
}
