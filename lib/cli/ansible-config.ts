import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { RawVars } from '../model/inventory.ts'
import { exit, type Problem, Refused } from '../model/problem.ts'
import type { OptionName } from './options.ts'

/** What ansible.cfg and the ANSIBLE_* variables say of what exists here. */
export interface AnsibleConfig {
  /** Values of options, and where each comes from: `ansible.cfg:3`, or the name of a variable. */
  readonly values: Readonly<Partial<Record<OptionName, unknown>>>
  readonly from: Readonly<Partial<Record<OptionName, string>>>
  /** What counts for a host where the inventory says nothing, under the names that it has in an inventory. */
  readonly defaults: RawVars
}

type Kind = 'text' | 'path' | 'paths' | 'list' | 'number' | 'flag'

/** A setting of Ansible's: its section and key in ansible.cfg, its variables, and what it is here. */
interface Setting {
  readonly keys: readonly `${string}.${string}`[]
  readonly env: readonly string[]
  readonly kind: Kind
  readonly option?: OptionName
  /** The variable of an inventory that says the same of a host. */
  readonly variable?: string
}

const defaults = (key: string): readonly `${string}.${string}`[] => [`defaults.${key}`]
const becoming = (key: string): readonly `${string}.${string}`[] => [`privilege_escalation.${key}`]
const ssh = (key: string): readonly `${string}.${string}`[] => [`ssh_connection.${key}`]

const settings: readonly Setting[] = [
  { keys: defaults('inventory'), env: ['ANSIBLE_INVENTORY'], kind: 'paths', option: 'inventory' },
  { keys: defaults('forks'), env: ['ANSIBLE_FORKS'], kind: 'number', option: 'forks' },
  { keys: defaults('force_handlers'), env: ['ANSIBLE_FORCE_HANDLERS'], kind: 'flag', option: 'force-handlers' },
  { keys: ['diff.always'], env: ['ANSIBLE_DIFF_ALWAYS'], kind: 'flag', option: 'diff' },
  { keys: ['tags.run'], env: ['ANSIBLE_RUN_TAGS'], kind: 'list', option: 'tags' },
  { keys: ['tags.skip'], env: ['ANSIBLE_SKIP_TAGS'], kind: 'list', option: 'skip-tags' },
  { keys: becoming('become'), env: ['ANSIBLE_BECOME'], kind: 'flag', option: 'become' },
  { keys: becoming('become_user'), env: ['ANSIBLE_BECOME_USER'], kind: 'text', option: 'become-user' },
  { keys: becoming('become_ask_pass'), env: ['ANSIBLE_BECOME_ASK_PASS'], kind: 'flag', option: 'ask-become-pass' },
  { keys: defaults('ask_pass'), env: ['ANSIBLE_ASK_PASS'], kind: 'flag', option: 'ask-pass' },
  { keys: defaults('ask_vault_pass'), env: ['ANSIBLE_ASK_VAULT_PASS'], kind: 'flag', option: 'ask-vault-password' },
  {
    keys: defaults('vault_password_file'),
    env: ['ANSIBLE_VAULT_PASSWORD_FILE'],
    kind: 'path',
    option: 'vault-password-file',
  },
  { keys: defaults('vault_identity_list'), env: ['ANSIBLE_VAULT_IDENTITY_LIST'], kind: 'list', option: 'vault-id' },
  {
    keys: defaults('connection_password_file'),
    env: ['ANSIBLE_CONNECTION_PASSWORD_FILE'],
    kind: 'path',
    option: 'connection-password-file',
  },
  {
    keys: defaults('become_password_file'),
    env: ['ANSIBLE_BECOME_PASSWORD_FILE'],
    kind: 'path',
    option: 'become-password-file',
  },
  { keys: defaults('remote_user'), env: ['ANSIBLE_REMOTE_USER'], kind: 'text', variable: 'ansible_user' },
  { keys: defaults('remote_port'), env: ['ANSIBLE_REMOTE_PORT'], kind: 'number', variable: 'ansible_port' },
  {
    keys: defaults('private_key_file'),
    env: ['ANSIBLE_PRIVATE_KEY_FILE'],
    kind: 'path',
    variable: 'ansible_private_key_file',
  },
  {
    keys: [...ssh('timeout'), ...defaults('timeout')],
    env: ['ANSIBLE_SSH_TIMEOUT', 'ANSIBLE_TIMEOUT'],
    kind: 'number',
    variable: 'ansible_timeout',
  },
  { keys: defaults('transport'), env: ['ANSIBLE_TRANSPORT'], kind: 'text', variable: 'ansible_connection' },
  {
    keys: becoming('become_method'),
    env: ['ANSIBLE_BECOME_METHOD'],
    kind: 'text',
    variable: 'ansible_become_method',
  },
  { keys: becoming('become_exe'), env: ['ANSIBLE_BECOME_EXE'], kind: 'text', variable: 'ansible_become_exe' },
  { keys: becoming('become_flags'), env: ['ANSIBLE_BECOME_FLAGS'], kind: 'text', variable: 'ansible_become_flags' },
  {
    keys: [...ssh('host_key_checking'), ...defaults('host_key_checking')],
    env: ['ANSIBLE_SSH_HOST_KEY_CHECKING', 'ANSIBLE_HOST_KEY_CHECKING'],
    kind: 'text',
    variable: 'ansible_host_key_checking',
  },
  { keys: ssh('ssh_args'), env: ['ANSIBLE_SSH_ARGS'], kind: 'text', variable: 'ansible_ssh_args' },
  { keys: ssh('ssh_common_args'), env: ['ANSIBLE_SSH_COMMON_ARGS'], kind: 'text', variable: 'ansible_ssh_common_args' },
  { keys: ssh('ssh_extra_args'), env: ['ANSIBLE_SSH_EXTRA_ARGS'], kind: 'text', variable: 'ansible_ssh_extra_args' },
  { keys: ssh('retries'), env: ['ANSIBLE_SSH_RETRIES'], kind: 'number', variable: 'ansible_ssh_retries' },
]

