import { Advice, role } from '../../lib/index.ts'
import { database, facts, lvm, probe } from '../../lib/modules/index.ts'
import { computePackage, supportsIcehouseCompat } from '../compute/versions.ts'
import { cloud, type CloudHost, rootLogin, serviceLogin } from './cloud.ts'
import { movedServices } from './freeze.ts'

/**
 * Everything that can be known before anything is touched. Each task gathers all it finds, so that one look tells the operator
 * all there is to mend; nothing is changed anywhere.
 */
export const look = role('look', cloud, ({ task }) => {
  const tags = ['preflight']

  task('Check that the clocks agree', { tags }, async (host) => {
    const { ahead } = await host.fact(facts.time)
    if (Math.abs(ahead) > 5)
      throw new Advice(
        `the clock of ${host.name} is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's: tokens and heartbeats would count as expired`,
        `set it: ntpdate -u SERVER on ${host.name}`,
      )
  })
  task(
    'Check that the clouds are simple ones',
    { tags, when: (host) => !host.groups.includes('compute') },
    async (host) => {
      const { stdout } = await host.run(probe`sed -n 's/^deployment_mode: *//p' /etc/astute.yaml 2>/dev/null; :`)
      if (/^"?'?ha/.test(stdout.trim())) {
        throw new Advice(
          `${host.name} is a node of a highly available cloud (${stdout.trim()}): its services belong to pacemaker, and stopping them here would only make it start them again`,
          'these roles move clouds with one controller',
        )
      }
    },
  )
  task(
    'Check that the databases let us in',
    { tags, when: (host) => !host.groups.includes('compute') },
    async (host) => {
      const found = await host.run(
        database.select(
          `SELECT schema_name FROM information_schema.schemata WHERE schema_name IN (${movedServices.map((s) => `'${s}'`).join(', ')})`,
          rootLogin(host),
        ),
      )
      const missing = movedServices.filter((service) => !found.some(([name]) => name === service))
      if (missing.length > 0)
        throw new Advice(
          `${host.name} has no database ${missing.join(', ')}`,
          host.groups.includes('source') ? 'is it the right source?' : 'is the target cloud deployed?',
        )
    },
  )
  task(
    "Check the services' database passwords",
    { tags, when: (host) => host.groups.includes('target') },
    async (host) => {
      for (const service of movedServices) await host.run(database.rows(serviceLogin(host, service), 'SELECT 1 AS one'))
    },
  )
  task(
    'Check that the data of the source can be migrated',
    { tags, when: (host) => host.groups.includes('source') },
    async (host) => {
      const wrong: string[] = []
      for (const { sql, says } of hazards) {
        const rows = await host.run(database.select(sql, rootLogin(host)))
        if (rows.length > 0)
          wrong.push(
            `${says}: ${rows
              .slice(0, 5)
              .map((row) => row.join(' '))
              .join('; ')}${rows.length > 5 ? ` and ${rows.length - 5} more` : ''}`,
          )
      }
      wrong.push(...(await brokenGrants(host)))
      if (wrong.length > 0)
        throw new Advice(
          `the migration to Icehouse would break off halfway:\n${wrong.join('\n')}`,
          'mend these rows on the source first; MySQL cannot undo half a migration',
        )
    },
  )
  task(
    'Check that there is room on the target',
    { tags, when: (host) => host.groups.includes('target') },
    async (host) => {
      const source = host.on(host.vars.source)
      const standing = await Promise.all(
        movedServices.map((service) => host.run(database.standing(service, rootLogin(host)))),
      )
      if (standing.every(({ stage }) => stage === 'migrated')) return { needed: 'nothing: the databases are moved' }
      const [size] = await source.run(
        database.select(
          `SELECT IFNULL(SUM(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema IN (${movedServices.map((s) => `'${s}'`).join(', ')})`,
          rootLogin(source),
        ),
      )
      const { stdout } = await source.run(probe`du -sk /var/lib/glance/images 2>/dev/null | cut -f 1; :`)
      const { filesystems } = await host.fact(facts.disks)
      const free = (path: string) =>
        filesystems
          .filter(({ mount }) => path === mount || path.startsWith(mount === '/' ? '/' : `${mount}/`))
          .sort((a, b) => b.mount.length - a.mount.length)[0]?.available ?? Infinity
      const needs = [
        [host.vars.backups, Number(size?.[0]) * 3, 'the dumps'],
        ['/var/lib/glance/images', Number(stdout.trim() || 0) * 1024, 'the images'],
      ] as const
      for (const [path, bytes, what] of needs) {
        if (free(path) < bytes)
          throw new Advice(
            `${host.name} has ${free(path)} bytes free for ${path}, and ${what} need ${bytes}`,
            'make room there, or name another place: -e backups=PATH',
          )
      }
      const [volumes, there, group] = await Promise.all([
        source.run(lvm.volumes(source.vars.volumeGroup)),
        host.run(lvm.volumes(host.vars.volumeGroup)),
        host.run(lvm.group(host.vars.volumeGroup)),
      ])
      const missing = volumes.filter(({ name }) => !there.some((volume) => volume.name === name))
      const bytes = missing.reduce((sum, volume) => sum + volume.bytes, 0)
      if (group.free < bytes)
        throw new Advice(
          `${host.name} has ${group.free} bytes free in ${group.name}, and the volumes of ${source.name} need ${bytes}`,
          `extend it: vgextend ${group.name} DEVICE`,
        )
      return { dumps: needs[0][1], images: needs[1][1], volumes: bytes }
    },
  )
  task(
    'Check that the compute nodes can talk to Icehouse',
    { tags, when: (host) => host.groups.includes('compute') },
    async (host) => {
      const version = await computePackage(host)
      if (!supportsIcehouseCompat(version)) {
        throw new Advice(
          `nova-compute on ${host.name} is ${version}: it takes [upgrade_levels] compute=icehouse-compat right only from 2013.2.3 on`,
          'update its nova packages within Havana first',
        )
      }
      return { version }
    },
  )
  // nova-compute destroys guests whose host in the database is not its own name, so the names must agree before it starts.
  task(
    'Check that the compute nodes have the names that nova knows',
    { tags, when: (host) => host.groups.includes('compute') },
    async (host) => {
      const source = host.on(host.vars.source)
      const rows = await source.run(
        database.select(
          `SELECT COUNT(*) FROM nova.services WHERE \`binary\` = 'nova-compute' AND deleted = 0 AND host = '${host.vars.fqdn}'`,
          rootLogin(source),
        ),
      )
      if (rows[0]?.[0] === '0')
        throw new Advice(
          `nova on ${source.name} knows no compute node ${host.vars.fqdn}`,
          `set fqdn of ${host.name} in the inventory to the host that nova-manage service list shows`,
        )
    },
  )
})

