import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { there } from '../kit/there.ts'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { cannotLook } from '../kit/closed.ts'
import { localFile, unusable } from '../kit/local-file.ts'
import { type Command, perform } from '../kit/command.ts'
import { brackets } from '../model/slips.ts'
import { Advice, operation } from '../model/operation.ts'
import type { CommandResult, LocalFile, Operation, Plan, Reader } from '../model/operation.ts'
import { knownSecrets, Secret } from '../model/secret.ts'
import { quote, sh, type Word } from '../kit/shell.ts'

/** What a command wrote and how it ended. */
export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** How a command is run and judged. */
export interface CommandOptions {
  /** What the command reads; the way for secrets, which must not stand on a command line. */
  readonly stdin?: string | Uint8Array | Secret
  readonly cwd?: string
  /** More environment; a secret in it never shows up among the host's processes' arguments. */
  readonly env?: Readonly<Record<string, string | number | Secret>>
  /** Seconds until it is killed and the task fails. */
  readonly timeout?: number
  /** It may take long: its output is shown while it runs, and a run that is killed leaves it to the next. */
  readonly long?: boolean
  /** Exit codes that are no failure; only 0 unless said. */
  readonly allow?: readonly number[]
}

/** How a command is run, by name. */
const commandNames: OptionNames<CommandOptions> = {
  stdin: true,
  cwd: true,
  env: true,
  timeout: true,
  long: true,
  allow: true,
}

/** How a command that changes something is run and judged. */
export interface ChangeOptions extends CommandOptions {
  /**
   * A path that the command makes, or a pattern for it, as `/srv/app-*.war`: when something is there, be it a link that
   * leads nowhere, nothing is run.
   */
  readonly creates?: string
  /** A path that the command removes, or a pattern: when nothing is there, nothing is run. */
  readonly removes?: string
  /**
   * The paths that it changes, and nothing else but what lies below them: check mode then knows that all others stay
   * as they are. Without it nobody knows of what stands in the command.
   */
  readonly touches?: readonly string[]
  /** Judges from what it wrote whether it changed anything. */
  readonly changed?: (result: CommandResult) => boolean
}

const changeNames: OptionNames<ChangeOptions> = {
  ...commandNames,
  creates: true,
  removes: true,
  touches: true,
  changed: true,
}

type Script = (strings: TemplateStringsArray, ...values: readonly Word[]) => Operation<Ran>

/**
 * Runs a shell command that changes the host: counted as changed, never run in check mode.
 * Inserted values are quoted, lists become several words.
 *
 * ```ts
 * task('Upgrade the schema', shell`nova-manage db sync`)
 * task('Set the key', shell({ stdin: host.vars.key, creates: '/etc/key' })`install-key --stdin`)
 * ```
 */
export function shell(options: ChangeOptions): Script
export function shell(strings: TemplateStringsArray, ...values: readonly Word[]): Operation<Ran>
export function shell(
  first: ChangeOptions | TemplateStringsArray,
  ...values: readonly Word[]
): Script | Operation<Ran> {
  return tagged('shell', first, changeNames, values, (script, options) => change({ script, options }))
}

/**
 * Runs a shell command that only looks: it runs in check mode too and never counts as changed.
 *
 * ```ts
 * const { stdout } = await host.run(probe`nova-manage service list`)
 * const { code } = await host.run(probe({ allow: [0, 1] })`grep -q vmx /proc/cpuinfo`)
 * ```
 * @throws CommandFailed when it ends with another code than 0 or those allowed
 */
export function probe(options: CommandOptions): Script
export function probe(strings: TemplateStringsArray, ...values: readonly Word[]): Operation<Ran>
export function probe(
  first: CommandOptions | TemplateStringsArray,
  ...values: readonly Word[]
): Script | Operation<Ran> {
  return tagged('probe', first, commandNames, values, (script, options) => look({ script, options }))
}

/**
 * Runs a program with its arguments as they are, no shell syntax in between; otherwise as `shell`.
 *
 * ```ts
 * task('Clear the cache', command(['find', '/var/cache/glance', '-type', 'f', '-name', '*.tmp', '-delete']))
 * ```
 */
