import { appendFileSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Saving } from '../../engine/task.ts'
import type { Replaced, ReplacedThing } from '../../model/replaced.ts'
import { stateFolder } from '../../model/state-folder.ts'
import { maskValue } from '../../report/index.ts'
import { lookAt, type Place, type Seen } from './look.ts'
import { type Entry, type Head, type Kept, manifestOf } from './manifest.ts'

/**
 * Keeps what a run replaces, before it does: contents in a folder of the host itself that only its owner may enter, so
 * that no secret comes here, and in a list here which they are.
 */
export class Keeper {
  readonly #run: string
  readonly #write: (line: Entry) => void
  #count = 0

  constructor(run: string, write: (line: Entry) => void) {
    this.#run = run
    this.#write = write
  }

  /** Saves what an operation is about to replace; what it gives is to be called when it has. */
  readonly save = async (saving: Saving): Promise<() => Promise<void>> => {
    const { path: task, on, become, operation, plan, connection } = saving
    const nth = ++this.#count
    const about = { nth, on, ...(become === undefined ? {} : { become }), task: task.task, operation: operation.name }
    const places = placesOf(replacedBy(plan))
    const folder = path.posix.join(this.#run, String(nth))
    const before = await lookAt(connection, places, folder)
    const kept = (after?: readonly Seen[]) => [
      ...places.flatMap((place, i) => difference(place, before[i]!, after?.[i])),
      ...servicesIn(saving),
    ]
    // A run that is killed in it is to know all the same what was there.
    if (places.length > 0) this.#note({ ...about, kept: kept(), ...reason(saving, places, before) })
    return async () => {
      const after = await lookAt(connection, places)
      this.#note({ ...about, kept: kept(after), ...reason(saving, places, before, after) })
    }
  }

  #note(line: Entry): void {
    const shown = maskValue(line)
    // A script with a mask in it would do something else.
    const whole = JSON.stringify(scripts(shown)) === JSON.stringify(scripts(line))
    this.#write(whole ? shown : { ...shown, kept: [], not: 'a secret stands in what would put it back' })
  }
}

/** What keeps for a run, in a list of its own. */
export function keeperOf(head: Head): Keeper {
  mkdirSync(stateFolder.undo, { recursive: true, mode: 0o700 })
  // At once: what is not noted when the process is killed cannot be put back.
  const write = (line: Head | Entry) =>
    appendFileSync(manifestOf(head.run), `${JSON.stringify(maskValue(line))}\n`, { mode: 0o600 })
  write(head)
  return new Keeper(head.run, write)
}

const scripts = ({ kept }: Entry) =>
  kept.flatMap((one) =>
    one.kind === 'thing' ? [one.look, one.back, one.before] : one.kind === 'file' ? [one.path] : [],
  )

/** What a change replaces: as it says itself, or what it leaves of files. */
function replacedBy({ replaces, leaves, destructive = false }: Saving['plan']): readonly Replaced[] {
  if (replaces) return replaces
  const files = (leaves ?? []).flatMap(({ what }) => /^file (\/.+)$/s.exec(what)?.[1] ?? [])
  return files.map((file) => ({ file, whole: destructive }))
}

/** Each once. */
function placesOf(replaced: readonly Replaced[]): readonly Place[] {
  const places = new Map<string, Place>()
  for (const one of replaced) {
    const key = 'file' in one ? `file ${one.file}` : one.what
    places.set(key, places.get(key) ?? one)
  }
  return [...places.values()]
}

function difference(place: Place, before: Seen, after?: Seen): readonly Kept[] {
  const { state, copy } = before
  if (state === undefined || state === after?.state) return []
  const then = { ...(after?.state === undefined ? {} : { after: after.state }), ...(copy ? { copy } : {}) }
  if ('file' in place)
    return [{ kind: 'file', path: place.file, before: state, ...then, ...(place.whole ? { whole: true } : {}) }]
  if (!place.many) return [{ kind: 'thing', ...thingOf(place), before: state, ...then }]
  const [was, is] = [linesIn(state), linesIn(after?.state ?? '')]
  // Without a second look nobody knows which of them changed.
  if (!after) return []
  const names = [...new Set([...was.keys(), ...is.keys()])].filter((name) => was.get(name) !== is.get(name)).sort()
  const told = (of: ReadonlyMap<string, string>) => names.map((name) => `${name}\t${of.get(name) ?? 'none'}`).join('\n')
  return names.length === 0 ? [] : [{ kind: 'thing', ...thingOf(place), before: told(was), ...then, after: told(is) }]
}

