import { Advice, role } from '../../lib/index.ts'
import { database, facts, lvm, probe } from '../../lib/modules/index.ts'
import { atLeast, computePackage } from '../compute/version.ts'
import { type CloudHost, type CloudView, cloud, releaseOf, sourceOf } from './cloud.ts'
import { rowsThat } from './hazards.ts'
import { rootLogin, serviceLogin } from './logins.ts'
import { mustBeginAt } from './schema.ts'

/**
 * Everything that can be known before anything is touched, of which the article's «Setting up» asks for the
 * credentials. Each task gathers all it finds, so that one look tells the operator all there is to mend; nothing is
 * changed anywhere.
 */
export const look = role('look', cloud, ({ task }) => {
  const tags = ['preflight']
  const on = (...groups: readonly string[]) => ({
    tags,
    when: (host: CloudView) => groups.some((group) => host.groups.includes(group)),
  })

  task('Check that the clocks agree', { tags }, async (host) => {
    const { ahead } = await host.fact(facts.time)
    if (Math.abs(ahead) <= 5) return
    throw new Advice(
      `the clock of ${host.name} is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's, ` +
        'so that tokens and heartbeats would count as expired',
      `set it: ntpdate -u SERVER on ${host.name}`,
    )
  })
  task('Check that the clouds are simple ones', on('source', 'target'), async (host) => {
    const { stdout } = await host.run(probe`sed -n 's/^deployment_mode: *//p' /etc/astute.yaml 2>/dev/null; :`)
    if (!/^"?'?ha/.test(stdout.trim())) return
    throw new Advice(
      `${host.name} is a node of a highly available cloud (${stdout.trim()}): its services belong to pacemaker, ` +
        'and stopping them here would only make it start them again',
      'these roles move clouds with one controller',
    )
  })
  task('Check that the databases let us in', on('source', 'target'), async (host) => {
    const wanted = databasesOf(host).map(({ name }) => name)
    const select = `SELECT schema_name FROM information_schema.schemata WHERE schema_name IN (${listed(wanted)})`
    const there = (await host.run(database.select(select, rootLogin(host)))).map(([name]) => name)
    const missing = wanted.filter((name) => !there.includes(name))
    if (missing.length === 0) return
    throw new Advice(
      `${host.name} has no database ${missing.join(', ')}`,
      host.groups.includes('source') ? 'is it the right source?' : 'is the target cloud deployed?',
    )
  })
  task("Check the services' database passwords", on('target'), async (host) => {
    for (const { name, databases } of releaseOf(host).services) {
      for (const one of databases) await host.run(database.rows(serviceLogin(host, name, one.name), 'SELECT 1 AS one'))
    }
  })
  task('Check that the data of the source can be migrated', on('source'), async (host) => {
    const ask = (sql: string) => host.run(database.select(sql, rootLogin(host)))
    const wrong: string[] = []
    for (const hazard of [...releaseOf(host).services.flatMap(({ hazards }) => hazards ?? []), otherEngines(host)])
      wrong.push(...(await hazard(ask)))
    if (wrong.length === 0) return
    throw new Advice(
      `the migration to ${releaseOf(host).to} would break off halfway:\n${wrong.join('\n')}`,
      'mend these rows on the source first; MySQL cannot undo half a migration',
    )
  })
  task('Check that the schemas of the source are where the migrations begin', on('source'), async (host) => {
    for (const one of databasesOf(host)) await mustBeginAt(host, one)
  })
  task('Check that there is room on the target', on('target'), async (host) => {
    const standing = await Promise.all(
      databasesOf(host).map(({ name }) => host.run(database.standing(name, rootLogin(host)))),
    )
    if (standing.every(({ stage }) => stage === 'migrated')) return { needed: 'nothing: the databases are moved' }
    return { files: await roomForFiles(host), volumes: await roomForVolumes(host) }
  })
  task('Check that the compute nodes can talk to the new release', on('compute'), async (host) => {
    const version = await computePackage(host)
    const { name, least } = releaseOf(host).compute.cap
    if (atLeast(version, least)) return { version }
    throw new Advice(
      `nova-compute on ${host.name} is ${version}, and takes ${name} right only from ${least} on`,
      `update its nova packages within ${releaseOf(host).from} first`,
    )
  })
  // nova-compute destroys guests whose host in the database is not its own name, so the names must agree before it
  // starts.
  task('Check that the compute nodes have the names that nova knows', on('compute'), async (host) => {
    const source = sourceOf(host)
    const select = `SELECT COUNT(*) FROM nova.services
      WHERE \`binary\` = 'nova-compute' AND deleted = 0 AND host = '${host.vars.fqdn}'`
    const [[known] = []] = await source.run(database.select(select, rootLogin(source)))
    if (known !== '0') return
    throw new Advice(
      `nova on ${source.name} knows no compute node ${host.vars.fqdn}`,
      `set fqdn of ${host.name} in the inventory to the host that nova-manage service list shows`,
    )
  })
})

function databasesOf(host: CloudView) {
  return releaseOf(host).services.flatMap(({ databases }) => databases)
}

/** Tables of which a dump is not of one moment. */
function otherEngines(host: CloudView) {
  return rowsThat(
    'tables that are not InnoDB (a dump of them is not of one moment)',
    `SELECT table_schema, table_name, engine FROM information_schema.tables
      WHERE table_schema IN (${listed(databasesOf(host).map(({ name }) => name))}) AND engine <> 'InnoDB'`,
  )
}

async function roomForFiles(host: CloudHost) {
  const source = sourceOf(host)
  const select = `SELECT IFNULL(SUM(data_length + index_length), 0) FROM information_schema.tables
    WHERE table_schema IN (${listed(databasesOf(host).map(({ name }) => name))})`
  const [[size] = []] = await source.run(database.select(select, rootLogin(source)))
  const needs = [{ path: host.vars.backups, bytes: Number(size) * 3 }]
  for (const path of releaseOf(host).services.flatMap(({ folders }) => folders ?? [])) {
    const { stdout } = await source.run(probe`du -sk ${path} 2>/dev/null | cut -f 1; :`)
    needs.push({ path, bytes: Number(stdout.trim() || 0) * 1024 })
  }
  const { filesystems } = await host.fact(facts.disks)
  for (const { path, bytes } of needs) {
    const free =
      filesystems
        .filter(({ mount }) => path === mount || path.startsWith(mount === '/' ? '/' : `${mount}/`))
        .sort((a, b) => b.mount.length - a.mount.length)[0]?.available ?? Infinity
    if (free < bytes)
      throw new Advice(
        `${host.name} has ${free} bytes free for ${path}, and ${bytes} are needed`,
        'make room there, or name another place for dumps: -e backups=PATH',
      )
  }
  return needs
}

async function roomForVolumes(host: CloudHost): Promise<number> {
  const source = sourceOf(host)
  const [volumes, there, group] = await Promise.all([
    source.run(lvm.volumes(source.vars.volumeGroup)),
    host.run(lvm.volumes(host.vars.volumeGroup)),
    host.run(lvm.group(host.vars.volumeGroup)),
  ])
  const missing = volumes.filter(({ name }) => !there.some((volume) => volume.name === name))
  const bytes = missing.reduce((sum, volume) => sum + volume.bytes, 0)
  if (group.free >= bytes) return bytes
  throw new Advice(
    `${host.name} has ${group.free} bytes free in ${group.name}, and the volumes of ${source.name} need ${bytes}`,
    `extend it: vgextend ${group.name} DEVICE`,
  )
}

/** Names as a list of SQL. */
function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
