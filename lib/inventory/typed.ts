import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { importAuthored } from '../authored.ts'
import { authorsFrame, type Location } from '../model/location.ts'
import type { ConnectionSettings } from '../model/inventory.ts'
import { didYouMean, type Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'
import { Secret } from '../model/secret.ts'
import { kept } from './ansible-vars.ts'
import { belongsIn, checkSettings, connectionIn } from './connection.ts'
import { type Draft, type Layer, problemOf } from './draft.ts'
import { hostsAndPort } from './ini.ts'
import { linesOf, type Lines } from './lines.ts'

type Shape = Readonly<Record<string, unknown>>

/**
 * Reads an inventory in TypeScript or JavaScript: its default export is the definition, a promise of one, or a
 * function that gives one.
 */
export async function readTyped(draft: Draft, file: string): Promise<void> {
  let definition: unknown
  try {
    const module = (await importAuthored(file)) as { readonly default?: unknown }
    const exported: unknown = await module.default
    definition = await (typeof exported === 'function' ? (exported() as unknown) : exported)
  } catch (error) {
    return tell(draft, error, file)
  }
  const kind = isShape(definition) ? definition['kind'] : undefined
  if (kind === 'playbook' || kind === 'play' || kind === 'role') {
    return draft.problem(
      `${draft.show(file)} exports a ${kind}, and no inventory`,
      undefined,
      kind === 'playbook'
        ? `run it on one: ${program()} ${draft.show(file)} -i INVENTORY`
        : 'write export default inventory({ groups: { ... } })',
    )
  }
  if (!isShape(definition)) {
    return draft.problem(
      `${draft.show(file)} exports no inventory`,
      undefined,
      'write export default inventory({ groups: { ... } })',
    )
  }
  await readDefinition(draft, file, definition)
}

/** Reads what an inventory says, in the file that says it. */
export function readDefinition(draft: Draft, file: string, definition: Shape): Promise<void> {
  return new Reader(draft, file, definition['at'] as Location | undefined).read(definition)
}

function tell(draft: Draft, error: unknown, file: string): void {
  const {
    problems,
    message = String(error),
    stack = '',
    hint,
    code,
  } = error as Partial<Refused> & { readonly hint?: string; readonly code?: string }
  if (problems) {
    for (const problem of problems) draft.problem(problem.message, problem.at, problem.hint ?? inPlace)
  } else if (code === 'ERR_REQUIRE_CYCLE_MODULE') {
    const hint = 'put a package.json with { "type": "module" } beside it, or end its name in .mts'
    draft.problem(
      `${draft.show(file)} lies in no package of type module, so Node does not take it for one`,
      undefined,
      hint,
    )
  } else {
    // The TypeScript loader tells the place of a syntax error in its text.
    const syntax = /^(\/.*?):(\d+):\d+: ERROR: (.*)$/m.exec(message)
    if (syntax)
      return draft.problem(
        syntax[3]!,
        { file: syntax[1]!, line: Number(syntax[2]) },
        'a bracket, comma or quote is missing there, or before it',
      )
    const at = authorsFrame(stack)
    draft.problem(message, at && existsSync(at.file) ? at : { file, line: 1 }, hint ?? inPlace)
  }
}

const inPlace = 'it comes up while the inventory is loaded: mend it there'

/** A value when all of it has arrived, however deep it lies. */
async function arrived(given: unknown): Promise<unknown> {
  const value: unknown = await given
  if (value instanceof Secret || typeof value !== 'object' || value === null) return value
  // A file outside any package of type "module" is loaded with its own copy of this library: its secrets must be
  // ours, to be masked.
  if ('reveal' in value && typeof value.reveal === 'function')
    return Secret.of(String(value.reveal()), String(value).replace(/^‹|›$/g, ''))
  if (Array.isArray(value)) return Promise.all(value.map(arrived))
  if (Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(
    await Promise.all(Object.entries(value).map(async ([key, item]) => [key, await arrived(item)] as const)),
  )
}

class Reader {
  readonly #draft: Draft
  readonly #file: string
  readonly #line: number
  readonly #lines: Lines | undefined
  constructor(draft: Draft, file: string, at: Location | undefined) {
    this.#draft = draft
    // `inventory()` may have been called in a file that this one imports.
    this.#file = at && at.line > 0 ? at.file : file
    this.#line = at && at.line > 0 ? at.line : 1
    this.#lines = existsSync(this.#file) ? linesOf(readFileSync(this.#file, 'utf8'), this.#line) : undefined
  }

  async read(definition: Shape): Promise<void> {
    this.#keys(definition, ['settings', 'vars', 'groups', 'hosts', 'at'], [])
    const { groups = {}, hosts } = definition
    this.#draft.group('all').inline.push(await this.#layer(definition, []))
    await this.#hosts(hosts, 'ungrouped', ['hosts'])
    if (!isShape(groups))
      return this.#wrong(['groups'], 'must be an object of groups', "write groups: { web: { hosts: ['web-1'] } }")
    for (const [name, of] of Object.entries(groups)) await this.#group(name, of, groups)
  }

  async #group(name: string, of: unknown, groups: Shape): Promise<void> {
    const path = ['groups', name]
    const group = this.#draft.group(name)
    if (!isShape(of)) return this.#wrong(path, 'must be an object with hosts, children, vars or settings', oneGroup)
    this.#keys(of, ['settings', 'vars', 'hosts', 'children'], path)
    group.inline.push(await this.#layer(of, path))
    const { children = [], hosts } = of
    if (!Array.isArray(children))
      return this.#wrong([...path, 'children'], 'must be a list of groups', "write children: ['web']")
    for (const child of children as readonly unknown[]) {
      if (typeof child === 'string' && child in groups) this.#draft.child(name, child, this.#at([...path, 'children']))
      else
        this.#wrong(
          [...path, 'children'],
          `names ${String(child)}, which is no group`,
          didYouMean(String(child), Object.keys(groups)) ?? `there are: ${Object.keys(groups).join(', ')}`,
        )
    }
    await this.#hosts(hosts, name, [...path, 'hosts'])
  }

  async #hosts(given: unknown, group: string, path: Path): Promise<void> {
    if (given === undefined) return
    const hosts = Array.isArray(given) ? Object.fromEntries(given.map((name) => [String(name), {}])) : given
    if (!isShape(hosts)) return this.#wrong(path, 'must be an object of hosts, or a list of their names', oneGroup)
    for (const [text, of] of Object.entries(hosts)) {
      const here = [...path, text]
      if (!isShape(of)) {
        this.#wrong(
          here,
          'must be an object with vars or settings',
          "write { settings: { address: '192.0.2.11' } }, or {}",
        )
        continue
      }
      this.#keys(of, ['settings', 'vars'], here)
      const layer = await this.#layer(of, here)
      try {
        const { names, port } = hostsAndPort(text)
        for (const name of names) {
          const host = this.#draft.host(name, group, this.#at(here))
          host.inline.push({ ...layer, settings: { ...(port === undefined ? {} : { port }), ...layer.settings } })
        }
      } catch (error) {
        const { message, hint = '' } = problemOf(error)
        this.#wrong(path, `has ${message}`, hint)
      }
    }
  }

  async #layer(of: Shape, path: Path): Promise<Layer> {
    const given = await this.#arrived(of['settings'], [...path, 'settings'])
    const settings =
      'connection' in given ? { ...given, connection: connectionIn(dirname(this.#file), given['connection']) } : given
    const vars = await this.#arrived(of['vars'], [...path, 'vars'])
    for (const { name, reason, hint } of checkSettings(settings)) this.#wrong([...path, 'settings', name], reason, hint)
    return {
      settings: settings as ConnectionSettings,
      vars: Object.fromEntries(
        Object.entries(vars).map(([name, value]) => [
          name,
          { value: kept(name, value), from: this.#from([...path, 'vars', name]) },
        ]),
      ),
    }
  }

  // A value that failed to come is a problem like the others, told together with them.
  async #arrived(given: unknown, path: Path): Promise<Shape> {
    if (given === undefined) return {}
    if (!isShape(given)) {
      this.#wrong(path, 'must be an object', `write ${path.at(-1)}: { NAME: VALUE }`)
      return {}
    }
    const entries = await Promise.allSettled(
      Object.entries(given).map(async ([name, value]) => [name, await arrived(value)] as const),
    )
    return Object.fromEntries(
      entries.flatMap((entry) => {
        if (entry.status === 'fulfilled') return [entry.value]
        tell(this.#draft, entry.reason, this.#file)
        return []
      }),
    )
  }

  #keys(of: Shape, known: readonly string[], path: Path): void {
    for (const key of Object.keys(of)) {
      if (known.includes(key)) continue
      const value = of[key]
      const plain = typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
      const shown = ['string', 'number', 'boolean'].includes(typeof value) ? plain : undefined
      const hint = didYouMean(key, known) ?? belongsIn(/^\w+$/.test(key) ? key : `'${key}'`, shown)
      this.#wrong([...path, key], 'is not known there', hint)
    }
  }

  #wrong(path: Path, reason: string, hint: string): void {
    this.#draft.problem(`${dotted(path)} ${reason}`, this.#at(path), hint)
  }

  #from(path: Path): string {
    const line = this.#find(path)
    return `${this.#draft.show(this.#file)}${line === undefined ? '' : `:${line}`} ${dotted(path)}`
  }

  /** The line of a member, or of the nearest one around it that is written out. */
  #at(path: Path): Location {
    for (let length = path.length; length > 0; length--) {
      const line = this.#find(path.slice(0, length))
      if (line !== undefined) return { file: this.#file, line }
    }
    return { file: this.#file, line: this.#line }
  }

  #find(path: Path): number | undefined {
    return path.reduce<Lines | undefined>((lines, key) => lines?.keys.get(key), this.#lines)?.line
  }
}

const oneGroup = "write it like { hosts: ['web-1'] }, or { hosts: { 'web-1': {} } }"

type Path = readonly string[]

const dotted = (path: Path) =>
  path
    .map((key) => (/^[\w$]+$/.test(key) ? `.${key}` : `['${key}']`))
    .join('')
    .replace(/^\./, '')

const isShape = (value: unknown): value is Shape =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Secret) &&
  !(value instanceof Promise)
