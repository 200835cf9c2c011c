import { output } from '../model/operation.ts'
import type { Fact } from '../model/operation.ts'
import { fact } from '../kit/fact.ts'

/** What kind of system a host is. */
export interface OperatingSystem {
  /** As /etc/os-release has it: centos, ubuntu, debian, rhel, fedora, alpine. */
  readonly id: string
  /** 6.5, 12.04, 12. */
  readonly version: string
  readonly family: 'redhat' | 'debian' | 'suse' | 'other'
  /** As it calls itself. */
  readonly name: string
  readonly kernel: string
  readonly architecture: string
}

// CentOS 6 and older have no os-release, so their own release file speaks for them.
const script = `
uname -r; uname -m
for f in /etc/os-release /usr/lib/os-release; do [ ! -r $f ] || { echo os-release; cat $f; exit; }; done
for f in /etc/redhat-release /etc/SuSE-release; do [ ! -r $f ] || { echo release; head -n 1 $f; exit; }; done
[ ! -r /etc/lsb-release ] || { echo lsb; cat /etc/lsb-release; exit; }
[ ! -r /etc/debian_version ] || { echo debian; cat /etc/debian_version; exit; }
echo none
`

/**
 * Which system a host runs, from its release files; asked once a run.
 *
 * ```ts
 * const { family } = await host.fact(facts.os)
 * await host.run(service.restarted(family === 'redhat' ? 'httpd' : 'apache2'))
 * ```
 */
export const os: Fact<OperatingSystem> = fact('os', 'run', async (connection) =>
  parseOs(await output(connection, script)),
)

/** Makes sense of what the release files say. */
export function parseOs(text: string): OperatingSystem {
  const [kernel = '', architecture = '', kind, ...lines] = text.split('\n')
  const of = (id: string, version: string, name: string, like = ''): OperatingSystem => ({
    id,
    version,
    family: familyOf(`${id} ${like}`),
    name,
    kernel,
    architecture,
  })
  const keys = new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? []
      return key === undefined ? [] : [[key, value!.replace(/^(["'])(.*)\1$/, '$2')] as const]
    }),
  )
  if (kind === 'os-release') {
    return of(
      keys.get('ID') ?? 'unknown',
      keys.get('VERSION_ID') ?? '',
      keys.get('PRETTY_NAME') ?? keys.get('NAME') ?? '',
      keys.get('ID_LIKE'),
    )
  }
  if (kind === 'lsb')
    return of(
      (keys.get('DISTRIB_ID') ?? 'unknown').toLowerCase(),
      keys.get('DISTRIB_RELEASE') ?? '',
      keys.get('DISTRIB_DESCRIPTION') ?? '',
    )
  const [line = ''] = lines
  if (kind === 'debian') return of('debian', line, `Debian ${line}`)
  const version = /[\d.]+\d|\d+/.exec(line)?.[0] ?? ''
  const id = /^red hat enterprise/i.test(line)
    ? 'rhel'
    : /suse/i.test(line)
      ? 'sles'
      : (line.split(' ')[0] ?? '').toLowerCase() || 'unknown'
  return of(id, version, line)
}

function familyOf(words: string): OperatingSystem['family'] {
  return /\b(rhel|centos|fedora|oracle|ol|scientific|rocky|almalinux|amzn)\b/.test(words)
    ? 'redhat'
    : /\b(debian|ubuntu)\b/.test(words)
      ? 'debian'
      : /suse|sles/.test(words)
        ? 'suse'
        : 'other'
}
