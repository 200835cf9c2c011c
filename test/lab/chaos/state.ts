import { changes, type HostName, hostNames, inside, type Snapshot, snapshot, tables } from '../../rig/lab.ts'

/** The whole lab at a moment: services, files, databases, volumes, and what was saved on the target. */
export interface State {
  readonly hosts: ReadonlyMap<HostName, Snapshot>
  /** Checksums of the volumes of both controllers. */
  readonly volumes: readonly string[]
  /** What the target keeps for the way back, by path. */
  readonly saved: ReadonlyMap<string, string>
}

/** Takes down what the lab is. */
export async function taken(): Promise<State> {
  const hosts = await Promise.all(hostNames.map(async (host) => [host, await snapshot(host)] as const))
  return {
    hosts: new Map(hosts),
    volumes: await Promise.all([bytesOf('node-1'), bytesOf('node-5')]),
    saved: await savedOn('node-5'),
  }
}

/** What is otherwise than in the reference; and on the source, but for its services, than it was at first. */
export function differing(now: State, reference: State, fresh: State): readonly string[] {
  const services = (line: string) => !/: (?:stopped|started)$|^\/etc\/rc3\.d\//.test(line)
  const of = (host: HostName, than: State) =>
    changes(than.hosts.get(host)!, now.hosts.get(host)!).filter((line) => !passing.test(line))
  const paths = new Set([...reference.saved.keys(), ...now.saved.keys()])
  return [
    ...hostNames.flatMap((host) => of(host, reference).map((line) => `${host} ${line}`)),
    ...of('node-1', fresh)
      .filter(services)
      .map((line) => `node-1, which is to be untouched: ${line}`),
    ...now.volumes.flatMap((sum, i) =>
      sum === reference.volumes[i] ? [] : [`the volumes of ${i === 0 ? 'node-1' : 'node-5'}`],
    ),
    ...[...paths].flatMap((path) =>
      reference.saved.get(path) === now.saved.get(path)
        ? []
        : [`node-5 ${path}: ${reference.saved.get(path) ?? 'nothing'} → ${now.saved.get(path) ?? 'nothing'}`],
    ),
  ]
}

// What is another one after each start or run, whatever happened.
const passing =
  /^\/etc\/ssh\/ssh_host_|authorized_keys:|mtab|adjtime|resolv\.conf|\.bash_history|_at: | (?:id|uuid): .{36} → .{36}$/

// A reset draws the same bytes anew, at another time; where their holes are does not matter.
function bytesOf(host: HostName): Promise<string> {
  return inside(host, 'cd /var/lib/lvm-standin/cinder && find . -type f -exec sha256sum {} + | sort')
}

/**
 * What is saved, and how far each database is told to have come. Heartbeats and times are in the dumps, so they are
 * compared by all that is no number; of what holds nothing but times and counters it counts that it is there.
 */
async function savedOn(host: HostName): Promise<ReadonlyMap<string, string>> {
  const said = await inside(
    host,
    `for f in $(find /var/backups/switchover /var/lib/switchover -path '*/undo' -prune -o -type f -print 2>/dev/null); do
      case $f in
        *.written | /var/lib/switchover/volumes/*) s=there ;;
        *.sql) s=$(tr -d '0-9a-f-' <$f | sha256sum) ;;
        *.tar.gz) s=$(tar tzf $f | sort | sha256sum) ;;
        *) s=$(sha256sum <$f) ;;
      esac
      echo "$f $(stat -c '%a %U:%G' $f) $s"
    done`,
  )
  const kept = said
    .split('\n')
    .filter(Boolean)
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const)
  const noted = [...(await tables(host, 'switchover'))].map(([name, { columns, rows }]) => {
    const constant = (_: string, i: number) => columns[i] !== 'since' && columns[i] !== 'dump'
    return [`switchover.${name}`, JSON.stringify(rows.map((row) => row.filter(constant)))] as const
  })
  return new Map([...kept, ...noted])
}
