import type { Node, PlayNode } from '../engine/select.ts'
import { tasksOf } from '../engine/select.ts'
import type { Weighed } from '../engine/task.ts'
import type { Reporter, Timed } from '../model/event.ts'
import { fingerprint } from '../model/fingerprint.ts'
import { Advice } from '../model/operation.ts'
import { identity } from '../model/path.ts'
import type { PlannedStep, PlannedTask } from '../model/plan.ts'
import { mask } from '../report/mask.ts'
import { StepNames, stepsOf, turnKey, turnsOf } from './moved.ts'

/** How a plan is kept to. */
export interface Keeping {
  /** The key of the fingerprints. */
  readonly key: string
  /** What could not be foreseen may do what it finds to do. */
  readonly unknown: boolean
  /** What to type for another plan. */
  readonly anew: string
}

interface Turn {
  readonly planned: PlannedTask | undefined
  readonly steps: ReadonlyMap<string, PlannedStep>
  names: StepNames
}

/**
 * Lets a run do what a plan says and nothing else. What is found done already is left out, and what follows a failure
 * (the rescue of a block) is its author's answer to what nobody planned.
 */
export class Enforcing {
  readonly reporter: Reporter
  readonly #keeping: Keeping
  readonly #planned: ReadonlyMap<string, PlannedTask>
  readonly #rescues: ReadonlySet<string>
  readonly #nth = new Map<string, number>()
  readonly #turns = new Map<string, Turn>()

  constructor(tasks: readonly PlannedTask[], plays: readonly PlayNode[], keeping: Keeping) {
    this.#planned = turnsOf(tasks)
    this.#keeping = keeping
    this.#rescues = new Set(plays.flatMap(({ nodes }) => [...rescuesIn(nodes)]))
    this.reporter = { report: (event) => this.#hear(event), close: () => Promise.resolve() }
  }

  readonly weigh = ({ path, host, on, operation, plan }: Weighed): void => {
    const key = turnKey({ path, host })
    const turn = this.#turns.get(key) ?? this.#begin(key)
    const name = mask(operation.name)
    const step = turn.steps.get(turn.names.next({ on, operation: name }))
    if (!plan.changed || plan.waits) return
    const { unknown, anew } = this.#keeping
    const seal = fingerprint(plan.change, this.#keeping.key)
    if (step?.seal === seal) return
    if (turn.planned === undefined && this.#rescues.has(identity(path))) return
    if (unknown && isUnknown(turn.planned)) return
    const hint = `see what would be done now: ${anew}`
    if (step?.seal !== undefined) throw new Advice(`${name} would make another change than the plan says`, hint)
    throw new Advice(`${name} has something to change, of which the plan says nothing`, hint)
  }

  #hear(event: Timed): void {
    if (event.type === 'host-started') this.#begin(turnKey(event))
    else if (event.type === 'attempt-failed') {
      const turn = this.#turns.get(turnKey(event))
      if (turn) turn.names = new StepNames()
    }
  }

  #begin(key: string): Turn {
    const nth = this.#nth.get(key) ?? 0
    this.#nth.set(key, nth + 1)
    const planned = this.#planned.get(`${key}\0${nth}`)
    const turn = { planned, steps: stepsOf(planned ?? { steps: [] }), names: new StepNames() }
    this.#turns.set(key, turn)
    return turn
  }
}

/** Is it only known at its turn what this does? */
export function isUnknown(task: PlannedTask | undefined): boolean {
  return task?.verdict === 'unknown' || task?.steps.some(({ unpredictable }) => unpredictable) === true
}

function* rescuesIn(nodes: readonly Node[]): Generator<string> {
  for (const node of nodes) {
    if (node.kind === 'parallel') for (const branch of node.branches) yield* rescuesIn(branch)
    if (node.kind !== 'block') continue
    for (const { id } of tasksOf([...node.rescue, ...node.always])) yield id
    yield* rescuesIn(node.try)
  }
}
