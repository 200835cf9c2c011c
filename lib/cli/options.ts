import { defaultKeep } from '../model/keep.ts'
import { didYouMean, type Problem } from '../model/problem.ts'
import { program } from '../model/program.ts'

/** What an option may be given as, on the command line and in the settings. */
export type Kind = 'text' | 'texts' | 'flag' | 'number' | 'count'

/** What the words of a command line may be, where they can be told: a shell completes them. */
export type Completes = 'runnable' | 'hosts' | 'tags' | 'tasks' | 'runs' | 'inventories' | 'outputs' | 'files'

/** An option of the command line. */
export interface Option {
  readonly kind: Kind
  readonly alias?: string | readonly string[]
  readonly choices?: readonly string[]
  readonly completes?: Completes
  /** A path: in the settings it starts at the file that says it; `dotted`: where it begins with a dot. */
  readonly path?: true | 'dotted'
  /** The least number that makes sense. */
  readonly least?: number
  readonly fallback?: string | number | boolean | readonly string[]
  readonly group?: string
  readonly describe: string
}

/** Options by their long names. */
export type Options = Readonly<Record<string, Option>>

const [what, how, look, output, connection, secrets] = [
  'What and where:',
  'How:',
  'Look, do not run:',
  'Output:',
  'Connection:',
  'Passwords:',
] as const

/** The options that commands share and settings may hold. What only one command has stands in its own file. */
export const options = {
  inventory: {
    kind: 'texts',
    alias: 'i',
    path: true,
    completes: 'inventories',
    group: what,
    describe: 'Inventory file or folder, or a list such as a,b, ; repeatable',
  },
  limit: {
    kind: 'texts',
    alias: 'l',
    completes: 'hosts',
    group: what,
    describe: 'Only these hosts (a pattern, or @FILE)',
  },
  tags: { kind: 'texts', alias: 't', completes: 'tags', group: what, describe: 'Only tasks with one of these tags' },
  'skip-tags': { kind: 'texts', completes: 'tags', group: what, describe: 'No tasks with one of these tags' },
  'start-at-task': {
    kind: 'text',
    completes: 'tasks',
    group: what,
    describe: 'Leave out the tasks before this one (name or glob)',
  },
  'extra-vars': { kind: 'texts', alias: 'e', group: what, describe: 'Variables above all others: k=v, JSON, or @FILE' },
  resume: {
    kind: 'text',
    completes: 'runs',
    group: what,
    describe: 'Go on where the latest run of this playbook (or the named one) stopped',
  },

  check: { kind: 'flag', alias: 'C', fallback: false, group: how, describe: 'Change nothing; say what would change' },
  diff: { kind: 'flag', alias: 'D', fallback: false, group: how, describe: 'Show differences in files' },
  forks: { kind: 'number', alias: 'f', least: 1, fallback: 50, group: how, describe: 'Hosts at a time' },
  step: { kind: 'flag', fallback: false, group: how, describe: 'Ask before each task' },
  yes: { kind: 'flag', alias: 'y', fallback: false, group: how, describe: 'Answer yes at every gate' },
  undoable: {
    kind: 'flag',
    fallback: false,
    group: how,
    describe: 'Keep what is replaced, so that run undo can put it back',
  },
  'force-handlers': { kind: 'flag', fallback: false, group: how, describe: 'Run due handlers on failed hosts too' },
  audit: {
    kind: 'flag',
    fallback: true,
    group: how,
    describe: 'Leave a line in the log of each host: who, from where, which run, how it ended (--no-audit: none)',
  },
  'keep-days': {
    kind: 'number',
    fallback: defaultKeep.days,
    group: how,
    describe: 'Remove journals that are older, and that nothing needs any more (0: none for its age)',
  },
  'keep-megabytes': {
    kind: 'number',
    fallback: defaultKeep.megabytes,
    group: how,
    describe: 'Remove the oldest journals that nothing needs any more while all take more room (0: none for its size)',
  },
  'type-check': {
    kind: 'flag',
    fallback: true,
    group: how,
    describe: 'Check the types of playbook and inventory first (--no-type-check skips it)',
  },

  'syntax-check': {
    kind: 'flag',
    fallback: false,
    group: look,
    describe: 'Check everything that can be checked without connecting, then stop',
  },
  'list-hosts': { kind: 'flag', fallback: false, group: look, describe: 'Print the hosts of each play' },
  'list-tasks': { kind: 'flag', fallback: false, group: look, describe: 'Print the tasks with their tags and places' },
  'list-tags': { kind: 'flag', fallback: false, group: look, describe: 'Print the tags' },
  json: { kind: 'flag', fallback: false, group: look, describe: 'Print it as JSON' },

  output: {
    kind: 'texts',
    alias: 'o',
    completes: 'outputs',
    path: 'dotted',
    group: output,
    describe: 'lines, json (one event a line), junit=FILE, or ./REPORTER.ts of your own; repeatable',
  },
  verbose: {
    kind: 'count',
    alias: 'v',
    fallback: 0,
    group: output,
    describe: 'More output: -v results, -vv commands, -vvv stacks',
  },

  connection: {
    kind: 'text',
    alias: 'c',
    choices: ['ssh', 'local'],
    group: connection,
    describe: 'How hosts are reached (ssh)',
  },
  user: { kind: 'text', alias: 'u', group: connection, describe: 'Connect as this user' },
  'private-key': { kind: 'text', alias: 'key-file', path: true, group: connection, describe: 'Private key file' },
  timeout: {
    kind: 'number',
    alias: 'T',
    least: 1,
    group: connection,
    describe: 'Seconds that a host may take to let in, and to begin a command (10)',
  },
  become: {
    kind: 'flag',
    alias: 'b',
    fallback: false,
    group: connection,
    describe: 'Become another user where neither inventory nor play says it',
  },
  'become-user': { kind: 'text', group: connection, describe: 'Whom to become where nobody is named (root)' },
  'become-method': { kind: 'text', choices: ['sudo', 'su'], group: connection, describe: 'How to become it (sudo)' },

  'ask-pass': { kind: 'flag', alias: 'k', fallback: false, group: secrets, describe: 'Ask for the SSH password' },
  'connection-password-file': {
    kind: 'text',
    alias: 'conn-pass-file',
    path: true,
    group: secrets,
    describe: 'Read it from a file, or from what a program prints',
  },
  'ask-become-pass': {
    kind: 'flag',
    alias: 'K',
    fallback: false,
    group: secrets,
    describe: 'Ask for the password to become',
  },
  'become-password-file': {
    kind: 'text',
    alias: 'become-pass-file',
    path: true,
    group: secrets,
    describe: 'Read it from a file, or from what a program prints',
  },
  'ask-vault-password': {
    kind: 'flag',
    alias: ['J', 'ask-vault-pass'],
    fallback: false,
    group: secrets,
    describe: 'Ask for the vault password',
  },
  'vault-password-file': {
    kind: 'texts',
    alias: 'vault-pass-file',
    path: true,
    group: secrets,
    describe: 'Read it from a file, or from what a program prints; repeatable',
  },
  'vault-id': {
    kind: 'texts',
    group: secrets,
    describe: 'The password of one vault id: LABEL@FILE, or LABEL@prompt; repeatable',
  },

  'ansible-config': {
    kind: 'flag',
    fallback: true,
    group: how,
    describe: 'Honour ansible.cfg and the ANSIBLE_* variables (--no-ansible-config leaves them out)',
  },
} as const satisfies Options

