import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { leavesNothing } from '../kit/leaving.ts'
import { left } from '../model/foreseen.ts'
import { foresee } from '../kit/foresee.ts'
import { Advice, operation } from '../model/operation.ts'
import type { Operation, Reader } from '../model/operation.ts'
import { masked, type Secret } from '../model/secret.ts'
import { accountName, accountNumber, databaseLine, indispensable, removable } from '../kit/accounts.ts'
import { type Answer, answers } from '../kit/answers.ts'
import { type Command, perform } from '../kit/command.ts'
import { plainly, sbin, sh } from '../kit/shell.ts'
import type { Replaced } from '../model/replaced.ts'
import { replacedGroup, replacedUser } from './user/replaced.ts'

/** What a user is to be; what is not said stays as it is, and is the host's own choice for a new one. */
export interface UserOptions {
  readonly uid?: number
  /** The main group, by name; it must be there. */
  readonly group?: string
  /** Further groups; those the user is in already stay, unless `exact`. */
  readonly groups?: readonly string[]
  readonly exact?: boolean
  readonly home?: string
  /** Whether a new user's home directory is made; it is unless this is false or the user is one of the system. */
  readonly createHome?: boolean
  /** Takes the content of the home along when it changes. */
  readonly moveHome?: boolean
  readonly shell?: string
  readonly comment?: string
  /** A new user gets a number from those of the system, and no home. */
  readonly system?: boolean
  /**
   * The hash of the password, as `openssl passwd -6` makes it. Whether the user is locked does not change by it; one
   * that was made without a password is, until `locked` is false.
   */
  readonly password?: Secret
  /** Whether a user that is there gets this password, too; true unless said. */
  readonly updatePassword?: boolean
  /** Whether no password is right. One that is not locked and has no password comes in by other ways, as by a key. */
  readonly locked?: boolean
}

const userNames: OptionNames<UserOptions> = {
  uid: true,
  group: true,
  groups: true,
  exact: true,
  home: true,
  createHome: true,
  moveHome: true,
  shell: true,
  comment: true,
  system: true,
  password: true,
  updatePassword: true,
  locked: true,
}

export { type KeyOptions, sshKey, type SshKey } from './user/ssh-key.ts'

/** Whether the user was made, changed or removed. */
export type UserState = { readonly name: string; readonly changed: boolean }

/**
 * A user of the host.
 *
 * ```ts
 * task('Make the user', (host) => user.present('nova', {
 *   uid: 162, group: 'nova', groups: ['libvirt', 'qemu'], home: '/var/lib/nova', shell: '/sbin/nologin', system: true,
 * }))
 * task('Let the operator in', (host) => user.present('ops', { groups: ['wheel'], password: host.vars.opsHash }))
 * ```
 */
export function present(name: string, options: UserOptions = {}): Operation<UserState> {
  refuseUnknown('user.present', options, userNames)
  const { uid, group, groups = [], home, shell, comment, password } = options
  if (uid !== undefined) accountNumber('uid', uid)
  for (const one of [...(group === undefined ? [] : [group]), ...groups]) accountName(one)
  for (const [what, text] of Object.entries({ home, shell, comment })) {
    if (text !== undefined && /[:\n\0]/.test(text))
      throw new Advice(`the ${what} of ${name} cannot hold a colon or a line end`, 'write another sign for it')
  }
  if (password && !/^(\$[\w-]+\$[^:\s]+|_?[./0-9A-Za-z]{13,19})$/.test(password.reveal())) {
    throw new Advice(`the password of ${name} is not a hash`, 'make one: openssl passwd -6')
  }
  // The tools write it down without a slash at its end.
  return bringUser({
    name: accountName(name),
    options: home === undefined ? options : { ...options, home: bare(home) },
  })
}

/**
 * No user of this name.
 *
 * ```ts
 * task('Drop the user', user.absent('quantum', { removeHome: true }))
 * ```
 */
export function absent(name: string, options: { readonly removeHome?: boolean } = {}): Operation<UserState> {
  refuseUnknown('user.absent', options, { removeHome: true })
  return dropUser({ name: removable('user.absent', name), removeHome: options.removeHome ?? false })
}

interface Found {
  readonly uid: number
  readonly group: string
  /** Without the main one. */
  readonly groups: readonly string[]
  readonly comment: string
  readonly home: string
  readonly shell: string
  readonly locked: boolean
  readonly password: 'same' | 'other' | 'none'
}

const bringUser = operation<
  { readonly name: string; readonly options: UserOptions },
  Found | 'group' | undefined,
  Command,
  UserState
