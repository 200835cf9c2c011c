import type { OutputReceived, Reporter, Timed } from '../model/event.ts'
import { identity } from '../model/path.ts'
import { Masker, maskEvent } from './mask.ts'
import { withTexts } from '../model/texts.ts'
import { harmlessLines } from './width.ts'

/**
 * What stands between the run and a reporter: the reporter sees masked events only, a secret cut in two by the
 * borders of output pieces included, and an error of the reporter is told to `trouble` and does not end the run.
 * `output`: whether it hears what commands write, or only when they wrote something.
 */
export function guarded(
  reporter: Reporter,
  trouble: (error: unknown) => void,
  output: 'whole' | 'when' | 'none' = 'whole',
): Reporter {
  const streams = new Map<string, { readonly masker: Masker; readonly last: OutputReceived & Timed }>()
  let broken = false
  const pass = (event: Timed) => {
    if (broken) return
    try {
      reporter.report(event)
    } catch (error) {
      broken = true
      trouble(error)
    }
  }
  const flush = (prefix: string, time?: number) => {
    for (const [key, { masker, last }] of streams) {
      if (!key.startsWith(prefix)) continue
      streams.delete(key)
      const text = masker.flush()
      if (text) pass({ ...maskEvent(last), text, time: time ?? last.time })
    }
  }
  return {
    report(event) {
      if (event.type === 'output' && (event.stream === 'stdout' || event.stream === 'stderr')) {
        if (output === 'when') pass(maskEvent({ ...event, text: '' }))
        if (output !== 'whole') return
        const key = `${event.host}\0${identity(event.path)}\0\0${event.stream}`
        const masker = streams.get(key)?.masker ?? new Masker()
        streams.set(key, { masker, last: { ...event, text: '' } })
        const text = masker.push(event.text)
        if (text) pass({ ...maskEvent({ ...event, text: '' }), text })
        return
      }
      if ((event.type === 'task-finished' || event.type === 'attempt-failed') && streams.size > 0) {
        flush(`${event.host}\0${identity(event.path)}\0\0`, event.time)
      }
      pass(maskEvent(event))
    },
    async close() {
      flush('')
      await reporter.close()
    },
  }
}

/** A reporter for the eyes: nothing that a host says can move its cursor. What it cuts into lines it cleans itself. */
export function readable(reporter: Reporter): Reporter {
  return { ...reporter, report: (event) => reporter.report(harmlessEvent(event)) }
}

function harmlessEvent(event: Timed): Timed {
  switch (event.type) {
    case 'output':
      return { ...event, path: withTexts(event.path, harmlessLines) }
    case 'change-planned': {
      const { diff, ...others } = event
      const paths = diff.map((one) => ({ ...one, path: harmlessLines(one.path) }))
      return { ...withTexts(others, harmlessLines), diff: paths }
    }
    case 'task-finished': {
      const { result, ...others } = event
      return { ...withTexts(others, harmlessLines), ...(result === undefined ? {} : { result }) }
    }
    default:
      return withTexts(event, harmlessLines)
  }
}

/** Several reporters as one. */
export function both(...reporters: readonly Reporter[]): Reporter {
  return {
    report(event) {
      for (const reporter of reporters) reporter.report(event)
    },
    async close() {
      const ends = await Promise.allSettled(reporters.map((reporter) => reporter.close()))
      const failed = ends.find((end) => end.status === 'rejected')
      if (failed) throw failed.reason
    },
  }
}
