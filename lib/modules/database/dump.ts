import type { OptionNames } from '../../model/option-names.ts'
import { cannotLook, closed } from '../../kit/closed.ts'
import { foresee } from '../../kit/foresee.ts'
import path from 'node:path'
import {
  Advice,
  CommandFailed,
  type Connection,
  operation,
  type Operation,
  type Reader,
} from '../../model/operation.ts'
import type { HostRef } from '../../model/inventory.ts'
import { refusalIn, refuse } from '../../kit/refusal.ts'
import { perform } from '../../kit/command.ts'
import { emptiedAnywhere, renamed, takenAway } from '../../kit/links.ts'
import { filePath } from '../../kit/path-state.ts'
import { quote, sh } from '../../kit/shell.ts'
import { leavesSomeFile } from '../../kit/leaving.ts'
import { left, type Like } from '../../model/foreseen.ts'
import { findSum, receiving, sumIn } from '../copy-between/receive.ts'
import { relay } from '../copy-between/relay.ts'
import {
  checkedLogin,
  checkedOptions,
  type ClientCommand,
  clientError,
  clientScript,
  literal,
  type Login,
  query,
  runClient,
} from './client.ts'

/** A complete dump in a file of the host. */
export type Dumped = { readonly path: string; readonly bytes: number; readonly sha256: string }

/** Which database is dumped, and into which file. */
export interface DumpOptions {
  readonly database: string
  /** The file on the host that the task runs on. */
  readonly to: string
  /** Where the database is; the host itself unless said. The dump is streamed, and nothing is written there. */
  readonly from?: HostRef
  readonly login?: Login
  /**
   * A complete dump that is there already is kept as it is: for backups, which must show what was before the first run.
   */
  readonly keep?: boolean
}

const dumpNames: OptionNames<DumpOptions> = { database: true, to: true, from: true, login: true, keep: true }

/** What a file that should hold a dump holds. */
export interface Found {
  readonly bytes: number
  readonly complete: boolean
  /** In check mode, of one that is to be made: of which database. */
  readonly of?: Like
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
  checkedOptions('database.dump', options, dumpNames)
  return dumpOperation({ ...options, to: filePath(options.to) })
}

/**
 * The sha256 of the dump that a database would give now, of which nothing is kept: it is that of an earlier dump when
 * no row has changed since.
 *
 * ```ts
 * const { dump } = await host.run(database.standing('nova'))
 * const same = (await host.on(host.vars.source).run(database.fingerprint('nova'))) === dump
 * ```
 * @throws Advice when the database, the client or the login is missing
 */
export function fingerprint(database: string, login: Login = {}): Operation<string> {
  return fingerprintOperation({ database, login: checkedLogin('database.fingerprint', login) })
}

const fingerprintOperation = operation<{ readonly database: string; readonly login: Login }, string, string>(
  ({ database }) => `database.fingerprint ${database}`,
  {
    async read(connection, { database, login }) {
      // What is summed up says for itself whether it is whole.
      const commands = `${findSum}
( ${dumping(database)} || echo failed $? >&2 ) | $sum`
      const { stdout, stderr } = await runClient(connection, {
        login,
        commands,
        long: true,
        shown: `mysqldump ${database}`,
      })
      const code = Number(/^failed (\d+)$/m.exec(stderr)?.[1] ?? 0)
      if (code > 0) throw clientError(connection, `mysqldump ${database}`, { code, stdout: '', stderr })
      return sumIn(stdout)
    },
    plan: (result) => ({ result }),
  },
)

/**
 * Makes `$mysqldump` ask for every letter. Clients of 5.5 to 5.7 ask for utf8 unless told, and get a question mark for
 * each letter of four bytes; older ones know no such letters. The dump says itself in what it is to be read.
 */
export const allLetters = `case $($mysqldump --version </dev/null 2>/dev/null) in
  *'Distrib 5.'[01].*) ;;
  *) mysqldump="$mysqldump --default-character-set=utf8mb4" ;;
esac
`

// --skip-dump-date makes two dumps of the same rows equal, which is how a rerun can tell.
function dumping(database: string): string {
  return `${dumpingAs('--routines --triggers --events')} ${quote(database)}`
}

/** The beginning of a client script that dumps; what is dumped follows. */
export function dumpingAs(kinds: string): string {
  return `${allLetters}$mysqldump --single-transaction --quick ${kinds} --hex-blob --skip-dump-date`
}

/** How a dump is taken and kept. */
type Taking = {
  /** The host that the database is on, where that is another one. */
  readonly from: string | undefined
  readonly take: ClientCommand
  /** Makes the file that the dump stands in until it is complete. */
  readonly receive: string
  readonly part: string
  readonly to: string
}

const dumpOperation = operation<
  DumpOptions,
  { readonly host: string; readonly found: Found | undefined },
  Taking,
  Dumped
