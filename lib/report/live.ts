import { Listr, type ListrRendererFactory, Spinner } from 'listr2'
import type { Sink } from './sink.ts'
import { widthOf } from './width.ts'

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

type Plays = Listr<unknown, ListrRendererFactory>
type PlayTask = Plays['tasks'][number]
type Picture = (plays: readonly PlayTask[], spinner: string) => readonly string[]

/** The plays as listr2 tasks, drawn by us; `permanent` is emptied onto the screen with each picture. */
export function liveView(terminal: Terminal, permanent: string[], picture: Picture) {
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
