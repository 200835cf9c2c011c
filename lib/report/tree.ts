import { Listr, type ListrRendererFactory, Spinner } from 'listr2'
import { counted } from '../model/counted.ts'
import { type OutputReceived, type Reporter, type Status, type Timed, unreachable } from '../model/event.ts'
import { identity, showPath } from '../model/path.ts'
import { showDuration } from './clock.ts'
import { drawCrash, drawFailure } from './failure.ts'
import { drawFrame, tailLength } from './frame.ts'
import { logLines, outputLines } from './lines.ts'
import { type OpenTask, openTasks } from './open-tasks.ts'
import { answered, attempt, type Drawing, drawDiffs, drawOutcomes, introduction, summary, worst } from './outcome.ts'
import { statusStyle } from './paint.ts'
import { createRecap, type Next } from './recap.ts'
import type { Sink } from './sink.ts'
import { harmless, widthOf } from './width.ts'

/** A reporter that can leave the screen to somebody who asks a question there. */
export interface LiveReporter extends Reporter {
  pause(): void
  resume(): void
}

/** A terminal as the tree uses it. */
export interface Terminal {
  readonly out: NodeJS.WritableStream
  readonly sink: Sink
  /** Where warnings go when they do not go to the same screen. */
  readonly warnings: Sink | undefined
  size(): { readonly rows: number; readonly columns: number }
  /** The time that live durations are measured to. */
  now(): number
  /** What calls for the next picture: ten times a second, unless a test holds it. */
  readonly spinner?: Spinner
}

const marks: { readonly [S in Status]: string } = {
  ok: '✔',
  changed: '✔',
  skipped: '↓',
  failed: '✖',
  rescued: '⚠',
  ignored: '⚠',
  unreachable: '✖',
  resumed: '↷',
}
// Of a piece of output only its end can become visible, and reading all of a dump would cost.
const pieceRead = 4096

/**
 * The report on a terminal: what has ended stands above for good, what runs is drawn below into the space there is.
 * listr2 holds the plays and drives the drawing; its own renderer would draw trees longer than the screen.
 */
