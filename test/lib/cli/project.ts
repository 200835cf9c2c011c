import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { command, withCommand } from '../../rig/command.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** The words of authors, to be written at the top of a playbook that lies anywhere. */
export const words = `import { fromFile, inventory, play, playbook, role, secret, text, number, flag, oneOf } from '${root}lib/index.ts'
import { probe, shell } from '${root}lib/modules/index.ts'
`

/** All modules, as a playbook has them that imports the package. */
export const modules = `import * as modules from '${root}lib/modules/index.ts'\n`

/** What a command printed and how it ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs, and what it has printed so far. */
export interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when the text has been printed, on stdout or stderr. */
  printed(text: string): Promise<void>
}

/** A folder of somebody who uses `run`: no package.json, no tsconfig.json, only what the test writes. */
export class Project {
  readonly path = mkdtempSync(path.join(tmpdir(), 'run-project-'))

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, content] of Object.entries(files)) this.write(name, content)
  }

  write(name: string, content: string, mode = 0o644): string {
    const file = path.join(this.path, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
    chmodSync(file, mode)
    return file
  }

  /** Starts `run` in this folder, with no terminal anywhere. */
  start(
    args: readonly string[],
    {
      env = {},
      cwd = this.path,
      input = '',
    }: { readonly env?: Readonly<Record<string, string>>; readonly cwd?: string; readonly input?: string } = {},
  ): Running {
    const child = spawn(process.execPath, [command, ...args], {
      cwd,
      env: { ...process.env, ...withCommand, NO_COLOR: '1', HOME: this.path, SSH_AUTH_SOCK: '', ...env },
    })
    let [stdout, stderr] = ['', '']
    const waiting = new Set<() => void>()
    const heard = () => [...waiting].forEach((look) => look())
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      heard()
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      heard()
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
    })
    const printed = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (!stdout.includes(text) && !stderr.includes(text)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`it ended without printing ${text}:\n${stdout}\n${stderr}`)))
      })
    return { process: child, ended, printed }
  }

  run(args: readonly string[], options: Parameters<Project['start']>[1] = {}): Promise<Ended> {
    return this.start(args, options).ended
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** An inventory of hosts that are all this machine. */
export const local = `${words}export default inventory({ settings: { connection: 'local' }, groups: { web: { hosts: { web1: {}, web2: {} } }, db: { hosts: { db1: {} } } } })\n`

/** Runs jobs, two at a time: a child that loads TypeScript takes a core for half a second. */
export async function inTurn<T, R>(jobs: readonly T[], work: (job: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  const left = [...jobs.entries()]
  await Promise.all(
    [0, 1].map(async () => {
      for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await work(next[1])
    }),
  )
  return results
}
