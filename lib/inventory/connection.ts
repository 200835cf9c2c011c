import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { ConnectionSettings, RawVar } from '../model/inventory.ts'
import { didYouMean, nearest } from '../model/problem.ts'
import { revealed, Secret } from '../model/secret.ts'
import type { Layer } from './draft.ts'
import { words } from './words.ts'

type Complain = (message: string, hint?: string) => void
type Writable = { -readonly [K in keyof ConnectionSettings]: ConnectionSettings[K] }

interface Setting {
  readonly expected: string
  fits(value: unknown): boolean
}
const aText: Setting = { expected: 'a text', fits: (v) => typeof v === 'string' && v !== '' }
const aSecret: Setting = {
  expected: 'a secret: fromEnvironment, fromFile, fromCommand or !vault',
  fits: (v) => v instanceof Secret,
}
const aFlag: Setting = { expected: 'true or false', fits: (v) => typeof v === 'boolean' }
const among = (...words: readonly string[]): Setting => ({
  expected: `one of ${words.join(', ')}`,
  fits: (v) => words.includes(v as string),
})

const isFile = (connection: string) => /^\.{0,2}\//.test(connection)

/** A connection with the path of its file as it counts in a folder. */
export function connectionIn<C>(folder: string, connection: C): C {
  return typeof connection === 'string' && isFile(connection) ? (path.resolve(folder, connection) as C) : connection
}

/** What each connection setting must be. */
const kinds: Readonly<Record<keyof ConnectionSettings, Setting>> = {
  connection: {
    expected: 'ssh, local, or the path of a file that begins with ./ or /',
    fits: (v) => v === 'ssh' || v === 'local' || (typeof v === 'string' && isFile(v)),
  },
  address: aText,
  port: {
    expected: 'a port from 1 to 65535',
    fits: (v) => Number.isInteger(v) && (v as number) >= 1 && (v as number) <= 65535,
  },
  user: aText,
  password: aSecret,
  privateKey: aText,
  passphrase: aSecret,
  knownHosts: {
    expected: 'a path or a list of paths',
    fits: (v) => typeof v === 'string' || (Array.isArray(v) && v.every((file) => typeof file === 'string')),
  },
  hostKeys: among('strict', 'accept-new', 'ask'),
  proxyCommand: aText,
  proxyJump: aText,
  sshConfig: { expected: 'true, false or a path', fits: (v) => typeof v === 'boolean' || aText.fits(v) },
  forwardAgent: aFlag,
  legacy: aFlag,
  timeout: { expected: 'seconds above 0', fits: (v) => typeof v === 'number' && v > 0 },
  connectRetries: { expected: 'a number from 0', fits: (v) => Number.isInteger(v) && (v as number) >= 0 },
  become: {
    expected: 'true, false or the name of a user',
    fits: (v) => typeof v === 'boolean' || (typeof v === 'string' && v !== ''),
  },
  becomeMethod: among('sudo', 'su'),
  becomePassword: aSecret,
}

/** Every setting that is unknown or not of its kind, and why. */
export function checkSettings(
  settings: Readonly<Record<string, unknown>>,
): readonly { readonly name: string; readonly reason: string; readonly hint?: string }[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const setting = kinds[name as keyof ConnectionSettings] as Setting | undefined
    if (!setting) {
      return [
        {
          name,
          reason: 'is not a connection setting',
          hint: settingMeant(name),
        },
      ]
    }
    if (value === undefined || setting.fits(value)) return []
    // What stands where a secret should is one, however it was written.
    const found = value instanceof Secret ? 'a secret' : setting === aSecret ? 'a plain text' : JSON.stringify(value)
    return [{ name, reason: `must be ${setting.expected}, and is ${found}` }]
  })
}

/** What somebody meant who wrote a setting that is none: one of ours, also by the name that Ansible has for it. */
export function settingMeant(name: string): string {
  const ours = otherNames[name]
  if (ours !== undefined) return `write ${ours}`
  return didYouMean(name, Object.keys(kinds)) ?? `there are ${Object.keys(kinds).join(', ')}`
}

/** Where something belongs that stands directly in a host or a group: among its settings or its variables. */
export function belongsIn(name: string, value = '…'): string {
  const setting = otherNames[name] ?? (Object.hasOwn(kinds, name) ? name : undefined)
  return setting === undefined ? `write vars: { ${name}: ${value} }` : `write settings: { ${setting}: ${value} }`
}

