import { Advice, role } from '../../lib/index.ts'
import { database, file, probe, service } from '../../lib/modules/index.ts'
import { cloud, type CloudHost, rootLogin, type ServiceName, targetOf } from './cloud.ts'
import { daemons, iscsiTarget, services, webServer } from './services.ts'

const apis = ['api', 'server', 'keystone'] as const

/**
 * Stops the source cloud so that nothing is written after its databases are dumped. The article stops nova-api alone; glance,
 * cinder, neutron and keystone would go on writing, and the agents would serve the same addresses as the target's. Nothing but
 * the state of its services is changed on the source, ever: going back is starting what is recorded here.
 */
export const freeze = role('freeze', cloud, ({ task }) => {
  task('Record what runs on the source', { tags: ['freeze', 'backup'] }, async (host) => {
    const target = targetOf(host)
    const path = runningRecord(target)
    if ((await target.run(file.stat(path))).exists) return { recorded: 'before' }
    const running = await runningNow(host)
    await target.run(file.directory(`${target.vars.backups}/source`, { mode: '0700' }))
    await target.run(file.content(path, `${running.join('\n')}\n`, { mode: '0600' }))
    return { recorded: running.join(' ') }
  })
  // From the users inwards: who is turned away first cannot leave half a request behind.
  task('Stop the APIs', { tags: ['freeze', 'stop'] }, async (host) => {
    await host.run(service.stopped(webServer(host)))
    for (const name of ['nova', 'cinder', 'glance', 'neutron'] as const)
      await host.run(service.stopped(...outer(host, name)))
  })
  task('Wait until nothing is under way', { tags: ['freeze', 'stop'], retries: 60, delay: '5s' }, async (host) => {
    if (host.check) return
    const busy = await host.run(database.select(transitional, rootLogin(host)))
    if (busy.length > 0) {
      throw new Advice(
        `these are still under way on ${host.name}: ${busy.map((row) => row.join(' ')).join('; ')}`,
        'wait for them, or bring each to an end by hand, then go on with --resume: frozen halfway they would stay so for ever',
      )
    }
  })
  task('Stop everything else', { tags: ['freeze', 'stop'] }, async (host) => {
    const inner = (['nova', 'cinder', 'glance', 'neutron'] as const).flatMap((name) =>
      daemons(host, name)
        .filter((daemon) => !outer(host, name).includes(daemon))
        .reverse(),
    )
    await host.run(service.stopped(...(inner as [string, ...string[]])))
    await host.run(service.stopped(iscsiTarget(host), ...daemons(host, 'keystone')))
  })
  task('Check that nothing is left running', { tags: ['freeze', 'verify'] }, async (host) => {
    if (host.check) return
    const left = await runningNow(host)
    if (left.length > 0)
      throw new Advice(
        `these still run on ${host.name}: ${left.join(', ')}`,
        'a cluster manager may have started them again: stop them there (crm resource stop NAME)',
      )
  })
})

/** A role's part on the source: only that service is stopped there. */
export function freezeService(name: ServiceName | 'horizon') {
  return role(`${name}.source`, cloud, ({ task }) => {
    task(`Stop ${name} on the source`, { tags: ['freeze', 'stop'] }, (host) =>
      name === 'horizon'
        ? service.stopped(webServer(host))
        : service.stopped(...([...daemons(host, name)].reverse() as [string, ...string[]])),
    )
  })
}

/** Where the list of what ran on the source is kept, on the target. */
export function runningRecord(target: CloudHost): string {
  return `${target.vars.backups}/source/running-services`
}

/** Services of the cloud that run on a controller, in the order in which they are started. */
export async function runningNow(host: CloudHost): Promise<readonly string[]> {
  const names = [
    ...daemons(host, 'keystone'),
    ...daemons(host, 'glance'),
    ...daemons(host, 'neutron'),
    ...daemons(host, 'nova'),
    iscsiTarget(host),
    ...daemons(host, 'cinder'),
    webServer(host),
  ]
  const { stdout } = await host.run(probe`for s in ${names}; do service $s status >/dev/null 2>&1 && echo $s; done; :`)
  return stdout.split('\n').filter(Boolean)
}

function outer(host: CloudHost, name: ServiceName): readonly [string, ...string[]] {
  return daemons(host, name).filter((daemon) => apis.some((kind) => daemon.endsWith(kind))) as unknown as readonly [
    string,
    ...string[],
  ]
}

// What a frozen cloud would never finish: openstack services pick none of it up again on another controller.
const transitional = `
  SELECT 'instance', uuid, task_state FROM nova.instances WHERE deleted = 0 AND task_state IS NOT NULL
  UNION ALL SELECT 'volume', id, status FROM cinder.volumes WHERE deleted = 0 AND status NOT IN ('available', 'in-use', 'error', 'error_deleting', 'error_extending')
  UNION ALL SELECT 'image', id, status FROM glance.images WHERE deleted = 0 AND status = 'saving'`

/** Names of all services that are moved, in the order of the article. */
export const movedServices = Object.keys(services) as readonly ServiceName[]
