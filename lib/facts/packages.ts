import { foresee } from '../kit/foresee.ts'
import { Advice, output } from '../model/operation.ts'
import type { Fact, Reader } from '../model/operation.ts'
import { fact } from '../kit/fact.ts'
import { sh } from '../kit/shell.ts'

/** Installed versions by package name; what is not installed is not in it. */
export type Versions = Readonly<Record<string, string>>

/**
 * The installed versions of some packages, as rpm (version-release) or dpkg tells them.
 *
 * ```ts
 * const { tgt = 'none' } = await host.fact(facts.packages('tgt'))
 * ```
 */
export function packages(...names: readonly [string, ...string[]]): Fact<Versions> {
  const ask = async (connection: Reader) => (await packagesOf(connection, names)).versions
  // A task may install some.
  return fact(`packages ${names.join(' ')}`, 'task', ask)
}

/** What is installed of some packages, and what brings them there. */
export interface Installed {
  readonly versions: Versions
  /** apt-get, dnf or yum, or '' where there is none of them. */
  readonly manager: string
}

/** Reads which of these packages are installed. @throws Advice where nobody can tell */
export async function packagesOf(connection: Reader, names: readonly string[]): Promise<Installed> {
  const [first = '', ...lines] = (await output(connection, sh`set -- ${names}` + script)).split('\n')
  const [database, manager = ''] = first.split(' ')
  if (database === 'none')
    throw new Advice(
      'the installed packages cannot be told: the host has neither rpm nor dpkg',
      'ask with probe what is installed',
    )
  const versions = lines.flatMap((line) => {
    const [name, state, version] = line.split('\t')
    return state === 'installed' && version ? [[name!, version]] : []
  })
  const now: Versions = Object.fromEntries(versions)
  const then = names.flatMap((name) => {
    const version = foresee(connection, `package ${name}`, now[name])
    return version === undefined ? [] : [[name, version] as const]
  })
  return { versions: Object.fromEntries(then), manager }
}

// A Debian host may have rpm as a tool, with nothing in its database.
const script = `
LC_ALL=C; export LC_ALL
manager() { for m; do if command -v $m >/dev/null 2>&1; then echo " $m"; break; fi; done; }
if [ -s /var/lib/dpkg/status ] && command -v dpkg-query >/dev/null 2>&1; then
  echo "dpkg$(manager apt-get)"
  dpkg-query -W -f '\${Package}\\t\${Status}\\t\${Version}\\n' "$@" 2>/dev/null |
    sed 's/\\t[a-z]* ok installed\\t/\\tinstalled\\t/'
elif command -v rpm >/dev/null 2>&1; then
  echo "rpm$(manager dnf yum)"
  rpm -q --qf '%{NAME}\\tinstalled\\t%{VERSION}-%{RELEASE}\\n' "$@"
else
  echo none
fi
:
`
