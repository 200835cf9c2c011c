import type { Location } from './location.ts'
import type { Problem } from './problem.ts'
import type { Secret } from './secret.ts'

/**
 * A value that nobody has: a template that is not evaluated, a vault that is not opened. It matters when it is used.
 */
export class Unusable {
  readonly problem: Problem
  constructor(problem: Problem) {
    this.problem = problem
  }
}

/** A value as the inventory gives it, and the place that gave it. */
export interface RawVar {
  /** The value, with templates evaluated; an `Unusable` where that could not be done. */
  readonly value: unknown
  /** What stands there, where that is a template. */
  readonly written?: unknown
  /** How a number is spelled there, where its text is another one: `8.0`. */
  readonly said?: string
  readonly from: string
  /** What the same name would have meant without this one, the nearest first. */
  readonly overrode?: readonly RawVar[]
}
export type RawVars = Readonly<Record<string, RawVar>>

/** The path of a file that reaches hosts in a way of its own; it begins with the inventory's folder, or with `/`. */
export type ConnectionFile = `./${string}` | `../${string}` | `/${string}`

/** How a host is reached. All of it has defaults but the address, which is the host's name unless said. */
export interface ConnectionSettings {
  /** ssh unless said; or a file that exports `connect`, by its path: see `Connect`. */
  readonly connection?: 'ssh' | 'local' | ConnectionFile
  readonly address?: string
  readonly port?: number
  readonly user?: string
  readonly password?: Secret
  /** Path of a private key file. */
  readonly privateKey?: string
  readonly passphrase?: Secret
  /** Files of known host keys; default: ~/.ssh/known_hosts and the system's. */
  readonly knownHosts?: string | readonly string[]
  /**
   * strict: an unknown key is refused. accept-new: it is recorded, a changed one refused. ask: on a terminal, else
   * strict.
   */
  readonly hostKeys?: 'strict' | 'accept-new' | 'ask'
  /** A command whose stdin and stdout are the connection; %h and %p stand for address and port. */
  readonly proxyCommand?: string
  /**
   * Hosts to go through, the first first: `bastion` or `a,user@b:2222`, by their names in the inventory where they have
   * one.
   */
  readonly proxyJump?: string
  /**
   * Options as behind `ssh -o`, such as `ServerAliveInterval=5`: above those of ssh_config, below the settings here.
   */
  readonly sshOptions?: readonly string[]
  /**
   * ssh_config to read in place of ~/.ssh/config and the system's, or false for none; the settings here win over it.
   */
  readonly sshConfig?: string | boolean
  /** Lets commands on the host use the keys of the operator's ssh agent. */
  readonly forwardAgent?: boolean
  /** Allows the algorithms of 2010 (OpenSSH 5.3); off, because they are weak. */
  readonly legacy?: boolean
  /** Seconds that the host may take to let in, and to begin a command; 10 unless said. */
  readonly timeout?: number
  /** How often the first connection is tried again when nobody answers; default 0. */
  readonly connectRetries?: number
  readonly become?: boolean | string
  readonly becomeMethod?: 'sudo' | 'su'
  /** The program that changes the user, in place of sudo or su, as a shell reads it: `/opt/bin/sudo`, `sudo su -`. */
  readonly becomeExe?: string
  /** Its flags, as a shell reads them; `-H` for sudo and none for su unless said. */
  readonly becomeFlags?: string
  readonly becomePassword?: Secret
}

export interface Host {
  readonly name: string
  readonly groups: readonly string[]
  readonly settings: ConnectionSettings
  readonly vars: RawVars
  readonly at?: Location
  /** Who acts there by its `ansible_become` and its kin: above what tasks and plays say, as in Ansible. */
  readonly become?: { readonly wanted?: boolean; readonly user?: string }
  /** Why it cannot be reached as the inventory says: that matters to whoever wants to work on it. */
  readonly faults?: readonly Problem[]
}

/** Another host, by name, as a variable or a delegation holds it. */
export interface HostRef {
  readonly name: string
}

export interface Group {
  readonly name: string
  /** Its hosts and those of its child groups. */
  readonly hosts: readonly string[]
  /** Those that the inventory names in this group itself. */
  readonly own?: readonly string[]
  readonly children: readonly string[]
  readonly vars: RawVars
}

/** Hosts in the order the inventory mentions them, groups with the hosts of their child groups. */
export interface Inventory {
  readonly path: string
  readonly hosts: ReadonlyMap<string, Host>
  readonly groups: ReadonlyMap<string, Group>
}

/** The hosts of a group, those of its child groups included, in inventory order. */
export function hostsOf(inventory: Inventory, group: string): readonly Host[] {
  return [...inventory.hosts.values()].filter((host) => group === 'all' || host.groups.includes(group))
}
