import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { type ConnectionSettings, type Host, type RawVar, type RawVars, Unusable } from '../model/inventory.ts'
import { didYouMean, distance, nearest, type Problem } from '../model/problem.ts'
import { revealed, Secret } from '../model/secret.ts'
import { connectionIn, isFile, kinds } from './connection.ts'
import { type Layer, problemOf } from './draft.ts'
import { Float } from './scalars.ts'
import { Template } from './template.ts'
import { words } from './words.ts'

type Writable = { -readonly [K in keyof ConnectionSettings]: ConnectionSettings[K] }

/** How a host is reached, and who acts there. */
export interface Reached {
  readonly settings: ConnectionSettings
  readonly become?: NonNullable<Host['become']>
  /** Why it cannot be reached that way. */
  readonly faults: readonly Problem[]
  /** What it says that counts for nothing here. */
  readonly idle: readonly string[]
}

/** How a host is reached by what all its layers say; `ansible_*` variables are understood beside our own settings. */
export function reached(layers: readonly Layer[], vars: RawVars, cwd: string): Reached {
  const reader = new Reader(cwd)
  const names = Object.keys(vars).filter((name) => name.startsWith('ansible_'))
  const last = new Map<string, number>()
  for (const [i, layer] of layers.entries()) for (const name of Object.keys(layer.vars ?? {})) last.set(name, i)
  for (const [i, { settings = {} }] of layers.entries()) {
    Object.assign(reader.settings, Object.fromEntries(Object.entries(settings).filter(([, v]) => v !== undefined)))
    for (const name of names) if (last.get(name) === i) reader.read(name, vars[name]!)
  }
  // Of two names for one thing the later here counts, wherever they stand: so does Ansible.
  for (const { names: aliases } of meanings) {
    const given = aliases.filter((name) => names.includes(name))
    if (given.length > 1 && !additive(given[0]!)) reader.read(given.at(-1)!, vars[given.at(-1)!]!)
  }
  return reader.end()
}

/** Ansible's names for passwords: their values are secret wherever they stand. */
export const secretVars: readonly string[] = [
  'ansible_password',
  'ansible_ssh_pass',
  'ansible_ssh_password',
  'ansible_become_password',
  'ansible_become_pass',
  'ansible_sudo_pass',
  'ansible_su_pass',
  'ansible_ssh_private_key_passphrase',
  'ansible_private_key_passphrase',
]

/** A variable as it is kept: Ansible's password variables become secrets. */
export function kept(name: string, value: unknown): unknown {
  if (!secretVars.includes(name)) return value
  if (value instanceof Template) return new Template(value.text, name)
  return typeof value === 'string' || typeof value === 'number' || value instanceof Float
    ? Secret.of(String(value), name)
    : value
}

type Meaning = keyof ConnectionSettings | 'becomeWanted' | 'becomeUser' | 'methodExe' | 'methodFlags' | 'args'

