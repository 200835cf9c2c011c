// Kills the upgrade at every place at which it leaves another state, breaks hosts under it, and compares what one
// --resume makes of that with an undisturbed run, by checksum. Hours:
//   npm run test:chaos -- [--every N] [--from N] [--faults] [--chain]
// --every N: each N-th place; --from N: go on behind that many; --faults: only what happens to hosts; --chain: one
// upgrade that is killed at each change, and gone on with.
import { parseArgs } from 'node:util'
import type { Timed } from '../../lib/model/event.ts'
import { hear, type Heard, isBoundary, told } from '../rig/killed.ts'
import { changes, doLab, type HostName, hostNames, inside, ownLab, type Snapshot, snapshot } from '../rig/lab.ts'

const { values } = parseArgs({
  options: {
    every: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    faults: { type: 'boolean', default: false },
    chain: { type: 'boolean', default: false },
  },
})
const upgrade = ['playbooks/full-upgrade.ts', '-i', 'inventory/lab', '--yes']
const counts = { places: 0, identical: 0, again: 0, different: 0 }

interface State {
  readonly hosts: ReadonlyMap<HostName, Snapshot>
  readonly volumes: readonly string[]
}

/** A thing that happens to hosts when a task begins to change something. */
interface Fault {
  readonly name: string
  /** role › task */
  readonly during: string
  /** The run is killed as well. */
  readonly kill?: true
  begin(): Promise<unknown>
  end?(): Promise<unknown>
}

const killServer = (host: HostName) => inside(host, 'kill -9 $(pidof mariadbd mysqld); :')
const startServer = (host: HostName) => inside(host, 'service mysqld restart')
const powerOff = (host: HostName) => () => doLab('power', host, 'off')
const powerOn = (host: HostName) => () => doLab('power', host, 'on')
const cut = (host: HostName) => () => inside(host, 'for p in $(pgrep -f "[s]shd: root"); do kill -9 $p; done; :')
const small = (host: HostName, folder: string) => () =>
  inside(host, `mkdir -p ${folder} && mount -t tmpfs -o size=64k small ${folder}`)
const large = (host: HostName, folder: string) => () => inside(host, `umount -l ${folder}`)

const faults: readonly Fault[] = [
  {
    name: 'the source loses its power while it is dumped',
    during: 'nova › Bring the dump of the source database',
    begin: powerOff('node-1'),
    end: powerOn('node-1'),
  },
  {
    name: 'the source loses its power while volumes are copied, and the run is killed',
    during: 'cinder › Copy the volumes',
    kill: true,
    begin: powerOff('node-1'),
    end: powerOn('node-1'),
  },
  {
    name: 'the target loses its power while a schema is upgraded',
    during: 'nova › Upgrade the schema',
    begin: powerOff('node-5'),
    end: powerOn('node-5'),
  },
  {
    name: 'a compute node loses its power while it is reconnected',
    during: 'compute › Restart nova-compute',
    begin: powerOff('node-3'),
    end: powerOn('node-3'),
  },
  {
    name: 'mysqld of the source is killed in a dump',
    during: 'cinder › Bring the dump of the source database',
    begin: () => killServer('node-1'),
    end: () => startServer('node-1'),
  },
  {
    name: 'mysqld of the target is killed in an import',
    during: 'nova › Replace the target database',
    begin: () => killServer('node-5'),
    end: () => startServer('node-5'),
  },
  {
    name: 'mysqld of the target is killed in a migration',
    during: 'neutron › Upgrade the schema',
    begin: () => killServer('node-5'),
    end: () => startServer('node-5'),
  },
  { name: 'all connections to the target are cut', during: 'nova › Replace the target database', begin: cut('node-5') },
  { name: 'all connections to the source are cut', during: 'cinder › Copy the volumes', begin: cut('node-1') },
  {
    name: 'the disk for dumps is full',
    during: 'freeze › Stop the APIs',
    begin: small('node-5', '/var/backups/switchover/source'),
    end: large('node-5', '/var/backups/switchover/source'),
  },
]

await ownLab()
const fresh = await state()
const undisturbed = await hear(upgrade)
if (undisturbed.code !== 0) throw new Error(`the undisturbed run failed: ${undisturbed.err}${failures(undisturbed)}`)
const reference = await state()
const places = undisturbed.events.filter(isBoundary)
const known = new Set(places.map((event) => `${'path' in event ? `${event.path.role} › ${event.path.task}` : ''}`))
process.stdout.write(`${places.length} places in an undisturbed run\n`)

if (values.chain) await chain()
else {
  if (!values.faults)
    for (let at = Number(values.from); at < places.length; at += Number(values.every)) await killAt(at)
  for (const fault of faults.slice(values.faults ? Number(values.from) : 0)) await suffer(fault)
}
process.stdout.write(
  `${counts.places} places and faults: ${counts.identical} identical after one --resume, ` +
    `${counts.again} after more, ${counts.different} different\n`,
)
process.exit(counts.different > 0 ? 1 : 0)

