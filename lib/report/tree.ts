import { counted } from '../model/counted.ts'
import { type OutputReceived, type Reporter, type Status, type Timed, unreachable } from '../model/event.ts'
import { identity, showPath } from '../model/path.ts'
import { showDuration } from './clock.ts'
import { drawCrash, drawFailure } from './failure.ts'
import { drawFrame, tailLength } from './frame.ts'
import { logLines, outputLines } from './lines.ts'
import { liveView, type Terminal } from './live.ts'
import { type OpenTask, openTasks } from './open-tasks.ts'
import { answered, attempt, type Drawing, drawDiffs, drawOutcomes, introduction, summary, worst } from './outcome.ts'
import { statusStyle } from './paint.ts'
import { createRecap, type Next } from './recap.ts'
import { harmless } from './width.ts'

/** A reporter that can leave the screen to somebody who asks a question there. */
export interface LiveReporter extends Reporter {
  pause(): void
  resume(): void
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
