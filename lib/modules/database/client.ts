import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { perform } from '../../kit/command.ts'
import { Advice, CommandFailed, type CommandResult, type Reader } from '../../model/operation.ts'
import { masked, Secret } from '../../model/secret.ts'

/**
 * Who logs in to the database server of a host, and where it listens. With neither user nor password the client files
 * of the host decide, `~/.my.cnf` of the user that the task acts as among them, and its socket, which is how root does
 * it; with one of them (the user is root then unless said) that file is not read, for it would win. `/etc/my.cnf` is
 * read always.
 */
export type Login = {
  readonly user?: string
  readonly password?: Secret
  /** The socket of a server that listens on another than its client would look for. */
  readonly socket?: string
  /** The port of 127.0.0.1 on which the server listens: the way is TCP then, and no socket. */
  readonly port?: number
}

/** Words for the client, behind those that say who. @throws Advice */
function wayOf({ socket, port }: Login): string {
  if (socket === undefined && port === undefined) return ''
  if (socket !== undefined && port !== undefined)
    throw new Advice(`the login names a socket and a port: ${socket}, ${port}`, 'leave out the one that is not used')
  if (port !== undefined) {
    if (Number.isInteger(port) && port > 0 && port < 65536) return ` --protocol=tcp --host=127.0.0.1 --port=${port}`
    throw new Advice(`no server listens on port ${port}`, 'give a whole number from 1 to 65535, such as 3306')
  }
  // The client's words are split at blanks.
  if (/^\/[\w./+@:%=-]+$/.test(socket!)) return ` --protocol=socket --socket=${socket}`
  throw new Advice(
    `${JSON.stringify(socket)} cannot be the path of a socket`,
    'write it from the root, without blanks, such as /run/mysqld/mysqld.sock',
  )
}

const loginNames: OptionNames<Login> = { user: true, password: true, socket: true, port: true }

/** How to log in, as it was given. A misspelt password would log in without one. @throws Advice */
export function checkedLogin(of: string, login: Login): Login {
  refuseUnknown(`the login of ${of}`, login, loginNames)
  return login
}

/** Options, of which one is a login, as they were given. @throws Advice where a name is unknown */
export function checkedOptions<T extends { readonly login?: Login }>(
  of: string,
  options: T,
  names: OptionNames<NoInfer<T>>,
): T {
  refuseUnknown(of, options, names)
  if (options.login !== undefined) checkedLogin(of, options.login)
  return options
}

/** A name inside backticks, whatever stands in it. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** A text inside quotes, whatever stands in it, for servers in their default mode. */
export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/** A secret in another form, under its own name. */
export function rewritten(secret: Secret, change: (text: string) => string): Secret {
  const text = secret.reveal()
  const changed = change(text)
  return changed === text ? secret : Secret.of(changed, String(secret).replace(/^‹|›$/g, ''))
}

/**
 * A script that calls the host's own client programs as `$mysql` and `$mysqldump`; `input` is what is left of its stdin
 * for the commands.
 */
export function clientScript(
  login: Login,
  commands: string,
  input: string | Secret = '',
): { readonly script: string; readonly stdin: string | Secret } {
  // Newer packages of MariaDB have them under these names only.
  const found =
    'mysql=$(command -v mysql || command -v mariadb || echo mysql) ' +
    'mysqldump=$(command -v mysqldump || command -v mariadb-dump || echo mysqldump)'
  const way = wayOf(login)
  const there = way === '' ? [] : [`mysql="$mysql${way}" mysqldump="$mysqldump${way}"`]
  if (login.password === undefined && login.user === undefined)
    return { script: [found, ...there, commands].join('\n'), stdin: input }
  // The password travels on stdin into a file that only its owner can read, for an argument would be readable in `ps`
  // on the host. The file has lost its name before the first byte is in it: however the script ends, nothing is left.
  // The commands find it as a descriptor. HOME is moved because ~/.my.cnf would win over the file.
  const script = [
    'o=$(umask 077; mktemp "${TMPDIR:-/tmp}/.switchover.XXXXXX") && exec 3<>"$o" && rm -f "$o" || exit 1',
    `while IFS= read -r l && [ -n "$l" ]; do printf '%s\\n' "$l"; done >&3`,
    'HOME=/; export HOME',
    found,
    'mysql="$mysql --defaults-extra-file=/dev/fd/3" mysqldump="$mysqldump --defaults-extra-file=/dev/fd/3"',
    ...there,
    commands,
  ].join('\n')
  const user = optionValue(login.user ?? 'root')
  const options = login.password
    ? masked`[client]\nuser="${user}"\npassword="${rewritten(login.password, optionValue)}"\n\n`
    : `[client]\nuser="${user}"\n\n`
  return { script, stdin: Secret.join([options, input]) }
}

