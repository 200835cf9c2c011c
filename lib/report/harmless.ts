import { Advice } from '../model/operation.ts'
import type { Reporter } from '../model/event.ts'
import { Refused } from '../model/problem.ts'
import { guarded } from './guard.ts'
import { mask } from './mask.ts'

/**
 * A reporter that somebody else wrote, or that writes where it may not: it hears masked events only, and whatever it
 * throws, rejects or never ends is told once, and ends no run.
 */
export function harmless(
  reporter: Reporter,
  what: string,
  wantsOutput: boolean,
  err: NodeJS.WritableStream,
  // Milliseconds that it may take to end: enough to send something off.
  longest = 10_000,
): Reporter {
  let told = false
  const trouble = (error: unknown) => {
    if (!told) err.write(brokeOff(what, error))
    told = true
  }
  const heard = guarded(
    {
      report(event) {
        // Whoever writes async before it gives a promise that nobody waits for.
        const said: unknown = reporter.report(event)
        if (said instanceof Promise) said.catch(trouble)
      },
      close: async () => reporter.close(),
    },
    trouble,
    wantsOutput ? 'whole' : 'none',
  )
  return { report: heard.report, close: () => within(longest, heard.close()).catch(trouble) }
}

/** What is told of a report that broke. */
export function brokeOff(what: string, error: unknown): string {
  const known = error instanceof Advice ? `${error.message} - ${error.hint}` : error instanceof Refused && error.message
  const said = known || (error instanceof Error ? error.stack : String(error))
  return mask(`[WARNING]: the ${what} broke off, the run goes on: ${said}\n`)
}

async function within(milliseconds: number, ending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not end within ${milliseconds / 1000} s`)), milliseconds)
  })
  try {
    await Promise.race([ending, late])
  } finally {
    clearTimeout(timer)
  }
}
