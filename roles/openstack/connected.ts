import { Advice } from '../../lib/index.ts'
import { database } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf } from './cloud.ts'
import { rootLogin } from './logins.ts'

/**
 * How long a check that nobody is connected is patient: a worker whose parent is gone takes some seconds to end, and
 * writes until it has.
 */
export const untilGone = { retries: 30, delay: '1s', verify: true } as const

/**
 * Nobody may be connected to the databases of services of a controller, all or one: what is called stopped there may
 * have left a worker that writes, and services of other hosts are not asked at all. The server knows who is there.
 *
 * @throws Advice when somebody is; `again` is what to type when nobody is any more
 */
export async function mustBeLeft(host: CloudHost, again: string, service?: string): Promise<void> {
  const names = releaseOf(host)
    .services.filter(({ name }) => service === undefined || name === service)
    .flatMap(({ databases }) => databases.map(({ name }) => name))
  if (names.length === 0) return
  const others = await host.run(database.connections(names, rootLogin(host)))
  if (others.length === 0) return
  const login = host.vars.databaseRootPassword ? 'mysql -u root -p' : 'mysql'
  throw new Advice(
    `these are still connected to the database server of ${host.name}, and what they write would be lost: ` +
      others.map(inWords).join('; '),
    `${others
      .slice(0, 3)
      .map((one) => `${ending(one, host.name)}, or ${login} -e 'KILL ${one.id}'`)
      .join('; ')}` + ` on ${host.name}; then ${again}`,
  )
}

function inWords({ user, database: name, from, pid, program }: database.Connected): string {
  const where = name === '' ? 'no database yet' : `database ${name}`
  const who = pid === undefined ? '' : `, process ${pid} (${program})`
  return `${user} from ${from === 'localhost' ? 'its socket' : from}, ${where}${who}`
}

/** What ends one of them for good, where it is. */
function ending({ from, pid }: database.Connected, name: string): string {
  if (pid !== undefined) return `end it: kill ${pid}`
  const [, address, port] = /^(.*):(\d+)$/.exec(from) ?? []
  if (port === undefined) return `see on ${name} who it is: fuser -v $(mysql -N -B -e 'SELECT @@socket')`
  return `stop the service that it is (ss -tnp sport = :${port} on ${address} tells)`
}
