import { Stray } from '../engine/failure.ts'
import type { Event } from '../model/event.ts'
import type { Performed } from '../program/performed.ts'
import { authorsFrame, showLocation } from '../model/location.ts'
import { exit } from '../model/problem.ts'
import { watch } from './watch.ts'

/** What ends a run from outside: the operator's signals, and errors that nobody caught. */
export interface Signals {
  /** Fires when no new work should begin. */
  readonly stop: AbortSignal
  /** Fires when running work should end too. */
  readonly abort: AbortSignal
  stopNow(): void
  /** An author's code is about to be called, which might give way to nothing. */
  readonly calls: () => void
  /** The same as Ctrl-C, for a Ctrl-C typed at a question. */
  interrupt(): void
  /** The exit code of a run that was ended by a signal. */
  exitCode(): number
  release(): void
}

/**
 * Carries something out that catches signals from when it calls `caught`, and no longer than it goes on. Gives the exit
 * code of its end; without one, nothing was to be done. `code` says whether an author's may run in it, which might give
 * way to nothing.
 */
export async function withSignals(
  carryOut: (
    caught: (emit: (event: Event) => void) => Signals,
  ) => Promise<{ readonly outcome: Performed['outcome'] } | undefined>,
  code: 'ours' | "author's" = "author's",
): Promise<number> {
  let signals: Signals | undefined
  try {
    const ended = await carryOut((emit) => {
      signals?.release()
      return (signals = catchSignals((message) => emit({ type: 'warned', message }), code === "author's"))
    })
    return ended ? exitCode(ended.outcome, signals) : exit.ok
  } finally {
    signals?.release()
  }
}

/** Seconds that a run may take to end when it is told to. */
const patience = 30

/**
 * The first Ctrl-C stops starting new work, the second ends what runs, a third ends us; TERM, HUP and an error that
 * nobody caught do the first two at once. Nothing else is to end the process before the run has ended, but a run that
 * cannot end within half a minute.
 */
function catchSignals(warn: (message: string) => void, watched: boolean): Signals {
  const stop = new AbortController()
  const abort = new AbortController()
  let by: NodeJS.Signals = 'SIGINT'
  let leaving = false
  let late: NodeJS.Timeout | undefined
  const leave = () => {
    leaving = true
    process.exit(code())
  }
  const code = () => {
    if (abort.signal.reason instanceof Stray) return exit.crashed
    return by === 'SIGINT' ? exit.interrupted : by === 'SIGTERM' ? exit.terminated : 129
  }
  // What waits for a host has limits of its own; what an author wrote may wait for anything, and keep others waiting.
  const endIt = (reason: Error) => {
    stop.abort()
    abort.abort(reason)
    late ??= setTimeout(() => {
      warn(`something still has not ended after ${patience} s: leaving it behind`)
      leave()
    }, patience * 1000)
  }
  const onInterrupt = () => {
    if (abort.signal.aborted) leave()
    if (stop.signal.aborted) {
      warn('ending what runs')
      endIt(new Error('interrupted'))
    } else {
      warn('stopping: what runs is finished, nothing new is started (Ctrl-C again to end it now)')
      stop.abort()
    }
  }
  const onTerminate = (signal: NodeJS.Signals) => {
    by = signal
    endIt(new Error('terminated'))
  }
  const onStray = (error: unknown) => endIt(new Stray(error))
  const onExit = (code: number) => {
    if (leaving) return
    // Whoever called process.exit still stands on the stack; nobody does when there was nothing left to wait for.
    const at = authorsFrame(new Error().stack ?? '')
    const why = at
      ? `process.exit was called at ${showLocation(at)}: throw an error where a task is to fail`
      : 'a body waits for something that never comes'
    warn(`the run has not come to its end: ${why}`)
    process.exitCode = code || exit.crashed
  }
  const listeners = [
    ['SIGINT', onInterrupt],
    ['SIGTERM', onTerminate],
    ['SIGHUP', onTerminate],
    ['uncaughtException', onStray],
    ['unhandledRejection', onStray],
    ['exit', onExit],
  ] as const
  for (const [event, listener] of listeners) process.on(event, listener as () => void)
  // What nobody can hear is to have the effect that it has on any process.
  const heard = listeners.filter(([event]) => event.startsWith('SIG'))
  let unwatch: (() => void) | undefined
  const calls = () => {
    if (!watched) return
    unwatch ??= watch({
      deaf: () => heard.forEach(([event, listener]) => process.off(event, listener as () => void)),
      hears: () => heard.forEach(([event, listener]) => process.on(event, listener as () => void)),
    })
  }
  // The thread that watches takes a tenth of the CPU of a short run, whose tasks are mostly values. Of an author's
  // modules, judges, reporters and connections nobody tells before they are called.
  const soon = setTimeout(calls, 1000).unref()
  return {
    stop: stop.signal,
    abort: abort.signal,
    stopNow: () => stop.abort(),
    calls,
    interrupt: onInterrupt,
    exitCode: code,
    release() {
      clearTimeout(late)
      clearTimeout(soon)
      unwatch?.()
      for (const [event, listener] of listeners) process.off(event, listener as () => void)
    },
  }
}

/** The exit code of a run: of one that was refused at a gate because Ctrl-C answered it, that of Ctrl-C. */
function exitCode(outcome: Performed['outcome'], signals: Signals | undefined): number {
  const interrupted = outcome === 'interrupted' || (outcome === 'refused' && signals?.stop.aborted)
  if (interrupted) return signals?.exitCode() ?? exit.interrupted
  return exit[outcome as Exclude<Performed['outcome'], 'interrupted'>]
}
