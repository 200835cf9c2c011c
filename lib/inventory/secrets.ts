import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { here, localPath, type Location } from '../model/location.ts'
import { besides } from '../model/besides.ts'
import { exit, Refused } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'

/**
 * A secret from an environment variable of the machine that `run` runs on.
 *
 * ```ts
 * inventory({ vars: { password: fromEnvironment('APP_PASSWORD') } })
 * ```
 * @throws Refused when it is not set
 */
export function fromEnvironment(name: string): Secret {
  const text = process.env[name]
  if (text === undefined || text === '')
    throw refused(
      `the environment variable ${name} is ${text === '' ? 'empty' : 'not set'}`,
      here(),
      `export ${name}=...`,
    )
  return Secret.of(text, name)
}

/**
 * A secret from a file, without its last line end; a relative path starts at the file that says it.
 *
 * ```ts
 * inventory({ vars: { password: fromFile('~/.app-password') } })
 * ```
 * @throws Refused
 * when others may read it
 */
export function fromFile(file: string): Secret {
  const at = here()
  const full = localPath(file, at)
  try {
    const { mode } = statSync(full)
    if (mode & 0o077)
      throw refused(
        `${file} holds a secret and others may read it (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`,
        at,
        `chmod 600 ${full}`,
      )
    const text = readFileSync(full, 'utf8').replace(/\r?\n$/, '')
    if (text === '') throw refused(`${file} is empty, and should hold a secret`, at, 'write the secret into it')
    return Secret.of(text, path.basename(file))
  } catch (error) {
    if (error instanceof Refused) throw error
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw refused(`there is no file ${file} with a secret`, at, besides(full))
    throw refused(`the secret in ${file} cannot be read: ${(error as Error).message}`, at, `see ls -l ${full}`)
  }
}

/**
 * A secret that a command prints, such as `pass show lab/root`, without its last line end; it runs in `sh` on the
 * machine that `run` runs on.
 *
 * ```ts
 * inventory({ settings: { becomePassword: fromCommand('pass show lab/root') } })
 * ```
 */
export function fromCommand(command: string): Promise<Secret> {
  const at = here()
  const secret = new Promise<Secret>((resolve, reject) => {
    const started = execFile('/bin/sh', ['-c', command], { maxBuffer: 1 << 20 }, (error, stdout, stderr) => {
      const text = stdout.replace(/\r?\n$/, '')
      if (error)
        reject(
          refused(
            `the command ${command} ended with exit code ${String(error.code)}: ${stderr.trim() || 'it said nothing'}`,
            at,
            'type it yourself and see what it wants',
          ),
        )
      else if (text === '')
        reject(
          refused(
            `the command ${command} printed nothing, and should print a secret`,
            at,
            'type it yourself and see what it wants',
          ),
        )
      else resolve(Secret.of(text, command.split(/\s+/, 1)[0]!))
    })
    started.stdin?.end()
  })
  // Whoever awaits it learns why it failed; until somebody does, that is no reason to crash.
  secret.catch(() => undefined)
  return secret
}

function refused(message: string, at: Location, hint: string): Refused {
  return new Refused({ message, at, hint }, exit.load)
}

/** Asks the operator: the question, and the name that the answer is shown by. */
export type AskSecret = (question: string, label: string) => Promise<Secret>

let ask: AskSecret = (question) =>
  Promise.reject(
    new Refused(
      { message: `${question}: there is nobody to ask`, hint: 'give it by fromFile, fromEnvironment or fromCommand' },
      exit.usage,
    ),
  )

/** Says who answers the prompts of the inventories that are loaded from now on: their files call us and not we them. */
export function answeredBy(asking: AskSecret): void {
  ask = asking
}

const asked = new Map<string, Promise<Secret>>()

/**
 * A secret that the operator types when the inventory is loaded, once for each question.
 *
 * ```ts
 * inventory({ settings: { becomePassword: fromPrompt('Password of root') } })
 * ```
 * @throws Refused where there is no terminal
 */
export function fromPrompt(question: string): Promise<Secret> {
  let answer = asked.get(question)
  if (!answer) {
    // One question after the other: a terminal has one line to type on.
    const before = Promise.allSettled(asked.values())
    asked.set(question, (answer = before.then(() => ask(question, question))))
    // Whoever awaits it hears of a refusal; nobody may be awaiting it yet.
    answer.catch(() => {})
  }
  return answer
}