export function command(argv: readonly (string | number)[], options: ChangeOptions = {}): Operation<Ran> {
  refuseUnknown('command', options, changeNames)
  for (const word of argv) refuseRevealed(String(word))
  return change({ script: sh`${argv}`, options })
}

/**
 * Runs a script of the controller machine on the host; its path begins at the file that says it. It is run as the file
 * that it is, by the program of its first line (`#!`), or by sh; nothing of it is left there. Otherwise as `shell`.
 *
 * ```ts
 * task('Prepare the disks', script('files/prepare-disks.sh', '--device', '/dev/sdb'))
 * ```
 */
export function script(path: string, ...args: readonly (string | number)[]): Operation<Ran> {
  return sendScript({ local: localFile(path), args })
}

interface Running {
  readonly script: string
  readonly options: ChangeOptions
}

const nothing: Ran = { code: 0, stdout: '', stderr: '' }

const change = operation<Running, boolean, Command, Ran>(({ script }) => `shell: ${shorten(script)}`, {
  // Only guards need a look; without one the plan costs nothing.
  async read(connection, { options: { creates, removes } }) {
    const isThere = async (path: string) => {
      const { code } = await connection.exec(there(path))
      if (code === 8) throw cannotLook(path, connection.host.name)
      const found = { exists: code === 0 }
      return (connection.foreseen?.see(`file ${path}`, found) ?? found).exists
    }
    return (creates === undefined || !(await isThere(creates))) && (removes === undefined || (await isThere(removes)))
  },
  plan: (wanted, running) =>
    wanted
      ? { result: nothing, change: commandOf(running), unpredictable: true, ...leftBy(running.options) }
      : { result: nothing },
  apply: run,
  judge: (result, { options: { changed } }) => changed?.(result) ?? true,
  sends: ({ options }) => (isPlain(options) ? { allow: options.allow ?? [0] } : undefined),
})

/** Nothing is looked at first, it reads nothing, and no code of its author judges it. */
function isPlain({ creates, removes, touches, changed, long, stdin, env = {} }: ChangeOptions): boolean {
  const own = creates ?? removes ?? touches ?? changed ?? long ?? stdin
  return own === undefined && !Object.values(env).some((value) => value instanceof Secret)
}

function leftBy({ touches }: ChangeOptions): Pick<Plan<Ran>, 'leaves'> {
  return touches ? { leaves: touches.map((path) => ({ what: `file ${path}`, below: true })) } : {}
}

const look = operation<Running, Ran, Ran>(({ script }) => `probe: ${shorten(script)}`, {
  read: (connection, running) => run(connection, commandOf(running)),
  plan: (result) => ({ result }),
})

const sendScript = operation<
  { readonly local: LocalFile; readonly args: readonly (string | number)[] },
  Buffer,
  Command,
  Ran
>(({ local }) => `script ${local.said}`, {
  local: ({ local }) => local,
  async read(_connection, { local }) {
    try {
      return await readFile(local.path)
    } catch (error) {
      throw unusable(local, 'run', (error as Error).message)
    }
  },
  plan: (text, { local, args }) => ({
    result: nothing,
    change: { script: runningFile(text, path.basename(local.path), args), stdin: text, shown: `script ${local.said}` },
    unpredictable: true,
  }),
  apply: run,
})

// A temporary folder may forbid that files in it are run, so the program of the first line is called, as a kernel
// would.
function runningFile(text: Buffer, name: string, args: readonly (string | number)[]): string {
  const [, program, option] = /^#![ \t]*(\S+)(?:[ \t]+(.*?))?[ \t\r]*\n/.exec(text.toString('latin1', 0, 512)) ?? []
  const binary = text.toString('latin1', 0, 4) === '\x7fELF'
  const by = binary ? [] : program === undefined ? ['sh'] : [program, ...(option ? [option] : [])]
  return `d=$(umask 077; mktemp -d "\${TMPDIR:-/tmp}/.switchover.XXXXXX") || exit
trap 'rm -rf "$d"' EXIT
trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
${sh`f=$d/${name}`}
cat >"$f" && chmod 700 "$f" || exit
${sh`${by}`} "$f" ${sh`${args}`} </dev/null`
}

