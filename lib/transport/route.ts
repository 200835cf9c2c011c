import { hostname as localName, homedir, userInfo } from 'node:os'
import type { ConnectionSettings, Host } from '../model/inventory.ts'
import { Unreachable } from '../model/operation.ts'
import { hostName, SshConfig, type SshOptions } from './ssh-config.ts'

/** How one host is reached: what the inventory says, and where it is silent, what ssh_config says. */
export interface Route {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** Those of the inventory, completed. */
  readonly settings: ConnectionSettings
  /** Key files by ssh_config; undefined when it names none, and empty when it wants none. */
  readonly identities: readonly string[] | undefined
  /** Keys of the agent that are none of `identities` are not shown. */
  readonly identitiesOnly: boolean
  /** Files of certificates, besides those that lie beside keys. */
  readonly certificates: readonly string[]
  /** The ways to log in that are wanted, the first first; undefined: any, in our order. */
  readonly authentications: readonly string[] | undefined
  /** The socket of the agent whose keys are shown. */
  readonly agent: string | undefined
  /** The socket of the agent that the host may use. */
  readonly forwardAgent: string | undefined
  /** The name its key is known by, in place of address and port. */
  readonly hostKeyAlias: string | undefined
  readonly alive: { readonly seconds: number; readonly tries: number }
  /** The hosts to go through, the first first. */
  readonly jumps: readonly Jump[]
}

/** One host to go through. */
export interface Jump {
  readonly host: string
  readonly user?: string
  readonly port?: number
}

/** Finds routes; each file is read once. */
export class Routes {
  readonly #configs = new Map<string, SshConfig>()
  readonly #warn: (message: string) => void

  constructor(warn: (message: string) => void) {
    const said = new Set<string>()
    this.#warn = (message) => {
      if (!said.has(message)) warn(message)
      said.add(message)
    }
  }

  /** @throws Unreachable */
  async to(host: Host): Promise<Route> {
    const { name, settings } = host
    // As Ansible: what would be typed after ssh is the address, so that an address may also be an alias there.
    const typed = settings.address ?? name
    const options = await this.#options(typed, settings)
    const port = settings.port ?? numeric(options, 'port', typed) ?? 22
    const user = settings.user ?? options.get('user') ?? userInfo().username
    const address = hostName(options.get('hostname') ?? '%h', typed)
    const fill = (text: string): string => filled(text, { typed, address, port, user })
    const [proxyCommand, proxyJump] = this.#proxies(host, options)
    const agent = agentOf(options.get('identityagent'), fill)
    return {
      name,
      address,
      port,
      user,
      agent,
      settings: {
        ...settings,
        address,
        port,
        user,
        proxyCommand,
        proxyJump,
        timeout: settings.timeout ?? duration(options.get('connecttimeout')),
        hostKeys: settings.hostKeys ?? this.#hostKeys(options, typed),
        knownHosts: settings.knownHosts ?? knownHostsOf(options, fill),
      },
      identities:
        options.all('identityfile').length === 0
          ? undefined
          : options
              .all('identityfile')
              .filter((file) => file !== 'none')
              .map(fill),
      certificates: options
        .all('certificatefile')
        .filter((file) => file !== 'none')
        .map(fill),
      identitiesOnly: yes(options.get('identitiesonly')),
      authentications: authenticationsOf(options),
      forwardAgent:
        settings.forwardAgent === undefined
          ? forwarded(options.get('forwardagent'), agent, fill)
          : settings.forwardAgent
            ? agent
            : undefined,
      hostKeyAlias: options.get('hostkeyalias'),
      alive: {
        seconds: duration(options.get('serveraliveinterval')) ?? 15,
        tries: numeric(options, 'serveralivecountmax', typed) ?? 3,
      },
      jumps: proxyJump === undefined ? [] : jumpsOf(proxyJump, name),
    }
  }

  async #options(host: string, { sshConfig = true, sshOptions, user }: ConnectionSettings): Promise<SshOptions> {
    const key = String(sshConfig)
    const config = this.#configs.get(key) ?? new SshConfig(sshConfig, this.#warn)
    this.#configs.set(key, config)
    return config.lookup({ host, user, options: sshOptions })
  }

  #proxies(
    { name, settings }: Host,
    options: SshOptions,
  ): readonly [command: string | undefined, jump: string | undefined] {
    if (settings.proxyCommand !== undefined && settings.proxyJump !== undefined) {
      throw new Unreachable(`cannot connect to ${name}: both proxyCommand and proxyJump are set`, 'set one of them')
    }
    const [command, jump] =
      settings.proxyCommand !== undefined || settings.proxyJump !== undefined
        ? [settings.proxyCommand, settings.proxyJump]
        : [options.get('proxycommand'), options.get('proxyjump')]
    // A group's jump host is in the group itself as often as not.
    const self = jump === name || jump === settings.address
    return [command === 'none' ? undefined : command, jump === 'none' || self ? undefined : jump]
  }

  #hostKeys(options: SshOptions, host: string): ConnectionSettings['hostKeys'] {
    switch (options.get('stricthostkeychecking')?.toLowerCase()) {
      case 'yes':
        return 'strict'
      case 'ask':
        return 'ask'
      case 'accept-new':
        return 'accept-new'
      case 'no':
      case 'off':
        this.#warn(
          `StrictHostKeyChecking no for ${host} is taken as accept-new, ` +
            'so a host key that has changed is still refused',
        )
        return 'accept-new'
      default:
        return undefined
    }
  }
}

