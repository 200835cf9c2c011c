import type { Event, Failure, Status, TaskFinished, Timed } from '../../lib/model/event.ts'
import type { TaskPath } from '../../lib/model/path.ts'

/** Events told one after the other, with a clock in the hand: how tests write down a run. */
export class Script {
  readonly #to: (event: Timed) => void
  readonly at = { file: `${process.cwd()}/roles/nova/compute.ts`, line: 22 }
  time = Date.UTC(2030, 0, 1)

  constructor(to: (event: Timed) => void) {
    this.#to = to
  }

  say(event: Event): void {
    this.#to({ ...event, time: this.time })
  }
  after(milliseconds: number): this {
    this.time += milliseconds
    return this
  }
  run(hosts: readonly string[], plays = 1, tasks = 4, check = false): void {
    this.say({ type: 'run-started', run: 'r-1', playbook: 'full-upgrade', check, hosts, plays, tasks, argv: [] })
  }
  play(play: string, hosts: readonly string[], batches = 1): void {
    this.say({ type: 'play-started', play, hosts, batches })
  }
  task(path: TaskPath, hosts: readonly string[], handler = false): void {
    this.say({ type: 'task-started', path, at: this.at, hosts, handler })
  }
  start(path: TaskPath, ...hosts: readonly string[]): void {
    for (const host of hosts) this.say({ type: 'host-started', path, host })
  }
  output(
    path: TaskPath,
    host: string,
    text: string,
    stream: 'stdout' | 'stderr' | 'log' | 'progress' = 'stdout',
    size?: { readonly done: number; readonly all: number },
  ): void {
    this.say({ type: 'output', path, host, text, stream, ...(size && { size }) })
  }
  finish(path: TaskPath, hosts: string | readonly string[], status: Status, more: Partial<TaskFinished> = {}): void {
    for (const host of [hosts].flat()) {
      this.say({
        type: 'task-finished',
        path,
        at: this.at,
        host,
        delegated: [],
        status,
        handler: false,
        milliseconds: 400,
        ...more,
      })
    }
  }
  gate(path: TaskPath, passed = true): void {
    this.say({ type: 'gate-answered', path, at: this.at, passed })
  }
  end(
    outcome: 'ok' | 'failed' | 'interrupted' = 'ok',
    milliseconds = 83_000,
    owed: readonly { readonly host: string; readonly handler: string }[] = [],
  ): void {
    this.say({ type: 'run-finished', run: 'r-1', outcome, milliseconds, owed })
  }
}

/** The path of a task of role nova.compute in one play. */
export function taskOf(task: string, ...blocks: readonly string[]): TaskPath {
  return { play: 'Reconnect the compute nodes', role: 'nova.compute', blocks, task }
}

export const denied: Failure = {
  operation: 'ini.set /etc/nova/nova.conf',
  reason: 'permission denied',
  code: 1,
  at: { file: `${process.cwd()}/roles/nova/compute.ts`, line: 22 },
  command: "sudo -n sh -c 'cat > /etc/nova/.nova.conf.run && mv /etc/nova/.nova.conf.run /etc/nova/nova.conf'\nexit $?",
  hint: 'connect as root, or allow sudo without a password',
  stack: 'Error: permission denied\n    at set (lib/modules/ini.ts:9)',
}
/** A run with something of everything. */
export function story(s: Script): void {
  const all = ['c-1', 'c-2', 'c-3']
  const check = taskOf('Check that this Havana knows icehouse-compat')
  const point = taskOf('Point nova-compute at the new controller')
  const pin = taskOf('Set compute=icehouse-compat', 'Pin compute RPC')
  const dump = taskOf('Dump')
  const restart = taskOf('Restart nova-compute')
  s.run(all)
  s.play('Reconnect the compute nodes', all, 2)
  s.say({ type: 'batch-started', play: 'Reconnect the compute nodes', batch: 1, hosts: all })
  s.task(check, all)
  s.start(check, ...all)
  s.say({ type: 'attempt-failed', path: check, host: 'c-2', reason: 'no answer\nat all', left: 1 })
  s.after(1200).finish(check, ['c-1', 'c-2'], 'ok', { result: { version: '2013.2.2' } })
  s.finish(check, 'c-3', 'skipped', { reason: 'when does not hold' })
  s.task(point, all)
  s.start(point, ...all)
  for (const host of ['c-1', 'c-3'])
    s.say({
      type: 'change-planned',
      path: point,
      host,
      operation: 'ini.set /etc/nova/nova.conf',
      diff: [
        { path: '/etc/nova/nova.conf', before: '[DEFAULT]\nrabbit_host = a\n', after: '[DEFAULT]\nrabbit_host = b\n' },
      ],
    })
  s.finish(point, ['c-3', 'c-1'], 'changed')
  s.say({ type: 'handler-notified', path: point, host: 'c-1', handler: 'Restart nova-compute' })
  s.finish(point, 'c-2', 'ok')
  s.task(dump, ['c-1'])
  s.start(dump, 'c-1')
  s.output(dump, 'c-1', 'the disk is nearly full', 'log')
  s.output(dump, 'c-1', '1 GB of 3 GB', 'progress')
  s.output(dump, 'c-1', 'table inst')
  s.after(5000).output(dump, 'c-1', '2 GB of 3 GB', 'progress')
  s.output(dump, 'c-1', 'ances\n10%\r20%\r\nlast \x1b[31mline\x1b[0m')
  s.after(5000).output(dump, 'c-1', '3 GB of 3 GB', 'progress')
  s.finish(dump, 'c-1', 'changed', { delegated: ['source'], unpredictable: true, milliseconds: 10_000 })
  s.say({ type: 'warned', message: 'group spare is empty' })
  s.task(pin, all)
  s.start(pin, ...all)
  s.finish(pin, 'c-2', 'failed', { failure: denied })
  s.finish(pin, 'c-3', 'failed', { failure: denied })
  s.finish(pin, 'c-1', 'rescued', { failure: { reason: 'nova-compute is down:\n  XXX', at: s.at } })
  s.task(restart, ['c-1'], true)
  s.start(restart, 'c-1')
  s.finish(restart, 'c-1', 'unreachable', { handler: true, failure: { reason: 'connection lost', at: s.at } })
  s.say({ type: 'play-stopped', play: 'Reconnect the compute nodes', reason: 'no hosts are left' })
  s.end('failed', 83_000, [{ host: 'c-3', handler: 'Restart nova-compute' }])
}