export function treeReporter(terminal: Terminal, drawing: Drawing, next?: Next): LiveReporter {
  const { paint, verbosity } = drawing
  const tasks = openTasks(verbosity)
  const recap = createRecap()
  const outputs = outputLines()
  const doneTasks = new Set<string>()
  const permanent: string[] = []
  const run = { allTasks: 0, plays: 0, play: '', batch: 0, batches: 0, since: 0 }
  const view = liveView(terminal, permanent, (plays, spinner) => {
    const at = plays.findIndex((play) => play.isStarted())
    const position = [
      ...(run.plays > 1 && at >= 0 ? [`play ${at + 1} of ${run.plays}`] : []),
      ...(run.batches > 1 && run.batch > 0 ? [`batch ${run.batch} of ${run.batches}`] : []),
    ].join(', ')
    const { rows, columns } = terminal.size()
    return drawFrame(
      {
        play: run.play,
        position,
        doneTasks: doneTasks.size,
        allTasks: Math.max(run.allTasks, doneTasks.size),
        since: run.since,
        now: terminal.now(),
        tasks: [...tasks.all()],
        spinner,
      },
      paint,
      rows,
      columns,
    )
  })

  const close = (task: OpenTask) => {
    doneTasks.add(identity(task.path))
    const status = worst(task)
    const took = paint('dim', showDuration(task.until - task.since))
    const title = `${task.handler ? 'handler ' : ''}${showPath(task.path)}`
    permanent.push(`${paint(statusStyle[status], marks[status])} ${title}  ${ended(task)}  ${took}`)
    const details = verbosity > 0 ? drawOutcomes(task, drawing) : drawDiffs(task, drawing)
    permanent.push(...details.map((line) => `  ${line}`))
  }
  const ended = (task: OpenTask) => {
    const missing = task.missing.size > 0 ? `${task.missing.size} not finished` : ''
    return [summary(task, paint), missing].filter(Boolean).join(', ')
  }
  // What an earlier run did is told in one line: the operator wants to see where this one goes on.
  let resumed = 0
  const drain = () => tasks.drain().forEach(close)
  const output = (event: OutputReceived & Timed) => {
    if (event.stream === 'log') {
      permanent.push(...logLines(event))
      return
    }
    const activity = tasks.activity(event)
    if (event.stream === 'progress') {
      activity.progress = event.text.trim().split('\n').at(-1)
      return
    }
    const lines = (activity.unended + event.text).slice(-pieceRead).split('\n')
    activity.unended = lines.pop()!
    activity.ended.push(
      ...lines
        .map(harmless)
        .filter((line) => line.trim() !== '')
        .slice(-tailLength),
    )
    activity.ended.splice(0, activity.ended.length - tailLength)
    if (verbosity > 0) permanent.push(...outputs.push(event).map((line) => paint('dim', line)))
  }

  return {
    pause: view.pause,
    resume: view.resume,
    report(event) {
      recap.add(event)
      if (event.type === 'task-finished' && event.status === 'resumed' && verbosity === 0) {
        resumed++
        return
      }
      if (resumed > 0 && event.type !== 'output') {
        permanent.push(paint('blue', `↷ ${counted(resumed, 'task was', 'tasks were')} done before`))
        resumed = 0
      }
      switch (event.type) {
        case 'run-started':
          Object.assign(run, { allTasks: event.tasks, plays: event.plays, since: event.time, play: event.playbook })
          if (event.check) permanent.push(paint('yellow', 'CHECK MODE: nothing will be changed'))
          if (verbosity >= 1) permanent.push(introduction(event))
          return view.start(event.plays)
        case 'play-started':
          drain()
          Object.assign(run, { play: event.play, batch: 0, batches: event.batches })
          view.nextPlay(event.play)
          permanent.push('', `${paint('bold', `PLAY [${event.play}]`)}  ${paint('dim', hostsOf(event.hosts))}`)
          return
        case 'play-skipped':
          drain()
          view.nextPlay(event.play)
          permanent.push('', `${paint('bold', `PLAY [${event.play}]`)}  ${paint('cyan', 'skipping')}: ${event.reason}`)
          return
        case 'batch-started':
          drain()
          run.batch = event.batch
          run.batches = Math.max(run.batches, event.batch)
          permanent.push(paint('dim', `batch ${event.batch} of ${run.batches}: ${event.hosts.join(', ')}`))
          return
        case 'task-started':
          tasks.offer(event)
          return
        case 'host-started':
          return tasks.start(event)
        case 'output':
          return output(event)
        case 'change-planned':
          if (drawing.diff) tasks.plan(event)
          return
        case 'attempt-failed': {
          const said = attempt(event)
          tasks.activity(event).progress = `retrying ${said}`
          permanent.push(...outputs.end(event).map((line) => paint('dim', line)))
          if (verbosity === 0) return
          permanent.push(`${paint('yellow', 'FAILED - RETRYING')}: [${event.host}]: ${event.path.task} ${said}`)
          return
        }
        case 'handler-notified':
          return tasks.notify(event)
        case 'task-finished': {
          const { task, fresh, done } = tasks.finish(event)
          permanent.push(...outputs.end(event).map((line) => paint('dim', line)))
          if (fresh) permanent.push(...drawFailure(fresh, paint, terminal.size().columns, verbosity))
          if (done) close(task)
          return
        }
        case 'gate-answered':
          permanent.push(`${paint('bold', '?')} ${showPath(event.path)}  ${answered(event, paint)}`)
          return
        case 'play-stopped':
          drain()
          permanent.push(`${paint('red', 'PLAY STOPPED')} [${event.play}]: ${event.reason}`)
          return
        case 'warned': {
          const warning = `${paint('magenta', '[WARNING]')}: ${event.message}`
          if (terminal.warnings) terminal.warnings.write(`${warning}\n`)
          else permanent.push(warning)
          return
        }
        case 'run-finished':
          drain()
          if (event.failure) permanent.push('', ...drawCrash(event.failure, paint, terminal.size().columns))
          permanent.push('', ...recap.lines(paint, next))
          return
        default:
          return unreachable(event)
      }
    },
    async close() {
      drain()
      await view.end()
      await Promise.all([terminal.sink.close(), terminal.warnings?.close()])
    },
  }
}

const hostsOf = (hosts: readonly string[]) => (hosts.length === 1 ? hosts[0]! : `${hosts.length} hosts`)

type Plays = Listr<unknown, ListrRendererFactory>
type PlayTask = Plays['tasks'][number]
type Picture = (plays: readonly PlayTask[], spinner: string) => readonly string[]