>(({ database, from }) => `database.dump ${database}${from ? ` of ${from.name}` : ''}`, {
  read: async (connection, { to }) => ({ host: connection.host.name, found: await findDump(connection, to) }),
  plan({ host, found }, { database, to, from, keep, login = {} }) {
    if (keep && found?.complete) return { result: { path: to, bytes: found.bytes, sha256: '' } }
    const part = `${to}.part`
    return {
      unpredictable: true,
      leaves: [
        left<Found | undefined>(`dump ${to}`, () => ({
          bytes: 0,
          complete: true,
          of: { host: from ?? { name: host }, login },
        })),
        ...leavesSomeFile(to),
      ],
      result: { path: to, bytes: 0, sha256: '' },
      change: {
        from: from?.name === host ? undefined : from?.name,
        take: { login, commands: dumping(database), shown: `mysqldump ${database}` },
        receive: `${emptiedAnywhere(part)}\n${receiving(part)}`,
        part,
        to,
      },
      diff: {
        path: to,
        before: found ? `a dump of ${found.bytes} bytes\n` : '',
        after: `a new dump of ${database}\n`,
      },
    }
  },
  async apply(connection, change, { database }) {
    try {
      return await take(connection, change, database)
    } catch (error) {
      await connection.exec(takenAway(change.part)).catch(() => {})
      throw error
    }
  },
})

async function take(
  connection: Connection,
  { from, take, receive, part, to }: Taking,
  database: string,
): Promise<Dumped> {
  const source = from === undefined ? connection : await connection.peer({ name: from })
  const { script, stdin } = clientScript(take.login, take.commands)
  const seen = { bytes: 0, shown: 0, all: 0 }
  const { bytes, sha256, tail, said } = await relay(
    {
      doing: take.shown,
      start: () => source.stream(script),
      input: stdin,
      failed: (result) => clientError(source, take.shown, { ...result, stdout: '' }),
    },
    {
      doing: `cat > ${part}`,
      start: () => connection.stream(receive),
      failed: (result) =>
        refusalIn({ ...result, stdout: '' }) ??
        new CommandFailed(
          `cat > ${part}`,
          { ...result, stdout: '' },
          `cannot write ${part} on ${connection.host.name}: ${result.stderr.trim()}`,
        ),
    },
    (more) => {
      seen.bytes += more
      if (seen.bytes - seen.shown < 4 << 20) return
      // Of one that lasts it is worth the question how long.
      if (seen.shown === 0) void sizeOf(source, take.login, database).then((all) => (seen.all = all))
      seen.shown = seen.bytes
      const size = seen.all > seen.bytes ? { done: seen.bytes, all: seen.all } : undefined
      connection.progress(`${database}: ${(seen.bytes / 1048576).toFixed(0)} MiB`, size)
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
  await perform(connection, { script: renamed(part, path.basename(to)) })
  return { path: to, bytes, sha256 }
}

/** About how large a dump will be: its rows as texts are about as large as they are in the tables. 0: not known. */
async function sizeOf(source: Reader, login: Login, database: string): Promise<number> {
  const select = `SELECT IFNULL(SUM(data_length), 0) FROM information_schema.tables
    WHERE table_schema = ${literal(database)}`
  const [row] = await query(source, login, select).catch(() => [])
  return Number(row?.[0] ?? 0)
}

/** Looks whether there is a dump in a file, and whether its closing line is there. */
export async function findDump(connection: Reader, file: string): Promise<Found | undefined> {
  const { code, stdout } = await connection.exec(`${closed}
${sh`f=${file}`}; [ -f "$f" ] || { closed "$f" && exit 8; exit 0; }; [ -r "$f" ] || exit 8
wc -c < "$f"; tail -c 200 "$f" | grep -c -e '-- Dump completed'; :`)
  if (code === 8) throw cannotLook(file, connection.host.name)
  const [bytes, complete] = stdout.trim().split('\n')
  const found = bytes ? { bytes: Number(bytes), complete: complete === '1' } : undefined
  return foresee(connection, `dump ${file}`, found)
}

/**
 * Lines of a client script for which only what is saved may be dropped: they refuse when the database has tables and
 * there is no complete dump of it. `reason` is words of a shell in which `$tables` and `$why` are known.
 */
export function mustBeSaved(database: string, saved: string | undefined, reason: string, hint: string): string {
  const isSaved = saved === undefined ? '' : `whole ${quote(saved)} || `
  return `tables=$($mysql -N -B -e ${quote(countTables(database))}) || exit
[ "$tables" = 0 ] || ${isSaved}refuse ${reason} ${quote(hint)}`
}

/** A statement that counts the tables of a database. */
export function countTables(database: string): string {
  return `SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ${literal(database)}`
}

/** Shell functions: `whole FILE` tells whether a complete dump is in it, and if not what it is instead in `$why`. */
export const guards = `${refuse}
whole() {
  why=missing; [ -f "$1" ] || return
  why=incomplete; tail -c 200 "$1" | grep -q -e '-- Dump completed'
}`
