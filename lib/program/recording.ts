import { type PlayNode, type TaskNode, tasksOf } from '../engine/select.ts'
import type { Weighed } from '../engine/task.ts'
import { pack } from '../model/change.ts'
import type { Reporter, TaskFinished, Timed } from '../model/event.ts'
import { fingerprint, fingerprints } from '../model/fingerprint.ts'
import { showLocation } from '../model/location.ts'
import { Advice, type Change, type Diff } from '../model/operation.ts'
import { identity } from '../model/path.ts'
import type { PlannedStep, PlannedTask, Verdict } from '../model/plan.ts'
import { guarded } from '../report/guard.ts'
import { mask, maskValue } from '../report/mask.ts'

/** A task at one of its turns on a host, so far. */
interface Turn {
  steps: PlannedStep[]
  diff: Diff[]
  finished?: TaskFinished
}

/** What a run in check mode finds and would do, as a plan keeps it: it hears of the run as reporters do, and weighs. */
export class Recording {
  readonly reporter: Reporter
  readonly #key: string
  readonly #tasks: ReadonlyMap<string, TaskNode>
  readonly #turns = new Map<string, Turn[]>()
  readonly #ended: Turn[] = []
  readonly #places: ReadonlyMap<string, number>

  /** `key` is that of the fingerprints. */
  constructor(plays: readonly PlayNode[], key: string) {
    this.#key = key
    const tasks = plays.flatMap(({ nodes }) => [...tasksOf(nodes)])
    this.#tasks = new Map(tasks.flatMap((node) => (node.kind === 'task' ? [[node.id, node]] : [])))
    const roles = plays.flatMap((play) => play.roles.map(({ role }) => placeOf(play.play.name, role.name)))
    this.#places = new Map(roles.map((place, i) => [place, i]))
    const trouble = (error: unknown) => {
      throw error
    }
    this.reporter = guarded({ report: (event) => this.#hear(event), close: () => Promise.resolve() }, trouble, 'none')
  }

  readonly weigh = ({ path, host, on, operation, plan }: Weighed): void => {
    this.#turn(identity(path), host).steps.push({
      on,
      operation: mask(operation.name),
      at: showLocation(operation.at),
      ...('state' in plan ? { state: fingerprints(plan.state, this.#key) } : {}),
      ...(plan.changed && !plan.waits ? { seal: fingerprint(plan.change, this.#key), ...shown(plan.change!) } : {}),
      ...(plan.unpredictable ? { unpredictable: true } : {}),
      ...(plan.destructive ? { destructive: true } : {}),
    })
  }

  /** Every task at its turns, role by role in the order of the playbook, and in a role as they ended. */
  tasks(): readonly PlannedTask[] {
    const tasks = this.#ended.map((turn) => this.#task(turn, turn.finished!))
    // Of roles that run side by side one ends first today and the other tomorrow.
    const place = ({ path: { play, role } }: PlannedTask) => this.#places.get(placeOf(play, role)) ?? 0
    return tasks.sort((a, b) => place(a) - place(b))
  }

  #hear(event: Timed): void {
    switch (event.type) {
      case 'host-started':
        this.#turns.set(keyOf(event), [...(this.#turns.get(keyOf(event)) ?? []), { steps: [], diff: [] }])
        return
      case 'attempt-failed':
        // The next attempt begins anew.
        Object.assign(this.#turn(identity(event.path), event.host), { steps: [], diff: [] })
        return
      case 'change-planned':
        this.#turn(identity(event.path), event.host).diff.push(...event.diff)
        return
      case 'task-finished': {
        const turn = this.#turn(identity(event.path), event.host)
        turn.finished = event
        this.#ended.push(turn)
      }
    }
  }

  /** The turn that a task is at; the condition of a block is asked without one. */
  #turn(id: string, host: string): Turn {
    const key = `${id}\0${host}`
    const turns = this.#turns.get(key) ?? [{ steps: [], diff: [] }]
    this.#turns.set(key, turns)
    return turns.at(-1)!
  }

  #task({ steps, diff }: Turn, finished: TaskFinished): PlannedTask {
    const { path, at, host, handler, reason, failure } = finished
    const tags = handler ? [] : (this.#tasks.get(identity(path))?.tags ?? [])
    const why = failure?.reason ?? reason
    return {
      path,
      at: showLocation(at),
      host,
      handler,
      verdict: verdictOf(finished, this.#tasks.get(identity(path))?.task.options.verify === true),
      ...(why === undefined ? {} : { reason: why }),
      ...(tags.includes('destructive') ? { destructive: true } : {}),
      steps,
      diff,
    }
  }
}

const placeOf = (play: string, role: string) => `${play}\0${role}`

const keyOf = ({ path, host }: Pick<TaskFinished, 'path' | 'host'>) => `${identity(path)}\0${host}`

function verdictOf({ status, unpredictable }: TaskFinished, verify: boolean): Verdict {
  switch (status) {
    case 'skipped':
      return unpredictable ? (verify ? 'later' : 'unknown') : 'skipped'
    case 'failed':
    case 'unreachable':
    case 'rescued':
      return 'failed'
    case 'changed':
      return 'changed'
    default:
      return 'ok'
  }
}

// Whole images are not worth keeping: what would be done is known by its fingerprint.
const longest = 64 * 1024

/** A change as far as it can be shown. */
function shown(change: Change): Pick<PlannedStep, 'change'> {
  try {
    const packed = maskValue(pack(change, new Map()))
    return JSON.stringify(packed).length > longest ? {} : { change: packed }
  } catch (error) {
    // Two secrets of one name in it: there is no saying which is which.
    if (error instanceof Advice) return {}
    throw error
  }
}
