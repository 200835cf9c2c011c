import type { Event, Failure, Status, Timed } from '../../lib/model/event.ts'
import type { TaskPath } from '../../lib/model/path.ts'

/** How large a made-up run is, and what goes wrong in it. */
export interface FakeRun {
  readonly hosts: number
  readonly tasks: number
  readonly forks?: number
  /** Milliseconds that a task takes on a host, about. */
  readonly pace?: number
  /** Leaves out failures, retries and output. */
  readonly smooth?: boolean
}

export const beginning = Date.UTC(2030, 0, 1)
const at = { file: `${process.cwd()}/roles/nova/compute.ts`, line: 22 }

/** The events of a made-up run in the order of their times: the same ones for the same size. */
export function fakeRun({ hosts: count, tasks, forks = 10, pace = 400, smooth = false }: FakeRun): readonly Timed[] {
  const events: Timed[] = []
  const say = (time: number, event: Event) => events.push({ ...event, time: Math.round(time) })
  const compute = Array.from({ length: count }, (_, i) => `compute-${i + 1}`)
  const plays = [
    { play: 'Move the services', role: 'keystone', hosts: ['controller'], tasks: Math.ceil(tasks / 4) },
    { play: 'Reconnect the compute nodes', role: 'nova.compute', hosts: compute, tasks: tasks - Math.ceil(tasks / 4) },
  ]
  let now = beginning
  say(now, {
    type: 'run-started',
    run: '20300101-000000',
    playbook: 'full-upgrade',
    check: false,
    hosts: ['controller', ...compute],
    plays: 2,
    tasks,
    argv: [],
  })
  const lost = new Set<string>()
  for (const { play, role, hosts, tasks: many } of plays) {
    say(now, { type: 'play-started', play, hosts, batches: 1 })
    for (let n = 1; n <= many; n++) {
      const path: TaskPath = {
        play,
        role,
        blocks: n % 5 === 0 ? ['Pin compute RPC'] : [],
        task: `${verbs[n % verbs.length]} number ${n}`,
      }
      const offered = hosts.filter((host) => !lost.has(host))
      say(now, { type: 'task-started', path, at, hosts: offered, handler: n % 9 === 0 })
      const lanes = Array.from({ length: forks }, () => now)
      for (const [i, host] of offered.entries()) {
        const lane = lanes.indexOf(Math.min(...lanes))
        const start = lanes[lane]!
        const takes = pace * (0.5 + ((i * 7 + n * 13) % 10) / 10) * (n % 7 === 3 ? 8 : 1)
        const end = start + takes
        lanes[lane] = end
        say(start, { type: 'host-started', path, host })
        if (!smooth && n % 7 === 3) {
          for (let k = 1; k <= 6; k++) {
            say(start + (takes * k) / 7, {
              type: 'output',
              path,
              host,
              stream: 'stdout',
              text: `importing table ${k} of 6\n`,
            })
            if (i % 3 === 0)
              say(start + (takes * k) / 7, {
                type: 'output',
                path,
                host,
                stream: 'progress',
                text: `${k * 100} MB of 700 MB, 45 MB/s, ${7 - k} s left`,
              })
          }
        }
        if (!smooth && n % 6 === 2 && i % 10 === 3) {
          say(start + takes / 2, { type: 'attempt-failed', path, host, reason: 'nova-compute is down', left: 9 })
        }
        const broken = !smooth && n === 8 && i === 16
        const gone = !smooth && n === 11 && i === 4
        if (broken || gone) lost.add(host)
        const status: Status = gone
          ? 'unreachable'
          : broken
            ? 'failed'
            : n % 4 === 0
              ? 'skipped'
              : n % 3 === 0 || i % 17 === 1
                ? 'changed'
                : 'ok'
        say(end, {
          type: 'task-finished',
          path,
          at,
          host,
          delegated: n % 8 === 1 ? ['source'] : [],
          status,
          handler: n % 9 === 0,
          milliseconds: Math.round(takes),
          ...(broken ? { failure: denied } : gone ? { failure: timedOut } : {}),
        })
      }
      now = Math.max(...lanes)
    }
  }
  say(now, {
    type: 'run-finished',
    run: '20300101-000000',
    outcome: lost.size > 0 ? 'failed' : 'ok',
    milliseconds: Math.round(now - beginning),
    owed: [...lost].map((host) => ({ host, handler: 'Restart nova-compute' })),
  })
  return events
    .map((event, i) => ({ event, i }))
    .sort((a, b) => a.event.time - b.event.time || a.i - b.i)
    .map(({ event }) => event)
}

const verbs = [
  'Stop the daemons',
  'Dump the source database',
  'Point nova-compute at the new controller',
  'Import the database',
  'Hand the files to the service',
]
const denied: Failure = {
  operation: 'ini.set /etc/nova/nova.conf',
  reason: 'permission denied',
  code: 1,
  at,
  command:
    "sudo -n sh -c 'cat > /etc/nova/.nova.conf.run && mv /etc/nova/.nova.conf.run /etc/nova/nova.conf'\necho done",
  hint: 'connect as root, or allow sudo without a password for `deploy` on compute-17',
}
const timedOut: Failure = { reason: 'connection timed out after 10 s', at }

/** Gives the events to somebody as fast as they would come, `speed` times faster. */
export async function playBack(events: readonly Timed[], to: (event: Timed) => void, speed = 1): Promise<void> {
  const start = Date.now()
  const from = events[0]?.time ?? 0
  for (const event of events) {
    const due = start + (event.time - from) / speed - Date.now()
    if (due > 2) await new Promise((resolve) => setTimeout(resolve, due))
    to({ ...event, time: start + (event.time - from) })
  }
}
