import { packages as versionsOf, type Versions } from '../facts/packages.ts'
import { Advice, CommandFailed, legacyOperation } from '../model/operation.ts'
import type { Connection, Diff, Operation, Reader } from '../model/operation.ts'
import { sh } from '../kit/shell.ts'
import { answers } from '../kit/answers.ts'

/** Package names, or names with the version each must have: '' for any, `2013.2*` for any that begins so. */
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

/** How packages are removed. */
export interface RemoveOptions {
  /** Their configuration files go, too. Only apt keeps them otherwise. */
  readonly purge?: boolean
  /** Removes also the packages that need them, which is refused otherwise. */
  readonly dependents?: boolean
  readonly lockTimeout?: number
}

/** The versions that the host has of the packages named; in check mode those it has before. */
export type PackageState = { readonly versions: { readonly [name: string]: string } }

/**
 * Packages that are installed, whatever their version, or in the version given. Uses apt-get, dnf or yum.
 *
 * ```ts
 * task('Install nova', packages.installed(['openstack-nova-api', 'openstack-nova-conductor']))
 * task('Install glance', packages.installed({ 'glance-api': '1:2014.1.5-0ubuntu1' }, { refresh: 3600 }))
 * ```
 * Configuration files that were edited stay as they are.
 */
export function installed(names: PackageNames, options: InstallOptions = {}): Operation<PackageState> {
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
  return remove({ wanted: wantedOf('absent', names), options })
}

type Wanted = Readonly<Record<string, string>>

interface Bringing {
  readonly word: 'installed' | 'latest'
  readonly wanted: Wanted
  readonly options: InstallOptions
}

interface Found {
  readonly versions: Versions
  /** The newest version by name, where there is a newer one. */
  readonly newer: Versions
}

function wantedOf(word: string, names: PackageNames): Wanted {
  const wanted =
    typeof names === 'string'
      ? { [names]: '' }
      : Array.isArray(names)
        ? Object.fromEntries((names as readonly string[]).map((name) => [name, '']))
        : (names as Wanted)
  if (Object.keys(wanted).length === 0) throw new Error(`packages.${word}: say which packages`)
  for (const [name, version] of Object.entries(wanted)) {
    if (/(:|\.(x86_64|i[3-6]86|noarch|aarch64))\w*$/.test(name)) {
      throw new Error(`the package ${name} is named with its architecture: give the name alone`)
    }
    if (!/^[A-Za-z0-9][\w.+-]*$/.test(name)) throw new Error(`${JSON.stringify(name)} cannot be the name of a package`)
    if (!/^([\w.+:~^-]+\*?)?$/.test(version))
      throw new Error(`${JSON.stringify(version)} cannot be a version of ${name}`)
  }
  return wanted
}

const bring = legacyOperation<Bringing, Found, PackageState>(
  ({ word, wanted }) => `packages.${word} ${Object.keys(wanted).join(' ')}`,
  {
    async read(connection, { word, wanted }) {
      if (word === 'latest') return newest(connection, Object.keys(wanted))
      return { versions: await installedOf(connection, wanted), newer: {} }
    },
    plan({ versions, newer }, { word, wanted, options }) {
      const todo = missing(versions, newer, wanted)
      const changed = todo.length > 0
      const other = todo.filter((name) => versions[name] !== undefined && wanted[name])
      if (other.length > 0 && options.downgrade !== true) refuseOlder(other, versions, wanted)
      const after = (name: string) => newer[name] || wanted[name] || (word === 'latest' ? 'the newest' : 'any version')
      return {
        changed,
        result: { versions },
        ...(changed ? { unpredictable: true, diff: list(todo, versions, after) } : {}),
      }
    },
    async apply(connection, _plan, { word, wanted, options }, { versions, newer }) {
      const todo = missing(versions, newer, wanted)
      const said = await manage(connection, installScript(word, todo, wanted, options))
      const now = await installedOf(connection, wanted)
      const still = word === 'latest' ? todo.filter((name) => now[name] === undefined) : missing(now, {}, wanted)
      if (still.length > 0) {
        const [name] = still as [string]
        const have = now[name] === undefined ? 'not installed' : `there in version ${now[name]}`
        throw new Advice(
          `the package manager ended well, and ${name} is still ${have}: ${endOf(said)}`,
          'is it the name of a real package, and does a repository have that version?',
        )
      }
      return { versions: now }
    },
  },
)

