import type { RunOutcome } from '../engine/run.ts'
import { exit } from '../model/problem.ts'

/** What the operator's signals have asked for so far. */
export interface Signals {
  /** Fires when no new work should begin. */
  readonly stop: AbortSignal
  /** Fires when running work should end too. */
  readonly abort: AbortSignal
  stopNow(): void
  /** The same as Ctrl-C, for a Ctrl-C typed at a question. */
  interrupt(): void
  /** The exit code of a run that was ended by a signal. */
  exitCode(): number
  release(): void
}

/** The first Ctrl-C stops starting new work, the second ends what runs, a third ends us; TERM and HUP do the first two at once. */
export function catchSignals(warn: (message: string) => void): Signals {
  const stop = new AbortController()
  const abort = new AbortController()
  let by: NodeJS.Signals = 'SIGINT'
  const onInterrupt = () => {
    if (abort.signal.aborted) process.exit(exit.interrupted)
    if (stop.signal.aborted) {
      warn('ending what runs')
      abort.abort(new Error('interrupted'))
    } else {
      warn('stopping: what runs is finished, nothing new is started (Ctrl-C again to end it now)')
      stop.abort()
    }
  }
  const onTerminate = (signal: NodeJS.Signals) => {
    by = signal
    stop.abort()
    abort.abort(new Error('terminated'))
  }
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  process.on('SIGHUP', onTerminate)
  return {
    stop: stop.signal,
    abort: abort.signal,
    stopNow: () => stop.abort(),
    interrupt: onInterrupt,
    exitCode: () => (by === 'SIGINT' ? exit.interrupted : by === 'SIGTERM' ? exit.terminated : 129),
    release() {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
      process.off('SIGHUP', onTerminate)
    },
  }
}

/** The exit code of a run: of one that was refused at a gate because Ctrl-C answered it, that of Ctrl-C. */
export function exitCode(outcome: RunOutcome, signals: Signals | undefined): number {
  const interrupted = outcome === 'interrupted' || (outcome === 'refused' && signals?.stop.aborted)
  if (interrupted) return signals?.exitCode() ?? exit.interrupted
  return exit[outcome as Exclude<RunOutcome, 'interrupted'>]
}