/** Reads what Ansible would: a variable is above the file. @throws Refused for what is no value of its kind */
export function readAnsibleConfig(cwd = process.cwd(), env = process.env): AnsibleConfig {
  const file = configFile(cwd, env)
  const problems: Problem[] = []
  const shown = file === undefined ? '' : path.relative(cwd, file) || file
  const entries =
    file === undefined
      ? new Map<string, Entry>()
      : entriesOf(readFileSync(file, 'utf8'), (line, message, hint) =>
          problems.push({ message: `${shown}:${line}: ${message}`, hint: `${hint}, or ${leaveOut}` }),
        )
  const values: Record<string, unknown> = {}
  const from: Record<string, string> = {}
  const vars: Record<string, RawVars[string]> = {}
  for (const { keys, env: names, kind, option, variable } of settings) {
    // Set to nothing it takes away what the file says, as for Ansible.
    const name = names.find((one) => env[one] !== undefined)
    const entry = keys.map((key) => entries.get(key)).find((one) => one !== undefined)
    const told = name === undefined ? entry?.text : env[name]
    if (told === undefined || told === '') continue
    const place = name ?? `${shown}:${entry!.line}`
    const folder = name === undefined ? path.dirname(file!) : cwd
    const value = valueOf(kind, told, folder, cwd)
    if (value === undefined) {
      const expected = kind === 'number' ? 'a whole number' : 'yes or no'
      problems.push({
        message: `${place}: ${name ?? keys[0]!.replace(/^.*\./, '')} must be ${expected}, and is ${told}`,
        hint: `mend it, or ${leaveOut}`,
      })
      continue
    }
    if (variable !== undefined) vars[variable] = { value, from: place }
    if (option === undefined) continue
    values[option] = option === 'vault-password-file' ? [value] : value
    from[option] = place
  }
  if (problems.length > 0) throw new Refused(problems, exit.load)
  return { values, from, defaults: vars }
}

const leaveOut = 'leave it out of account: --no-ansible-config'