/** The long name of a shared option. */
export type OptionName = keyof typeof options

type ValueOf<O extends Option> = O extends { readonly choices: readonly (infer C)[] }
  ? C
  : {
      readonly text: string
      readonly texts: readonly string[]
      readonly flag: boolean
      readonly number: number
      readonly count: number
    }[O['kind']]

/** Options with their values; undefined: neither given nor with a default. */
export type ValuesOf<O extends Options> = {
  readonly [N in keyof O]:
    | ValueOf<O[N]>
    | (O[N] extends { readonly fallback: string | number | boolean } ? never : undefined)
}

/** The shared options with their values. */
export type Values = ValuesOf<typeof options>

/** Some of the shared options. */
export function pick<N extends OptionName>(...names: readonly N[]): Pick<typeof options, N> {
  return Object.fromEntries(names.map((name) => [name, options[name]])) as Pick<typeof options, N>
}

/** How hosts are reached and who acts on them. */
export const connecting = pick(
  'connection',
  'user',
  'private-key',
  'timeout',
  'become',
  'become-user',
  'become-method',
  'ask-pass',
  'connection-password-file',
  'ask-become-pass',
  'become-password-file',
)

/** How long what runs record stays. */
export const keeping = pick('keep-days', 'keep-megabytes')

/** The passwords of vaults, which may stand in Ansible's configuration. */
export const vaults = pick('ask-vault-password', 'vault-password-file', 'vault-id', 'ansible-config')