/** The plays as listr2 tasks, drawn by us; `permanent` is emptied onto the screen with each picture. */
function liveView(terminal: Terminal, permanent: string[], picture: Picture) {
  const screen = liveScreen(terminal)
  const spinner = terminal.spinner ?? new Spinner()
  const ends: (() => void)[] = []
  let plays: Plays | undefined
  let running: Promise<unknown> = Promise.resolve()
  let playing = -1
  let paused = false
  let at = 0

  const draw = (frame: readonly string[]) => screen.draw(permanent.splice(0), frame)
  const tick = () => {
    if (paused || !plays) return
    try {
      draw(picture(plays.tasks, spinner.fetch()))
    } catch (error) {
      // Nobody stands above a timer to catch this; what stays is still written at the end.
      spinner.stop()
      permanent.push(`[WARNING]: the live view broke off, the run goes on: ${String(error)}`)
    }
  }
  class View {
    static nonTTY = true
    static rendererOptions = {}
    static rendererTaskOptions = {}
    render() {
      screen.open()
      spinner.start(tick)
    }
    end() {
      spinner.stop()
    }
  }
  const endPlay = () => ends[at++]?.()

  return {
    start(count: number) {
      const lasts = Array.from({ length: count }, (_, i) => ({
        title: `play ${i + 1}`,
        // Listr takes a rejection for the end of everything; this one only resolves.
        task: () =>
          new Promise<void>((resolve) => {
            if (at > i) resolve()
            else ends[i] = resolve
          }),
      }))
      plays = new Listr<unknown, ListrRendererFactory>(lasts, {
        renderer: View as unknown as ListrRendererFactory,
        concurrent: false,
        exitOnError: false,
        registerSignalListeners: false,
      })
      running = plays.run().catch(() => undefined)
    },
    nextPlay(title: string) {
      if (playing >= 0) endPlay()
      playing++
      const task = plays?.tasks[playing]
      if (task) task.title = title
    },
    pause() {
      if (paused) return
      paused = true
      draw([])
      screen.close()
    },
    resume() {
      if (!paused) return
      paused = false
      if (plays) screen.open()
    },
    async end() {
      const count = plays?.tasks.length ?? 0
      while (at < count) endPlay()
      await running
      draw([])
      screen.close()
    },
  }
}

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
// With wrapping off, a character that is wider than we think costs its line an end and not the screen its order.
const wrapOff = '\x1b[?7l'
const wrapOn = '\x1b[?7h'

/** The live lines at the bottom of a terminal; the cursor rests at the beginning of the line below them. */
function liveScreen({ out, sink, size }: Terminal) {
  let frame: readonly string[] = []
  let columns = 0
  let isOpen = false
  let drawing = false
  let halfLine = false
  const guests = guestsOf(
    out,
    () => {
      if (!drawing) erase()
    },
    (ended) => {
      if (!drawing) halfLine = !ended
    },
  )
  const write = (text: string) => {
    drawing = true
    try {
      sink.write(text)
    } finally {
      drawing = false
    }
  }
  /** How far up the first live line is: a terminal made narrower has broken our lines in two. */
  const above = () => {
    const now = size().columns
    return now >= columns
      ? frame.length
      : frame.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / now)), 0)
  }
  const toTop = () => (frame.length > 0 ? `\x1b[${above()}A\r` : '')
  const erase = () => {
    if (frame.length === 0) return
    write(`${toTop()}\x1b[J`)
    frame = []
  }

  // The process ends and nobody has closed us: an error of ours, or somebody's process.exit.
  const restore = () => {
    erase()
    write(wrapOn + showCursor)
  }

  return {
    open() {
      if (isOpen) return
      isOpen = true
      guests.take()
      process.once('exit', restore)
      write(hideCursor)
    },
    /** Writes lines that stay, and the live lines below them. */
    draw(staying: readonly string[], live: readonly string[]) {
      const now = size().columns
      const same = staying.length === 0 && live.length === frame.length && now === columns
      const start = halfLine ? '\n' : ''
      halfLine = false
      if (same && live.length > 0) {
        const changed = live.map((line, i) => (line === frame[i] ? '\n' : `\x1b[2K${line}\n`)).join('')
        // The line below may hold what was typed, such as ^C.
        write(`${start}${toTop()}${wrapOff}${changed}${wrapOn}\x1b[J`)
      } else if (!same) {
        const stays = staying.map((line) => `${line}\n`).join('')
        const lives = live.length > 0 ? `${wrapOff}${live.map((line) => `${line}\n`).join('')}${wrapOn}` : ''
        write(`${start}${toTop()}${frame.length > 0 ? '\x1b[J' : ''}${stays}${lives}`)
      }
      frame = live
      columns = now
    },
    close() {
      if (!isOpen) return
      erase()
      write(`${halfLine ? '\n' : ''}${wrapOn}${showCursor}`)
      halfLine = false
      guests.leave()
      process.off('exit', restore)
      isOpen = false
    },
  }
}

/**
 * Others who write to our terminal meanwhile, as `console.log` in a playbook does: the live lines make way for them.
 */
function guestsOf(out: NodeJS.WritableStream, before: () => void, after: (ended: boolean) => void) {
  const streams = ([process.stdout, process.stderr] as NodeJS.WriteStream[]).filter((stream) => stream.isTTY)
  const shared = streams.some((stream) => stream === out) ? streams : []
  const originals = new Map<NodeJS.WriteStream, NodeJS.WriteStream['write']>()
  return {
    take() {
      for (const stream of shared) {
        const write = stream.write
        originals.set(stream, write)
        stream.write = ((...args: Parameters<NodeJS.WriteStream['write']>) => {
          before()
          const chunk: unknown = args[0]
          if (chunk !== '')
            after(typeof chunk === 'string' ? chunk.endsWith('\n') : (chunk as Uint8Array).at(-1) === 10)
          return write.apply(stream, args)
        }) as NodeJS.WriteStream['write']
      }
    },
    leave() {
      for (const [stream, write] of originals) stream.write = write
      originals.clear()
    },
  }
}