// A version that is older than the one there is a decision; the manager itself would do nothing and end well.
function refuseOlder(names: readonly string[], versions: Versions, wanted: Wanted): void {
  for (const name of names) {
    const asked = wanted[name]!.replace(/\*$/, '')
    if (compareVersions(versions[name]!, asked) > 0) {
      throw new Advice(
        `${name} is there in version ${versions[name]}, which is newer than ${wanted[name]}`,
        'give downgrade: true if the older one is meant',
      )
    }
  }
}

const remove = legacyOperation<
  { readonly wanted: Wanted; readonly options: RemoveOptions },
  { readonly versions: Versions; readonly others: readonly string[] },
  PackageState
>(({ wanted }) => `packages.absent ${Object.keys(wanted).join(' ')}`, {
  async read(connection, { wanted }) {
    const versions = await installedOf(connection, wanted)
    const names = Object.keys(versions)
    return { versions, others: names.length === 0 ? [] : await dependents(connection, names) }
  },
  plan({ versions, others }, { options }) {
    const names = Object.keys(versions)
    if (others.length > 0 && options.dependents !== true) {
      throw new Advice(
        `${names.join(', ')} cannot be removed alone: ${others.join(', ')} would go, too`,
        'name them as well, or give dependents: true',
      )
    }
    const changed = names.length > 0
    const all = { ...Object.fromEntries(others.map((name) => [name, 'needs them'])), ...versions }
    return {
      changed,
      result: { versions: {} },
      ...(changed ? { diff: list(Object.keys(all), all, () => undefined) } : {}),
    }
  },
  async apply(connection, _plan, { wanted, options }, { versions }) {
    const said = await manage(connection, removeScript(Object.keys(versions), options))
    const now = await installedOf(connection, wanted)
    const [name] = Object.keys(now)
    if (name !== undefined) {
      throw new Error(`the package manager ended well, and ${name} is still installed: ${endOf(said)}`)
    }
    return { versions: {} }
  },
})

function installedOf(connection: Reader, wanted: Wanted): Promise<Versions> {
  return versionsOf(...(Object.keys(wanted) as [string, ...string[]])).read(connection)
}

function missing(versions: Versions, newer: Versions, wanted: Wanted): readonly string[] {
  return Object.keys(wanted).filter((name) => {
    const found = versions[name]
    return found === undefined || newer[name] !== undefined || !fits(found, wanted[name]!)
  })
}

/** A version that says no release fits any of them. */
function fits(found: string, wanted: string): boolean {
  if (wanted.endsWith('*')) return found.startsWith(wanted.slice(0, -1))
  // rpm tells no epoch when it is asked for version and release.
  const bare = wanted.replace(/^\d+:/, '')
  return (
    wanted === '' ||
    [wanted, ...(found.includes(':') ? [] : [bare])].some((one) => found === one || found.startsWith(`${one}-`))
  )
}

// Good enough to tell older from newer: by the numbers, then by the words between them; ~ comes before everything.
function compareVersions(a: string, b: string): number {
  // rpm tells no epoch of what is installed, so there is nothing to compare one with.
  const epochs = a.includes(':')
  const x = pieces(a, epochs)
  const y = pieces(b, epochs)
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [p, q] = [x[i], y[i]]
    if (p === q) continue
    if (p === '~' || q === '~') return p === '~' ? -1 : 1
    if (p === undefined || q === undefined) return p === undefined ? -1 : 1
    if (/\d/.test(p) && /\d/.test(q)) {
      if (Number(p) !== Number(q)) return Number(p) - Number(q)
    } else return /\d/.test(p) ? 1 : /\d/.test(q) ? -1 : p < q ? -1 : 1
  }
  return 0
}

