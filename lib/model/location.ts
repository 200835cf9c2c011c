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
/** Does this file belong to the library, and not to an author? */
export const isOurs = (file: string): boolean => file.startsWith(library)

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

function mapped(name: string, line: number, column: number): Location {
  const entry = findSourceMap(name)?.findEntry(line - 1, column - 1)
  const original = entry && 'originalSource' in entry && entry.originalSource ? entry : undefined
  return { file: pathOf(original?.originalSource ?? name), line: original ? original.originalLine + 1 : line }
}

// Only the one frame is looked up in its source map: formatting a stack would read the library's own, which is large.
function authorsCall(trace: Error): Location | undefined {
  const prepare = Error.prepareStackTrace
  let found: Location | undefined
  Error.prepareStackTrace = (_error, calls) => {
    for (const call of calls) {
      const name = call.getFileName()
      if (!name || name.startsWith('node:') || name.startsWith(library)) continue
      // Who formats stacks in Node's place knows what was built from what; else Node may.
      const told: unknown = prepare?.(trace, [call])
      const place =
        (typeof told === 'string' ? placeIn(told.split('\n').at(-1)!) : undefined) ??
        mapped(name, call.getLineNumber() ?? 1, call.getColumnNumber() ?? 1)
      // A package that calls us is one of roles.
      if (isOurs(place.file)) continue
      found = place
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
    const place = placeIn(frame)
    // What a package throws was called by somebody who knows more of it.
    if (!place || isOurs(place.file) || place.file.includes(`${path.sep}node_modules${path.sep}`)) continue
    return place
  }
  return undefined
}

// Only absolute places count: frames of Node itself (`node:internal/…`), of eval and of native code have none.
function placeIn(frame: string): Location | undefined {
  const match = /^at (?:async )?(?:.*?\()?((?:file:\/\/)?\/[^<>]*?):(\d+):\d+\)?$/.exec(frame.trim())
  return match?.[1] && match[2] ? { file: pathOf(match[1]), line: Number(match[2]) } : undefined
}

function pathOf(named: string): string {
  const plain = named.replace(/\?.*$/, '')
  return plain.startsWith('file://') ? fileURLToPath(plain) : plain
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
