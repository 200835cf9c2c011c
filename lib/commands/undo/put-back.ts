import { type Command, perform } from '../../kit/command.ts'
import { byLetters } from '../../kit/path-state.ts'
import { refuse } from '../../kit/refusal.ts'
import { plainly, sh } from '../../kit/shell.ts'
import { Advice, operation } from '../../model/operation.ts'
import type { Replaced } from '../../model/replaced.ts'
import { isLarge, sameContent } from './keep.ts'
import { lookAt, type Place } from './look.ts'
import type { Kept } from './manifest.ts'

type Kind<K> = Kept & { readonly kind: K }

/** Something of a run that is undone, and whether it is put back whatever is there now. */
export type PuttingBack = (Kind<'file'> | Kind<'thing'>) & {
  readonly force: boolean
  /** What it was still earlier in the run: there it has been put back already, and further. */
  readonly earlier?: readonly string[]
}

/** By which name it is told, and named behind --force. */
export const nameOf = (kept: Kind<'file'> | Kind<'thing'>) => (kept.kind === 'file' ? kept.path : kept.what)

/** Somebody has changed something since the run: it stays unless --force names it. */
export class Conflict extends Advice {
  readonly what: string
  constructor(what: string, reason: string, act: string) {
    super(reason, act)
    this.what = what
  }
}

/** What was there before a run. */
export const putBack = operation<PuttingBack, string, Command, null>((one) => `put back ${nameOf(one)}`, {
  read: async (connection, one) => {
    const [seen] = await lookAt(connection, [placeOf(one)])
    if (seen?.state !== undefined) return seen.state
    throw new Advice(`${nameOf(one)} cannot be looked at`, 'ask on the host as the user who had changed it')
  },
  plan(now, one) {
    const { before, after, force, earlier = [] } = one
    const name = nameOf(one)
    if (now === before || earlier.includes(now)) return { result: null }
    if (now !== after && !force)
      throw new Conflict(
        name,
        after === undefined
          ? `${name} is not as it was before the run, which was killed while it changed it: before the run it was ` +
              `${told(one, before)}, and now ${told(one, now)}`
          : `${name} was changed since: before the run it was ${told(one, before)}, after it ${told(one, after)}, ` +
              `and now ${told(one, now)}`,
        'put it back all the same',
      )
    if (one.kind === 'file' && before === 'none' && isLarge(now) && !force)
      throw new Conflict(
        name,
        `${name} holds more than can be compared with what the run left there`,
        'look into it, and remove all of it',
      )
    return {
      result: null,
      change: { script: one.kind === 'file' ? fileScript(one, now) : thingScript(one, now), timeout: 3600 },
      diff: { path: name, before: `${told(one, now)}\n`, after: `${told(one, before)}\n` },
      replaces: [replacedAnew(one)],
    }
  },
  async apply(connection, change, one) {
    await perform(connection, change)
    const [seen] = await lookAt(connection, [placeOf(one)])
    if (seen?.state === one.before) return null
    throw new Advice(
      `${nameOf(one)} was put back, and is not as it was: it was ${told(one, one.before)}, and is now ` +
        told(one, seen?.state ?? 'unknown'),
      'see on the host who else changes it',
    )
  },
})

function placeOf(one: PuttingBack): Place {
  if (one.kind === 'file') return { file: one.path, whole: one.whole === true || isWhole(one.before) }
  return one.many ? { ...one, names: one.before.split('\n').map((line) => line.split('\t')[0]!) } : one
}

/** So that an undo can be undone: what goes, or comes, is kept whole. */
function replacedAnew(one: PuttingBack): Replaced {
  if (one.kind === 'file') return placeOf(one)
  const { what, look, keep, back, many } = one
  return { what, look, back, ...(keep === undefined ? {} : { keep }), ...(many ? { many } : {}) }
}

function thingScript({ before, copy, back }: Kind<'thing'>, now: string): string {
  return `${plainly}${refuse}\n${sh`before=${before} now=${now} copy=${copy ?? ''}`}\n${back}`
}

function fileScript({ path, before, copy }: Kind<'file'>, now: string): string {
  const [kind, mode, uid, gid] = before.split(' ') as [string, string?, string?, string?]
  const part = `${path}.switchover-part`
  // Of a directory that the run made nothing is removed that came since.
  if (kind === 'none' && (isWhole(now) || isLarge(now))) return sh`rm -rf -- ${path}`
  if (kind === 'none') return now.startsWith('directory') ? sh`rmdir -- ${path}` : sh`rm -f -- ${path}`
  // By letters: a number leaves the setgid bit of a directory as it is.
  const rights = kind === 'link' ? '' : sh` && chmod ${byLetters(mode!.padStart(4, '0'))} -- ${path}`
  const attributes = sh`chown -h -- ${`${uid}:${gid}`} ${path}` + rights
  if (copy === undefined || sameContent(before, now))
    return kind === 'directory' && !now.startsWith('directory')
      ? `${away(path, kind, now)}${sh`mkdir -- ${path}`} && ${attributes}`
      : attributes
  return `${sh`rm -rf -- ${part} && cp -a -- ${copy} ${part}`} &&
  ${away(path, kind!, now)}${sh`mv -fT -- ${part} ${path}`} || {
  c=$?; ${sh`rm -rf -- ${part}`}; exit $c; }`
}

/** What makes room where a rename would not: a directory takes no other's place. */
function away(path: string, kind: string, now: string): string {
  if (now.startsWith('directory')) return isWhole(now) ? sh`rm -rf -- ${path} && ` : sh`rmdir -- ${path} && `
  return kind === 'directory' && now !== 'none' ? sh`rm -f -- ${path} && ` : ''
}

const isWhole = (state: string) => /^directory \S+ \S+ \S+ all /.test(state)

/** `a file of 12 bytes (0644, 0:0, 3fc2…)`. */
function told(one: PuttingBack, state: string): string {
  if (one.kind === 'thing') return state === 'none' ? 'nothing' : state.replaceAll('\t', ' ').replaceAll('\n', ', ')
  const [kind, mode = '', uid, gid, size, sum = ''] = state.split(' ')
  switch (kind) {
    case 'none':
      return 'nothing'
    case 'link':
      return `a link to ${state.split(' ').slice(4).join(' ')}`
    case 'file':
      return `a file of ${size} bytes (${mode.padStart(4, '0')}, ${uid}:${gid}, ${sum.slice(0, 8)})`
    case 'directory':
      return `a directory (${mode.padStart(4, '0')}, ${uid}:${gid})`
    default:
      return 'something else'
  }
}
