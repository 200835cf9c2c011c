import { Advice } from '../../lib/index.ts'
import { sh } from '../../lib/kit/index.ts'
import { database } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf, sourceOf } from './cloud.ts'
import { rootLogin } from './logins.ts'
import type { Database } from './release.ts'

/** The version of a database's schema on a host, or `none` where it has no table of versions, or an empty one. */
export async function versionOf(host: CloudHost, { name, version }: Database): Promise<string> {
  const known = `SELECT COUNT(*) FROM information_schema.tables
    WHERE table_schema = '${name}' AND table_name = '${version.table}'`
  const [[count] = []] = await host.run(database.select(known, rootLogin(host)))
  if (count === '0') return 'none'
  const [[found = 'none'] = []] = await host.run(database.select(version.sql, rootLogin(host)))
  return found
}

/** The source's schema must be one that the migrations begin at. @throws Advice when it is not */
export async function mustBeginAt(host: CloudHost, one: Database): Promise<void> {
  const source = sourceOf(host)
  const { from, to } = releaseOf(host)
  const found = await versionOf(source, one)
  const { before } = one.version
  if (before.includes(found) || (found === 'none' && one.stamp)) return
  throw new Advice(
    `the schema of ${one.name} on ${source.name} is at version ${found}, and the way to ${to} begins at ` +
      before.join(', '),
    `is it the right source? if it is older, bring it to the last ${from} first`,
  )
}

/** The target's schema must be where the migrations lead. @throws Advice when it is not */
export async function mustHaveArrived(host: CloudHost, one: Database): Promise<string> {
  const { after, arrived } = one.version
  const found = await versionOf(host, { ...one, version: { ...one.version, ...arrived } })
  if (after.includes(found)) return found
  const { user, name = one.name } = releaseOf(host).services.find(({ databases }) => databases.includes(one)) ?? {}
  throw new Advice(
    `the schema of ${one.name} is at version ${found}, not at ${after.join(' or ')}`,
    `mend what the migrations say on ${host.name} (/var/log/${name}), and type --resume afterwards: ` +
      one.migrations.map((command) => (user === undefined ? command : asUser(user, command))).join(' && '),
  )
}

/** The migrations of a database; one that its service made without a version is given one first. */
export async function migrationsOf(host: CloudHost, one: Database): Promise<readonly string[]> {
  return one.stamp && (await versionOf(host, one)) === 'none' ? [one.stamp, ...one.migrations] : one.migrations
}

/** A command as a service's user: run by root, the tools leave logs that the service cannot write. */
export function asUser(user: string, command: string): string {
  return sh`su -s /bin/sh -c ${command} ${user}`
}