/** What Ansible would take in another folder: here everybody could have written it. */
export function passedOver(cwd = process.cwd(), env = process.env): string | undefined {
  if (env['ANSIBLE_CONFIG'] || (statSync(cwd).mode & 0o002) === 0 || !existsSync(path.join(cwd, 'ansible.cfg')))
    return undefined
  return 'everybody may write to this folder, so that its ansible.cfg is passed over, as Ansible does: chmod o-w .'
}

/** The first that is there, as for Ansible; one in a folder that everybody may write to is anybody's. */
function configFile(cwd: string, env: NodeJS.ProcessEnv): string | undefined {
  const named = env['ANSIBLE_CONFIG']
  const given = named === undefined || named === '' ? undefined : path.resolve(cwd, expanded(named))
  const isFolder = given !== undefined && existsSync(given) && statSync(given).isDirectory()
  const open = (statSync(cwd).mode & 0o002) !== 0
  const candidates = [
    ...(given === undefined ? [] : [isFolder ? path.join(given, 'ansible.cfg') : given]),
    ...(open ? [] : [path.join(cwd, 'ansible.cfg')]),
    path.join(homedir(), '.ansible.cfg'),
    '/etc/ansible/ansible.cfg',
  ]
  return candidates.find((file) => {
    try {
      accessSync(file, constants.R_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  })
}

interface Entry {
  readonly text: string
  readonly line: number
}

/** The entries of an INI file by `section.key`, as Python's configparser reads it; `wrong` hears what it refuses. */
function entriesOf(
  text: string,
  wrong: (line: number, message: string, hint: string) => void,
): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>()
  const sections = new Set<string>()
  let section: string | undefined
  let key: string | undefined
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:[#;]|$)/.test(raw)) continue
    const line = raw.replace(/\s;.*$/, '').trimEnd()
    const header = /^\[([^\]]+)\]/.exec(line)
    const [, name, value] = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line) ?? []
    if (header) {
      section = header[1]!
      key = undefined
      if (sections.has(section)) wrong(i + 1, `the section [${section}] stands there twice`, 'make one of the two')
      sections.add(section)
    } else if (/^\s/.test(line) && key !== undefined) {
      // A line that begins with a blank goes on with the value before it.
      const before = entries.get(key)!
      entries.set(key, { ...before, text: `${before.text}\n${line.trim()}` })
    } else if (section === undefined) {
      wrong(i + 1, `${line.trim()} stands before the first section`, 'write [defaults] above it')
      return entries
    } else if (name === undefined) wrong(i + 1, `${line.trim()} is no setting`, 'write name = value')
    else {
      key = `${section}.${name.toLowerCase()}`
      if (entries.has(key)) wrong(i + 1, `${name} stands twice in [${section}]`, 'take one of the two away')
      entries.set(key, { text: value!, line: i + 1 })
    }
  }
  return entries
}

function valueOf(kind: Kind, told: string, folder: string, cwd: string): unknown {
  const text = told.trim().replace(/^(["'])(.*)\1$/s, '$2')
  switch (kind) {
    case 'number':
      return /^\d+$/.test(text) ? Number(text) : undefined
    case 'flag':
      if (/^(?:yes|true|on|1|y|t)$/i.test(text)) return true
      return /^(?:no|false|off|0|n|f)$/i.test(text) ? false : undefined
    case 'path':
      return placed(text, folder, cwd)
    case 'paths': {
      const given = parts(text)
      // A list of hosts ends in a comma; other commas stand between files.
      return text.endsWith(',') ? [text] : given.map((one) => placed(one, folder, cwd))
    }
    case 'list':
      return parts(text)
    case 'text':
      return text
  }
}

const parts = (text: string) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)

const expanded = (text: string) =>
  text
    .replace(/^~(?=\/|$)/, homedir())
    .replaceAll(/\$\{?(\w+)\}?/g, (found, name: string) => process.env[name] ?? found)

function placed(text: string, folder: string, cwd: string): string {
  const given = expanded(text.replaceAll(/\{\{\s*CWD\s*\}\}/g, cwd))
  return path.isAbsolute(given) ? given : path.relative(cwd, path.resolve(folder, given)) || '.'
}
