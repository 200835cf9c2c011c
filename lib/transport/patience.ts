import { interruption } from './shell.ts'

/** Seconds until a machine that says nothing is given up, unless its host says otherwise (-T). */
export const usualPatience = 10

/**
 * Waits for an answer, but no longer than that, nor than the operator does; what comes later is nobody's.
 * @throws what `late` gives, the reason of the signal
 */
export async function patiently<T>(
  seconds: number,
  answer: Promise<T>,
  late: () => Error,
  signal?: AbortSignal,
): Promise<T> {
  answer.catch(() => undefined)
  if (signal?.aborted === true) throw interruption(signal)
  let timer: NodeJS.Timeout | undefined
  let abort = (): void => undefined
  const over = new Promise<never>((_, reject) => {
    if (seconds < Infinity) timer = setTimeout(() => reject(late()), seconds * 1000)
    abort = () => reject(interruption(signal!))
    signal?.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([answer, over])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}

/** Waits for what others may still want, but no longer than the operator does. @throws the reason of the signal */
export function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return signal === undefined ? answer : patiently(Infinity, answer, () => new Error(), signal)
}

/** What to do about a machine that does not answer in this time. */
export const waitLonger = (seconds: number): string => `wait longer: -T ${Math.max(2, Math.round(seconds * 3))}`
