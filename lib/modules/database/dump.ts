import { createHash } from 'node:crypto'
import path from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Advice, CommandFailed, type Connection, operation, type Operation } from '../../model/operation.ts'
import type { HostRef } from '../../model/inventory.ts'
import { revealed } from '../../model/secret.ts'
import { sh } from '../../model/shell.ts'
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

interface Found {
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
 */
export function dump(options: DumpOptions): Operation<Dumped> {
  return dumpOperation(options)
}

const dumpOperation = operation<DumpOptions, Found | undefined, Dumped>(({ database, from }) => `database.dump ${database}${from ? ` of ${from.name}` : ''}`, {
  read: (connection, { to }) => findDump(connection, to),
  plan: (found, { to, keep, database }) => keep && found?.complete
    ? { changed: false, result: { path: to, bytes: found.bytes, sha256: '' } }
    : { changed: true, unpredictable: true, result: { path: to, bytes: 0, sha256: '' }, diff: { path: to, before: found ? `a dump of ${found.bytes} bytes\n` : '', after: `a new dump of ${database}\n` } },
  async apply(connection, _plan, { database, to, from, login = {} }) {
    const source = from && from.name !== connection.host.name ? await connection.peer(from) : connection
    // --skip-dump-date makes two dumps of the same rows equal, which is how a rerun can tell.
    const { script, stdin } = clientScript(login, sh`$mysqldump --single-transaction --quick --routines --triggers --hex-blob --skip-dump-date ${database}`)
    const reading = await source.stream(script)
    const writing = await connection.stream(receiveScript(to))
    reading.stdin.end(revealed(stdin))
    writing.stdout.resume()
    const hash = createHash('sha256')
    let bytes = 0
    let tail = Buffer.alloc(0)
    let shown = 0
    const watch = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        hash.update(chunk)
        bytes += chunk.length
        tail = Buffer.concat([tail, chunk]).subarray(-200)
        if (bytes - shown > 4 << 20) {
          shown = bytes
          connection.progress(`${database}: ${(bytes / 1048576).toFixed(0)} MiB`)
        }
        next(undefined, chunk)
      },
    })
    const copied = await Promise.allSettled([pipeline(reading.stdout, watch, writing.stdin), reading.ended, writing.ended])
    const [moved, read, written] = copied
    const discard = () => connection.exec(sh`rm -f ${`${to}.part`}`)
    if (read.status === 'rejected') throw await after(discard, read.reason as Error)
    if (read.value.code !== 0) throw await after(discard, clientError(source, `mysqldump ${database}`, { ...read.value, stdout: '' }))
    if (written.status === 'rejected') throw written.reason
    if (written.value.code !== 0) throw await after(discard, new CommandFailed(`cat > ${to}.part`, { ...written.value, stdout: '' }))
    if (moved.status === 'rejected') throw await after(discard, moved.reason as Error)
    if (!tail.toString('latin1').includes('-- Dump completed')) {
      throw await after(discard, new Advice(`the dump of ${database} on ${source.host.name} ends before its closing line`, 'look at the free space and the log of the database server there, then run it again'))
    }
    const sha256 = hash.digest('hex')
    const settle = await connection.exec(sh`[ "$(sha256sum < ${`${to}.part`} | cut -c 1-64)" = ${sha256} ] && mv -f ${`${to}.part`} ${to}`)
    if (settle.code !== 0) throw await after(discard, new Advice(`what arrived of the dump of ${database} differs from what was sent`, 'run it again; if it happens twice, check the disk of the receiving host'))
    return { path: to, bytes, sha256 }
  },
})

async function after(clean: () => Promise<unknown>, error: Error): Promise<Error> {
  await clean().catch(() => {})
  return error
}

/** A script that takes its stdin into PATH.part, readable by its owner alone. */
function receiveScript(to: string): string {
  return sh`set -e; umask 077; mkdir -p ${path.posix.dirname(to)}; cat > ${`${to}.part`}`
}

/** Looks whether there is a dump in a file, and whether its closing line is there. */
export async function findDump(connection: Pick<Connection, 'exec'>, file: string): Promise<Found | undefined> {
  const { stdout } = await connection.exec(sh`f=${file}; [ -f "$f" ] || exit 0; wc -c < "$f"; tail -c 200 "$f" | grep -c -e '-- Dump completed'; :`)
  const [bytes, complete] = stdout.trim().split('\n')
  return bytes ? { bytes: Number(bytes), complete: complete === '1' } : undefined
}