/** What Ansible's variables are for; of several names for one thing the last one counts. */
const meanings: readonly { readonly of: Meaning; readonly names: readonly string[] }[] = [
  { of: 'connection', names: ['ansible_connection'] },
  { of: 'address', names: ['ansible_host', 'ansible_ssh_host'] },
  { of: 'port', names: ['ansible_port', 'ansible_ssh_port'] },
  { of: 'user', names: ['ansible_user', 'ansible_ssh_user'] },
  { of: 'password', names: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'] },
  { of: 'privateKey', names: ['ansible_private_key_file', 'ansible_ssh_private_key_file'] },
  { of: 'passphrase', names: ['ansible_private_key_passphrase', 'ansible_ssh_private_key_passphrase'] },
  { of: 'timeout', names: ['ansible_timeout', 'ansible_ssh_timeout'] },
  { of: 'connectRetries', names: ['ansible_ssh_retries'] },
  { of: 'hostKeys', names: ['ansible_host_key_checking', 'ansible_ssh_host_key_checking'] },
  { of: 'becomeWanted', names: ['ansible_become', 'ansible_sudo', 'ansible_su'] },
  { of: 'becomeUser', names: ['ansible_become_user', 'ansible_sudo_user', 'ansible_su_user'] },
  { of: 'becomeMethod', names: ['ansible_become_method'] },
  { of: 'becomeExe', names: ['ansible_become_exe'] },
  { of: 'becomeFlags', names: ['ansible_become_flags'] },
  { of: 'methodExe', names: ['ansible_sudo_exe', 'ansible_su_exe'] },
  { of: 'methodFlags', names: ['ansible_sudo_flags', 'ansible_su_flags'] },
  {
    of: 'becomePassword',
    names: ['ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass', 'ansible_su_pass'],
  },
  { of: 'args', names: ['ansible_ssh_extra_args', 'ansible_ssh_common_args', 'ansible_ssh_args'] },
]

// The first of two options counts.
const argsFirst = ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args']

const additive = (name: string) => name.endsWith('_args')

const understood: ReadonlyMap<string, Meaning> = new Map(
  meanings.flatMap(({ of, names }) => names.map((name) => [name, of] as const)),
)

/** The variables that may have given a setting. */
export function namesOf(setting: keyof ConnectionSettings): readonly string[] {
  return meanings.flatMap(({ of, names }) => (of === setting || of === 'args' ? names : []))
}

// Settings of Ansible's that change something there and nothing here, and the values with which they mean nothing.
const idle: ReadonlyMap<string, RegExp> = new Map([
  ['ansible_shell_executable', /^(?:\/bin\/sh)?$/],
  ['ansible_ssh_executable', /^(?:ssh|\/usr\/bin\/ssh)?$/],
  ['ansible_sftp_extra_args', /^$/],
  ['ansible_scp_extra_args', /^$/],
  ['ansible_control_path', /^$/],
  ['ansible_control_path_dir', /^$/],
  ['ansible_remote_tmp', /^$/],
])

/** The variable that somebody most likely meant who wrote one that only resembles one of a connection. */
export function misspeltVar(name: string): string | undefined {
  if (idle.has(name) || understood.has(name)) return undefined
  const known = [...understood.keys()]
  if (!name.startsWith('ansible_')) return known.find((one) => distance(name, one) === 1)
  // What all of them begin with says nothing of how near two are.
  const near = nearest(
    name.slice(8),
    known.map((one) => one.slice(8)),
  )
  return near !== undefined && Math.abs(near.length + 8 - name.length) <= 1 ? `ansible_${near}` : undefined
}

/** Reads the variables of one host into its settings. */
class Reader {
  readonly settings: Writable = {}
  readonly #become: { wanted?: boolean; user?: string } = {}
  readonly #faults: Problem[] = []
  readonly #idle: string[] = []
  /** What counts for one way of becoming another user only, by its variable. */
  readonly #ofMethod = new Map<string, string>()
  /** The options of ssh_config that each variable gives. */
  readonly #options = new Map<string, readonly string[]>()
  readonly #cwd: string

  constructor(cwd: string) {
    this.#cwd = cwd
  }

  end(): Reached {
    const options = argsFirst.flatMap((name) => this.#options.get(name) ?? [])
    if (options.length > 0) this.settings.sshOptions = [...options, ...(this.settings.sshOptions ?? [])]
    this.#takeOfMethod()
    const { connection } = this.settings
    if (connection && isFile(connection) && !existsSync(connection))
      this.#faults.push({
        message: `there is no connection ${connection}`,
        hint: 'write the file, or correct its path',
      })
    return {
      settings: this.settings,
      ...(Object.keys(this.#become).length > 0 ? { become: this.#become } : {}),
      faults: this.#faults,
      idle: this.#idle,
    }
  }

  read(name: string, raw: RawVar): void {
    if (raw.value instanceof Unusable) {
      if (!understood.has(name)) return
      const { message, ...where } = raw.value.problem
      this.#faults.push({ ...where, message: `${name} cannot be had: ${message} (${raw.from})` })
      return
    }
    const value = raw.value instanceof Secret && !secretVars.includes(name) ? raw.value.reveal() : raw.value
    const text = value instanceof Secret ? value : value === null || value === undefined ? '' : String(value)
    const complain: Complain = (reason, hint) =>
      void this.#faults.push({ message: `${name} ${reason} (${raw.from})`, hint })
    const nothing = idle.get(name)
    if (nothing && typeof text === 'string' && !nothing.test(text.trim()))
      this.#idle.push(`${name} counts for nothing here: ${text} (${raw.from})`)
    if (name === 'ansible_shell_type' && /^(?:powershell|cmd)$/.test(String(text)))
      complain(`is ${String(text)}, and hosts are worked on by sh`, "leave hosts without it out: -l 'all:!HOST'")
    const meaning = understood.get(name)
    if (meaning === undefined) return
    // As for Ansible: an empty address, user or port is none.
    if (text === '' && !/^(?:becomeUser|becomeFlags|methodFlags)$/.test(meaning)) return
    const put: Put = (key, made) => {
      if (kinds[key].fits(made)) this.settings[key] = made as never
      else
        complain(
          `must be ${kinds[key].expected}, and is ${made instanceof Secret ? 'a secret' : JSON.stringify(value)}`,
          didYouMean(String(made), kinds[key].of ?? []) ?? 'correct it there',
        )
    }
    this.#take(meaning, name, text, raw, put, complain)
  }

  #take(meaning: Meaning, name: string, text: string | Secret, raw: RawVar, put: Put, complain: Complain): void {
    const plain = revealed(text)
    switch (meaning) {
      case 'connection':
        return this.#connection(plain, raw, put, complain)
      case 'port':
        return put('port', /^\d+$/.test(plain) ? Number(plain) : raw.value)
      case 'password':
      case 'passphrase':
      case 'becomePassword':
        return put(meaning, text instanceof Secret ? text : Secret.of(text, name))
      case 'privateKey':
        return put('privateKey', home(plain))
      case 'timeout':
      case 'connectRetries':
        return put(meaning, Number(plain))
      case 'hostKeys': {
        const checks = flagOf(plain)
        if (checks === undefined) complain(`must be true or false, and is ${JSON.stringify(plain)}`, 'write yes or no')
        // An unknown key is taken; one that has changed is still refused.
        else if (!checks) put('hostKeys', 'accept-new')
        return
      }
      case 'becomeWanted': {
        const wanted = flagOf(plain)
        if (wanted === undefined)
          return complain(`must be true or false, and is ${JSON.stringify(raw.value)}`, 'write yes or no')
        this.#become.wanted = wanted
        if (wanted && name === 'ansible_su') this.settings.becomeMethod = 'su'
        return
      }
      case 'becomeUser':
        if (plain === '') complain('must be the name of a user, and is empty', 'write one, or take the line away')
        else this.#become.user = plain
        return
      case 'becomeMethod':
        return put('becomeMethod', plain.replace(builtIn, ''))
      case 'methodExe':
      case 'methodFlags':
        return void this.#ofMethod.set(name, plain)
      case 'args':
        return this.#arguments(name, plain, put, complain)
      default:
        return put(meaning, plain)
    }
  }

  /** Above what is said for both ways, as in Ansible. */
  #takeOfMethod(): void {
    const method = this.settings.becomeMethod ?? 'sudo'
    const exe = this.#ofMethod.get(`ansible_${method}_exe`)
    const flags = this.#ofMethod.get(`ansible_${method}_flags`)
    if (exe !== undefined) this.settings.becomeExe = exe
    if (flags !== undefined) this.settings.becomeFlags = flags
  }

  #connection(text: string, raw: RawVar, put: Put, complain: Complain): void {
    // paramiko, smart and ssh are three ways to the same server.
    const way = /^(?:ssh|smart|paramiko|paramiko_ssh)$/.test(text.replace(builtIn, ''))
      ? 'ssh'
      : text.replace(builtIn, '')
    if (way === 'ssh' || way === 'local') return put('connection', way)
    if (isFile(way)) return put('connection', connectionIn(folderOf(raw, this.#cwd), way))
    complain(
      `is ${JSON.stringify(text)}, and hosts are reached by ssh or local`,
      'for another way write a file that exports connect, and name it: ansible_connection=./FILE.ts',
    )
  }

  // There is no ssh program to hand arguments to: what is an option of ssh_config counts as it does there.
  #arguments(name: string, text: string, put: Put, complain: Complain): void {
    let args: readonly string[]
    try {
      args = words(text)
    } catch (error) {
      const { message, hint = '' } = problemOf(error)
      return complain(`cannot be read: ${message}`, hint)
    }
    const options: string[] = []
    for (let i = 0; i < args.length; i++) {
      const [, flags = '', joined = ''] = /^-([46AaCfGgKkMNnqsTtVvXxYy]*)(.*)$/s.exec(args[i]!) ?? []
      if (flags.includes('A')) options.push('ForwardAgent=yes')
      if (flags.includes('a')) options.push('ForwardAgent=no')
      const letter = joined.slice(0, 1)
      if (letter === '' && args[i]!.startsWith('-')) continue
      if (!/^[BbcDEeFIiJLlmOoPpQRSWw]$/.test(letter) || !args[i]!.startsWith('-'))
        return complain(`has ${args[i]}, which ssh does not know`, 'see man ssh; write an option as -o NAME=VALUE')
      const value = joined.length > 1 ? joined.slice(1) : args[++i]
      if (value === undefined)
        return complain(`ends in -${letter}, and something must follow it`, 'write it, or take the letter away')
      if (letter === 'F') put('sshConfig', value === 'none' || value === '/dev/null' ? false : home(value))
      else if (letter === 'J') put('proxyJump', value)
      else if (letter === 'i') put('privateKey', home(value))
      else if (letter === 'o') options.push(value)
      else if (letter === 'l') options.push(`User=${value}`)
      else if (letter === 'p') options.push(`Port=${value}`)
    }
    // Of two that say the same the first counts.
    const left = [...options].reverse().filter((option) => !this.#option(option, put))
    this.#options.set(name, left.reverse())
  }

  /** Takes an option for which there is a setting. */
  #option(option: string, put: Put): boolean {
    const [, name = option, value = ''] = /^\s*(\w+)\s*[=\s]\s*(.*)$/s.exec(option) ?? []
    switch (name.toLowerCase()) {
      case 'proxycommand':
        put('proxyCommand', value)
        return true
      case 'proxyjump':
        put('proxyJump', value)
        return true
      case 'userknownhostsfile':
        put('knownHosts', value.split(/\s+/).map(home))
        return true
      case 'connecttimeout':
        put('timeout', Number(value))
        return true
      case 'connectionattempts':
        put('connectRetries', Math.max(0, Number(value) - 1))
        return true
      case 'identityfile':
        put('privateKey', home(value))
        return true
      case 'stricthostkeychecking':
        if (value === 'accept-new' || value === 'ask') put('hostKeys', value)
        else if (value === 'yes') put('hostKeys', 'strict')
        return ['accept-new', 'ask', 'yes'].includes(value)
      // How long OpenSSH keeps a shared connection is no concern of a run that keeps its own.
      case 'controlmaster':
      case 'controlpersist':
      case 'controlpath':
        return true
      default:
        return false
    }
  }
}

type Complain = (reason: string, hint: string) => void
type Put = <K extends keyof ConnectionSettings>(key: K, made: unknown) => void

const builtIn = /^ansible\.(?:builtin|legacy)\./

const flagOf = (text: string): boolean | undefined =>
  /^(?:true|yes|on|1|y|t)$/i.test(text) ? true : /^(?:false|no|off|0|n|f)$/i.test(text) ? false : undefined

// Where a path that a line of a file gives starts: what was given with -e starts where the operator is.
const folderOf = ({ from }: RawVar, cwd: string) => path.resolve(cwd, path.dirname(/^(.*?):\d+/.exec(from)?.[1] ?? '.'))

const home = (file: string) => file.replace(/^~(?=\/|$)/, homedir())
