import { answers } from '../../kit/answers.ts'
import { Advice, operation, type Operation, type Reader } from '../../model/operation.ts'
import { checkedLogin, type Login, literal, query } from './client.ts'

/** Somebody who is connected to a database server and may write to a database. */
export type Connected = {
  /** What the server knows the connection by: `KILL 38` cuts it off. */
  readonly id: number
  /** The user of the database server. */
  readonly user: string
  /** The database in use; empty where none is, by a user who may write to one of those that were asked for. */
  readonly database: string
  /** Where it comes from as the server sees it: ADDRESS:PORT, or `localhost` for the server's socket. */
  readonly from: string
  /** The process that holds it, where that is on the host of the server and connected by an address. */
  readonly pid?: number
  /** Its name as the kernel has it; not its arguments, which may hold secrets. */
  readonly program?: string
}

/**
 * Who is connected to databases of a host's server, other than whoever asks; only looks. What a service's manager calls
 * stopped may go on writing (a worker that outlives its parent, a service of another host): the server knows.
 *
 * ```ts
 * const others = await host.run(database.connections(['cinder']))
 * assert(others.length === 0, `still connected: ${others.map(({ from }) => from).join(', ')}`)
 * ```
 * @throws Advice when the client or the login is missing
 */
export function connections(databases: readonly string[], login: Login = {}): Operation<readonly Connected[]> {
  if (databases.length === 0)
    throw new Advice('database.connections names no database', "name those that are asked for: ['cinder']")
  return look({ databases, login: checkedLogin('database.connections', login) })
}

interface Asking {
  readonly databases: readonly string[]
  readonly login: Login
}

const look = operation<Asking, readonly Connected[], readonly Connected[]>(
  ({ databases }) => `database.connections ${databases.join(' ')}`,
  {
    async read(connection, { databases, login }) {
      const rows = await query(connection, login, asking(databases))
      const found = rows.map(([id, user, from, database, port]): Connected & { readonly port: number } => ({
        id: Number(id),
        user: user!,
        database: database!,
        from: from!,
        port: Number(port),
      }))
      const holders = await holdersOf(connection, found)
      return found.map(({ port, ...one }) => ({ ...one, ...holders.get(portOf(one.from)) }))
    },
    plan: (found) => ({ result: found }),
    foresees: true,
  },
)

// Replicas read only, and the threads of the server itself belong to nobody.
function asking(databases: readonly string[]): string {
  const granted = databases.map((name) => `${literal(name)} LIKE g.Db`).join(' OR ')
  return `SELECT p.ID, p.USER, p.HOST, IFNULL(p.DB, ''), @@port FROM information_schema.PROCESSLIST p
    WHERE p.ID <> CONNECTION_ID() AND p.USER NOT IN ('system user', 'event_scheduler')
    AND p.COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID')
    AND (p.DB IN (${databases.map(literal).join(', ')})
      OR p.DB IS NULL AND EXISTS (SELECT 1 FROM mysql.db g WHERE g.User = p.USER AND (${granted})))
    ORDER BY p.ID`
}

type Holder = { readonly pid: number; readonly program: string }

/** The processes of this host that hold the other ends of connections, by the ports that these come from. */
async function holdersOf(
  connection: Reader,
  found: readonly { readonly from: string; readonly port: number }[],
): Promise<ReadonlyMap<number, Holder>> {
  const ports = found.map(({ from }) => portOf(from)).filter((port) => port > 0)
  if (ports.length === 0) return new Map()
  const { sockets, files } = await answers(connection, {
    sockets: 'cat /proc/net/tcp /proc/net/tcp6 2>/dev/null; :',
    // Every process that may be looked into, and what it has open.
    files: `ls -l /proc/[0-9]*/fd 2>/dev/null | grep -e '^/proc/' -e 'socket:' | grep -B 1 -e 'socket:'; :`,
  })
  const inodes = socketsTo(found[0]!.port, sockets.stdout)
  const pids = new Map<string, number>()
  let pid = 0
  for (const line of files.stdout.split('\n')) {
    pid = Number(/^\/proc\/(\d+)\/fd:/.exec(line)?.[1] ?? pid)
    const inode = /socket:\[(\d+)\]/.exec(line)?.[1]
    // Of processes that share one, a parent and its workers, any will do: the last is the youngest.
    if (inode !== undefined) pids.set(inode, pid)
  }
  const holders = new Map<number, number>()
  for (const port of ports) {
    const holder = pids.get(inodes.get(port) ?? '')
    if (holder !== undefined) holders.set(port, holder)
  }
  const programs = await answers(
    connection,
    Object.fromEntries(
      [...new Set(holders.values())].map((one) => [
        String(one),
        `sed -n 's/^Name:[[:space:]]*//p' /proc/${one}/status`,
      ]),
    ),
  )
  return new Map(
    [...holders].map(([port, one]) => [port, { pid: one, program: programs[String(one)]!.stdout.trim() }] as const),
  )
}

function portOf(from: string): number {
  return Number(/:(\d+)$/.exec(from)?.[1] ?? 0)
}

/** The sockets of this host that lead to a port, by their own ports: lines of /proc/net/tcp. */
function socketsTo(port: number, text: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/)
    if (Number.parseInt(remote?.split(':')[1] ?? '', 16) !== port) continue
    found.set(Number.parseInt(local!.split(':')[1]!, 16), inode!)
  }
  return found
}