function pieces(version: string, epochs: boolean): readonly string[] {
  const bare = version.replace(/^\d+:/, '')
  const whole = epochs ? (bare === version ? `0:${version}` : version) : bare
  return whole.match(/\d+|[A-Za-z]+|~/g) ?? []
}

function list(names: readonly string[], before: Versions, after: (name: string) => string | undefined): Diff {
  const lines = (of: (name: string) => string | undefined) =>
    [...names]
      .sort()
      .flatMap((name) => (of(name) === undefined ? [] : [`${name} ${of(name)}\n`]))
      .join('')
  return { path: 'packages', before: lines((name) => before[name]), after: lines(after) }
}

const noManager = 'the host has none of apt-get, dnf and yum'

// The scripts tell the manager by its command; a Debian host may have rpm or yum as a tool, so apt comes first.
const choose = `
if [ -s /var/lib/dpkg/status ] && command -v apt-get >/dev/null 2>&1; then m=apt-get
elif command -v dnf >/dev/null 2>&1; then m=dnf
elif command -v yum >/dev/null 2>&1; then m=yum
else echo '${noManager}' >&2; exit 1
fi
`

async function newest(connection: Reader, names: readonly string[]): Promise<Found> {
  const versions = await versionsOf(...(names as [string, ...string[]])).read(connection)
  const { told } = await answers(connection, { told: choose + sh`set -- ${names}` + newestScript }, { timeout: 600 })
  if (told.code !== 0)
    throw new Error(`the newest versions of ${names.join(', ')} cannot be told: is there apt-get, dnf or yum?`)
  const newer: Record<string, string> = {}
  for (const line of told.stdout.split('\n')) {
    const [name, version] = line.split(/\s+/)
    const bare = name?.replace(/\.[^.]+$/, '')
    const known = names.find((one) => one === name) ?? names.find((one) => one === bare)
    if (known !== undefined && version && versions[known] !== undefined && version !== versions[known])
      newer[known] = version
  }
  return { versions, newer }
}

// yum ends with 100 when there is something newer.
const newestScript = `
if [ $m = apt-get ]; then
  apt-cache policy "$@" | sed -n -e 's/^\\([^ ].*\\):$/\\1/p' -e 's/^  Candidate: / /p' | paste -d' ' - -
else
  $m -q check-update "$@" 2>/dev/null; c=$?; [ $c = 0 ] || [ $c = 100 ]
fi
`

async function dependents(connection: Reader, names: readonly string[]): Promise<readonly string[]> {
  const { told } = await answers(
    connection,
    { told: choose + sh`set -- ${names}` + dependentsScript },
    { timeout: 300 },
  )
  if (told.code === 8) {
    throw new Advice(
      `${names.join(', ')} cannot be removed: ${told.stdout.trim().replace(/^E: /, '')}`,
      `see why, on the host: apt-get -s remove ${names.join(' ')}`,
    )
  }
  if (told.code !== 0) throw new Error(`what needs ${names.join(', ')} cannot be told: ${noManager}`)
  return [...new Set(told.stdout.split('\n').filter((name) => name !== '' && !names.includes(name)))].sort()
}

// rpm names the packages that would miss something, with their version and architecture.
const dependentsScript = `
if [ $m = apt-get ]; then
  o=$(apt-get -s -y remove "$@" 2>&1) || { printf '%s\\n' "$o" | grep '^E:'; exit 8; }
  printf '%s\\n' "$o" | sed -n 's/^Remv \\([^ ]*\\) .*/\\1/p'
else
  rpm -e --test "$@" 2>&1 | sed -n 's/.*(installed) //p'
  :
fi
`

