// What all daemons share: a log, a death with a reason, the names they were given.
import { appendFileSync, closeSync, mkdirSync, openSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { rooted } from './conf.mjs'

let path

/** Opens the log; a log that belongs to somebody else ends the daemon, as it does the real ones. */
export function openLog(file) {
  path = rooted(`/var/log/${file}`)
  mkdirSync(dirname(path), { recursive: true })
  closeSync(openSync(path, 'a'))
}

/** One line as oslo writes it. */
export function log(level, logger, text) {
  const now = new Date().toISOString().replace('T', ' ').slice(0, 23)
  appendFileSync(path, `${now} ${process.pid} ${level} ${logger} [-] ${text}\n`)
}

/** Ends the daemon with a line that says why. */
export function die(logger, error) {
  try {
    log('CRITICAL', logger, error.message ?? error)
  } catch {
    process.stderr.write(`${error.message ?? error}\n`)
  }
  process.exit(1)
}

/** The name under which this host reports: the host option, or the machine's own name. */
export const ownName = () => process.env.STANDIN_HOSTNAME ?? hostname()

/** Runs something again and again, never twice at a time, and never lets a failure end the daemon. */
export function every(milliseconds, logger, work) {
  let said
  const round = async () => {
    try {
      await work()
      said = undefined
    } catch (error) {
      if (said !== error.message) log('ERROR', logger, error.message)
      said = error.message
    }
    setTimeout(round, milliseconds)
  }
  round()
}
