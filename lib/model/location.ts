import { findSourceMap } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The place in an author's file that made a task, a handler, a role or an operation. */
export interface Location {
  readonly file: string
  readonly line: number
}

const library = path.resolve(fileURLToPath(import.meta.url), '../..') + path.sep
// A playbook that lies inside lib/ (there is none) would be invisible; tests and roles are authors.
const isOurs = (file: string) => file.startsWith(library)

/** Where the author called the function that called us; frames of this library are passed over. */
export function here(): Location {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 12
  const trace = new Error()
  Error.stackTraceLimit = limit
  return new Caller(trace)
}

// Formatting a stack with source maps costs far more than taking it, and most locations are never shown.
class Caller implements Location {
  #trace: Error | undefined
  #found: Location | undefined
  constructor(trace: Error) {
    this.#trace = trace
  }
  #find(): Location {
    if (!this.#found) {
      this.#found = (this.#trace && authorsCall(this.#trace)) ?? { file: 'unknown', line: 0 }
      this.#trace = undefined
    }
    return this.#found
  }
  get file(): string {
    return this.#find().file
  }
  get line(): number {
    return this.#find().line
  }
  toJSON(): Location {
    return this.#find()
  }
}

let placeInBuilt = (_file: string, _line: number, _column: number): Location | undefined => undefined

/** Says where the places of built files come from; without it Node knows, or nobody. */
export function builtFrom(placeOf: typeof placeInBuilt): void {
  placeInBuilt = placeOf
}

function placeOf(name: string, line: number, column: number): Location {
  const built = placeInBuilt(name, line, column)
  if (built) return built
  const entry = findSourceMap(name)?.findEntry(line - 1, column - 1)
  const mapped = entry && 'originalSource' in entry && entry.originalSource ? entry : undefined
  const source = (mapped?.originalSource ?? name).replace(/\?.*$/, '')
  return {
    file: source.startsWith('file://') ? fileURLToPath(source) : source,
    line: mapped ? mapped.originalLine + 1 : line,
  }
}

// Only the one frame is looked up in its source map: formatting a stack would read the library's own, which is large.
function authorsCall(trace: Error): Location | undefined {
  const prepare = Error.prepareStackTrace
  let found: Location | undefined
  Error.prepareStackTrace = (_error, calls) => {
    for (const call of calls) {
      const name = call.getFileName()
      if (!name || name.startsWith('node:') || name.startsWith(library)) continue
      const { file, line } = placeOf(name, call.getLineNumber() ?? 1, call.getColumnNumber() ?? 1)
      // A package that calls us is one of roles.
      if (isOurs(file)) continue
      found = { file, line }
      break
    }
    return ''
  }
  try {
    void trace.stack
  } finally {
    Error.prepareStackTrace = prepare
  }
  return found
}

/** The first frame of a stack that lies in an author's file. */
export function authorsFrame(stack: string): Location | undefined {
  for (const frame of stack.split('\n').slice(1)) {
    // Only absolute places count: frames of Node itself (`node:internal/…`), of eval and of native code have none.
    const match = /^at (?:async )?(?:.*?\()?((?:file:\/\/)?\/[^<>]*?):(\d+):\d+\)?$/.exec(frame.trim())
    if (!match?.[1] || !match[2]) continue
    const file = match[1].startsWith('file://')
      ? fileURLToPath(match[1].replace(/\?.*$/, ''))
      : match[1].replace(/\?.*$/, '')
    // What a package throws was called by somebody who knows more of it.
    if (isOurs(file) || file.includes(`${path.sep}node_modules${path.sep}`)) continue
    return { file, line: Number(match[2]) }
  }
  return undefined
}

/** A path of this machine, as an author says it there: it begins at that file, and ~ is the home directory. */
export function localPath(said: string, at: Location): string {
  const full = said.replace(/^~(?=\/|$)/, homedir())
  // To find a place costs more than most operations.
  if (path.isAbsolute(full)) return path.normalize(full)
  return path.resolve(at.line > 0 ? path.dirname(at.file) : process.cwd(), full)
}

/**
 * `roles/nova/compute.ts:22`, relative to the working directory when the file lies below it.
 *
 * ```ts
 * if (event.type === 'task-started') console.log(showLocation(event.at))
 * ```
 */
export function showLocation(at: Location): string {
  const relative = path.relative(process.cwd(), at.file)
  return `${relative.startsWith('..') ? at.file : relative}:${at.line}`
}
