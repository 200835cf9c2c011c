import type { OptionNames } from '../../model/option-names.ts'
import { createHash } from 'node:crypto'
import { Advice, operation, type Operation, type Reader } from '../../model/operation.ts'
import type { Secret } from '../../model/secret.ts'
import { sh } from '../../kit/shell.ts'
import {
  checkedOptions,
  type ClientCommand,
  clientScript,
  identifier,
  literal,
  type Login,
  query,
  runClient,
  statement,
} from './client.ts'

/** What a user of the database server is to be; what is not said stays as it is. */
export interface UserOptions {
  readonly user: string
  /** From where it may log in, one account each; `localhost` unless said. */
  readonly hosts?: readonly string[]
  readonly password?: Secret
  /**
   * Exactly which privileges it has on what: `{ 'nova.*': 'ALL', 'nova_api.*': ['SELECT', 'INSERT'] }`. Several may
   * stand in one text, `'SELECT, INSERT'`, and a routine is named as `'FUNCTION nova.age'`.
   */
  readonly grants?: Readonly<Record<string, string | readonly string[]>>
  /** Takes away what it has on anything that `grants` does not name; otherwise that stays. */
  readonly exact?: boolean
  readonly login?: Login
}

const userNames: OptionNames<UserOptions> = {
  user: true,
  hosts: true,
  password: true,
  grants: true,
  exact: true,
  login: true,
}

/** The accounts of a user that were looked at, and those of them that had to be made. */
export type UserState = { readonly user: string; readonly hosts: readonly string[]; readonly made: readonly string[] }

/**
 * A user of the database server with its password and privileges.
 *
 * ```ts
 * database.user({
 *   user: 'nova', hosts: ['localhost', '%'], password: host.vars.novaPassword, grants: { 'nova.*': 'ALL' },
 * })
 * ```
 */
export function user(options: UserOptions): Operation<UserState> {
  checkedOptions('database.user', options, userNames)
  if (options.hosts?.length === 0)
    throw new Advice(
      `database.user ${options.user}: it may log in from nowhere`,
      "name one host at least, such as '%', or take the user away with database.userAbsent",
    )
  const wanted = Object.entries(options.grants ?? {}).map(([said, texts]): Grant => {
    const on = scopeOf(said)
    const names = [texts].flat().flatMap((text) => text.split(comma))
    return { on, privileges: privilegesIn(names, said, /^(FUNCTION|PROCEDURE) /.test(on)) }
  })
  return userOperation({ ...options, wanted, hosts: options.hosts ?? ['localhost'] })
}

/**
 * No such user of the database server; from all places unless hosts are named.
 *
 * ```ts
 * database.userAbsent({ user: 'quantum' })
 * ```
 */
export function userAbsent(options: {
  readonly user: string
  readonly hosts?: readonly string[]
  readonly login?: Login
}): Operation<{ readonly user: string; readonly hosts: readonly string[] }> {
  return absentOperation(checkedOptions('database.userAbsent', options, { user: true, hosts: true, login: true }))
}

interface Grant {
  /** As the server writes it: `nova`.* */
  readonly on: string
  readonly privileges: ReadonlySet<string>
}

interface Account {
  readonly host: string
  readonly password: 'same' | 'other'
  readonly grants: readonly Grant[]
}

interface Step {
  readonly host: string
  readonly seen: string
  /** The statement; the password stands in it for its literal. */
  readonly sql: readonly (string | Secret)[]
}

type Wish = UserOptions & { readonly hosts: readonly string[]; readonly wanted: readonly Grant[] }
interface State {
  readonly accounts: readonly Account[]
  readonly alters: boolean
  /** What the server shows as ALL PRIVILEGES, where it was asked: on a server, a database, a table. */
  readonly everything?: Readonly<Record<Scope, readonly string[]>>
}

type Scope = 'server' | 'database' | 'table'

