import type { ExecOptions } from '../../model/operation.ts'
import { Advice, CommandFailed, type CommandResult, type Reader } from '../../model/operation.ts'
import { masked, type Secret } from '../../model/secret.ts'
import { sh } from '../../model/shell.ts'

/**
 * Who logs in to the database server of a host. Without a password the host's own client files and its socket decide,
 * which is how root does it.
 */
export interface Login {
  readonly user?: string
  readonly password?: Secret
}

/** A name inside backticks, whatever stands in it. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A text inside quotes, whatever stands in it, for servers in their default mode. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** A script that calls the host's own client programs as `$mysql` and `$mysqldump`, and what must be sent to its stdin. */
export function clientScript(login: Login, commands: string): { readonly script: string; readonly stdin: string | Secret } {
  if (login.password === undefined && login.user === undefined) {
    return { script: `mysql=mysql mysqldump=mysqldump\n${commands}`, stdin: '' }
  }
  // The password travels on stdin into a file that only its owner can read: an argument would be readable in `ps` on the host.
  // HOME is moved because ~/.my.cnf would win over the file.
  const script = [
    'umask 077',
    'o=$(mktemp "${TMPDIR:-/tmp}/.switchover.XXXXXX") || exit 1',
    `trap 'rm -f "$o"' EXIT; trap 'exit 1' HUP INT TERM`,
    'cat > "$o"',
    'HOME=/; export HOME',
    'mysql="mysql --defaults-extra-file=$o" mysqldump="mysqldump --defaults-extra-file=$o"',
    commands,
  ].join('\n')
  const user = login.user ?? 'root'
  return { script, stdin: login.password ? masked`[client]\nuser=${user}\npassword="${login.password}"\n` : `[client]\nuser=${user}\n` }
}

/** Runs SQL by the host's own client and gives the rows, each an array of texts. @throws Advice, CommandFailed */
export async function query(connection: Reader, login: Login, sql: string, options: ExecOptions = {}): Promise<readonly (readonly string[])[]> {
  const { script, stdin } = clientScript(login, sh`$mysql --default-character-set=utf8 -N -B -e ${sql}`)
  const result = await connection.exec(script, { ...options, ...(stdin === '' ? {} : { stdin }) })
  if (result.code !== 0) throw clientError(connection, sh`mysql -e ${sql}`, result)
  return result.stdout.split('\n').slice(0, -1).map((line) => line.split('\t').map(unescape))
}

function unescape(field: string): string {
  return field.replace(/\\([ntb0\\])/g, (_, c: string) => ({ n: '\n', t: '\t', b: '\b', 0: '\0', '\\': '\\' })[c] ?? c)
}

/** The error of a client program in words, with the next step where it is known. */
export function clientError(connection: Reader, command: string, result: CommandResult): Error {
  const said = result.stderr.trim().split('\n').filter((line) => !line.includes('Deprecated program name')).join('\n')
  if (/ERROR 1045|Access denied/.test(said)) {
    return new Advice(`the database server of ${connection.host.name} refuses the login: ${said}`, `check databaseRootPassword of ${connection.host.name} in the inventory`)
  }
  if (/ERROR 200[23]|Can't connect/.test(said)) {
    return new Advice(`the database server of ${connection.host.name} does not answer: ${said}`, `start it there: service mysqld start`)
  }
  if (result.code === 127) return new Advice(`${connection.host.name} has no mysql client: ${said}`, 'install it there, or name the host that has it')
  return new CommandFailed(command, { ...result, stderr: said })
}
