import { Advice } from '../../../lib/index.ts'
import { database, probe } from '../../../lib/modules/index.ts'
import { type CloudHost, type CloudView, optionalOf, releaseOf } from '../cloud.ts'
import { allDaemons } from '../daemons.ts'
import { rootLogin, serviceLogin } from '../logins.ts'
import type { Behind } from '../release.ts'
import { broken, type Finding, left, type Look, refused, together } from './finding.ts'

/** Clouds whose services are started again by a cluster manager cannot be stopped by stopping services. */
export const simple: Look = async (host) => {
  const [mode, cluster, others] = await together(
    host.run(probe`sed -n 's/^deployment_mode: *//p' /etc/astute.yaml 2>/dev/null; :`),
    host.run(probe`ls /etc/corosync/corosync.conf /etc/pacemaker/authkey /etc/haproxy/conf.d 2>/dev/null; :`),
    host.groups.includes('source')
      ? host.run(database.select(otherControllers(host.vars.fqdn), rootLogin(host)))
      : Promise.resolve([]),
  )
  const signs = [
    ...(/^"?'?ha/.test(mode.stdout.trim()) ? [`deployment_mode ${mode.stdout.trim()}`] : []),
    ...cluster.stdout
      .split('\n')
      .filter((line) => line.startsWith('/'))
      .slice(0, 1),
    ...(others.length === 0 ? [] : [`nova services on ${[...new Set(others.map(([name]) => name))].join(', ')}`]),
  ]
  if (signs.length === 0) return []
  return [
    refused(
      `is a node of a highly available cloud (${signs.join('; ')}): ` +
        'its services belong to pacemaker, which would start them again',
      'these roles move clouds with one controller' +
        (others.length === 0
          ? ''
          : `; where these hosts are gone: ${others
              .map(([name, binary]) => `nova-manage service disable --host ${name} --service ${binary}`)
              .join('; ')}`),
    ),
  ]
}

/** What runs in containers is stopped, configured and migrated by other commands than those of these roles. */
export const containers: Look = async (host) => {
  const { stdout } = await host.run(probe`ls /etc/kolla/*/config.json 2>/dev/null; :`)
  const [sign] = stdout.split('\n').filter((line) => line.startsWith('/'))
  if (sign === undefined) return []
  return [
    refused(
      `has its services in containers (${sign}): a service that is stopped there is started again, and its settings ` +
        'are written anew',
      'these roles move services of packages; what made this cloud (kolla-ansible) upgrades it too',
    ),
  ]
}

const otherControllers = (fqdn: string) => `SELECT DISTINCT host, \`binary\` FROM nova.services
  WHERE deleted = 0 AND disabled = 0 AND \`binary\` IN ('nova-conductor', 'nova-scheduler') AND host <> '${fqdn}'`

/** The databases of the services that are moved. */
export const databases: Look = async (host) => {
  const wanted = databasesOf(host).map(({ name }) => name)
  const there = (await host.run(database.select(schemas, rootLogin(host)))).map(([name]) => name)
  const source = host.groups.includes('source')
  const found = releaseOf(host).services.flatMap(({ optional, name, databases: own }): readonly Finding[] => {
    const lacks = own.map((one) => one.name).filter((one) => !there.includes(one))
    if (!optional || lacks.length === 0) return []
    const why = source
      ? `take ${name} out of also`
      : `deploy ${name} there, or take it out of also and name it in leave`
    return [refused(`has no database ${lacks.join(', ')}, and also names ${name}`, why)]
  })
  const missing = wanted.filter((name) => !there.includes(name) && !found.some(({ what }) => what.includes(name)))
  if (missing.length === 0) return found
  const why = source ? 'is it the right source?' : 'is the target cloud deployed?'
  return [...found, refused(`has no database ${missing.join(', ')}`, why)]
}

/** The database passwords of the services, tried where and as the services will use them. */
export const passwords: Look = async (host) => {
  const found: Finding[] = []
  for (const { name, databases: own } of releaseOf(host).services) {
    for (const one of own) {
      for (const address of ['127.0.0.1', host.vars.management]) {
        const login = { ...serviceLogin(host, name, one.name), address }
        try {
          await host.run(database.rows(login, 'SELECT 1 AS one'))
        } catch (error) {
          if (!(error instanceof Advice)) throw error
          found.push(broken(error.message, error.hint))
        }
      }
    }
  }
  return found
}

/** Services that no role moves, by all that there is of them: databases, daemons that run, endpoints. */
export const others: Look = async (host) => {
  const { services } = releaseOf(host)
  const [names, running, endpoints] = await together(
    host.run(database.select(schemas, rootLogin(host))),
    strangers(host),
    host.run(database.select(releaseOf(host).catalogue, rootLogin(host))),
  )
  const signs = new Map<string, string[]>()
  const add = (name: string, sign: string) => signs.set(name, [...(signs.get(name) ?? []), sign])
  const known = databasesOf(host).map(({ name }) => name)
  for (const [name] of names) if (!known.includes(name!)) add(name!, `a database ${name}`)
  for (const daemon of running)
    add(
      whose(
        daemon,
        services.map((one) => one.name),
      ),
      `${daemon} runs`,
    )
  const ours = services.flatMap((one) => one.endpoints ?? [])
  for (const [type, name, url] of endpoints)
    if (!ours.includes(type!)) add(nameOf(type!, name!), `an endpoint ${type} (${url})`)
  const movable = optionalOf(host).map(({ name }) => name)
  const ask = (sql: string) => host.run(database.select(sql, rootLogin(host)))
  const more = new Map<string, Awaited<ReturnType<Behind>>>()
  for (const [name, tell] of Object.entries(releaseOf(host).behind ?? {}))
    if (names.some(([schema]) => schema === name)) more.set(name, await tell(ask, host.vars.osFamily))
  return [...signs].map(([name, all]) =>
    movable.includes(name)
      ? left(
          host,
          name,
          `is not named in also, and stays on the source with ${all.join(', ')}`,
          `to move it: run playbooks/preflight.ts -i INVENTORY -e also=${[...host.vars.also, name].join(',')}`,
        )
      : left(
          host,
          name,
          ['has no role, and stays on the source with ' + all.join(', '), more.get(name)?.what]
            .filter(Boolean)
            .join(': '),
          more.get(name)?.mend,
        ),
  )
}

const own = ['information_schema', 'performance_schema', 'mysql', 'sys', 'test', 'switchover']
const schemas = `SELECT schema_name FROM information_schema.schemata
  WHERE schema_name NOT IN (${own.map((name) => `'${name}'`).join(', ')})`

/** Services of OpenStack that no role moves, by the names of their daemons. */
const unmoved = ['heat', 'ceilometer', 'murano', 'sahara', 'savanna', 'swift', 'trove', 'quantum']

/** Those daemons of OpenStack that run and belong to nothing that is moved. */
async function strangers(host: CloudHost): Promise<readonly string[]> {
  const known = allDaemons(host)
  const theirs = [...releaseOf(host).services.map(({ name }) => name), ...unmoved].join('|')
  const { stdout } = await host.run(probe`
    ls /etc/init.d | grep -E ${`^(openstack|${theirs})-`} | while read -r s; do
      service "$s" status >/dev/null 2>&1 </dev/null && echo "$s"
    done; :`)
  return stdout.split('\n').filter((name) => name !== '' && !known.includes(name as never))
}

/** The service that a daemon belongs to; one of a service that is moved stays behind by its own name. */
function whose(daemon: string, services: readonly string[]): string {
  const service = daemon.replace(/^openstack-/, '').split('-')[0]!
  return services.includes(service) ? daemon : service
}

/** What people call the service of an endpoint: MOS keeps the name in `extra`. */
function nameOf(type: string, extra: string): string {
  const named: Readonly<Record<string, string>> = {
    orchestration: 'heat',
    cloudformation: 'heat',
    metering: 'ceilometer',
    'object-store': 'swift',
    data_processing: 'sahara',
    database: 'trove',
  }
  return named[type] ?? /"name": *"([^"]+)"/.exec(extra)?.[1]?.split(/[-_]/)[0] ?? type
}

export function databasesOf(host: CloudView) {
  return releaseOf(host).services.flatMap((one) => one.databases)
}