const userOperation = operation<Wish, State, ClientCommand, UserState>(({ user }) => `database.user ${user}`, {
  async read(connection, { user, hosts, password, wanted, login = {} }) {
    const named = wanted.some(({ privileges }) => privileges.size >= manyPrivileges)
    const [state, everything] = await Promise.all([
      readAccounts(connection, login, user, hosts, password),
      named ? readPrivileges(connection, login) : undefined,
    ])
    return { ...state, ...(everything ? { everything } : {}) }
  },
  plan(state, wish) {
    const steps = stepsTo(state, wish)
    const made = wish.hosts.filter((host) => !state.accounts.some((account) => account.host === host))
    const result = { user: wish.user, hosts: wish.hosts, made }
    if (steps.length === 0) return { result }
    return {
      result,
      replaces: [],
      irreversible: `what ${wish.user} of the database could do, and its password, are kept nowhere`,
      change: statement(wish.login ?? {}, ...steps.flatMap(({ sql }) => [...sql, ';\n'])),
      diff: [...new Set(steps.map(({ host }) => host))].map((host) => {
        const account = state.accounts.find((one) => one.host === host)
        return {
          path: `database user ${wish.user}@${host}`,
          before: account ? account.grants.map((grant) => `${words(grant)}\n`).join('') : '',
          after: steps
            .filter((step) => step.host === host)
            .map(({ seen }) => `${seen}\n`)
            .join(''),
        }
      }),
    }
  },
  apply: send,
})

const absentOperation = operation<
  { readonly user: string; readonly hosts?: readonly string[]; readonly login?: Login },
  readonly string[],
  ClientCommand,
  { readonly user: string; readonly hosts: readonly string[] }
>(({ user }) => `database.userAbsent ${user}`, {
  async read(connection, { user, hosts, login = {} }) {
    const found = await query(
      connection,
      login,
      `SELECT Host FROM mysql.user WHERE User = ${literal(user)} ORDER BY Host`,
    )
    return found.map(([host]) => host!).filter((host) => hosts?.includes(host) ?? true)
  },
  plan: (found, { user, login = {} }) =>
    found.length === 0
      ? { result: { user, hosts: found } }
      : {
          result: { user, hosts: found },
          replaces: [],
          irreversible: `the user ${user} of the database, with its password, is kept nowhere`,
          change: statement(login, `DROP USER ${found.map((host) => account(user, host)).join(', ')}`),
          diff: found.map((host) => ({ path: `database user ${user}@${host}`, before: 'there\n', after: '' })),
        },
  apply: send,
})

async function send(connection: Reader, command: ClientCommand): Promise<void> {
  await runClient(connection, command)
}

function stepsTo(
  { accounts, alters, everything }: State,
  { user, hosts, password, wanted, exact = false }: Wish,
): readonly Step[] {
  return hosts.flatMap((host): readonly Step[] => {
    const who = account(user, host)
    const found = accounts.find((one) => one.host === host)
    const step = (seen: string, ...sql: readonly (string | Secret)[]): Step => ({
      host,
      seen,
      sql: sql.length === 0 ? [seen] : sql,
    })
    const steps: Step[] = []
    if (!found && password)
      steps.push(step('a new account with a password', `CREATE USER ${who} IDENTIFIED BY `, password))
    else if (!found)
      throw new Advice(`${user}@${host} is not there, and a new account needs a password`, 'give password, as a secret')
    else if (password && found.password === 'other') {
      // ALTER USER is too new for MySQL 5.6, and PASSWORD() too old for MySQL 8.
      steps.push(
        alters
          ? step('another password', `ALTER USER ${who} IDENTIFIED BY `, password)
          : step('another password', `SET PASSWORD FOR ${who} = PASSWORD(`, password, ')'),
      )
    }
    for (const { on, privileges } of wanted) {
      const has = spelledOut(found?.grants.find((grant) => grant.on === on)?.privileges ?? new Set(), privileges, on)
      // Whoever has all cannot lose it one by one.
      const anew = has.has(all) && !privileges.has(all)
      const taken = anew
        ? [...has]
        : without([...has], privileges).filter((one) => !privileges.has(all) || one === option)
      const missing = anew ? [...privileges] : without([...privileges], has)
      steps.push(...revoke(on, taken))
      const [give, may] = [missing.filter((one) => one !== option), missing.includes(option)]
      if (missing.length > 0)
        steps.push(step(`GRANT ${give.join(', ') || 'USAGE'} ON ${on} TO ${who}${may ? ' WITH GRANT OPTION' : ''}`))
    }
    for (const { on, privileges } of exact ? (found?.grants ?? []) : []) {
      if (!wanted.some((grant) => grant.on === on)) steps.push(...revoke(on, [...privileges]))
    }
    return steps

    // Who has each of them is shown to have all.
    function spelledOut(has: ReadonlySet<string>, wanted: ReadonlySet<string>, on: string): ReadonlySet<string> {
      const each = everything?.[on === '*.*' ? 'server' : on.endsWith('.*') ? 'database' : 'table'] ?? []
      if (!has.has(all) || wanted.has(all) || each.length === 0 || !each.every((one) => wanted.has(one))) return has
      return new Set([...wanted].filter((one) => one !== option || has.has(option)))
    }

    function revoke(on: string, privileges: readonly string[]): readonly Step[] {
      // ALL PRIVILEGES does not hold the right to pass them on, and cannot stand beside it.
      const [these, may] = [privileges.filter((one) => one !== option), privileges.includes(option)]
      return [...(these.length > 0 ? [these.join(', ')] : []), ...(may ? [option] : [])].map((words) =>
        step(`REVOKE ${words} ON ${on} FROM ${who}`),
      )
    }
  })
}

