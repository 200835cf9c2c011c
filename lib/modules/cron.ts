import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { accountName } from '../kit/accounts.ts'
import { type Command, perform } from '../kit/command.ts'
import { sha256Of } from '../kit/contents.ts'
import { foresee } from '../kit/foresee.ts'
import { concealed } from '../kit/new-file.ts'
import { decode } from '../kit/path-state.ts'
import { withoutPasswords } from '../kit/sensitive-lines.ts'
import { metaNames } from '../kit/file-meta.ts'
import { sh } from '../kit/shell.ts'
import { lock } from '../kit/writing.ts'
import type { Written } from '../kit/written.ts'
import { left } from '../model/foreseen.ts'
import { Advice, CommandFailed, operation, Outdated } from '../model/operation.ts'
import type { FileMeta, Operation, Reader } from '../model/operation.ts'
import type { ReplacedThing } from '../model/replaced.ts'
import { content } from './file/content.ts'
import { jobLine, withEnv, withJob, withoutEnv, withoutJob, type Schedule } from './cron/text.ts'

export type { Schedule } from './cron/text.ts'

/** A command that cron runs, under the name by which its entry is found again. */
export interface Job extends Schedule {
  readonly name: string
  /** Whose crontab; that of the user who runs the task unless said. */
  readonly user?: string
  /** The command, in crontab's words: a % is a line end there, unless it is written \%. */
  readonly job: string
  /** Leaves the entry there as a comment. */
  readonly disabled?: boolean
}

/** A job of a file below /etc/cron.d, where each line says whose it is. */
export interface SystemJob extends Schedule {
  readonly user: string
  readonly job: string
}

const scheduleNames: OptionNames<Schedule> = {
  minute: true,
  hour: true,
  day: true,
  month: true,
  weekday: true,
  special: true,
}
const systemJobNames: OptionNames<SystemJob> = { ...scheduleNames, user: true, job: true }
const jobNames: OptionNames<Job> = { ...scheduleNames, name: true, user: true, job: true, disabled: true }

/** Whose crontab was looked at and whether it changed. */
export type CrontabState = { readonly user: string | undefined; readonly changed: boolean }

/**
 * An entry of a user's crontab, below a comment that names it; the other lines stay as they are.
 *
 * ```ts
 * task('Dump at night', cron.job({
 *   name: 'nightly dump', user: 'root', minute: 15, hour: 3, job: '/usr/local/bin/dump-databases >/dev/null',
 * }))
 * ```
 */
export function job(options: Job): Operation<CrontabState> {
  refuseUnknown('cron.job', options, jobNames)
  const { name, user, job: command, disabled = false, ...schedule } = options
  const line = jobLine(schedule, [], oneLine(`the job ${name}`, command))
  const entry = { name: oneLine('the name of a job', name), line: disabled ? `#${line}` : line }
  return bringCrontab({ name: `cron.job ${name}`, user: known(user), edit: (text) => withJob(text, entry) })
}

/**
 * No entry of this name in a user's crontab.
 *
 * ```ts
 * task('Dump no more', cron.absent('nightly dump', { user: 'root' }))
 * ```
 */
export function absent(name: string, options: { readonly user?: string } = {}): Operation<CrontabState> {
  refuseUnknown('cron.absent', options, { user: true })
  oneLine('the name of a job', name)
  return bringCrontab({
    name: `cron.absent ${name}`,
    user: known(options.user),
    edit: (text) => withoutJob(text, name),
  })
}

/**
 * A variable for the jobs of a crontab; undefined takes it away. A new one stands before all jobs.
 *
 * ```ts
 * task('Mail nobody', cron.env('MAILTO', '', { user: 'nova' }))
 * ```
 */
export function env(
  name: string,
  value: string | undefined,
  options: { readonly user?: string } = {},
): Operation<CrontabState> {
  refuseUnknown('cron.env', options, { user: true })
  variable(name, value)
  return bringCrontab({
    name: `cron.env ${name}`,
    user: known(options.user),
    edit: (text) => (value === undefined ? withoutEnv(text, name) : withEnv(text, name, value)),
  })
}

/** How a file below /etc/cron.d is written. */
export interface CronFileOptions extends FileMeta {
  /** /etc/cron.d unless said. */
  readonly directory?: string
  readonly env?: Readonly<Record<string, string>>
}

const cronFileNames: OptionNames<CronFileOptions> = { ...metaNames, directory: true, env: true }

/**
 * A file of jobs below /etc/cron.d, exactly these; `file.absent` takes it away.
 *
 * ```ts
 * task('Sweep the tokens', cron.file('keystone', [
 *   { special: 'hourly', user: 'keystone', job: 'keystone-manage token_flush' },
 * ], { env: { MAILTO: 'ops@example.org' } }))
 * ```
 */
export function file(name: string, jobs: readonly SystemJob[], options: CronFileOptions = {}): Operation<Written> {
  refuseUnknown('cron.file', options, cronFileNames)
  for (const one of jobs) refuseUnknown('a job of cron.file', one, systemJobNames)
  const { directory = '/etc/cron.d', env: variables = {}, ...meta } = options
  // Files with other characters are passed over in silence by the cron of Debian.
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    throw new Advice(
      `cron reads no file ${JSON.stringify(name)}: use letters, digits, - and _ only`,
      'write - for a dot or a blank',
    )
  }
  const lines = [
    ...Object.entries(variables).map(([key, value]) => variableLine(key, value)),
    ...jobs.map(({ user, job: command, ...schedule }) =>
      jobLine(schedule, [accountName(user)], oneLine(`a job of ${name}`, command)),
    ),
  ]
  // cron does not read a file that others may write, nor a last line without its end.
  return content(`${directory}/${name}`, lines.map((line) => `${line}\n`).join(''), { mode: '0644', ...meta })
}

