import type { Versions } from '../../facts/packages.ts'
import type { Command } from '../../kit/command.ts'
import type { Reader } from '../../model/operation.ts'
import type { InstallOptions, RemoveOptions } from '../packages.ts'
import { apt } from './apt.ts'
import { yum } from './yum.ts'
import type { Wanted } from './versions.ts'

/** What to install. */
export interface Installing {
  /** Those with the version that they must have, or '' for the newest there is. */
  readonly wanted: Wanted
  /** Those of them that are installed already. */
  readonly there: readonly string[]
  /** Those that come from a file of the host, and that file. */
  readonly files: Readonly<Record<string, string>>
  /** To the newest, whatever is there. */
  readonly latest: boolean
  readonly options: InstallOptions
}

/** What a package manager is asked and told. */
export interface Manager {
  /** The newest version of each that its repositories have; of those that are as new as that it may say nothing. */
  newest(connection: Reader, names: readonly string[]): Promise<Versions>
  /** The other packages that would go if these went. @throws Advice when they cannot */
  dependents(connection: Reader, names: readonly string[]): Promise<readonly string[]>
  install(what: Installing): Command
  remove(names: readonly string[], options: RemoveOptions): Command
}

/** The package managers by the name of their program. */
export const managers: Readonly<Record<string, Manager>> = { 'apt-get': apt, dnf: yum('dnf'), yum: yum('yum') }