/** Rows on which the real Icehouse migrations break off, each with what is wrong about them. */
const hazards = [
  {
    says: 'keystone.endpoint without extra (migration 042 breaks off)',
    sql: 'SELECT id FROM keystone.endpoint WHERE extra IS NULL',
  },
  {
    says: 'keystone.service without extra (migration 044 breaks off)',
    sql: 'SELECT id FROM keystone.service WHERE extra IS NULL',
  },
  {
    says: 'neutron.agents with the same type and host (migration 1fcfc149aca4 breaks off)',
    sql: 'SELECT agent_type, host, COUNT(*) FROM neutron.agents GROUP BY 1, 2 HAVING COUNT(*) > 1',
  },
  {
    says: 'tables that are not InnoDB (a dump of them is not of one moment)',
    sql: "SELECT table_schema, table_name, engine FROM information_schema.tables WHERE table_schema IN ('keystone', 'glance', 'nova', 'neutron', 'cinder') AND engine <> 'InnoDB'",
  },
] as const

const grantTables = ['user_project_metadata', 'group_project_metadata', 'user_domain_metadata', 'group_domain_metadata']

/** Grants that keystone's migration 039 cannot read: no JSON, a role that is gone, the same role twice. */
async function brokenGrants(host: CloudHost): Promise<readonly string[]> {
  const roles = new Set(
    (await host.run(database.select('SELECT id FROM keystone.role', rootLogin(host)))).map(([id]) => id),
  )
  const there = await host.run(
    database.select(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = 'keystone' AND table_name IN (${grantTables.map((t) => `'${t}'`).join(', ')})`,
      rootLogin(host),
    ),
  )
  const wrong: string[] = []
  for (const [table] of there) {
    for (const [data] of await host.run(database.select(`SELECT data FROM keystone.${table}`, rootLogin(host)))) {
      const names = grantsOf(data!)
      if (!names) wrong.push(`keystone.${table} has a grant without JSON (${data})`)
      else if (names.some((name) => !roles.has(name)))
        wrong.push(`keystone.${table} grants a role that is gone (${data})`)
      else if (new Set(names).size < names.length) wrong.push(`keystone.${table} grants a role twice (${data})`)
    }
  }
  return wrong
}

function grantsOf(data: string): readonly string[] | undefined {
  try {
    const { roles = [] } = JSON.parse(data) as { roles?: readonly (string | { id?: string; inherited_to?: string })[] }
    return roles.map((role) => (typeof role === 'string' ? role : `${role.id}`))
  } catch {
    return undefined
  }
}
