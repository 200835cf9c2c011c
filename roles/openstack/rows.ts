import { database, ini } from '../../lib/modules/index.ts'
import { movedAddresses } from './addresses.ts'
import { type CloudHost, releaseOf, siteOf, sourceOf } from './cloud.ts'
import { savedRows } from './kept.ts'
import { serviceLogin } from './logins.ts'
import type { BoundRows } from './release.ts'

/** Brings rows under the new controller's name and addresses; they are kept as they were. */
export async function rewrite(host: CloudHost, service: string, schema: string, rows: BoundRows) {
  const { address, change, where, ...what } = rows
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
  const save = savedRows(host, schema, rows.table)
  const login = serviceLogin(host, service, schema)
  return host.run(
    database.rewrite({
      ...what,
      ...(which === undefined ? {} : { where: which }),
      login,
      save,
      change: (row) => change(row, moved),
    }),
  )
}
