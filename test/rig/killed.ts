import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Timed } from '../../lib/model/event.ts'
import { command, withCommand } from './command.ts'
import { root } from './lab.ts'

/** What a run did until it ended, or was killed. */
export interface Heard {
  /** null: it was killed. */
  readonly code: number | null
  readonly events: readonly Timed[]
  readonly err: string
}

/**
 * Runs `run` and hears its events as they come. What `meanwhile` gives `kill` for, or calls `kill` in, is the last thing
 * that happens: the process is killed as by kill -9, with all that it has started on this machine.
 */
export function hear(
  args: readonly string[],
  meanwhile: (event: Timed, kill: () => void) => 'kill' | void = () => {},
  longest = 600_000,
): Promise<Heard> {
  const child = spawn(process.execPath, [command, ...args, '-o', 'json', '--no-type-check'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...withCommand },
    // A group of its own, to be killed whole.
    detached: true,
  })
  const end = () => {
    // Once it has ended its number may be another's.
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL')
  }
  const timer = setTimeout(end, longest)
  const events: Timed[] = []
  let err = ''
  let killed = false
  const kill = () => {
    if (child.exitCode !== null) return
    killed = true
    end()
  }
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString()
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (killed) return
    let event: Timed
    try {
      event = JSON.parse(line) as Timed
    } catch {
      return
    }
    events.push(event)
    if (meanwhile(event, kill) === 'kill') kill()
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code: killed ? null : code, events, err })
    })
  })
}

/** Did something end here, or begin to change, that no earlier run had done? A kill at each of these leaves another state. */
export function isBoundary(event: Timed): boolean {
  if (event.type === 'change-planned') return true
  return event.type === 'task-finished' && event.status !== 'resumed' && event.status !== 'skipped'
}

/** `nova › Upgrade the schema on node-5, ended`. */
export function told(event: Timed): string {
  if (event.type !== 'task-finished' && event.type !== 'change-planned') return event.type
  const { path, host } = event
  return `${[path.role, ...path.blocks, path.task].join(' › ')} on ${host}, ${event.type === 'task-finished' ? 'ended' : 'begun'}`
}