async function run(connection: Reader, command: Command): Promise<Ran> {
  const { code, stdout, stderr } = await perform(connection, command)
  return { code, stdout, stderr }
}

/** A script with all that it is run with. */
export function commandOf({ script, options }: Running): Command {
  const { cwd, env = {}, stdin, timeout, long, allow } = options
  const { imports, secrets } = environment(env)
  const plain = imports === '' && cwd === undefined
  return {
    // A newline ends the script, so that a comment or a here-document at its end cannot swallow what follows.
    script: plain ? script : `${imports}${cwd === undefined ? '' : sh`cd ${cwd} || exit\n`}${script}\n`,
    ...(plain ? {} : { shown: script }),
    ...(secrets.length === 0 ? {} : { firstLines: secrets }),
    ...(stdin === undefined ? {} : { stdin }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(long === undefined ? {} : { long }),
    ...(allow === undefined ? {} : { allow }),
  }
}

// A secret for the environment comes as a line of stdin before what the command itself reads: `read` is a builtin, so
// no process ever has it among its arguments, and on a pipe it takes not one byte more than its line.
function environment(env: NonNullable<CommandOptions['env']>): {
  readonly imports: string
  readonly secrets: readonly Secret[]
} {
  let imports = ''
  const secrets: Secret[] = []
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new Advice(
        `${name} cannot be the name of an environment variable`,
        'use letters, digits and underscores, and begin with no digit',
      )
    if (!(value instanceof Secret)) {
      imports += `${name}=${quote(String(value))}; export ${name}\n`
      continue
    }
    if (/[\n\0]/.test(value.reveal()))
      throw new Advice(
        `the secret ${value} has several lines and cannot be the environment variable ${name}`,
        'pass it as stdin',
      )
    imports += `IFS= read -r ${name}; export ${name}\n`
    secrets.push(value)
  }
  return { imports, secrets }
}

/** A word before a template, or before its options and then one. */
function tagged(
  name: string,
  first: ChangeOptions | TemplateStringsArray | string,
  names: Readonly<Record<string, true>>,
  values: readonly Word[],
  make: (script: string, options: ChangeOptions) => Operation<Ran>,
): Script | Operation<Ran> {
  if (typeof first === 'string' || isTemplate(first)) return make(scriptOf(name, first, values), {})
  refuseUnknown<Readonly<Record<string, unknown>>>(name, first as never, names)
  return (strings, ...words) => make(scriptOf(name, strings, words), first)
}

/**
 * The script that a template is, its values quoted.
 * @throws Advice for a text, which only types refuse, and for the text of a secret
 */
export function scriptOf(name: string, template: TemplateStringsArray | string, words: readonly Word[]): string {
  if (typeof template === 'string') throw new Advice(...brackets(name, template))
  for (const word of words.flat()) refuseRevealed(String(word))
  return sh(template, ...words)
}

// A shorter text may well be a word of its own.
const shortestRevealed = 8

/** @throws Advice for the text of a secret, which every user of the host could read among the arguments */
function refuseRevealed(word: string): void {
  const [, label] = knownSecrets().find(([text]) => text.length >= shortestRevealed && word.includes(text)) ?? []
  if (label === undefined) return
  throw new Advice(
    `the text of the secret ‹${label}› stands in a command, where every user of the host can read it`,
    'give the secret itself, without reveal(), as env or stdin: shell({ env: { PASSWORD: secret } })`… "$PASSWORD"`',
  )
}

function isTemplate(value: object): value is TemplateStringsArray {
  return Array.isArray(value)
}

function shorten(script: string): string {
  const line = script.trim().replace(/\s+/g, ' ')
  return line.length > 100 ? `${line.slice(0, 99)}…` : line
}