const otherNames: Readonly<Record<string, keyof ConnectionSettings>> = {
  ip: 'address',
  host: 'address',
  hostname: 'address',
  ansible_connection: 'connection',
  ansible_host: 'address',
  ansible_ssh_host: 'address',
  ansible_port: 'port',
  ansible_ssh_port: 'port',
  ansible_user: 'user',
  ansible_ssh_user: 'user',
  ansible_password: 'password',
  ansible_ssh_private_key_file: 'privateKey',
  ansible_private_key_file: 'privateKey',
  ansible_timeout: 'timeout',
  ansible_become: 'become',
  ansible_become_user: 'become',
  ansible_become_method: 'becomeMethod',
  ansible_become_password: 'becomePassword',
}

/** The variable that somebody most likely meant who wrote one that only resembles one of a connection. */
export function misspeltVar(name: string): string | undefined {
  if (!name.startsWith('ansible_') || others.has(name)) return undefined
  const known = [...understood, ...secretVars]
  if (known.includes(name)) return undefined
  // What all of them begin with says nothing of how near two are.
  const near = nearest(
    name.slice(8),
    known.map((one) => one.slice(8)),
  )
  return near !== undefined && Math.abs(near.length + 8 - name.length) <= 1 ? `ansible_${near}` : undefined
}

// Ansible's own that resemble those, and mean something to nobody here.
const others: ReadonlySet<string> = new Set([
  'ansible_scp_extra_args',
  'ansible_sftp_extra_args',
  'ansible_become_exe',
  'ansible_become_flags',
])

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
  return secretVars.includes(name) && (typeof value === 'string' || typeof value === 'number')
    ? Secret.of(String(value), name)
    : value
}

// Become is two variables that may come from different layers, so it is put together when all are known.
interface Become {
  wanted?: boolean
  user?: string
}

/** How a host is reached by what all its layers say; `ansible_*` variables are understood beside our own settings. */
export function connectionSettings(layers: readonly Layer[], cwd: string, complain: Complain): ConnectionSettings {
  const settings: Writable = {}
  const become: Become = {}
  for (const layer of layers) {
    const { become: own, ...rest } = layer.settings ?? {}
    Object.assign(settings, Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)))
    if (own !== undefined) become.wanted = own !== false
    if (typeof own === 'string') become.user = own
    for (const [name, raw] of Object.entries(layer.vars ?? {})) {
      if (name.startsWith('ansible_'))
        read(name, raw, settings, become, (reason, hint) => complain(`${name} ${reason} (${raw.from})`, hint))
      if (name === 'ansible_connection') settings.connection = connectionIn(folderOf(raw, cwd), settings.connection)
    }
  }
  const { connection } = settings
  if (connection && isFile(connection) && !existsSync(connection)) complain(`there is no connection ${connection}`)
  if (become.wanted !== undefined) settings.become = become.wanted && (become.user ?? true)
  return settings
}

function read(name: string, raw: RawVar, settings: Writable, become: Become, complain: Complain): void {
  const value = raw.value instanceof Secret && !secretVars.includes(name) ? raw.value.reveal() : raw.value
  const text = value instanceof Secret ? value : value === null || value === undefined ? '' : String(value)
  if (typeof text === 'string' && understood.has(name) && text.includes('{{')) {
    return complain(`is the template ${text}, and templates are not expanded`, 'write the value')
  }
  const put = <K extends keyof ConnectionSettings>(key: K, made: unknown) => {
    if (kinds[key].fits(made)) settings[key] = made as Writable[K]
    else
      complain(`must be ${kinds[key].expected}, and is ${made instanceof Secret ? 'a secret' : JSON.stringify(value)}`)
  }
  const secret = () => (text instanceof Secret ? text : Secret.of(text, name))
  switch (name) {
    case 'ansible_connection':
      // paramiko, smart and ssh are three ways to the same server.
      return put(
        'connection',
        /^(ansible\.builtin\.)?(ssh|smart|paramiko|paramiko_ssh)$/.test(String(text)) ? 'ssh' : text,
      )
    case 'ansible_host':
    case 'ansible_ssh_host':
      return put('address', text)
    case 'ansible_port':
    case 'ansible_ssh_port':
      return put('port', /^\d+$/.test(String(text)) ? Number(text) : value)
    case 'ansible_user':
    case 'ansible_ssh_user':
      return put('user', text)
    case 'ansible_password':
    case 'ansible_ssh_pass':
    case 'ansible_ssh_password':
      return put('password', secret())
    case 'ansible_ssh_private_key_file':
    case 'ansible_private_key_file':
      return put('privateKey', home(String(text)))
    case 'ansible_ssh_private_key_passphrase':
    case 'ansible_private_key_passphrase':
      return put('passphrase', secret())
    case 'ansible_timeout':
    case 'ansible_ssh_timeout':
      return put('timeout', Number(text))
    case 'ansible_become':
    case 'ansible_sudo':
    case 'ansible_su': {
      const wanted = /^(true|yes|on|1|y|t)$/i.test(String(text))
        ? true
        : /^(false|no|off|0|n|f)$/i.test(String(text))
          ? false
          : undefined
      if (wanted === undefined) complain(`must be true or false, and is ${JSON.stringify(value)}`)
      else become.wanted = wanted
      if (wanted && name === 'ansible_su') settings.becomeMethod = 'su'
      return
    }
    case 'ansible_become_user':
    case 'ansible_sudo_user':
    case 'ansible_su_user':
      if (text === '') complain('must be the name of a user, and is empty')
      else become.user = revealed(text)
      return
    case 'ansible_become_method':
      return put('becomeMethod', text)
    case 'ansible_become_password':
    case 'ansible_become_pass':
    case 'ansible_sudo_pass':
    case 'ansible_su_pass':
      return put('becomePassword', secret())
    case 'ansible_ssh_common_args':
    case 'ansible_ssh_extra_args':
    case 'ansible_ssh_args':
      return readArguments(String(text), (key, made) => put(key, made), complain)
  }
}

