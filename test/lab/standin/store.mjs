// A service's own database: the URL by its aliases, and the refusal to work on another release's schema.
import { connectionNames, option, parseUrl, release } from './conf.mjs'
import { database, quote } from './mysql.mjs'

const repositories = { keystone: 'keystone', glance: 'Glance Migrations', nova: 'nova', cinder: 'cinder', heat: 'heat' }
const heads = {
  havana: { keystone: [34, 36], glance: [29], nova: [216], cinder: [20, 21], heat: [28] },
  icehouse: { keystone: [44], glance: [34], nova: [233, 234], cinder: [22], heat: [43] },
}

/** The database that a conf names; what is no MySQL URL fails at the first query, as an empty SQLite file does. */
export function store(conf, service) {
  const url = option(conf, connectionNames[service])
  const parsed = parseUrl(url)
  const open = parsed
    ? database(parsed)
    : {
        query: async () => {
          throw new Error(
            `(OperationalError) no such table (connection is ${url ? 'not a MySQL URL' : 'not set: sqlite:///'})`,
          )
        },
      }
  const allowed = heads[release()][service]
  return {
    query: open.query,
    quote,
    /** Rows, after the schema has been found to be this release's. */
    async rows(sql) {
      if (allowed) {
        const [found] = await open.query(
          `SELECT version FROM migrate_version WHERE repository_id = ${quote(repositories[service])}`,
        )
        if (!allowed.includes(Number(found?.version))) {
          const versions = `schema version ${found?.version} is not ${allowed.at(-1)}`
          throw new Error(`(OperationalError) (1054, "Unknown column in 'field list'") ${versions}`)
        }
      } else {
        const [found] = await open.query(`SELECT COUNT(*) AS n FROM information_schema.columns
          WHERE table_schema = DATABASE() AND table_name = 'subnets' AND column_name = 'ipv6_ra_mode'`)
        if ((found.n === '1') !== (release() === 'icehouse')) {
          throw new Error("(OperationalError) (1054, \"Unknown column 'subnets.ipv6_ra_mode' in 'field list'\")")
        }
      }
      return open.query(sql)
    },
  }
}

/** Now, as a DATETIME literal of the services: UTC, whole seconds. */
export const now = () => new Date().toISOString().slice(0, 19).replace('T', ' ')

/** Milliseconds of a DATETIME text in UTC. */
export const moment = (text) => Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`)