/** What run.config.ts may export: any option under its long name. */
export type Settings = {
  readonly [N in OptionName]?: (typeof options)[N]['kind'] extends 'texts'
    ? string | readonly string[]
    : ValueOf<(typeof options)[N]>
}

/** Values for options, and who gave them. */
export interface FoundSettings {
  readonly file?: string
  readonly values: Readonly<Record<string, unknown>>
  /** Who gave those that `file` did not. */
  readonly from?: Readonly<Record<string, string>>
}

/** Where the value of an option comes from. */
export interface Effective<O extends Options> {
  readonly values: ValuesOf<O>
  readonly from: Readonly<Record<keyof O & string, string>>
}

/** The values that hold: command line over settings over defaults. */
export function effective<O extends Options>(
  of: O,
  given: Readonly<Record<string, unknown>>,
  settings: FoundSettings,
): Effective<O> {
  const values: Record<string, unknown> = {}
  const from: Record<string, string> = {}
  for (const [name, option] of Object.entries(of)) {
    const typed = asTyped(option, given[name])
    // A count that was not given is 0, as far as the parser is concerned.
    const onLine = typed !== undefined && !(option.kind === 'count' && typed === 0)
    values[name] = onLine ? typed : (settings.values[name] ?? option.fallback)
    from[name] = onLine
      ? 'command line'
      : settings.values[name] !== undefined
        ? (settings.from?.[name] ?? settings.file ?? 'settings')
        : 'default'
  }
  return { values: values as ValuesOf<O>, from: from as Effective<O>['from'] }
}

// An option given twice means the second; a number is a text until it is known to be one.
function asTyped({ kind }: Option, given: unknown): unknown {
  if (kind === 'texts') return given
  const last: unknown = Array.isArray(given) ? given.at(-1) : given
  return kind === 'number' && typeof last === 'string' && /^-?\d+$/.test(last) ? Number(last) : last
}

/** What is wrong with a value that was typed for an option. */
export function wrongTyped(name: string, option: Option, text: string): Problem | undefined {
  const value = asTyped(option, text)
  const wrong = check(name, option, option.kind === 'texts' ? [value] : value, (one) => `--${name} ${one}`)
  return wrong && { ...wrong, message: `--${wrong.message}` }
}

/** What is wrong with the settings of a file, name by name. */
export function checkSettings(settings: Readonly<Record<string, unknown>>): readonly Problem[] {
  return Object.entries(settings).flatMap(([name, value]): readonly Problem[] => {
    const option = (options as Readonly<Record<string, Option>>)[name]
    if (!option)
      return [
        {
          message: `there is no setting ${name}`,
          hint:
            didYouMean(name, Object.keys(options)) ??
            `see ${program()} --help: settings have the long names of options`,
        },
      ]
    const wrong =
      value === undefined ? undefined : check(name, option, value, (one) => `${name}: ${inFile(option, one)}`)
    return wrong ? [wrong] : []
  })
}

const expected: Readonly<Record<Kind, string>> = {
  text: 'a text',
  texts: 'a text or a list of texts',
  flag: 'true or false',
  number: 'a whole number',
  count: 'a whole number',
}

// As the settings write a value.
const inFile = ({ kind }: Option, value: string) => (/^text/.test(kind) ? `'${value}'` : value)

function check(name: string, option: Option, value: unknown, write: (value: string) => string): Problem | undefined {
  const { kind, choices, least = 0, fallback } = option
  const shown = typeof value === 'number' ? String(value) : JSON.stringify(value)
  if (choices)
    return choices.includes(value as string)
      ? undefined
      : {
          message: `${name} must be one of ${choices.join(', ')}, and is ${shown}`,
          hint: didYouMean(String(value), choices) ?? `write ${choices.map(write).join(' or ')}`,
        }
  if (kind === 'number' || kind === 'count') {
    return Number.isInteger(value) && (value as number) >= least
      ? undefined
      : {
          message: `${name} must be ${expected[kind]} from ${least}, and is ${shown}`,
          hint: `write ${write(String(fallback ?? 30))}, or leave it out`,
        }
  }
  const right =
    kind === 'flag'
      ? typeof value === 'boolean'
      : typeof value === 'string' ||
        (kind === 'texts' && Array.isArray(value) && value.every((v) => typeof v === 'string'))
  return right
    ? undefined
    : {
        message: `${name} must be ${expected[kind]}, and is ${shown}`,
        hint: `write ${kind === 'flag' ? `${name}: true or ${name}: false` : write('…')}`,
      }
}
