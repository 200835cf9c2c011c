const began = Date.now() - process.uptime() * 1000

/**
 * Milliseconds since 1970 that only go on: the clock of the machine as it was when the process began, and what has
 * passed since. For all that is measured, ordered or limited: a clock that is set meanwhile makes no wait longer or
 * shorter, and no duration negative.
 */
export function steadyNow(): number {
  return Math.round(began + process.uptime() * 1000)
}