>(({ name }) => `user.present ${name}`, {
  lasting: () => true,
  read: (connection, { name, options }) => look(connection, name, options),
  plan(state, { name, options }) {
    const found = state === 'group' ? undefined : state
    // useradd would make a group of this name, and there is one.
    const own = state === 'group' && options.group === undefined ? { group: name } : {}
    const wanted = { ...differing(found, options), ...own }
    if (found && Object.keys(wanted).length === 0) return { result: { name, changed: false } }
    return {
      result: { name, changed: true },
      change: commandFor(name, found, wanted, options),
      leaves: [
        left<Found | 'group' | undefined>(`user ${name}`, (is) =>
          become(is === 'group' ? undefined : is, name, wanted),
        ),
      ],
      replaces: replacing(name, state, options),
      diff: { path: `user ${name}`, before: found ? before(found, wanted) : '', after: after(wanted) },
    }
  },
  async apply(connection, command, { name }) {
    const { code, stderr } = await perform(connection, command)
    if (code === inUse) throw stillInUse(`${name} cannot be changed`, name, stderr)
    if (code === noSuchGroup) {
      const [, group] = /group '?([\w.-]+\$?)'? does not exist/.exec(stderr) ?? []
      throw new Advice(
        group
          ? `the user ${name} cannot be in ${group}: there is no such group`
          : `the user ${name} cannot be in all of its groups: ${stderr.trim()}`,
        `make it first: group.present('${group ?? 'NAME'}')`,
      )
    }
  },
})

const dropUser = operation<
  { readonly name: string; readonly removeHome: boolean },
  Found | 'group' | undefined,
  Command,
  UserState
>(({ name }) => `user.absent ${name}`, {
  read: (connection, { name }) => look(connection, name, {}),
  plan(found, { name, removeHome }) {
    if (!found || found === 'group') return { result: { name, changed: false } }
    // Another name of root.
    if (found.uid === 0) throw indispensable('user.absent', name)
    const home = removeHome ? ` and ${found.home}` : ''
    return {
      result: { name, changed: true },
      // With 12 the account is gone and only its home or mail could not be removed, mostly since there is none.
      change: { script: sbin + sh`${['userdel', ...(removeHome ? ['-r'] : []), name]}`, allow: [0, inUse, 12] },
      destructive: removeHome,
      leaves: [
        left<Found | 'group' | undefined>(`user ${name}`, () => undefined),
        ...(removeHome ? leavesNothing(found.home) : []),
      ],
      replaces: [
        ...(removeHome ? [{ file: found.home, whole: true }, { file: `/var/mail/${name}` }] : []),
        replacedUser(name),
        replacedGroup(name),
      ],
      diff: { path: `user ${name}`, before: `uid ${found.uid}${home}\n`, after: '' },
    }
  },
  async apply(connection, command, { name }) {
    const { code, stderr } = await perform(connection, command)
    if (code === inUse) throw stillInUse(`${name} cannot be removed`, name, stderr)
  },
})

// A group of the same name may come, and goes, with the user.
function replacing(name: string, found: Found | 'group' | undefined, options: UserOptions): readonly Replaced[] {
  const { system = false, createHome = !system, moveHome = false, home = `/home/${name}` } = options
  if (found && found !== 'group') return [replacedUser(name, { moveHome })]
  const made = createHome ? [{ file: home, whole: true }] : []
  return [replacedGroup(name), replacedUser(name, { joins: found === 'group' }), ...made, { file: `/var/mail/${name}` }]
}

// What the tools of the accounts end with, the same since they have exit codes.
const noSuchGroup = 6
const inUse = 8

function stillInUse(what: string, name: string, stderr: string): Advice {
  return new Advice(`${what}: ${stderr.trim()}`, `stop its processes first: ps -u ${name}`)
}

// The hash that is there stays on the host: it is compared by the shell itself, in no process's arguments.
async function look(connection: Reader, name: string, { password }: UserOptions): Promise<Found | 'group' | undefined> {
  const found = await answers(
    connection,
    {
      user: databaseLine('passwd', name),
      own: databaseLine('group', name),
      main: sh`id -gn ${name} 2>/dev/null`,
      groups: sh`id -Gn ${name} 2>/dev/null`,
      shadow: sh`name=${name}` + shadowScript,
    },
    { stdin: password ? masked`${password}\n` : '\n' },
  )
  const then = foresee(connection, `user ${name}`, foundIn(found, name))
  const group = then === undefined && foresee<object | undefined>(connection, `group ${name}`, undefined)
  return group ? 'group' : then
}

function foundIn(
  found: Readonly<Record<'user' | 'own' | 'main' | 'groups' | 'shadow', Answer>>,
  name: string,
): Found | 'group' | undefined {
  const [, , uid, , comment, home, shell] = found.user.stdout.trimEnd().split(':')
  if (uid === undefined) return found.own.stdout.trim() === '' ? undefined : 'group'
  if (found.shadow.code === 4) {
    throw new Advice(
      `the password of ${name} cannot be looked at: /etc/shadow is closed to this login`,
      'run the task with become',
    )
  }
  const main = found.main.stdout.trim()
  const [same, lock] = words(found.shadow.stdout)
  return {
    uid: Number(uid),
    group: main,
    groups: words(found.groups.stdout).filter((one) => one !== main),
    comment: comment ?? '',
    home: home ?? '',
    shell: shell ?? '',
    locked: lock === 'locked',
    password: (same as Found['password'] | undefined) ?? 'none',
  }
}

