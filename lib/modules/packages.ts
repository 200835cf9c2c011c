import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { left } from '../model/foreseen.ts'
import { type Installed, packagesOf, type Versions } from '../facts/packages.ts'
import { Advice, CommandFailed, operation } from '../model/operation.ts'
import type { Connection, Diff, Operation } from '../model/operation.ts'
import { type Command, perform } from '../kit/command.ts'
import { isFile, type Looked, lookAtPackages, namesOf } from './packages/look.ts'
import { type Manager, managers } from './packages/manager.ts'
import { replacedPackages } from './packages/replaced.ts'
import { missing, refuseOlder, type Wanted } from './packages/versions.ts'

/**
 * Package names, `name=version`, or absolute paths of .deb or .rpm files on the host; or names with the version each
 * must have: '' for any, `2013.2*` for any that begins so.
 */
export type PackageNames = string | readonly string[] | Readonly<Record<string, string>>

/** How packages are installed. */
export interface InstallOptions {
  /** Whether what a package recommends comes along; the host decides unless said. Only apt knows it. */
  readonly recommends?: boolean
  /** Seconds that the lists of what can be had may be old; they are fetched again when they are older. */
  readonly refresh?: number
  /** Takes an older version, too, when that is the one asked for. */
  readonly downgrade?: boolean
  /** Seconds to wait for another run of the package manager; 300 unless said. */
  readonly lockTimeout?: number
}

const installNames: OptionNames<InstallOptions> = {
  recommends: true,
  refresh: true,
  downgrade: true,
  lockTimeout: true,
}

/** How packages are removed. */
export interface RemoveOptions {
  /** Their configuration files go, too. Only apt keeps them otherwise. */
  readonly purge?: boolean
  /** Removes also the packages that need them, which is refused otherwise. */
  readonly dependents?: boolean
  readonly lockTimeout?: number
}

const removeNames: OptionNames<RemoveOptions> = { purge: true, dependents: true, lockTimeout: true }

/** The versions that the host has of the packages named; in check mode those it has before. */
export type PackageState = { readonly versions: { readonly [name: string]: string } }

/**
 * Packages that are installed, whatever their version, or in the version given. Uses apt-get, dnf or yum.
 *
 * ```ts
 * task('Install nova', packages.installed(['openstack-nova-api', 'openstack-nova-conductor']))
 * task('Install glance', packages.installed({ 'glance-api': '1:2014.1.5-0ubuntu1' }, { refresh: 3600 }))
 * task('Install what was brought', packages.installed(['/root/agent_1.2_all.deb', 'curl=7.88*']))
 * ```
 * A name that only other packages provide, such as `mail-transport-agent`, is there when one of them is.
 * Configuration files that were edited stay as they are.
 */
export function installed(names: PackageNames, options: InstallOptions = {}): Operation<PackageState> {
  refuseUnknown('packages.installed', options, installNames)
  return bring({ word: 'installed', wanted: wantedOf('installed', names), options })
}

/**
 * Packages that are installed in the newest version that the host's repositories have.
 *
 * ```ts
 * task('Close the hole', packages.latest(['openssl', 'bash'], { refresh: 0 }))
 * ```
 */
export function latest(names: string | readonly string[], options: InstallOptions = {}): Operation<PackageState> {
  refuseUnknown('packages.latest', options, installNames)
  return bring({ word: 'latest', wanted: wantedOf('latest', names), options })
}

/**
 * Packages that are not installed. Where others need them nothing is removed, unless `dependents` says so.
 *
 * ```ts
 * task('Drop the old network service', packages.absent(['openstack-quantum', 'python-quantum']))
 * ```
 */
export function absent(names: string | readonly string[], options: RemoveOptions = {}): Operation<PackageState> {
  refuseUnknown('packages.absent', options, removeNames)
  return remove({ wanted: wantedOf('absent', names), options })
}

interface Bringing {
  readonly word: 'installed' | 'latest'
  readonly wanted: Wanted
  readonly options: InstallOptions
}

interface Found extends Looked {
  /** The newest version by name, where there is a newer one. */
  readonly newer: Versions
}

function wantedOf(word: string, names: PackageNames): Wanted {
  const wanted =
    typeof names === 'string'
      ? Object.fromEntries([versioned(names)])
      : Array.isArray(names)
        ? Object.fromEntries((names as readonly string[]).map(versioned))
        : (names as Wanted)
  if (Object.keys(wanted).length === 0) throw new Advice(`packages.${word}: say which packages`, 'name one at least')
  for (const [name, version] of Object.entries(wanted)) {
    if (word === 'installed' && isFile(name)) continue
    if (/(:|\.(x86_64|i[3-6]86|noarch|aarch64))\w*$/.test(name)) {
      throw new Advice(`the package ${name} is named with its architecture`, 'give the name alone')
    }
    if (!/^[A-Za-z0-9][\w.+-]*$/.test(name))
      throw new Advice(
        `${JSON.stringify(name)} cannot be the name of a package`,
        'check it for blanks and quotes; a version goes behind =, as in nova=2014.1',
      )
    if (!/^([\w.+:~^-]+\*?)?$/.test(version))
      throw new Advice(
        `${JSON.stringify(version)} cannot be a version of ${name}`,
        'write it as the package manager shows it, or with * at its end',
      )
  }
  return wanted
}

function versioned(name: string): readonly [name: string, version: string] {
  const [, bare = name, version = ''] = /^([^/=]+)=(.+)$/.exec(name) ?? []
  return [bare, version]
}

