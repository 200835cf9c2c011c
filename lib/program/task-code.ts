import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isOurs, type Location } from '../model/location.ts'
import { importsOf } from './sources.ts'

/** A file of an author: its tasks, each by the line it begins on, and what stands around them. */
interface Source {
  readonly tasks: ReadonlyMap<number, string>
  readonly rest: string
}

/**
 * The code of tasks, from the files that authors wrote. A task is another one when its own lines are, or when something
 * is that it may use: what stands outside of tasks in its file, and in those that this one imports.
 */
export class TaskCode {
  readonly #files = new Map<string, Source>()
  readonly #around = new Map<string, string>()

  /** Tells the code at a place from what stood there before. */
  codeAt({ file, line }: Location): string {
    return short(`${this.#source(file).tasks.get(line) ?? ''}\0${this.#aroundIn(file)}`)
  }

  #aroundIn(file: string): string {
    let around = this.#around.get(file)
    if (around === undefined) {
      const files = [file]
      for (const one of files)
        for (const next of importsOf(one)) if (!files.includes(next) && !isOurs(next)) files.push(next)
      around = short(files.map((one) => this.#source(one).rest).join('\0'))
      this.#around.set(file, around)
    }
    return around
  }

  #source(file: string): Source {
    let source = this.#files.get(file)
    if (!source) this.#files.set(file, (source = sourceOf(textOf(file))))
    return source
  }
}

// However it is given: `task(…)`, `const a = steps.ensure(…)`.
const begins = /^\s*(?:(?:export\s+)?(?:const|let)\s[^=]*=\s*|return\s+|void\s+)?(?:\w+\.)*(?:task|ensure|handler)\(/

/**
 * What belongs to a task by the way it is indented; where that is not the usual way it counts as standing around, and
 * any change of it as one of all tasks.
 */
function sourceOf(text: string): Source {
  const lines = text.split('\n')
  const tasks = new Map<number, string>()
  const rest: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    if (!begins.test(line)) {
      rest.push(line)
      continue
    }
    const depth = depthOf(line)
    let end = at + 1
    while (end < lines.length && (lines[end]!.trim() === '' || depthOf(lines[end]!) > depth)) end++
    // What closes it: a bracket as deep as its beginning.
    if (depthOf(lines[end] ?? '') === depth && /^\s*[)\]}]/.test(lines[end] ?? '')) end++
    while (lines[end - 1]!.trim() === '') end--
    const own = lines.slice(at, end).join('\n')
    for (let number = at + 1; number <= end; number++) tasks.set(number, own)
    at = end - 1
  }
  return {
    tasks,
    rest: rest
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .join('\n'),
  }
}

const depthOf = (line: string) => line.length - line.trimStart().length

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

const short = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 12)
