import { database, ini } from '../../lib/modules/index.ts'
import { movedAddresses } from './addresses.ts'
import { type CloudHost, releaseOf, siteOf, sourceOf } from './cloud.ts'
import { savedRows } from './kept.ts'
import { serviceLogin } from './logins.ts'
import type { BoundRows } from './release.ts'

/** Brings rows under the new controller's name and addresses; they are kept as they were. */
export async function rewrite(host: CloudHost, service: string, schema: string, rows: BoundRows) {
  const { change, ...what } = await bound(host, service, schema, rows)
  return host.run(database.rewrite({ ...what, change, save: savedRows(host, schema, rows.table) }))
}

/** Rows that are still of the old controller: what tells them apart, and of which table. */
export async function leftBehind(host: CloudHost, service: string, schema: string, rows: BoundRows) {
  const { login, table, key, columns, where = 'TRUE', change } = await bound(host, service, schema, rows)
  const select = `SELECT ${[key, ...columns].map((one) => `\`${one}\``).join(', ')} FROM \`${table}\` WHERE ${where}`
  const found = await host.run(database.rows(login, select))
  const due = found.filter((row) => Object.entries(change(row) ?? {}).some(([column, value]) => row[column] !== value))
  return due.map((row) => `${schema}.${table} ${String(row[key])}`)
}

/** Which rows they are, and what becomes of them between these two controllers. */
async function bound(host: CloudHost, service: string, schema: string, rows: BoundRows) {
  const { address, change, where, early, ...what } = rows
  const which = typeof where === 'function' ? where(releaseOf(host)) : where
  const { source, target } = siteOf(host)
  const meant = async (at: CloudHost) =>
    address ? address.of(await at.run(ini.read(address.file)), at.vars) : at.vars.management
  const [from, to] = await Promise.all([meant(sourceOf(host)), meant(host)])
  const moved = {
    from: { ...source, address: from },
    to: { ...target, address: to },
    addresses: movedAddresses({ source, target }),
  }
  return {
    ...what,
    ...(which === undefined ? {} : { where: which }),
    login: serviceLogin(host, service, schema),
    change: (row: database.Row) => change(row, moved),
  }
}
