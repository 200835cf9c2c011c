import path from 'node:path'
import type { ConnectionSettings } from '../model/inventory.ts'
import { didYouMean } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'

/** What a setting must be. */
interface Setting {
  readonly expected: string
  /** The words that it may be. */
  readonly of?: readonly string[]
  fits(value: unknown): boolean
}
const aText: Setting = { expected: 'a text', fits: (v) => typeof v === 'string' && v !== '' }
const aSecret: Setting = {
  expected: 'a secret: fromEnvironment, fromFile, fromCommand or !vault',
  fits: (v) => v instanceof Secret,
}
const aLine: Setting = { expected: 'a text of one line', fits: (v) => typeof v === 'string' && /^[^\n\0]*$/.test(v) }
const aFlag: Setting = { expected: 'true or false', fits: (v) => typeof v === 'boolean' }
const among = (...words: readonly string[]): Setting => ({
  expected: `one of ${words.join(', ')}`,
  of: words,
  fits: (v) => words.includes(v as string),
})

/** Is this the path of a file that reaches hosts in a way of its own? */
export const isFile = (connection: string): boolean => /^\.{0,2}\//.test(connection)

/** A connection with the path of its file as it counts in a folder. */
export function connectionIn<C>(folder: string, connection: C): C {
  return typeof connection === 'string' && isFile(connection) ? (path.resolve(folder, connection) as C) : connection
}

/** What each connection setting must be. */
export const kinds: Readonly<Record<keyof ConnectionSettings, Setting>> = {
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
  sshOptions: {
    expected: 'a list of options as behind ssh -o, such as "ServerAliveInterval=5"',
    fits: (v) => Array.isArray(v) && v.every((one) => typeof one === 'string' && /^\s*\w+\s*[=\s]\s*\S/.test(one)),
  },
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
  becomeExe: { ...aLine, fits: (v) => aText.fits(v) && aLine.fits(v) },
  becomeFlags: aLine,
  becomePassword: aSecret,
}

/** Every setting that is unknown or not of its kind, and why. */
export function checkSettings(
  settings: Readonly<Record<string, unknown>>,
): readonly { readonly name: string; readonly reason: string; readonly hint: string }[] {
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
    return [{ name, reason: `must be ${setting.expected}, and is ${found}`, hint: toWrite(name, setting, value) }]
  })
}

/** How a setting is written that has a value of another kind. */
export function toWrite(name: string, { of = [], expected }: Setting, value: unknown): string {
  return (
    didYouMean(String(value), of) ??
    (name in samples ? `write ${name}: ${samples[name as keyof typeof samples]}` : `give ${expected}`)
  )
}

const samples = {
  port: '22',
  timeout: '30',
  connectRetries: '2',
  password: "fromFile('~/.password')",
  passphrase: "fromFile('~/.password')",
  becomePassword: "fromFile('~/.password')",
  become: "true, or become: 'NAME'",
  sshOptions: "['ServerAliveInterval=5']",
} as const

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
  ansible_become_exe: 'becomeExe',
  ansible_become_flags: 'becomeFlags',
}
