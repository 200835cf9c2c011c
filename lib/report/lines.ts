import { counted } from '../model/counted.ts'
import { type OutputReceived, type Timed, unreachable } from '../model/event.ts'
import { headline, identity } from '../model/path.ts'
import { drawCrash, drawFailure } from './failure.ts'
import { SignsOfLife } from './life.ts'
import { type OpenTask, openTasks } from './open-tasks.ts'
import { answered, attempt, type Drawing, drawOutcomes, heading, introduction } from './outcome.ts'
import { brokeOff } from './harmless.ts'
import { createRecap, type Next } from './recap.ts'
import type { LiveReporter } from './tree.ts'
import { LineCutter, type Sink } from './sink.ts'
import { harmless } from './width.ts'

// How often a long transfer says how far it is where nothing can be written over.
const progressEvery = 10_000

/** The time as the lines need it. */
export interface Time {
  now(): number
  /** Calls each second until what it gives is called. */
  eachSecond(call: () => void): () => void
}

/** The report as plain lines, for logs and pipes: each is written once and stays true. */
export function linesReporter(out: Sink, err: Sink, drawing: Drawing, time: Time, next?: Next): LiveReporter {
  const { paint, verbosity, columns } = drawing
  const tasks = openTasks(verbosity)
  const recap = createRecap()
  const outputs = outputLines()
  const signs = new SignsOfLife(() => tasks.all())
  const said = new Map<string, number>()
  let under: OpenTask | undefined
  let announced: OpenTask | undefined
  let batches = 0
  let begun = false
  let now = 0
  let resumed = 0
  let asked = false
  let stop = () => {}

  const write = (...lines: readonly string[]) => {
    out.write(lines.map((line) => `${line}\n`).join(''))
    begun = true
  }
  const apart = () => (begun ? [''] : [])
  // What an earlier run did is told in one line: the operator wants to see where this one goes on.
  const tellResumed = () => {
    if (resumed === 0) return
    const line = `resumed: ${counted(resumed, 'task was', 'tasks were')} done before`
    resumed = 0
    write(...apart(), paint('blue', line))
  }
  // Tasks may run side by side: a line that belongs to another task than the last one says so first.
  const writeUnder = (task: OpenTask, ...lines: readonly string[]) => {
    if (lines.length === 0) return
    tellResumed()
    announced = undefined
    if (under !== task) write(...apart(), ...heading(task, drawing))
    under = task
    write(...lines)
    signs.told(task, now)
  }
  const section = (...lines: readonly string[]) => {
    tellResumed()
    announced = undefined
    under = undefined
    write(...apart(), ...lines)
  }
  // Whoever reads along wants to know what takes long. Of tasks that begin together each is named when it speaks.
  const announce = (task: OpenTask) => {
    announced = task
    setImmediate(() => {
      if (announced !== task) return
      section(...heading(task, drawing))
      under = task
    })
  }
  const drain = () => {
    announced = undefined
    for (const task of tasks.drain()) writeUnder(task, ...drawOutcomes(task, drawing))
  }
  const live = () => {
    if (asked) return
    try {
      for (const { task, line } of signs.due((now = time.now()))) {
        if (task) writeUnder(task, paint('dim', line))
        else section(paint('dim', line))
      }
    } catch (error) {
      // Nobody stands above a timer to catch this.
      stop()
      err.write(brokeOff('sign of life', error))
    }
  }
  const output = (event: OutputReceived & Timed) => {
    const task = tasks.of(event)
    if (!task) return
    signs.hear(event)
    if (event.stream === 'log') return writeUnder(task, ...logLines(event))
    if (verbosity === 0) return
    if (event.stream === 'progress') {
      const key = `${event.host}\0${identity(event.path)}`
      if (event.time - (said.get(key) ?? -progressEvery) < progressEvery) return
      said.set(key, event.time)
      return writeUnder(task, paint('dim', `${event.host}: ${harmless(event.text)}`))
    }
    writeUnder(task, ...outputs.push(event).map((line) => paint('dim', line)))
  }

  const report = (event: Timed): void => {
    now = event.time
    recap.add(event)
    switch (event.type) {
      case 'run-started':
        stop = time.eachSecond(live)
        if (event.check) write(paint('yellow', 'CHECK MODE: nothing will be changed'))
        if (verbosity >= 1) write(introduction(event))
        return
      case 'play-started':
        drain()
        batches = event.batches
        return section(paint('bold', `PLAY [${event.play}]`))
      case 'play-skipped':
        drain()
        return section(paint('bold', `PLAY [${event.play}]`), `${paint('cyan', 'skipping')}: ${event.reason}`)
      case 'batch-started':
        drain()
        batches = Math.max(batches, event.batch)
        return section(paint('bold', `BATCH ${event.batch} of ${batches} [${event.hosts.join(', ')}]`))
      case 'task-started': {
        const alone = tasks.size === 0
        const task = tasks.offer(event)
        if (!alone) announced = undefined
        else if (task && under !== task) announce(task)
        return
      }
      case 'host-met':
      case 'vars-read':
      case 'sent-ahead':
        return
      case 'host-started':
        return tasks.start(event)
      case 'output':
        return output(event)
      case 'change-planned':
        if (drawing.diff) tasks.plan(event)
        return
      case 'attempt-failed': {
        const task = tasks.of(event)
        if (!task) return
        writeUnder(task, ...outputs.end(event).map((line) => paint('dim', line)))
        const word = paint('yellow', 'FAILED - RETRYING')
        return writeUnder(task, `${word}: [${event.host}]: ${event.path.task} ${attempt(event)}`)
      }
      case 'handler-notified':
        return tasks.notify(event)
      case 'task-finished': {
        if (event.status === 'resumed' && verbosity === 0) {
          resumed++
          return
        }
        const { task, fresh, done } = tasks.finish(event)
        said.delete(`${event.host}\0${identity(event.path)}`)
        signs.ended(event.path, event.host)
        writeUnder(task, ...outputs.end(event).map((line) => paint('dim', line)))
        if (fresh) writeUnder(task, ...drawFailure(fresh, paint, columns, verbosity))
        if (done) writeUnder(task, ...drawOutcomes(task, drawing))
        return
      }
      case 'gate-answered':
        return section(paint('bold', `GATE [${headline(event.path)}]`), answered(event, paint))
      case 'play-stopped':
        drain()
        return section(`${paint('red', 'PLAY STOPPED')} [${event.play}]: ${event.reason}`)
      case 'warned':
        return err.write(`${paint('magenta', '[WARNING]')}: ${event.message}\n`)
      case 'run-finished':
        stop()
        drain()
        if (event.failure) section(...drawCrash(event.failure, paint, columns))
        return section(...recap.lines(paint, next))
      default:
        return unreachable(event)
    }
  }
  return {
    report,
    pause() {
      asked = true
    },
    resume() {
      asked = false
    },
    async close() {
      stop()
      drain()
      await Promise.all([out.close(), err.close()])
    },
  }
}

/** What a task says to the operator, behind the name of its host. */
export function logLines({ host, text }: OutputReceived): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `${host}: ${harmless(line)}`)
}

/** The output of commands as whole lines behind the name of their host. */
export function outputLines(): {
  push(event: OutputReceived): readonly string[]
  end(event: { readonly host: string; readonly path: OutputReceived['path'] }): readonly string[]
} {
  const cutters = new Map<string, LineCutter>()
  const shown = (host: string, lines: readonly string[]) => lines.map((line) => `${host} | ${harmless(line)}`)
  return {
    push(event) {
      const key = `${event.host}\0${identity(event.path)}\0\0${event.stream}`
      let cutter = cutters.get(key)
      if (!cutter) cutters.set(key, (cutter = new LineCutter()))
      return shown(event.host, cutter.push(event.text))
    },
    end({ host, path }) {
      if (cutters.size === 0) return []
      return ['stdout', 'stderr'].flatMap((stream) => {
        const key = `${host}\0${identity(path)}\0\0${stream}`
        const rest = cutters.get(key)?.flush() ?? []
        cutters.delete(key)
        return shown(host, rest)
      })
    },
  }
}
