import type { HostRef } from './inventory.ts'
import type { Change } from './operation.ts'
import { Secret } from './secret.ts'

/** What a change leaves of one thing on a host, for those who ask for it later in check mode. */
export interface Left {
  /** `file /etc/motd`, `service nginx`, `user deploy`, `database nova` … */
  readonly what: string
  /** Of a path: all that lies below it, too. */
  readonly below?: boolean
  /** Of a file: who may do what with it stays as it is. */
  readonly sameAttributes?: boolean
  /** Of a database: until it is migrated it holds what this one holds now. */
  readonly like?: Like
  /** What will be found of it, from what is found now. Without it nobody knows before the real run. */
  readonly becomes?: (state: never, wanted: never) => unknown
}

/** A database of another host, and how to ask it. */
export interface Like {
  readonly host: HostRef
  readonly login: { readonly user?: string; readonly password?: Secret }
}

/**
 * A thing of which it is known what a change leaves: what will be found of it, from what is found now.
 *
 * ```ts
 * leaves: [left<boolean>('lamp hall', () => true)]
 * ```
 */
export function left<S, W = unknown>(
  what: string,
  becomes: (state: S, wanted: W) => S,
  more: Pick<Left, 'below' | 'sameAttributes'> = {},
): Left {
  return { what, becomes, ...more }
}

/** Check mode cannot tell: an earlier task would have changed what is asked for into what nobody knows yet. */
export class Unforeseen extends Error {
  constructor(what: string, by: string) {
    super(`«${by}» comes before it, and only a real run can tell what that leaves of the ${what}`)
  }
}

interface Entry {
  readonly by: string
  /** What the change says that it leaves. */
  readonly left?: readonly Left[]
  /** Of one that does not say: all that it is made of, in which names may stand. */
  readonly text?: string
}

/** What earlier tasks of a run in check mode would have made of one host. */
export class Foreseen {
  readonly #entries: Entry[] = []

  /** Somebody would change something, and says what that leaves; or does not, and may have touched all it names. */
  add(by: string, left: readonly Left[] | undefined, change: Change): void {
    this.#entries.push(left ? { by, left } : { by, text: textsIn(change).join('\n') })
  }

  /**
   * What will be found of a thing, from what is found now. `wanted` is for those who know what is left of some of it.
   * @throws Unforeseen where nobody knows
   */
  see<S>(what: string, state: S, wanted?: unknown): S {
    let seen = state
    for (const { by, left, text } of this.#entries) {
      if (text !== undefined && names(text, what, isMissing(seen))) throw new Unforeseen(what, by)
      for (const one of left ?? []) {
        if (one.what !== what && !(one.below === true && isBelow(what, one.what))) continue
        if (!one.becomes) throw new Unforeseen(what, by)
        seen = (one.becomes as (state: S, wanted: unknown) => S)(seen, wanted)
      }
    }
    return seen
  }

  /** May somebody have made a folder who does not say so? Of what makes a file its folder is told by that alone. */
  mayMake(folder: string): boolean {
    return this.#entries.some(
      ({ left }) =>
        !left ||
        left.some(({ what, below }) => !what.startsWith('file ') || (isBelow(what, `file ${folder}`) && !below)),
    )
  }

  /** @throws Unforeseen where something at a path, or below it, will be there that nobody has looked at */
  mustBeUntouched(path: string): void {
    for (const { by, left, text } of this.#entries) {
      if (text !== undefined && names(text, `file ${path}`)) throw new Unforeseen(`file ${path}`, by)
      for (const { what, below, becomes, sameAttributes } of left ?? [])
        if (!sameAttributes && (what === `file ${path}` || isBelow(what, `file ${path}`)) && !(below && becomes))
          throw new Unforeseen(`file ${path}`, by)
    }
  }

  /**
   * Where to put a statement instead, because a database that it names will hold what another one holds now.
   * @throws Unforeseen where nobody knows what it will hold
   */
  standIn(sql: string): Like | undefined {
    const named = this.#entries.flatMap(({ by, left = [] }) =>
      left.flatMap(({ what, like }) =>
        what.startsWith('database ') && word(what.slice('database '.length)).test(sql) ? [{ by, what, like }] : [],
      ),
    )
    const last = named.at(-1)
    if (last && !last.like) throw new Unforeseen(last.what, last.by)
    return last?.like
  }
}

/** Does a path, or what stands for one, lie below another? */
export function isBelow(what: string, above: string): boolean {
  return what.startsWith(above.endsWith('/') ? above : `${above}/`)
}

// A name is an ordinary word, and means a thing of its kind only where somebody speaks to those who keep such things.
const keepers: Readonly<Record<string, RegExp>> = {
  crontab: /\b(?:crontab|cron\.\w+)\b/,
  mask: /\b(?:systemctl|service\.\w+)\b/,
  service: /\b(?:service|systemctl|initctl|init\.d|chkconfig|update-rc\.d)\b/,
  user: /\b(?:user(?:add|mod|del)|(?:add|del)user|ch?passwd|chage|chsh|user\.\w+)\b/,
  group: /\b(?:group(?:add|mod|del)|(?:add|del)group|gpasswd|usermod|group\.\w+)\b/,
  package: /\b(?:apt|apt-get|aptitude|dpkg|yum|dnf|rpm|packages\.\w+)\b/,
  database: /\b(?:mysql|mariadb|mysqldump|database\.\w+)\b/,
  stage: /\b(?:mysql|mariadb|database\.\w+)\b/,
  schema: /\b(?:mysql|mariadb|database\.\w+)\b/,
}

// What is named below a folder that is not there may make it.
const isMissing = (state: unknown) =>
  typeof state === 'object' && state !== null && (state as { exists?: unknown }).exists === false

/** Does a text name a thing? A path counts as named where a folder is that it lies in. */
export function names(text: string, what: string, orBelow = false): boolean {
  const [kind = '', ...rest] = what.split(' ')
  const name = rest.join(' ')
  // A path by any other kind is one all the same: `dump /var/backups/nova.sql`.
  if (!name.startsWith('/')) return keepers[kind]?.test(text) !== false && word(name).test(text)
  const parts = name.split('/')
  // What lies at the top of the tree is named by everybody.
  const paths = parts.map((_, i) => parts.slice(0, i + 1).join('/')).slice(2)
  return (paths.length > 0 ? paths : [name]).some((path) => atPath(path, orBelow && path === name).test(text))
}

function word(name: string): RegExp {
  return new RegExp(`(?<![\\w.-])${escaped(name)}(?![\\w-])`)
}

function atPath(path: string, orBelow: boolean): RegExp {
  return new RegExp(`(?<![\\w./-])${escaped(path)}(?:/?(?![\\w./-])${orBelow ? '|/' : ''})`)
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function textsIn(change: Change): readonly string[] {
  if (typeof change === 'string') return [change]
  if (typeof change !== 'object' || change === null || change instanceof Uint8Array) return []
  if (change instanceof Secret) return change.parts.filter((part) => typeof part === 'string')
  return Object.values(change).flatMap(textsIn)
}