/** Kills one run at its n-th place, and goes on. */
async function killAt(at: number): Promise<void> {
  await doLab('reset')
  let left = at
  const first = await hear(upgrade, (event) => (isBoundary(event) && left-- === 0 ? 'kill' : undefined))
  await judge(`${at} ${told(first.events.at(-1)!)}`, first)
}

async function suffer({ name, during, kill, begin, end }: Fault): Promise<void> {
  if (!known.has(during)) throw new Error(`no task «${during}» changes anything: ${[...known].sort().join('; ')}`)
  await doLab('reset')
  let began: Promise<unknown> | undefined
  const first = await hear(upgrade, (event) => {
    if (began || event.type !== 'change-planned' || `${event.path.role} › ${event.path.task}` !== during)
      return undefined
    began = begin()
    return kill ? 'kill' : undefined
  })
  await began
  await end?.()
  await judge(name, first)
}

/** One upgrade that is killed at each change. */
async function chain(): Promise<void> {
  await doLab('reset')
  let runs = 0
  for (;;) {
    // Steps that begin together are each a change: a run must live long enough for one of them to end.
    let life = 1 + (runs % 12)
    const one = await hear([...upgrade, ...(runs > 0 ? ['--resume'] : [])], (event) => {
      const changed = event.type === 'change-planned' || (event.type === 'task-finished' && event.status === 'changed')
      return changed && --life === 0 ? 'kill' : undefined
    })
    runs++
    if (one.code === null) continue
    const said = await differing()
    process.stdout.write(`${runs - 1} kills, then exit code ${one.code}\n${one.code === 0 ? '' : failures(one)}`)
    return count(`a chain of ${runs - 1} kills`, one.code === 0, said)
  }
}

async function judge(name: string, first: Heard): Promise<void> {
  let ended = await hear([...upgrade, '--resume'])
  let resumes = 1
  // A host that came back late, as one does after a power cut.
  while (ended.code !== 0 && resumes < 3) {
    process.stdout.write(`  ${name}: exit code ${ended.code} after ${resumes} --resume: ${failures(ended)}\n`)
    ended = await hear([...upgrade, '--resume'])
    resumes++
  }
  const said = await differing()
  count(
    `${name} (exit code ${first.code}, then ${ended.code})`,
    ended.code === 0 && resumes === 1,
    said,
    ended.code === 0,
  )
}

function count(name: string, atOnce: boolean, said: readonly string[], well = atOnce): void {
  counts.places++
  if (well && said.length === 0) counts[atOnce ? 'identical' : 'again']++
  else counts.different++
  const verdict = well && said.length === 0 ? (atOnce ? 'identical' : 'identical after more') : 'DIFFERENT'
  process.stdout.write(
    `${verdict}  ${name}\n${said
      .slice(0, 20)
      .map((line) => `    ${line}\n`)
      .join('')}`,
  )
}

async function state(): Promise<State> {
  const hosts = await Promise.all(hostNames.map(async (host) => [host, await snapshot(host)] as const))
  return { hosts: new Map(hosts), volumes: [await bytesOf('node-1'), await bytesOf('node-5')] }
}

// A reset draws the same bytes anew, at another time; where their holes are does not matter.
function bytesOf(host: HostName): Promise<string> {
  return inside(host, 'find /var/lib/lvm-standin/cinder -type f -exec sha256sum {} + | sort')
}

/** What is otherwise than after the undisturbed run; and on the source, but for its services, than before it. */
async function differing(): Promise<readonly string[]> {
  const now = await state()
  const services = (line: string) => !/: (?:stopped|started)$|^\/etc\/rc3\.d\//.test(line)
  return [
    ...hostNames.flatMap((host) =>
      changes(reference.hosts.get(host)!, now.hosts.get(host)!)
        .filter(matters)
        .map((line) => `${host} ${line}`),
    ),
    ...changes(fresh.hosts.get('node-1')!, now.hosts.get('node-1')!)
      .filter(services)
      .filter(matters)
      .map((line) => `node-1, which is to be untouched: ${line}`),
    ...now.volumes.flatMap((sum, i) =>
      sum === reference.volumes[i] ? [] : [`the volumes of ${i === 0 ? 'node-1' : 'node-5'}`],
    ),
  ]
}

// What is another one after each start or run, whatever happened.
function matters(line: string): boolean {
  return !/^\/etc\/ssh\/ssh_host_|authorized_keys:|mtab|adjtime|resolv\.conf|\.bash_history|_at: | (?:id|uuid): .{36} → .{36}$/.test(
    line,
  )
}

function failures({ events }: Heard): string {
  const failed = events.flatMap((event: Timed) =>
    event.type === 'task-finished' && event.failure ? [`${told(event)}: ${event.failure.reason.slice(0, 300)}`] : [],
  )
  return failed.join('; ')
}