interface Edit {
  readonly name: string
  readonly user: string | undefined
  readonly edit: (text: string) => string
}

/** Whose it is, by the name that the host has for who acts, and what stands in it. */
interface Crontab {
  readonly owner: string
  readonly bytes: Buffer
}

const bringCrontab = operation<Edit, Crontab, Command, CrontabState>(({ name }) => name, {
  lasting: () => true,
  read: (connection, { user }) => crontabOf(connection, user),
  plan({ owner, bytes }, { user, edit }) {
    // Commands may be in any encoding: what is not edited stays byte for byte.
    const { text, latin1, encode } = decode(bytes)
    const after = edit(text)
    if (after === text) return { result: { user, changed: false } }
    const path = user === undefined ? 'crontab' : `crontab of ${user}`
    return {
      result: { user, changed: true },
      change: {
        script: putting(user, sha256Of(bytes)),
        stdin: latin1 ? encode(after) : concealed(path, after),
        shown: `crontab ${of(user)}-`,
      },
      leaves: [left<Buffer>(`crontab ${owner}`, () => Buffer.from(encode(after)))],
      replaces: [replacedCrontab(path, user)],
      diff: { path, ...withoutPasswords(text, after) },
    }
  },
  async apply(connection, command, { user }) {
    const { code } = await perform(connection, { ...command, allow: [0, changedMeanwhile] })
    if (code === changedMeanwhile)
      throw new Outdated(
        `the crontab${user === undefined ? '' : ` of ${user}`} was left alone: it has changed since it was looked at`,
        'see who else writes it, and run the task again',
      )
  },
})

// What stands in it may be secret: the line tells no more than its size and a checksum.
function replacedCrontab(what: string, user: string | undefined): ReplacedThing {
  const list = `LC_ALL=C crontab ${of(user)}-l`
  return {
    what,
    look: `t=$(${list} 2>&1; echo "$? x")
case $t in
  *'0 x') ${list} | { s=$(sha256sum); echo "a table (sha256 \${s%% *})"; } ;;
  *'no crontab for'*|*"can't open"*) echo none ;;
  *) exit 1 ;;
esac`,
    keep: `${list} >"$copy" 2>/dev/null || :`,
    back: `if [ "$before" = none ]; then crontab ${of(user)}-r; else crontab ${of(user)}- <"$copy"; fi`,
  }
}

const changedMeanwhile = 91

// The command itself replaces what is there, whoever put it there.
function putting(user: string | undefined, before: string): string {
  return `q=/tmp/x
${lock}
trap unlock EXIT
lock 2>/dev/null
s=$(LC_ALL=C crontab ${of(user)}-l 2>/dev/null | sha256sum)
[ "\${s%% *}" = ${before} ] || exit ${changedMeanwhile}
crontab ${of(user)}-`
}

async function crontabOf(connection: Reader, user: string | undefined): Promise<Crontab> {
  const command = `LC_ALL=C crontab ${of(user)}-l`
  const whose = user === undefined ? 'id -un || echo' : sh`echo ${user}`
  const { code, stdout, stderr } = await connection.exec(`${whose}; ${command}`, { encoding: 'latin1' })
  const owner = stdout.slice(0, stdout.indexOf('\n'))
  const now = (bytes: Buffer) => ({ owner, bytes: foresee(connection, `crontab ${owner}`, bytes) })
  if (code === 0) return now(Buffer.from(stdout.slice(owner.length + 1), 'latin1'))
  if (code === 127) throw new Advice('the host has no crontab command', 'install cron first: cronie, or cron on Debian')
  if (/no crontab for|can't open/.test(stderr)) return now(Buffer.alloc(0))
  if (/unknown|privileged|not allowed/i.test(stderr)) {
    throw new Advice(
      `the crontab${user === undefined ? '' : ` of ${user}`} cannot be read: ${stderr.trim()}`,
      'check the name of the user; the crontab of another user needs become',
    )
  }
  throw new CommandFailed(command, { code, stdout: stdout.slice(owner.length + 1), stderr })
}

function of(user: string | undefined): string {
  return user === undefined ? '' : sh`-u ${user} `
}

function known(user: string | undefined): string | undefined {
  return user === undefined ? undefined : accountName(user)
}

function variableLine(name: string, value: string): string {
  variable(name, value)
  return `${name}="${value}"`
}

function variable(name: string, value: string | undefined): void {
  if (!/^[A-Za-z_]\w*$/.test(name))
    throw new Advice(
      `${JSON.stringify(name)} cannot be the name of a variable`,
      'use letters, digits and underscores, and begin with no digit',
    )
  if (value !== undefined && /[\n"\0]/.test(value)) {
    throw new Advice(
      `the value of ${name} cannot stand in a crontab: no line end, no double quote`,
      'set the variable in a script that the job runs',
    )
  }
}

function oneLine(what: string, text: string): string {
  if (text.trim() === '' || /[\n\0]/.test(text))
    throw new Advice(
      `${what} must be one line that is not empty`,
      'put what takes several lines into a script, and run that',
    )
  return text
}
