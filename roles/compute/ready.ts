import { Advice } from '../../lib/index.ts'
import { database, ini, probe } from '../../lib/modules/index.ts'
import { type CloudHost, sourceOf, targetOf } from '../openstack/cloud.ts'
import { allRunning, daemonsOf, runningOf } from '../openstack/daemons.ts'
import { rootLogin } from '../openstack/logins.ts'
import { mustBeMoved, servicesWithData } from '../openstack/moved.ts'
import { nodeOf } from './node.ts'

/**
 * Nothing may lead a compute node to the new controller before that has its guests in its databases: it would be cut
 * off from a cloud that lives. @throws Advice
 */
export function mustHaveItsGuests(host: CloudHost): Promise<void> {
  const why = `${host.name} would be cut off from a cloud that lives, and find one without its guests`
  return mustBeMoved(host, servicesWithData(host), why)
}

/**
 * The old controller must have stopped, and the new one must work: two of them would both give orders.
 * @throws Advice
 */
export async function mustBeTheOnlyController(host: CloudHost): Promise<void> {
  const [source, target] = [sourceOf(host), targetOf(host)]
  const alive = await allRunning(source)
  if (alive.length > 0)
    throw new Advice(
      `${alive.join(', ')} ${alive.length === 1 ? 'runs' : 'run'} on ${source.name}: two controllers would both give ` +
        'orders to the compute nodes',
      'stop the source: run playbooks/full-upgrade.ts -i INVENTORY -t freeze',
    )
  for (const service of ['keystone', 'neutron', 'nova']) {
    const running = await runningOf(target, service)
    const stopped = daemonsOf(target, service).filter((name) => !running.includes(name))
    if (stopped.length > 0)
      throw new Advice(
        `${stopped.join(', ')} ${stopped.length === 1 ? 'does' : 'do'} not run on ${target.name}, and compute nodes ` +
          'need them',
        `start them: run ${service} -i INVENTORY -t start`,
      )
  }
}

/**
 * Nova-compute destroys the guests of which the database says that they are elsewhere, so its own name must be the one
 * that they have there (nova 2013.2 compute/manager.py:537). It is the node that says its name. @throws Advice
 */
export async function mustBeCalledAsItsGuestsSay(host: CloudHost): Promise<void> {
  const target = targetOf(host)
  const conf = await host.run(ini.read(nodeOf(host).files[0]))
  const { stdout } = await host.run(probe`hostname`)
  const name = conf['DEFAULT']?.['host']?.at(-1) ?? stdout.trim()
  const { fqdn } = host.vars
  if (name !== fqdn)
    throw new Advice(
      `nova-compute on ${host.name} calls itself ${name}, and not ${fqdn}: it would destroy the guests of ${fqdn}`,
      `find out which is right: set fqdn of ${host.name} in the inventory to ${name}, or host of ` +
        `${nodeOf(host).files[0]} to ${fqdn}`,
    )
  const here = await host.run(probe`virsh list --all --uuid 2>/dev/null; :`)
  const domains = here.stdout.split('\n').filter((line) => /^[0-9a-f-]{36}$/.test(line.trim()))
  if (domains.length === 0) return
  const uuids = domains.map((one) => `'${one.trim()}'`).join(', ')
  const select = `SELECT uuid, host FROM nova.instances WHERE uuid IN (${uuids}) AND deleted = 0 AND host <> '${fqdn}'`
  const elsewhere = await target.run(database.select(select, rootLogin(target)))
  if (elsewhere.length === 0) return
  throw new Advice(
    `these guests run on ${host.name}, and nova says that they are elsewhere, so it would destroy them: ` +
      elsewhere.map(([uuid, at]) => `${uuid} (${at})`).join(', '),
    `move them away from ${host.name}, or where ${host.name} is right, on ${target.name}: mysql nova -e ` +
      `"UPDATE instances SET host = '${fqdn}', node = '${fqdn}' ` +
      `WHERE uuid IN (${elsewhere.map(([uuid]) => `'${uuid}'`).join(', ')})"`,
  )
}