const all = 'ALL PRIVILEGES'
const usage = 'USAGE'
const option = 'GRANT OPTION'

function without(these: readonly string[], those: ReadonlySet<string>): readonly string[] {
  return these.filter((one) => !those.has(one))
}

// A list in brackets is one of columns.
const comma = /,\s*(?![^(]*\))/

function privilegesIn(texts: readonly string[], on: string, routine: boolean): ReadonlySet<string> {
  const odd = texts.find((text) => !/^[A-Z][A-Z_ ]*( \(.+\))?$/.test(privilege(text)))
  if (odd !== undefined)
    throw new Advice(
      `${JSON.stringify(odd)} is no privilege on ${on}`,
      "write them as 'SELECT, INSERT', or as a list of them",
    )
  const names = texts.map(privilege)
  const meant = names.filter((name) => name !== usage)
  // No server shows them as ALL PRIVILEGES.
  return new Set(routine ? meant.flatMap((name) => (name === all ? ['EXECUTE', 'ALTER ROUTINE'] : name)) : meant)
}

function privilege(name: string): string {
  const [, word = '', columns] = /^([^(]*?)\s*(?:\((.*)\))?$/.exec(name.trim())!
  const upper = word.toUpperCase().replace(/\s+/g, ' ')
  if (columns === undefined) return names[upper] ?? upper
  return `${upper} (${columns
    .split(',')
    .map((column) => identifier(column.trim().replaceAll('`', '')))
    .sort()
    .join(', ')})`
}

/** Other names of privileges, one of which each server shows: those here are known to the most of them. */
const names: Readonly<Record<string, string>> = {
  ALL: all,
  'BINLOG MONITOR': 'REPLICATION CLIENT',
  'REPLICATION REPLICA': 'REPLICATION SLAVE',
  'REPLICATION REPLICA ADMIN': 'REPLICATION SLAVE ADMIN',
  'REPLICA MONITOR': 'SLAVE MONITOR',
  'DELETE VERSIONING ROWS': 'DELETE HISTORY',
  'READ ONLY ADMIN': 'READ_ONLY ADMIN',
}

// What MySQL 8 shows of somebody who has all on all, besides those that its plugins add.
const allOfEight = [
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, SHUTDOWN, PROCESS, FILE, REFERENCES, INDEX, ALTER',
  'SHOW DATABASES, SUPER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT',
  'CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, CREATE TABLESPACE',
  'CREATE ROLE, DROP ROLE',
].flatMap((line) => line.split(', '))

/** The grants, each scope once: a server may show what is granted on one in several lines. */
function merged(lines: readonly Grant[]): readonly Grant[] {
  return [...new Set(lines.map(({ on }) => on))].map((on) => {
    const privileges = new Set(lines.filter((one) => one.on === on).flatMap((one) => [...one.privileges]))
    if (on !== '*.*' || !allOfEight.every((one) => privileges.has(one))) return { on, privileges }
    return { on, privileges: new Set([all, ...(privileges.has(option) ? [option] : [])]) }
  })
}

/** What is granted on, with each name in backticks. */
function scopeOf(on: string): string {
  const [, kind, name] = /^(?:(TABLE|FUNCTION|PROCEDURE)\s+)?([^]*)$/i.exec(on.trim())!
  const [database, table, ...more] = name!.split('.')
  if (!database || !table || more.length > 0)
    throw new Advice(
      `${on} is nothing to grant on: write DATABASE.*, DATABASE.TABLE or *.*`,
      'check the quotes and dots of the name',
    )
  const names = [database, table].map((name) => (name === '*' ? name : identifier(name.replaceAll('`', ''))))
  const routine = kind === undefined || kind.toUpperCase() === 'TABLE' ? '' : `${kind.toUpperCase()} `
  return routine + names.join('.')
}

