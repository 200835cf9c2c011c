import { play, playbook } from '../../../lib/index.ts'
import { dedent, file, ini, line, probe, service, template } from '../../../lib/modules/index.ts'

// The same thirty tasks as ../ansible/w3.yml.
const rabbitHost = '10.77.0.11'
const databaseHost = '10.77.0.12'
const sections = [
  'DEFAULT',
  'api',
  'cinder',
  'conductor',
  'database',
  'glance',
  'keystone_authtoken',
  'libvirt',
  'neutron',
  'vnc',
]
const root = { owner: 'root', group: 'root' }

export default playbook('w3', [
  play('Configure nova', { hosts: 'all' }, ({ task, ensure }) => {
    for (const [i, section] of sections.entries()) {
      const key = `${section.toLowerCase()}_opt_${i * 3}`
      task(
        `Set ${key}`,
        ini.set('/etc/nova/nova.conf', { [section]: { [key]: `migrated-${i}` } }, { ...root, mode: '0640' }),
      )
    }
    for (const i of [0, 1, 2]) {
      task(
        `Set limit${i}`,
        line.present('/etc/nova/limits.conf', { regexp: new RegExp(`^limit${i}=`), line: `limit${i}=10${i}` }),
      )
    }
    for (const i of [0, 1, 2, 3, 4]) {
      task(
        `Copy f${i}.conf`,
        file.copy(new URL(`../files/f${i}.conf`, import.meta.url).pathname, `/etc/nova/f${i}.conf`, {
          ...root,
          mode: '0644',
        }),
      )
    }
    for (const i of [0, 1]) {
      ensure(`Write t${i}.conf`, (host) =>
        template(
          `/etc/nova/t${i}.conf`,
          dedent`
        [DEFAULT]
        rabbit_host = ${rabbitHost}
        [database]
        connection = mysql://nova:pw@${databaseHost}/nova
        ${Array.from({ length: 10 }, (_, n) => `opt${n} = ${host.name}-${n}`)}
      `,
          { ...root, mode: '0640' },
        ),
      )
    }
    for (const i of [0, 1, 2]) {
      task(
        `Make the directory d${i}`,
        file.directory(`/var/lib/nova/d${i}`, { owner: 'daemon', group: 'daemon', mode: '0750' }),
      )
    }
    for (const i of [0, 1]) {
      task(
        `Give p${i} to daemon`,
        file.attributes(`/etc/nova/p${i}`, { owner: 'daemon', group: 'daemon', mode: '0640' }),
      )
    }
    task('Start nova-compute', service.started('openstack-nova-compute'))
    task('Start nova-api', service.started('openstack-nova-api'))
    task('Run true', probe`/bin/true`)
    task('Read the name', probe`cat /etc/hostname`)
    task('Look for nova.conf', probe`test -f /etc/nova/nova.conf`)
  }),
])