const jump = /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(?:\[([^\]\s]+)\]|([^:@\s[\]]+))(?::(\d+))?\/?$/

/** Reads ssh's list of jump hosts. @throws Unreachable */
export function jumpsOf(text: string, name: string): readonly Jump[] {
  return text.split(',').map((one) => {
    const [, user, bracketed, plain, port] = jump.exec(one.trim()) ?? []
    const host = bracketed ?? plain
    if (host === undefined || (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65535))) {
      throw new Unreachable(
        `cannot connect to ${name}: "${one.trim()}" is no jump host`,
        'write proxyJump as host, user@host or user@host:port, several with commas',
      )
    }
    return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port: Number(port) }) }
  })
}

interface Known {
  readonly typed: string
  readonly address: string
  readonly port: number
  readonly user: string
}

/** Fills in ssh's tokens, the home directory and the environment. */
function filled(text: string, { typed, address, port, user }: Known): string {
  const local = userInfo()
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    d: homedir(),
    h: address,
    i: String(local.uid),
    k: typed,
    L: localName().split('.')[0]!,
    l: localName(),
    n: typed,
    p: String(port),
    r: user,
    u: local.username,
  }
  return text
    .replace(/^~(?=\/|$)/, homedir())
    .replaceAll(/\$\{(\w+)\}/g, (_, name: string) => process.env[name] ?? '')
    .replaceAll(/%(.)/g, (token, letter: string) => {
      const value = tokens[letter]
      if (value !== undefined) return value
      throw new Unreachable(
        `cannot connect to ${typed}: ssh_config has ${text}, and ${token} is not supported`,
        'write the value out there, or set sshConfig to false in the inventory',
      )
    })
}

function knownHostsOf(options: SshOptions, fill: (text: string) => string): readonly string[] | undefined {
  const own = options.all('userknownhostsfile')
  const shared = options.all('globalknownhostsfile')
  if (own.length === 0 && shared.length === 0) return undefined
  return [
    ...(own.length === 0 ? ['~/.ssh/known_hosts'] : own),
    ...(shared.length === 0 ? ['/etc/ssh/ssh_known_hosts'] : shared),
  ]
    .filter((file) => file !== 'none')
    .map(fill)
}

const ways = ['publickey', 'password', 'keyboard-interactive']

function authenticationsOf(options: SshOptions): readonly string[] | undefined {
  const preferred = options.get('preferredauthentications')?.toLowerCase().split(',')
  const off = [
    ...(options.get('pubkeyauthentication') === 'no' ? ['publickey'] : []),
    ...(options.get('passwordauthentication') === 'no' ? ['password'] : []),
    ...([options.get('kbdinteractiveauthentication'), options.get('challengeresponseauthentication')].includes('no')
      ? ['keyboard-interactive']
      : []),
  ]
  return preferred === undefined && off.length === 0
    ? undefined
    : (preferred ?? ways).filter((way) => !off.includes(way))
}

function agentOf(told: string | undefined, fill: (text: string) => string): string | undefined {
  const own = process.env['SSH_AUTH_SOCK'] || undefined
  if (told === undefined || told === 'SSH_AUTH_SOCK') return own
  if (told === 'none') return undefined
  return told.startsWith('$') ? process.env[told.replaceAll(/[${}]/g, '')] : fill(told)
}

function forwarded(
  told: string | undefined,
  agent: string | undefined,
  fill: (text: string) => string,
): string | undefined {
  if (told === undefined || told === 'no') return undefined
  if (told === 'yes') return agent ?? (process.env['SSH_AUTH_SOCK'] || undefined)
  return told.startsWith('$') ? process.env[told.replaceAll(/[${}]/g, '')] : fill(told)
}

const yes = (value: string | undefined): boolean => value === 'yes' || value === 'true'

function numeric(options: SshOptions, keyword: string, host: string): number | undefined {
  const value = options.get(keyword)
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value)
  throw new Unreachable(
    `cannot connect to ${host}: ssh_config has ${keyword} ${value}, which is no number`,
    'correct it there, or set sshConfig to false in the inventory',
  )
}

/** Seconds of a time as ssh writes it: 90, 90s, 1m30s. */
function duration(value: string | undefined): number | undefined {
  if (value === undefined || !/^(\d+[smhdw]?)+$/i.test(value)) return undefined
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }
  let seconds = 0
  for (const [, digits, unit] of value.matchAll(/(\d+)([smhdw]?)/gi)) {
    seconds += Number(digits) * (units[unit!.toLowerCase()] ?? 1)
  }
  return seconds === 0 ? undefined : seconds
}