function thingOf({ what, look, keep, back, many }: ReplacedThing): ReplacedThing {
  return { what, look, ...(keep === undefined ? {} : { keep }), back, ...(many ? { many } : {}) }
}

function linesIn(state: string): ReadonlyMap<string, string> {
  return new Map(
    state.split('\n').flatMap((line) => {
      const [name, ...rest] = line.split('\t')
      return rest.length > 0 ? [[name!, rest.join('\t')] as const] : []
    }),
  )
}

function reason(
  { plan, operation }: Saving,
  places: readonly Place[],
  before: readonly Seen[],
  after?: readonly Seen[],
): { readonly not?: string } {
  const { leaves, replaces, irreversible, destructive = false } = plan
  const reasons: string[] = []
  if (irreversible !== undefined) reasons.push(irreversible)
  else if (!replaces && !leaves) reasons.push('it does not say what it changes')
  else if (!replaces) {
    const other = leaves!.find(({ what }) => !/^(?:file \/|service |backup |dump |schema )/.test(what))
    if (other) reasons.push(`the ${other.what} is not kept`)
    if (leaves!.some(({ below, becomes }) => below && becomes && !destructive)) reasons.push('whole trees are not kept')
  }
  places.forEach((place, i) => {
    const [was, is] = [before[i]!, after?.[i] ?? before[i]!]
    if (!after && 'many' in place) reasons.push(`the run was killed while it changed the ${place.what}`)
    if ('file' in place) {
      const file = { before: was.state ?? '', after: is.state, copy: was.copy }
      if (was.state !== is.state && !canBePutBack(file))
        reasons.push(`what lay at ${place.file} is too large to be kept`)
    } else if (was.state === undefined || is.state === undefined) reasons.push(`the ${place.what} cannot be looked at`)
  })
  if (reasons.length === 0) return {}
  return { not: [...new Set(reasons)].join('; ') || operation.name }
}

/** Is there a copy of what lay there, or none needed: there was nothing, or a directory that is empty when it goes? */
export function canBePutBack(file: {
  readonly before: string
  readonly after?: string | undefined
  readonly copy?: string | undefined
}): boolean {
  const { before, after, copy } = file
  if (copy !== undefined || before === 'none') return true
  return (/^directory/.test(before) && !isLarge(before)) || (after !== undefined && sameContent(before, after))
}

/** Does a directory hold more than is looked at? */
export const isLarge = (state: string) => /^directory \S+ \S+ \S+ large$/.test(state)

/** Differ two states in nothing but who may do what with it? */
export function sameContent(before: string, after: string): boolean {
  const content = (state: string) => [state.split(' ')[0], ...state.split(' ').slice(4)].join(' ')
  return content(before) === content(after)
}

interface Found {
  readonly name: string
  readonly running: boolean
  readonly enabled: boolean
}

/** What services were, by the state that the operation had read of them. */
function servicesIn({ operation, plan: { state, leaves = [] } }: Saving): readonly Kept[] {
  if (operation.name === 'service.daemonReload') return [{ kind: 'reload' }]
  const word = /^service\.(\w+) /.exec(operation.name)?.[1]
  if (word === undefined || !Array.isArray(state)) return []
  return leaves.flatMap(({ what }): readonly Kept[] => {
    const found = (state as readonly Found[]).find(({ name }) => what === `service ${name}`)
    if (!found) return []
    const { name, running, enabled } = found
    if (word === 'enabled' || word === 'disabled')
      return [{ kind: 'service', name, was: enabled ? 'enabled' : 'disabled' }]
    if (running && (word === 'restarted' || word === 'reloaded')) return [{ kind: 'restart', name }]
    return [{ kind: 'service', name, was: running ? 'started' : 'stopped' }]
  })
}