/** A text between double quotes in an option file; the quotes keep `#` and blanks. */
function optionValue(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
}

/** Commands that call the client programs, with the login that they need: what a change of a database is. */
export type ClientCommand = {
  readonly login: Login
  readonly commands: string
  /** SQL that the last of them reads; a secret in it stands for the literal of its text. */
  readonly sql?: readonly (string | Secret)[]
  /** It may take long. */
  readonly long?: boolean
  /** What errors call it. */
  readonly shown: string
}

/** SQL for the host's own client; a secret in it stands for the literal of its text. */
export function statement(login: Login, ...sql: readonly (string | Secret)[]): ClientCommand {
  return {
    login,
    commands: '$mysql --default-character-set=utf8 -N -B',
    // On stdin: a statement may hold a password, and there may be more of them than one argument takes.
    sql,
    shown: `mysql: ${sql.join('').trim().replace(/\s+/g, ' ').slice(0, 200)}`,
  }
}

/** Runs commands that call the client programs. @throws Advice, CommandFailed */
export async function runClient(connection: Reader, command: ClientCommand): Promise<CommandResult> {
  const { login, commands, sql, long, shown } = command
  const input = sql && Secret.join([...sql.map((one) => (one instanceof Secret ? rewritten(one, literal) : one)), '\n'])
  try {
    return await perform(connection, { ...clientScript(login, commands, input), long, shown })
  } catch (error) {
    throw error instanceof CommandFailed ? clientError(connection, error.command, error.result) : error
  }
}

// Of what a client asks for in utf8, servers since 5.5.3 give no letter of four bytes; older ones know no other.
const allLetters = 'SET @switchover = 1 /*!50503 , NAMES utf8mb4 */;\n'

/**
 * Asks by the host's own client and gives the rows, each an array of texts.
 * @throws Advice, CommandFailed; Unforeseen where the database will be another one by then
 */
export async function query(connection: Reader, login: Login, sql: string): Promise<readonly (readonly string[])[]> {
  const like = connection.foreseen?.standIn(sql)
  if (like) return queryNow(await connection.peer(like.host), like.login, sql)
  return queryNow(connection, login, sql)
}

/** The same, of the database as it is now. */
export async function queryNow(connection: Reader, login: Login, sql: string): Promise<readonly (readonly string[])[]> {
  return rowsIn((await runClient(connection, { ...statement(login, sql), sql: [allLetters, sql] })).stdout)
}

/** The rows that a statement printed. */
export function rowsIn(stdout: string): readonly (readonly string[])[] {
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t').map(unescape))
}

function unescape(field: string): string {
  return field.replace(/\\([ntb0\\])/g, (_, c: string) => ({ n: '\n', t: '\t', b: '\b', 0: '\0', '\\': '\\' })[c] ?? c)
}

// MariaDB's client shows the statement that failed, and every server a piece of it: of an import, its data.
function withoutData(stderr: string): string {
  return stderr
    .replace(/^-{14}\n[^]*\n-{14}\n+/m, '')
    .replace(/ near '[^]*' at line /, ' near something at line ')
    .replace(/(Incorrect \S+ value:|Truncated incorrect \S+ value:) '[^]*'(?= for )/, '$1')
}

/** The error of a client program in words, with the next step where it is known. */
export function clientError(connection: Reader, command: string, result: CommandResult): Error {
  const { name } = connection.host
  const said = withoutData(result.stderr)
    .trim()
    .split('\n')
    .filter((line) => !line.includes('Deprecated program name'))
    .join('\n')
  if (/\b1045\b.*Access denied/.test(said)) {
    const user = /for user '([^']*)'/.exec(said)?.[1] || 'root'
    return new Advice(
      `the database server of ${name} refuses the login: ${said}`,
      `check the database password of ${user} for ${name} in the inventory`,
    )
  }
  if (/\b200[23]\b|Can't connect/.test(said)) {
    return new Advice(
      `the database server of ${name} does not answer: ${said}`,
      'start it there: service mysqld start; one that listens elsewhere is named by socket or port in the login',
    )
  }
  // mysqldump names the number behind the words.
  if (/\b(2006|2013)\b/.test(said) && /gone away|Lost connection/.test(said)) {
    return new Advice(
      `the database server of ${name} broke off: ${said}`,
      `look at its log on ${name}, then run the task again`,
    )
  }
  const unknown = /\b1049\b.*Unknown database '([^']*)'/.exec(said)
  if (unknown)
    return new Advice(
      `${name} has no database ${unknown[1]}: ${said}`,
      'check the name, and that this is the right host',
    )
  if (result.code === 127)
    return new Advice(`${name} has no mysql client: ${said}`, 'install it there, or name the host that has it')
  return new CommandFailed(command, { ...result, stderr: said })
}
