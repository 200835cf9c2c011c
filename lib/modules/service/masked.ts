import { answers } from '../../kit/answers.ts'
import { type Command, perform } from '../../kit/command.ts'
import { foresee } from '../../kit/foresee.ts'
import { plainly, sh } from '../../kit/shell.ts'
import { left } from '../../model/foreseen.ts'
import { Advice, CommandFailed, operation, type Operation } from '../../model/operation.ts'
import type { ReplacedThing } from '../../model/replaced.ts'
import type { Changed } from '../service.ts'
import type { Status } from './status.ts'

/**
 * Units that nobody can start, not even by another one that needs them; whether they run now does not change, so stop
 * them first. A unit that is not installed can be masked, too, so that its package does not start it.
 *
 * ```ts
 * task('Keep them from starting', service.masked('ntp', 'ctrl-alt-del.target'))
 * ```
 * @throws Advice where there is no systemd, or the unit's own file lies where the mask would
 */
export function masked(...names: readonly [string, ...string[]]): Operation<Changed> {
  return mask({ word: 'masked', names: checkedUnits('masked', names) })
}

/**
 * Units that can be started again.
 *
 * ```ts
 * task('Let it start again', service.unmasked('ntp'))
 * ```
 */
export function unmasked(...names: readonly [string, ...string[]]): Operation<Changed> {
  return mask({ word: 'unmasked', names: checkedUnits('unmasked', names) })
}

/**
 * Has systemd read its unit files again; always a change, made for the handlers of tasks that write them. Where there
 * is no systemd there is nothing to do.
 *
 * ```ts
 * const reload = handler('Read the units', service.daemonReload())
 * ```
 */
export function daemonReload(): Operation<Changed> {
  return reload({})
}

function checkedUnits(word: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) throw new Advice(`service.${word} names no unit`, 'name one at least')
  for (const name of names)
    if (!/^[\w@][\w@.:\\+-]*$/.test(name))
      throw new Advice(
        `service.${word}: ${JSON.stringify(name)} cannot be the name of a unit`,
        'write it as systemctl list-units shows it',
      )
  return [...new Set(names)]
}

interface Masking {
  readonly word: 'masked' | 'unmasked'
  readonly names: readonly string[]
}

/** What `systemctl is-enabled` says of each. */
type Said = Readonly<Record<string, string>>

const mask = operation<Masking, Said, Command, Changed>(({ word, names }) => `service.${word} ${names.join(' ')}`, {
  lasting: () => true,
  async read(connection, { word, names }) {
    const found = await answers<string>(connection, {
      there: 'command -v systemctl >/dev/null 2>&1',
      ...Object.fromEntries(names.map((name) => [`unit ${name}`, sh`systemctl is-enabled ${name} 2>/dev/null`])),
    })
    if (found.there!.code !== 0)
      throw new Advice(`${names.join(', ')} cannot be ${word}: the host has no systemd`, 'use service.disabled there')
    return Object.fromEntries(
      names.map((name) => [name, foresee(connection, maskOf(name), found[`unit ${name}`]!.stdout.trim())]),
    )
  },
  plan(said, { word, names }) {
    const due = names.filter((name) => /^masked/.test(said[name]!) !== (word === 'masked'))
    if (due.length === 0) return { result: { services: [] } }
    return {
      result: { services: due },
      change: { script: plainly + sh`systemctl ${word === 'masked' ? 'mask' : 'unmask'} ${due}`, tidy: true },
      leaves: due.flatMap((name) => [
        left<string>(maskOf(name), () => (word === 'masked' ? 'masked' : 'not masked')),
        // What it is without its mask nobody has asked.
        word === 'masked'
          ? left<Status>(serviceOf(name), (is) => ({ ...is, enabled: false }))
          : { what: serviceOf(name) },
      ]),
      replaces: due.map(replacedMask),
      diff: due.map((name) => ({
        path: `service ${name}`,
        before: `${said[name] || 'not installed'}\n`,
        after: `${word}\n`,
      })),
    }
  },
  async apply(connection, command, { names }) {
    try {
      await perform(connection, command)
    } catch (error) {
      const [, path] =
        (error instanceof CommandFailed && /file ['"]?(\/[^'"]+?)['"]? already exists/i.exec(error.message)) || []
      if (path === undefined) throw error
      throw new Advice(
        `${names.join(', ')} cannot be masked: the unit's own file is ${path}, where the mask would lie`,
        'move it to /usr/local/lib/systemd/system, or remove it with file.absent, and reload systemd',
      )
    }
  },
})

const bare = (name: string) => name.replace(/\.service$/, '')
const maskOf = (name: string) => `mask ${bare(name)}`
const serviceOf = (name: string) => `service ${bare(name)}`

function replacedMask(name: string): ReplacedThing {
  return {
    what: `mask of ${name}`,
    look: sh`case $(systemctl is-enabled ${name} 2>/dev/null) in masked*) echo masked ;; *) echo none ;; esac`,
    back: `if [ "$before" = none ]; then ${sh`systemctl unmask ${name}`}; else ${sh`systemctl mask ${name}`}; fi`,
  }
}

const reload = operation<object, boolean, Command, Changed>(() => 'service.daemonReload', {
  read: async (connection) => (await connection.exec('[ -d /run/systemd/system ]')).code === 0,
  plan: (systemd) =>
    systemd
      ? { result: { services: [] }, replaces: [], change: { script: `${plainly}systemctl daemon-reload` } }
      : { result: { services: [] } },
  async apply(connection, command) {
    await perform(connection, command)
  },
})
