import path from 'node:path'
import {
  Advice,
  CommandFailed,
  type Connection,
  legacyOperation,
  output,
  type Operation,
  type Reader,
} from '../../model/operation.ts'
import type { HostRef } from '../../model/inventory.ts'
import { sh } from '../../kit/shell.ts'
import { receiving, sumIn } from '../copy-between/receive.ts'
import { relay } from '../copy-between/relay.ts'
import { clientError, clientScript, type Login } from './client.ts'

/** A complete dump in a file of the host. */
export type Dumped = { readonly path: string; readonly bytes: number; readonly sha256: string }

export interface DumpOptions {
  readonly database: string
  /** The file on the host that the task runs on. */
  readonly to: string
  /** Where the database is; the host itself unless said. The dump is streamed, and nothing is written there. */
  readonly from?: HostRef
  readonly login?: Login
  /** A complete dump that is there already is kept as it is: for backups, which must show what was before the first run. */
  readonly keep?: boolean
}

/** What a file that should hold a dump holds. */
export interface Found {
  readonly bytes: number
  readonly complete: boolean
}

/**
 * Dumps a database into a file (mode 0600) by the server's own mysqldump, and believes it only when it is complete:
 * exit code, closing line and checksum on both ends. An incomplete dump never stands under the final name.
 *
 * ```ts
 * database.dump({ database: 'nova', from: host.vars.source, to: '/var/backups/nova.sql' })
 * ```
 * @throws Advice when the database, the client or the login is missing, or the dump is incomplete
 */
export function dump(options: DumpOptions): Operation<Dumped> {
  return dumpOperation(options)
}

const dumpOperation = legacyOperation<DumpOptions, Found | undefined, Dumped>(
  ({ database, from }) => `database.dump ${database}${from ? ` of ${from.name}` : ''}`,
  {
    read: (connection, { to }) => findDump(connection, to),
    plan: (found, { to, keep, database }) =>
      keep && found?.complete
        ? { changed: false, result: { path: to, bytes: found.bytes, sha256: '' } }
        : {
            changed: true,
            unpredictable: true,
            result: { path: to, bytes: 0, sha256: '' },
            diff: {
              path: to,
              before: found ? `a dump of ${found.bytes} bytes\n` : '',
              after: `a new dump of ${database}\n`,
            },
          },
    async apply(connection, _plan, options) {
      try {
        return await take(connection, options)
      } catch (error) {
        await connection.exec(sh`rm -f ${`${options.to}.part`}`).catch(() => {})
        throw error
      }
    },
  },
)

async function take(connection: Connection, { database, to, from, login = {} }: DumpOptions): Promise<Dumped> {
  const source = from && from.name !== connection.host.name ? await connection.peer(from) : connection
  const part = `${to}.part`
  // --skip-dump-date makes two dumps of the same rows equal, which is how a rerun can tell.
  const { script, stdin } = clientScript(
    login,
    sh`$mysqldump --single-transaction --quick --routines --triggers --hex-blob --skip-dump-date ${database}`,
  )
  const [all, shown] = [{ bytes: 0 }, { bytes: 0 }]
  const { bytes, sha256, tail, said } = await relay(
    {
      doing: `mysqldump ${database}`,
      start: () => source.stream(script),
      input: stdin,
      failed: (result) => clientError(source, `mysqldump ${database}`, { ...result, stdout: '' }),
    },
    {
      doing: `cat > ${part}`,
      start: () =>
        connection.stream(`${sh`umask 077; mkdir -p ${path.posix.dirname(to)}`} || exit\n${receiving(part)}`),
      failed: (result) =>
        new CommandFailed(
          `cat > ${part}`,
          { ...result, stdout: '' },
          `cannot write ${part} on ${connection.host.name}: ${result.stderr.trim()}`,
        ),
    },
    (more) => {
      all.bytes += more
      if (all.bytes - shown.bytes < 4 << 20) return
      shown.bytes = all.bytes
      connection.progress(`${database}: ${(all.bytes / 1048576).toFixed(0)} MiB`)
    },
  )
  if (!tail.toString('latin1').includes('-- Dump completed')) {
    throw new Advice(
      `the dump of ${database} on ${source.host.name} ends before its closing line`,
      'look at the free space and the log of the database server there, then run it again',
    )
  }
  if (sumIn(said) !== sha256)
    throw new Advice(
      `what arrived of the dump of ${database} differs from what was sent`,
      'run it again; if it happens twice, check the disk of the receiving host',
    )
  await output(connection, sh`mv -f ${part} ${to}`)
  return { path: to, bytes, sha256 }
}

/** Looks whether there is a dump in a file, and whether its closing line is there. */
export async function findDump(connection: Reader, file: string): Promise<Found | undefined> {
  const { stdout } = await connection.exec(
    sh`f=${file}; [ -f "$f" ] || exit 0; wc -c < "$f"; tail -c 200 "$f" | grep -c -e '-- Dump completed'; :`,
  )
  const [bytes, complete] = stdout.trim().split('\n')
  return bytes ? { bytes: Number(bytes), complete: complete === '1' } : undefined
}