function account(user: string, host: string): string {
  return `${literal(user)}@${literal(host)}`
}

function words({ on, privileges }: Grant): string {
  return `${[...privileges].join(', ')} ON ${on}`
}

async function readAccounts(
  connection: Reader,
  login: Login,
  user: string,
  hosts: readonly string[],
  password: Secret | undefined,
): Promise<State> {
  const [columns, [[version = ''] = []]] = await Promise.all([
    query(
      connection,
      login,
      "SELECT column_name FROM information_schema.columns WHERE table_schema = 'mysql' AND table_name = 'user' " +
        "AND column_name IN ('Password', 'authentication_string', 'plugin')",
    ),
    query(connection, login, 'SELECT VERSION()'),
  ])
  // Where the hash is, and how it was made, has moved from version to version.
  const known = new Set(columns.map(([column]) => column))
  const hash = ['Password', 'authentication_string']
    .filter((column) => known.has(column))
    .map((column) => `NULLIF(${column}, '')`)
  const found = await query(
    connection,
    login,
    `SELECT Host, COALESCE(${[...hash, "''"].join(', ')}), ${known.has('plugin') ? "COALESCE(plugin, '')" : "''"} ` +
      `FROM mysql.user WHERE User = ${literal(user)}`,
  )
  const accounts = await Promise.all(
    found
      .filter(([host]) => hosts.includes(host!))
      .map(async ([host, has, plugin]): Promise<Account> => {
        const grants = await query(connection, login, `SHOW GRANTS FOR ${account(user, host!)}`)
        const native = plugin === '' || plugin === 'mysql_native_password'
        const same =
          !password || (native ? has === nativeHash(password) : await logsIn(connection, user, host!, password))
        return {
          host: host!,
          password: same ? 'same' : 'other',
          grants: merged(grants.flatMap(([line]) => grantOf(line!))),
        }
      }),
  )
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number)
  const number = major * 10_000 + minor * 100 + patch
  return { accounts, alters: number >= (/maria/i.test(version) ? 100_200 : 50_706) }
}

// Of fewer no server says that they are all.
const manyPrivileges = 10

async function readPrivileges(connection: Reader, login: Login): Promise<NonNullable<State['everything']>> {
  const known = (await query(connection, login, 'SHOW PRIVILEGES'))
    .map(([name, context]) => ({ name: privilege(name!), context: context! }))
    .filter(({ name }) => !['PROXY', option, usage].includes(name))
  const within = (context: RegExp) => known.filter((one) => context.test(one.context)).map(({ name }) => name)
  return {
    server: within(/^/),
    database: [...within(/Databases|Tables|Functions|Procedures/), 'EVENT'],
    table: within(/Tables/),
  }
}

function nativeHash(password: Secret): string {
  const sha1 = (bytes: string | Buffer) => createHash('sha1').update(bytes).digest()
  return password.reveal() === '' ? '' : `*${sha1(sha1(password.reveal())).toString('hex').toUpperCase()}`
}

// Other ways of keeping a password have salt in them: only a login can tell.
async function logsIn(connection: Reader, user: string, host: string, password: Secret): Promise<boolean> {
  const { script, stdin } = clientScript(
    { user, password },
    sh`$mysql ${host === 'localhost' ? [] : ['-h', '127.0.0.1']} -e 'SELECT 1'`,
  )
  return (await connection.exec(script, { stdin })).code === 0
}

const quoted = '(?:`(?:[^`]|``)+`|\\*)'
const granted = new RegExp(`^GRANT (.+?) ON (?:TABLE )?((?:(?:FUNCTION|PROCEDURE) )?${quoted}\\.${quoted}) TO (.*)$`)

function grantOf(line: string): readonly Grant[] {
  const match = granted.exec(line)
  if (!match) return []
  const privileges = match[1]!
    .split(comma)
    .map(privilege)
    .filter((name) => name !== usage)
  if (/ WITH .*GRANT OPTION/.test(match[3]!)) privileges.push(option)
  return privileges.length > 0 ? [{ on: match[2]!, privileges: new Set(privileges) }] : []
}
