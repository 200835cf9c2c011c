import { accessSync, constants } from 'node:fs'
import path from 'node:path'

/**
 * The words by which this program was called, so that whoever reads a command in a message can type it; in another
 * folder where one is named.
 */
export function program(folder = ''): string {
  const called = process.argv[1] ?? ''
  const name = path.basename(called)
  // Whoever uses the library from a program of theirs has the command beside it.
  if (!/^(?:run|switchover)(?:\.cjs)?$/.test(name)) return 'run'
  if (process.env['npm_command'] !== undefined && path.basename(path.dirname(called)) === '.bin') return `npx ${name}`
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter).includes(path.dirname(called))
  if (onPath) return name
  const short = path.relative(folder, called)
  const typed = short.startsWith('..') ? called : short.includes(path.sep) ? short : `./${short}`
  return executable(called) ? typed : `node ${typed}`
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
