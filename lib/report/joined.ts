import type { RunFinished, RunStarted, Timed } from '../model/event.ts'
import { exit } from '../model/problem.ts'

type Outcome = RunFinished['outcome']

// The worst of them is that of all: what nobody knows the end of comes first.
const worst: readonly Outcome[] = ['crashed', 'refused', 'interrupted', 'failed', 'unreachable', 'ok']

/** What several recorded runs come to. */
export interface Joined {
  /** As of one run: begun with the first of them, ended with the last. */
  readonly events: readonly Timed[]
  readonly outcome: Outcome
}

/**
 * Joins the events of several runs, such as those over the parts of one inventory, into those of one. A run that has no
 * end was killed, and counts as crashed.
 */
export function joined(runs: readonly Iterable<Timed>[]): Joined {
  const starts: (RunStarted & Timed)[] = []
  const ends: (RunFinished & Timed)[] = []
  const between: Timed[] = []
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for (const run of runs) {
    for (const event of run) {
      first = Math.min(first, event.time)
      last = Math.max(last, event.time)
      if (event.type === 'run-started') starts.push(event)
      else if (event.type === 'run-finished') ends.push(event)
      else between.push(event)
    }
  }
  const outcomes = [...ends.map(({ outcome }) => outcome), ...(ends.length < runs.length ? (['crashed'] as const) : [])]
  const outcome = worst.find((one) => outcomes.includes(one)) ?? 'ok'
  const run = starts.map((one) => one.run).join(' + ')
  const failure = ends.find((end) => end.failure !== undefined)?.failure
  const started: Timed = {
    type: 'run-started',
    run,
    playbook: [...new Set(starts.map(({ playbook }) => playbook))].join(' + '),
    check: starts.every(({ check }) => check),
    hosts: [...new Set(starts.flatMap(({ hosts }) => hosts))],
    plays: Math.max(0, ...starts.map(({ plays }) => plays)),
    tasks: Math.max(0, ...starts.map(({ tasks }) => tasks)),
    argv: [],
    joins: starts.map((one) => one.run),
    time: first,
  }
  const finished: Timed = {
    type: 'run-finished',
    run,
    outcome,
    milliseconds: Math.max(0, last - first),
    owed: ends.flatMap(({ owed }) => owed),
    ...(failure === undefined ? {} : { failure }),
    time: last,
  }
  return { outcome, events: [started, ...between, finished] }
}

/** The exit code of runs that came to this. */
export const exitCodeOf: Readonly<Record<Outcome, number>> = {
  ok: exit.ok,
  failed: exit.failed,
  unreachable: exit.unreachable,
  interrupted: exit.interrupted,
  refused: exit.refused,
  crashed: exit.crashed,
}