const bring = operation<Bringing, Found, Command, PackageState>(
  ({ word, wanted }) => `packages.${word} ${Object.keys(wanted).join(' ')}`,
  {
    lasting: ({ word }) => word !== 'latest',
    async read(connection, { word, wanted }) {
      const found = await lookAtPackages(connection, wanted)
      if (word !== 'latest') return { ...found, newer: {} }
      const newest = await managerOf(found).newest(connection, Object.keys(wanted))
      const newer = Object.entries(newest).filter(([name, version]) => isOther(found.versions[name], version))
      return { ...found, newer: Object.fromEntries(newer) }
    },
    plan(found, { word, wanted: asked, options }) {
      const { versions, newer, files } = found
      const wanted = namesOf(asked, files)
      const todo = missing(versions, newer, wanted)
      if (todo.length === 0) return { result: { versions } }
      const there = todo.filter((name) => versions[name] !== undefined)
      if (options.downgrade !== true)
        refuseOlder(
          there.filter((name) => wanted[name]),
          versions,
          wanted,
        )
      const after = (name: string) => newer[name] || wanted[name] || (word === 'latest' ? 'the newest' : 'any version')
      return {
        result: { versions },
        unpredictable: true,
        leaves: todo.map((name) =>
          // Of a pattern, or of any version, the one is not known; that it is there is.
          left<string | undefined>(`package ${name}`, (is) => newer[name] || wanted[name] || is || 'some version'),
        ),
        change: managerOf(found).install({
          wanted: Object.fromEntries(todo.map((name) => [name, wanted[name]!])),
          there,
          files: Object.fromEntries(files.map(({ name, path }) => [name, path])),
          latest: word === 'latest',
          options,
        }),
        replaces: [replacedPackages],
        diff: list(todo, versions, after),
      }
    },
    async apply(connection, command, { wanted }) {
      const said = await manage(connection, command)
      const { versions, files } = await lookAtPackages(connection, wanted)
      const [name] = missing(versions, {}, namesOf(wanted, files))
      if (name === undefined) return { versions }
      const have = versions[name] === undefined ? 'not installed' : `there in version ${versions[name]}`
      throw new Advice(
        `the package manager ended well, and ${name} is still ${have}: ${endOf(said)}`,
        'is it the name of a real package, and does a repository have that version?',
      )
    },
  },
)

const remove = operation<
  { readonly wanted: Wanted; readonly options: RemoveOptions },
  Installed & { readonly others: readonly string[] },
  Command,
  PackageState
>(({ wanted }) => `packages.absent ${Object.keys(wanted).join(' ')}`, {
  async read(connection, { wanted }) {
    const found = await packagesOf(connection, Object.keys(wanted))
    const names = Object.keys(found.versions)
    const all = names.length === 0 ? [] : await managerOf(found).dependents(connection, names)
    return { ...found, others: [...new Set(all)].filter((name) => !names.includes(name)).sort() }
  },
  plan(found, { options }) {
    const { versions, others } = found
    const names = Object.keys(versions)
    if (others.length > 0 && options.dependents !== true) {
      throw new Advice(
        `${names.join(', ')} cannot be removed alone: ${others.join(', ')} would go, too`,
        'name them as well, or give dependents: true',
      )
    }
    if (names.length === 0) return { result: { versions: {} } }
    const all = { ...Object.fromEntries(others.map((name) => [name, 'needs them'])), ...versions }
    return {
      result: { versions: {} },
      change: managerOf(found).remove(names, options),
      leaves: Object.keys(all).map((name) => left<string | undefined>(`package ${name}`, () => undefined)),
      replaces: [replacedPackages],
      diff: list(Object.keys(all), all, () => undefined),
    }
  },
  async apply(connection, command, { wanted }) {
    const said = await manage(connection, command)
    const [name] = Object.keys((await packagesOf(connection, Object.keys(wanted))).versions)
    if (name !== undefined)
      throw new Advice(
        `the package manager ended well, and ${name} is still installed: ${endOf(said)}`,
        'look what brings it back: a held or pinned package, or one that needs it',
      )
  },
})

function managerOf({ manager }: Installed): Manager {
  const found = managers[manager]
  if (!found) throw new Advice('the host has none of apt-get, dnf and yum', 'install its packages with shell')
  return found
}

function isOther(version: string | undefined, newest: string): boolean {
  return version !== undefined && version !== newest
}

function list(names: readonly string[], before: Versions, after: (name: string) => string | undefined): Diff {
  const lines = (of: (name: string) => string | undefined) =>
    [...names]
      .sort()
      .flatMap((name) => (of(name) === undefined ? [] : [`${name} ${of(name)}\n`]))
      .join('')
  return { path: 'packages', before: lines((name) => before[name]), after: lines(after) }
}

function endOf(said: string): string {
  return said.trim().split('\n').slice(-5).join('\n')
}

async function manage(connection: Connection, command: Command): Promise<string> {
  try {
    const { stdout, stderr } = await perform(connection, command)
    return `${stdout}\n${stderr}`
  } catch (error) {
    throw error instanceof CommandFailed ? failureOf(error) : error
  }
}

const known = [
  'Unable to locate package \\S+',
  'Version .* was not found.*',
  'No package \\S+ available\\.?',
  'No match for argument: \\S+',
  'Could not get lock.*',
  'Unable to acquire.*',
]

function failureOf(error: CommandFailed): Error {
  const said = `${error.result.stdout}\n${error.result.stderr}`
  const why = new RegExp(`^(?:E: )?(${known.join('|')})$`, 'm').exec(said)?.[1]
  if (why === undefined) return error
  return new Advice(
    why,
    /lock|acquire/.test(why)
      ? 'another run of the package manager holds it: wait for it, or give a longer lockTimeout'
      : 'check the name and the repositories of the host; refresh: 0 fetches the lists of what there is first',
  )
}