function installScript(
  word: 'installed' | 'latest',
  names: readonly string[],
  wanted: Wanted,
  { recommends, refresh, downgrade = false, lockTimeout = 300 }: InstallOptions,
): string {
  const apt = names.map((name) => (wanted[name] ? `${name}=${wanted[name]}` : name))
  // dnf and yum take the epoch before the name.
  const rpm = names.map((name) => {
    const [, epoch = '', version = ''] = /^(\d+:)?(.*)$/.exec(wanted[name]!)!
    return version === '' ? name : `${epoch}${name}-${version}`
  })
  return [
    ...head(lockTimeout),
    `if [ $m = apt-get ]; then`,
    ...(refresh === undefined
      ? []
      : [
          sh`  s=$(stat -c %Y /var/lib/apt/lists 2>/dev/null || echo 0); if [ $(( $(date +%s) - s )) -ge ${refresh} ]; then`,
          '    locked apt-get -q -y update || exit',
          '    touch /var/lib/apt/lists',
          '  fi',
        ]),
    ...(downgrade
      ? [
          `  case $(apt-get --version | head -n 1) in 'apt '0.*|'apt 1.0'*) d=--force-yes ;; *) d=--allow-downgrades ;; esac`,
        ]
      : ['  d=']),
    `  locked ${aptGet} $d ${recommends === undefined ? '' : `${recommends ? '--install-recommends' : '--no-install-recommends'} `}` +
      sh`install ${apt}`,
    'else',
    ...(refresh === undefined ? [] : ['  $m -q clean expire-cache || exit']),
    sh`  set -- ${rpm}`,
    word === 'latest'
      ? '  for p; do if rpm -q "$p" >/dev/null 2>&1; then u="$u $p"; else i="$i $p"; fi; done\n' +
        '  [ -z "$i" ] || $m -y install $i || exit\n  [ -z "$u" ] || $m -y update $u'
      : '  $m -y install "$@" || exit',
    ...(downgrade && word === 'installed'
      ? ['  for p; do p=${p#[0-9]*:}; rpm -q "$p" >/dev/null 2>&1 || $m -y downgrade "$p" || exit; done']
      : []),
    'fi',
  ].join('\n')
}

function removeScript(names: readonly string[], { purge = false, lockTimeout = 300 }: RemoveOptions): string {
  return [
    ...head(lockTimeout),
    'if [ $m = apt-get ]; then',
    `  locked ${aptGet} ${purge ? 'purge' : 'remove'} ${sh`${names}`}`,
    'else',
    sh`  $m -y remove ${names}`,
    'fi',
  ].join('\n')
}

// A question on the terminal would hang; edited configuration files stay.
const aptGet = 'apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'

// apt-get of that time gives up at once when another one runs; yum and dnf wait by themselves.
function head(lockTimeout: number): readonly string[] {
  return [
    'PATH=$PATH:/sbin:/usr/sbin; LC_ALL=C; DEBIAN_FRONTEND=noninteractive; export PATH LC_ALL DEBIAN_FRONTEND',
    choose,
    sh`left=${lockTimeout} i= u= told=`,
    `busy='Could not get lock|Unable to (acquire|lock)|Resource temporarily unavailable'`,
    `said=$(mktemp) || exit; trap 'rm -f "$said"' EXIT; trap 'exit 1' HUP INT TERM`,
    `locked() {
  while :; do
    "$@" </dev/null 2>"$said"; c=$?
    if [ $c -ne 0 ] && [ $left -gt 0 ] && grep -Eq "$busy" "$said"; then
      [ "$told" ] || echo 'waiting for another run of the package manager'
      told=1; left=$((left - 3)); sleep 3
      continue
    fi
    cat "$said" >&2
    return $c
  done
}`,
  ]
}

function endOf(said: string): string {
  return said.trim().split('\n').slice(-5).join('\n')
}

async function manage(connection: Connection, script: string): Promise<string> {
  const result = await connection.exec(script, { long: true })
  if (result.code === 0) return `${result.stdout}\n${result.stderr}`
  const all = `${result.stdout}\n${result.stderr}`
  const why =
    /^(?:E: )?(Unable to locate package \S+|Version .* was not found.*|No package \S+ available\.?|No match for argument: \S+|Could not get lock.*|Unable to acquire.*)$/m.exec(
      all,
    )?.[1]
  if (why === undefined) throw new CommandFailed('the package manager', result)
  throw new Advice(
    why,
    /lock|acquire/.test(why)
      ? 'another run of the package manager holds it: wait for it, or give a longer lockTimeout'
      : 'check the name and the repositories of the host; refresh: 0 fetches the lists of what there is first',
  )
}