const understood = new Set([
  ...secretVars,
  'ansible_connection',
  'ansible_host',
  'ansible_ssh_host',
  'ansible_port',
  'ansible_ssh_port',
  'ansible_user',
  'ansible_ssh_user',
  'ansible_ssh_private_key_file',
  'ansible_private_key_file',
  'ansible_timeout',
  'ansible_ssh_timeout',
  'ansible_become',
  'ansible_sudo',
  'ansible_su',
  'ansible_become_user',
  'ansible_sudo_user',
  'ansible_su_user',
  'ansible_become_method',
  'ansible_ssh_common_args',
  'ansible_ssh_extra_args',
  'ansible_ssh_args',
])

// Where a path that a line of a file gives starts: what was given with -e starts where the operator is.
const folderOf = ({ from }: RawVar, cwd: string) => path.resolve(cwd, path.dirname(/^(.*?):\d+/.exec(from)?.[1] ?? '.'))

const home = (file: string) => file.replace(/^~(?=\/|$)/, homedir())

// There is no ssh program to hand arguments to: those that mean something to us are taken, the others must not be
// lost silently.
function readArguments(
  text: string,
  put: (key: keyof ConnectionSettings, value: unknown) => void,
  complain: Complain,
): void {
  let args: readonly string[]
  try {
    args = words(text)
  } catch (error) {
    return complain(`cannot be read: ${(error as Error).message}`)
  }
  for (let i = 0; i < args.length; i++) {
    const flag = args[i]!
    const joined = /^-([oJi])(.+)$/.exec(flag)
    const value = joined ? joined[2]! : (args[i + 1] ?? '')
    const letter = joined ? joined[1] : /^-([oJi])$/.exec(flag)?.[1]
    if (letter && !joined) i++
    if (letter === 'J') put('proxyJump', value)
    else if (letter === 'i') put('privateKey', home(value))
    else if (letter === 'o') readOption(value, put, complain)
    else
      complain(
        `has ${flag}, which is not supported`,
        'only -o, -J and -i are: use a connection setting or ~/.ssh/config',
      )
  }
}

function readOption(
  option: string,
  put: (key: keyof ConnectionSettings, value: unknown) => void,
  complain: Complain,
): void {
  const [, name = option, value = ''] = /^\s*(\w+)\s*[=\s]\s*(.*)$/s.exec(option) ?? []
  switch (name.toLowerCase()) {
    case 'proxycommand':
      return put('proxyCommand', value)
    case 'proxyjump':
      return put('proxyJump', value)
    case 'userknownhostsfile':
      return put('knownHosts', value.split(/\s+/).map(home))
    case 'connecttimeout':
      return put('timeout', Number(value))
    case 'identityfile':
      return put('privateKey', home(value))
    // How long OpenSSH keeps a shared connection is no concern of a run that keeps its own.
    case 'controlmaster':
    case 'controlpersist':
    case 'controlpath':
      return
    case 'stricthostkeychecking':
      if (value === 'accept-new' || value === 'ask') return put('hostKeys', value)
      if (value === 'yes') return put('hostKeys', 'strict')
      return complain(
        `has StrictHostKeyChecking=${value}, which takes the key of anybody`,
        'write accept-new: a new key is recorded, a changed one refused',
      )
    default:
      return complain(`has the ssh option ${name}, which is not supported`, 'use a connection setting or ~/.ssh/config')
  }
}
