import assert from 'node:assert/strict'
import { Advice, masked, role, type Task } from '../../lib/index.ts'
import { database, file, ini, probe, service } from '../../lib/modules/index.ts'
import { cloud, type CloudHost, rootLogin, serviceLogin, targetOf } from '../openstack/cloud.ts'
import { databaseClock } from '../openstack/move.ts'
import { merged, rabbitSettings } from '../openstack/settings.ts'
import { agentName, computeName, neutronConf as neutron, novaConf as nova } from './names.ts'
import { computePackage, supportsIcehouseCompat } from './versions.ts'

/** A compute node that stays at Havana and gets a new controller. */
export const compute = role('compute', cloud, ({ task, handler, block, flush }) => {
  let novaEdits: readonly Task<file.Written>[] = []
  let agentEdits: readonly Task<file.Written>[] = []
  const edited = (host: CloudHost, edits: readonly Task<file.Written>[]) =>
    edits.some((one) => host.resultIfRun(one)?.changed)
  // Where nova-compute is restarted next, the agent settles at the same time, and is looked at when both have.
  const agent = handler('Restart the Open vSwitch agent', (host) =>
    service.restarted({ log: '/var/log/neutron/*.log', settle: edited(host, novaEdits) ? 0 : 2 }, agentName(host)),
  )
  const restart = handler('Restart nova-compute', async (host) => {
    await host.run(service.restarted({ log: '/var/log/nova/compute.log', timeout: 20 }, computeName(host)))
    if (host.check || !edited(host, agentEdits)) return
    const { running, name, said } = await host.run(service.status(agentName(host)))
    assert(running, `${name} was restarted and did not stay up (it says: ${said})`)
  })

  task('Check that this Havana knows icehouse-compat', { tags: ['pin', 'preflight'] }, async (host) => {
    const version = await computePackage(host)
    if (!supportsIcehouseCompat(version)) {
      throw new Advice(
        `nova-compute ${version} does not know icehouse-compat: it came with 2013.2.2 and takes its arguments right from 2013.2.3 on`,
        'update the nova packages of this node within Havana first',
      )
    }
    return { version }
  })
  task('Save the configuration', { tags: ['backup'] }, async (host) => {
    for (const path of [nova, neutron]) await host.run(file.backup(path))
  })
  block('Reconnect', {
    try() {
      const pointed = task(
        'Point nova-compute at the new controller',
        { tags: ['config'], notify: restart },
        async (host) => {
          const target = targetOf(host).vars
          const { password } = serviceLogin(host, 'nova')
          const ours = await host.run(ini.read(nova))
          // A compute node that goes through the conductor needs no database, but Fuel gives it one: then it must be the right one.
          const url: Record<string, ini.Setting> = ours['DEFAULT']?.['sql_connection']
            ? { sql_connection: masked`mysql://nova:${password}@${target.management}/nova?read_timeout=60` }
            : {}
          return ini.set(
            nova,
            merged(rabbitSettings(targetOf(host)), {
              DEFAULT: {
                ...url,
                glance_api_servers: `${target.management}:9292`,
                neutron_url: `http://${target.management}:9696`,
                neutron_admin_auth_url: `http://${target.management}:35357/v2.0`,
                ...(ours['DEFAULT']?.['neutron_connection_host'] ? { neutron_connection_host: target.management } : {}),
                ...(ours['DEFAULT']?.['metadata_host'] ? { metadata_host: target.management } : {}),
                novncproxy_base_url: `http://${target.public || target.management}:6080/vnc_auto.html`,
              },
              keystone_authtoken: { auth_host: target.management },
            }),
          )
        },
      )
      const pinned = task(
        'Set [upgrade_levels] compute=icehouse-compat',
        { tags: ['config', 'pin'], notify: restart },
        ini.set(nova, { upgrade_levels: { compute: 'icehouse-compat' } }),
      )
      const agentPointed = task(
        'Point the Open vSwitch agent at the new controller',
        { tags: ['config'], notify: agent },
        (host) =>
          ini.set(
            neutron,
            merged(rabbitSettings(targetOf(host)), {
              keystone_authtoken: { auth_host: targetOf(host).vars.management },
            }),
          ),
      )
      novaEdits = [pointed, pinned]
      agentEdits = [agentPointed]
      const before = task('Note the clock of the new controller', { tags: ['verify'] }, (host) =>
        databaseClock(targetOf(host)),
      )
      flush()
      task('Start what is not running', { tags: ['start'] }, (host) =>
        service.started(agentName(host), computeName(host)),
      )
      task(
        'Check that nova-compute reports to the new controller',
        { tags: ['verify'], retries: 60, delay: '1s' },
        async (host) => {
          if (host.check) return undefined
          const { now } = host.result(before)
          const [row] = await targetOf(host).run(
            database.select(
              `SELECT updated_at > '${now}' FROM nova.services WHERE \`binary\` = 'nova-compute' AND host = '${host.vars.fqdn}' AND deleted = 0`,
              rootLogin(targetOf(host)),
            ),
          )
          assert(row, `the new controller knows no nova-compute on ${host.vars.fqdn}: is fqdn right for ${host.name}?`)
          assert(
            row[0] === '1',
            `nova-compute on ${host.vars.fqdn} does not report to the new controller; see /var/log/nova/compute.log on ${host.name}`,
          )
          return { alive: true }
        },
      )
      task('Check that no message was refused', { tags: ['verify'] }, async (host) => {
        // Only what was logged since the service started counts: older lines are of older times.
        const { stdout } = await host.run(
          probe({
            allow: [0, 1],
          })`tail -n 200 /var/log/nova/compute.log 2>/dev/null | sed '1,/Starting compute node/d' | grep -E 'UnsupportedRpcVersion|UnsupportedVersion|IncompatibleObjectVersion|RPCVersionCapError' | tail -n 3`,
        )
        assert(
          stdout.trim() === '' || host.check,
          `nova-compute on ${host.name} refuses what the controller sends; is [upgrade_levels] compute=icehouse-compat set there?\n${stdout.trim()}`,
        )
      })
    },
    rescue() {
      task('Put the configuration back', { tags: ['always'], notify: [restart, agent] }, async (host) => {
        for (const path of [nova, neutron]) await host.run(file.restore(path))
      })
      flush()
      task('Say that the node is as it was', { tags: ['always'] }, (host): never => {
        throw new Advice(
          `${host.name} could not be reconnected, and has its old configuration again`,
          'mend what failed above, then go on with --resume',
        )
      })
    },
  })
})
