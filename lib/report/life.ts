import type { OutputReceived, Timed } from '../model/event.ts'
import { identity } from '../model/path.ts'
import { showDuration } from './clock.ts'
import type { OpenTask } from './open-tasks.ts'
import { who } from './outcome.ts'
import { harmless } from './width.ts'

/** A task that takes long, and what there is to say of it. */
export interface SignOfLife {
  /** undefined: it is about many tasks. */
  readonly task: OpenTask | undefined
  readonly line: string
}

/**
 * Says when a task that takes long tells that it goes on, and what: the one place that decides. Each is told after ten
 * seconds without a line of it, then ever more rarely, up to each minute.
 */
export class SignsOfLife {
  readonly #tasks: () => Iterable<OpenTask>
  readonly #said = new WeakMap<OpenTask, { readonly at: number; readonly signs: number }>()
  readonly #heard = new Map<string, Heard>()
  #last = -Infinity

  constructor(tasks: () => Iterable<OpenTask>) {
    this.#tasks = tasks
  }

  /** A host wrote something, or got further. */
  hear({ path, host, time, stream, text, size }: OutputReceived & Timed): void {
    const key = keyOf(path, host)
    const last = this.#heard.get(key)
    if (stream !== 'progress') this.#heard.set(key, { ...last, output: time })
    else if (size === undefined) this.#heard.set(key, { ...last, progress: text.trim() })
    else {
      // Less than before, or of another whole: it is at the next thing.
      const before = last?.transfer
      const goesOn = before !== undefined && before.all === size.all && before.done <= size.done
      const from = goesOn ? before.from : { time, done: size.done }
      this.#heard.set(key, { ...last, transfer: { ...size, from } })
    }
  }

  /** A line of the task was written. */
  told(task: OpenTask, time: number): void {
    this.#said.set(task, { at: time, signs: this.#said.get(task)?.signs ?? 0 })
  }

  /** A host has ended the task. */
  ended(path: OutputReceived['path'], host: string): void {
    this.#heard.delete(keyOf(path, host))
  }

  /** What is to be told now. */
  due(now: number): readonly SignOfLife[] {
    // Where many begin one after the other each would be due at a moment of its own.
    if (now - this.#last < silences[0]) return []
    const due = [...this.#tasks()].filter((task) => {
      const { at, signs } = this.#said.get(task) ?? { at: task.since, signs: 0 }
      return task.running.size > 0 && now - at >= silences[Math.min(signs, silences.length - 1)]!
    })
    if (due.length === 0) return []
    this.#last = now
    const many = due.length > tasksNamed
    // Those that would follow one by one are told along with them.
    const told = many ? [...this.#tasks()].filter((task) => task.running.size > 0) : due
    for (const task of told) this.#said.set(task, { at: now, signs: (this.#said.get(task)?.signs ?? 0) + 1 })
    return many
      ? [{ task: undefined, line: this.#several(told, now) }]
      : due.map((task) => ({ task, line: this.#one(task, now) }))
  }

  #one(task: OpenTask, now: number): string {
    const hosts = [...task.running.keys()]
    const done = task.hosts.size - task.missing.size
    return [
      `still running after ${showDuration(now - task.since)}: [${who(hosts, task.hosts.size)}]`,
      ...(done > 0 ? [`${done} of ${task.hosts.size} hosts done`] : []),
      ...this.#facts(
        hosts.map((host) => keyOf(task.path, host)),
        now,
      ),
    ].join(', ')
  }

  #several(tasks: readonly OpenTask[], now: number): string {
    const hosts = new Set(tasks.flatMap((task) => [...task.running.keys()]))
    const longest = tasks.reduce((a, b) => (b.since < a.since ? b : a))
    const [host] = longest.running.keys()
    return [
      `still running: ${tasks.length} tasks on ${hosts.size} ${hosts.size === 1 ? 'host' : 'hosts'}`,
      `the longest ${longest.path.task} [${host}] after ${showDuration(now - longest.since)}`,
      ...this.#facts([keyOf(longest.path, host!)], now),
    ].join(', ')
  }

  #facts(keys: readonly string[], now: number): readonly string[] {
    const heard = keys.flatMap((key) => this.#heard.get(key) ?? [])
    const outputs = heard.flatMap(({ output }) => output ?? [])
    const transfers = heard.flatMap(({ transfer }) => transfer ?? [])
    const [said] = heard.flatMap(({ progress }) => progress ?? [])
    // Only of long commands does anybody hear before they end: no output means nothing.
    return [
      ...(outputs.length > 0 ? [`last output ${showDuration(now - Math.max(...outputs))} ago`] : []),
      ...(transfers.length > 0 ? together(transfers, now) : []),
      ...(said !== undefined && keys.length === 1 && transfers.length === 0 ? [harmless(said)] : []),
    ]
  }
}

interface Heard {
  /** When it last wrote something. */
  readonly output?: number
  /** What it said last of how far it is, in words. */
  readonly progress?: string
  readonly transfer?: Transfer
}

/** How far it is, in bytes, and where it was when that was first heard. */
interface Transfer {
  readonly done: number
  readonly all: number
  readonly from: { readonly time: number; readonly done: number }
}

// Milliseconds without a line of a task.
const silences = [10_000, 20_000, 40_000, 60_000] as const

/** Of more tasks at once one line is told. */
const tasksNamed = 3

const keyOf = (path: OutputReceived['path'], host: string) => `${host}\0${identity(path)}`

const mebi = 2 ** 20

/** `1024 of 4096 MiB, 12.0 MiB/s, 4m 16s left`, of several transfers together. */
function together(transfers: readonly Transfer[], now: number): readonly string[] {
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)
  const [done, all] = [sum(transfers.map((one) => one.done)), sum(transfers.map((one) => one.all))]
  // To now, and not to the last word: what has got stuck becomes slower.
  const rate = sum(transfers.map((one) => ((one.done - one.from.done) * 1000) / Math.max(1000, now - one.from.time)))
  const far = `${(done / mebi).toFixed(0)} of ${(all / mebi).toFixed(0)} MiB`
  if (rate === 0) return [far]
  return [far, `${(rate / mebi).toFixed(1)} MiB/s`, `${showDuration(((all - done) * 1000) / rate)} left`]
}
