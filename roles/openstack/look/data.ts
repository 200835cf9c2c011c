import { database } from '../../../lib/modules/index.ts'
import { type CloudHost, releaseOf } from '../cloud.ts'
import { rowsThat } from '../hazards.ts'
import { rootLogin } from '../logins.ts'
import { versionOf } from '../schema.ts'
import { databasesOf } from './cloud.ts'
import { broken, type Finding, inWords, type Look, moved, refused } from './finding.ts'

/** Rows on which the migrations would break off, and schemas that they do not begin at. */
export const migratable: Look = async (host) => {
  const ask = (sql: string) => host.run(database.select(sql, rootLogin(host)))
  const { services, to } = releaseOf(host)
  const found: Finding[] = []
  for (const hazard of [...services.flatMap(({ hazards }) => hazards ?? []), otherEngines(host)])
    for (const { says, mend } of await hazard(ask))
      found.push(broken(`the migration to ${to} would break off halfway, and MySQL cannot undo a half: ${says}`, mend))
  return found
}

/** Each schema must be where its migrations begin. */
export const schemas: Look = async (host) => {
  const found: Finding[] = []
  for (const one of databasesOf(host)) {
    const { from, to } = releaseOf(host)
    const version = await versionOf(host, one)
    if (one.version.before.includes(version) || (version === 'none' && one.stamp)) continue
    found.push(
      refused(
        `the schema of ${one.name} is at version ${version}, and the way to ${to} begins at ` +
          one.version.before.join(', '),
        `is it the right source? if it is older, bring it to the last ${from} first`,
      ),
    )
  }
  return found
}

/** What the target's server must be told before something comes to it. */
export const server: Look = async (host) => {
  const { server: wanted } = releaseOf(host)
  if (!wanted) return []
  const names = listed(wanted.variables.map(({ name }) => name))
  const rows = await host.run(
    database.select(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`, rootLogin(host)),
  )
  const found: Finding[] = []
  for (const { name, value, otherwise } of wanted.variables) {
    const is = rows.find(([known]) => known === name)?.[1]
    if (is === undefined || is === value) continue
    found.push(
      broken(
        `its database server has ${name}=${is}: ${otherwise}`,
        // Once for now, and once for its next start.
        `on ${host.name}: mariadb -e "SET GLOBAL ${name} = '${value}'" && ` +
          `printf '[mysqld]\\n${name} = ${value}\\n' >>${wanted.file}`,
      ),
    )
  }
  return found
}

/** Databases with their sizes: what is moved. */
export const sizes: Look = async (host) => {
  const names = databasesOf(host).map(({ name }) => name)
  const rows = await host.run(
    database.select(
      `SELECT table_schema, COUNT(*), SUM(data_length + index_length) FROM information_schema.tables
      WHERE table_schema IN (${listed(names)}) GROUP BY 1`,
      rootLogin(host),
    ),
  )
  return rows.map(([name, tables, bytes]) => moved(`database ${name}: ${tables} tables, ${inWords(Number(bytes))}`))
}

/** What is under way: what has been so for long would hold the freeze up, with the APIs already off. */
export const underWay: Look = async (host) => {
  const selects = releaseOf(host).services.flatMap((one) => one.underWay ?? [])
  const rows = await host.run(database.select(selects.join('\n  UNION ALL '), rootLogin(host)))
  return rows.map(([kind, id, state, minutes, mend]): Finding => {
    const what = `${kind} ${id} has been ${state} for ${minutes} min`
    return Number(minutes) < 15
      ? moved(`${what}: the freeze will wait for it`)
      : broken(`${what}: the freeze would wait for it with the APIs off`, mend!)
  })
}

/** Tables of which a dump is not of one moment. */
function otherEngines(host: CloudHost) {
  return rowsThat(
    'tables that are not InnoDB (a dump of them is not of one moment)',
    `SELECT table_schema, table_name, engine FROM information_schema.tables
      WHERE table_schema IN (${listed(databasesOf(host).map(({ name }) => name))}) AND engine <> 'InnoDB'`,
    (rows) => `mysql -e '${rows.map(([schema, table]) => `ALTER TABLE ${schema}.${table} ENGINE=InnoDB;`).join(' ')}'`,
  )
}

/** Names as a list of SQL. */
export function listed(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