const shadowScript = `
IFS= read -r wanted || :
[ -e /etc/shadow ] || exit 0
[ -r /etc/shadow ] || exit 4
while IFS=: read -r n hash rest; do
  [ "$n" = "$name" ] || continue
  lock=open
  case $hash in '!'*) lock=locked ;; esac
  while :; do case $hash in '!'*) hash=\${hash#?} ;; *) break ;; esac; done
  case $hash in
    ''|'*'*) echo "none $lock" ;;
    "$wanted") echo "same $lock" ;;
    *) echo "other $lock" ;;
  esac
done < /etc/shadow
`

type Wanted = Pick<UserOptions, 'uid' | 'group' | 'home' | 'shell' | 'comment' | 'password' | 'locked' | 'groups'>

// All groups that the user is to be in, so that one word for `usermod -G` says it whatever was there.
function differing(found: Found | undefined, options: UserOptions): Wanted {
  const { uid, group, groups, exact = false, home, shell, comment, password, updatePassword = true, locked } = options
  const main = group ?? found?.group
  const wished = (groups ?? []).filter((one) => one !== main)
  const all = [...new Set([...(exact || !found ? [] : found.groups), ...wished])].sort()
  const sameGroups = groups === undefined || (found && all.join() === [...found.groups].sort().join())
  // A new user has no password, and that is a locked one.
  const lock = locked !== undefined && (found?.locked ?? !password) !== locked
  return {
    ...(uid !== undefined && uid !== found?.uid ? { uid } : {}),
    ...(group !== undefined && group !== found?.group ? { group } : {}),
    ...(sameGroups ? {} : { groups: all }),
    ...(home !== undefined && home !== (found && bare(found.home)) ? { home } : {}),
    ...(shell !== undefined && shell !== found?.shell ? { shell } : {}),
    ...(comment !== undefined && comment !== found?.comment ? { comment } : {}),
    ...(password && found?.password !== 'same' && (!found || updatePassword) ? { password } : {}),
    ...(lock ? { locked } : {}),
  }
}

function bare(home: string): string {
  return home.replace(/(.)\/+$/, '$1')
}

function commandFor(name: string, found: Found | undefined, wanted: Wanted, options: UserOptions): Command {
  const { password, locked } = wanted
  // A bare hash would open the account.
  const mark = staysLocked(found, options) ? '!' : ''
  // usermod -U leaves one without a password as it is.
  const open = found && found.password !== 'none' ? '-U' : "-p '*'"
  return {
    script: [
      `${plainly}set -e`,
      ...accountCommands(name, found, wanted, options),
      ...(password ? ['chpasswd -e'] : []),
      ...(!password && locked === true && found ? [sh`usermod -L ${name}`] : []),
      ...(!password && locked === false ? [`usermod ${open} ${sh`${name}`}`] : []),
    ].join('\n'),
    // Not on the command line, where every user of the host could read it.
    ...(password ? { stdin: masked`${name}:${mark}${password}\n` } : {}),
    allow: [0, noSuchGroup, inUse],
  }
}

const staysLocked = (found: Found | undefined, { locked = found?.locked ?? false }: UserOptions) => locked

function accountCommands(
  name: string,
  found: Found | undefined,
  { uid, group, groups, home, shell, comment }: Wanted,
  { system = false, createHome = !system, moveHome = false }: UserOptions,
): readonly string[] {
  const flags = [
    ...(uid === undefined ? [] : ['-u', uid]),
    ...(group === undefined ? [] : ['-g', group]),
    ...(groups === undefined || (!found && groups.length === 0) ? [] : ['-G', groups.join(',')]),
    ...(home === undefined ? [] : ['-d', home, ...(found && moveHome ? ['-m'] : [])]),
    ...(shell === undefined ? [] : ['-s', shell]),
    ...(comment === undefined ? [] : ['-c', comment]),
  ]
  if (!found) return [sh`useradd ${[...(system ? ['-r'] : []), createHome ? '-m' : '-M', ...flags, name]}`]
  return flags.length === 0 ? [] : [sh`usermod ${[...flags, name]}`]
}

function before(found: Found, wanted: Wanted): string {
  return (Object.keys(wanted) as (keyof Wanted)[])
    .map((key) =>
      line(key, key === 'password' ? '‹another›' : key === 'groups' ? found.groups.join(' ') : String(found[key])),
    )
    .join('')
}

function after(wanted: Wanted): string {
  const keys = Object.keys(wanted) as (keyof Wanted)[]
  if (keys.length === 0) return 'a user\n'
  return keys.map((key) => line(key, key === 'groups' ? wanted.groups!.join(' ') : String(wanted[key]))).join('')
}

// A new one has what it is not given from the host's own settings, which nobody asks for here.
function become(is: Found | undefined, name: string, { password, groups, ...wanted }: Wanted): Found {
  const fresh = { uid: -1, group: name, groups: [], comment: '', home: `/home/${name}`, shell: '', locked: !password }
  return {
    ...fresh,
    password: 'none',
    ...is,
    ...wanted,
    ...(groups ? { groups } : {}),
    ...(password ? { password: 'same' as const } : {}),
  }
}

function line(key: string, value: string): string {
  return `${key} ${value}\n`
}

function words(text: string): readonly string[] {
  return text
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '')
}
