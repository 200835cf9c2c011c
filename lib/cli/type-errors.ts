import { readFileSync } from 'node:fs'
import { durationNear } from '../model/duration.ts'
import { belongsIn, settingMeant } from '../inventory/connection.ts'
import type { TaskOptions } from '../model/playbook.ts'
import { didYouMean, nearest, type Problem } from '../model/problem.ts'
import { brackets, handlerRun, noHosts, notifyName, taskRun } from '../model/slips.ts'
import type { ChangeOptions } from '../modules/command.ts'
import { advice, circleOf } from '../program/circle.ts'
import { draw } from '../program/draw.ts'

/** An error as the compiler tells it. */
export interface CompilerError {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly code: number
  /** What is wrong, and below it why, the last line the deepest. */
  readonly text: readonly [string, ...string[]]
}

/** The errors in what the compiler wrote. */
export function compilerErrors(stdout: string): readonly CompilerError[] {
  const errors: (CompilerError & { readonly text: string[] })[] = []
  for (const line of stdout.split('\n')) {
    const [, file, row, column, code, message] = /^(.+?)\((\d+),(\d+)\): error TS(\d+): (.*)$/.exec(line) ?? []
    if (file !== undefined)
      errors.push({ file, line: Number(row), column: Number(column), code: Number(code), text: [message!] })
    else if (/^ {2}/.test(line)) errors.at(-1)?.text.push(line.trim())
  }
  return errors
}

/** What is wrong, in words that lead out, with the line drawn. What only follows from something else is left out. */
export async function problemsOf(errors: readonly CompilerError[]): Promise<readonly Problem[]> {
  const syntax = errors.filter(isSyntax)
  // Behind the first of a file everything looks wrong.
  if (syntax.length > 0)
    return syntax.filter(({ file }, i) => syntax.findIndex((one) => one.file === file) === i).map(asSyntax)
  const own = errors.filter(
    ({ file, code }) => !follows.has(code) || !errors.some((one) => one.file === file && !follows.has(one.code)),
  )
  return Promise.all(own.map(asProblem))
}

// Of things that have no type because something around them is wrong.
const follows = new Set([7006, 7031])

const isSyntax = ({ code, text }: CompilerError) => code < 2000 && !/verbatimModuleSyntax|type-only/.test(text[0])

function asSyntax({ file, line, column, text: [message] }: CompilerError): Problem {
  const at = { file, line }
  const [first = '', rest] = [message[0]?.toLowerCase(), message.slice(1)]
  return { message: `syntax error: ${first}${rest.replace(/\.$/, '')}`, at, ...drawn(draw(at, column, true)) }
}

async function asProblem(error: CompilerError): Promise<Problem> {
  const { file, line, column, code, text } = error
  const at = { file, line }
  const source = readFileSync(file, 'utf8').split('\n')[line - 1] ?? ''
  const seen: Seen = { file, code, before: source.slice(0, column - 1), after: source.slice(column - 1) }
  const whole = text.join('\n')
  for (const [pattern, say] of known) {
    const match = pattern.exec(whole)
    const said = match && (await say(match, seen))
    if (!said) continue
    const [message, hint] = said
    return { message, at, ...drawn(draw(at, column), hint) }
  }
  return { message: `${short(telling(text))} [TS${code}]`, at, ...drawn(draw(at, column)) }
}

/** The line that tells most: the first, unless it only says that there were several ways or names whole types. */
function telling([first, ...why]: CompilerError['text']): string {
  if (/^No overload matches/.test(first)) return why.find((line) => !/overload/.test(line)) ?? first
  return first.length > 160 ? (why.at(-1) ?? first) : first
}

/** The line, and a hint; one of the two there must be. */
const drawn = (source: string | undefined, hint = source === undefined ? 'see that line' : undefined) =>
  ({ ...(hint === undefined ? {} : { hint }), ...(source === undefined ? {} : { source }) }) as Way

// What variables there are is told where one of them is missing, and nowhere else.
const short = (message: string) => message.replace(/VarsOf<\{.*?\}>/g, 'VarsOf<…>').replace(/\.$/, '')

/** Where the compiler looked when it found something wrong. */
interface Seen {
  readonly file: string
  readonly code: number
  readonly before: string
  readonly after: string
}
type Said = readonly [message: string, hint?: string]
type Way = { readonly hint: string } | { readonly source: string }
type Say = (match: RegExpExecArray, seen: Seen) => Said | undefined | Promise<Said | undefined>

const commandOptions: { readonly [N in keyof Required<ChangeOptions>]: true } = {
  stdin: true,
  cwd: true,
  env: true,
  timeout: true,
  long: true,
  allow: true,
  creates: true,
  removes: true,
  touches: true,
  changed: true,
}

const taskOptions: { readonly [N in keyof Required<TaskOptions<never>>]: true } = {
  tags: true,
  when: true,
  notify: true,
  retries: true,
  delay: true,
  timeout: true,
  once: true,
  throttle: true,
  ignoreErrors: true,
  ignoreUnreachable: true,
  become: true,
  changedWhen: true,
  verify: true,
}

// How each word is written in full.
const whole: Readonly<Record<string, readonly [wants: string, write: string]>> = {
  playbook: ['a playbook has its plays after its name', "playbook('…', [play(…)])"],
  play: ['a play has its options after its name, and then its roles', "play('…', { hosts: 'all' }, [web])"],
  role: [
    'a role has its variables after its name, and then its steps',
    "role('…', { port: number }, ({ task }) => { … })",
  ],
  task: ['a task has what it runs after its name', "task('…', shell`…`)"],
  ensure: ['an ensure has what it describes after its name', "ensure('…', file.content('…', '…'))"],
  handler: ['a handler has what it runs after its name', "handler('…', service.restarted('…'))"],
  block: ['a block has its parts after its name', "block('…', { try() { … } })"],
}

// How Ansible says it, and how it is said here.
const otherwise: Readonly<Record<string, string>> = {
  args: 'write them with the command: shell({ cwd, stdin, creates, … })`…`',
  async: 'write timeout: the connection stays up meanwhile, and shell({ long: true }) shows what is written',
  become_user: "write become: 'NAME'",
  become_method: 'it belongs to the host: settings: { becomeMethod }',
  changed_when: 'write changedWhen, or shell({ changed: (result) => … })',
  delegate_to: 'write host.on(host.vars.other).run(…) in the body',
  environment: 'write it with the command: shell({ env: { … } })`…`',
  failed_when: 'throw in the body, or write shell({ allow: [0, 1] })',
  gather_facts: 'leave it away: a fact is read where host.fact(…) asks for it',
  ignore_errors: 'write ignoreErrors: true',
  loop: 'write a for loop around task(…)',
  no_log: 'declare the variable as secret: it is never shown',
  register: "keep it, const task1 = task('…', …), and read host.result(task1)",
  run_once: 'write once: true',
  until: 'write retries, and throw in the body until it is well',
  vars: 'declare them with the role, or the play',
  with_items: 'write a for loop around task(…)',
}

// Beginners' slips, by what the compiler says of them. The first that fits counts.
const known: readonly (readonly [RegExp, Say])[] = [
  [
    /^Property '(\w+)' does not exist on type 'Task</,
    ([, name], { before }) => [
      'a task is not its result',
      `write host.result(${/(\w+)\??\.$/.exec(before)?.[1] ?? 'task1'}).${name}`,
    ],
  ],
  [
    /^Property '(\w+)' does not exist on type 'Host(?:Context|View)<VarsOf<\{ ?(.*?) ?\}>/,
    ([, name = '', declared = '']) =>
      declared.includes(`readonly ${name}:`)
        ? [`${name} is a variable of the host`, `write host.vars.${name}`]
        : undefined,
  ],
  [
    /^This expression is not callable\.\n.*'Steps</,
    (_, { after }) => {
      const name = /^\w+/.exec(after)?.[0] ?? 'task'
      return ['the words of a role or a play are taken out of what it is given', `write ({ ${name} }) => { … }`]
    },
  ],
  [
    /Type 'string\[\]' provides no match for the signature '\(steps: Steps/,
    () => [
      'a play takes roles, not their names',
      "import the role, import { web } from './roles/web.ts', and write [web]",
    ],
  ],
  [
    /Type 'string\[\]' is not assignable to type 'string'/,
    (_, { after }) => {
      const names = [...(/^hosts: *\[(.*?)\]/.exec(after)?.[1]?.matchAll(/['"](.*?)['"]/g) ?? [])].map(([, one]) => one)
      return names.length > 0
        ? ['the hosts of a play are one pattern', `write hosts: '${names.join(',')}'`]
        : ['one text is wanted here, and this is a list']
    },
  ],
  [
    /^Argument of type 'string' is not assignable to parameter of type 'readonly \(string \| number\)\[\]'/,
    (_, { before, after }) => {
      const said = /^(['"])(.*?)\1/.exec(after)?.[2]
      return !/\bcommand\($/.test(before) || said === undefined
        ? undefined
        : [
            'command takes the words of a command as a list',
            `write command([${said
              .split(/\s+/)
              .map((word) => `'${word}'`)
              .join(', ')}]), or shell\`${said}\``,
          ]
    },
  ],
  [
    /^Type 'number' is not assignable to type 'string'/,
    (_, { after }) => {
      const [, octal] = /^mode: *(?:0o?)?(\d{3,4})\b/.exec(after) ?? []
      return octal === undefined ? undefined : ['a mode is a text', `write mode: '${octal.padStart(4, '0')}'`]
    },
  ],
  [
    /^Argument of type 'string' is not assignable to parameter of type '(?:Body|Description)</,
    (_, { after }) => [
      'a task runs an operation, not a text',
      `write shell\`${/^(['"`])(.*?)\1/.exec(after)?.[2] ?? 'COMMAND'}\``,
    ],
  ],
  [
    /^Type 'string' is not assignable to type 'StandardSchema<unknown> \| Var<unknown>'/,
    (_, { after }) => {
      const [, name = 'NAME', value = "'…'"] = /^(\w+): *(['"`].*?['"`])/.exec(after) ?? []
      return ['a variable is declared by its kind, with what it is unless said', `write ${name}: text.or(${value})`]
    },
  ],
  [
    /'string' is not assignable to parameter of type 'TemplateStringsArray'/,
    (_, { before, after }) => {
      const name = /(\w+)\($/.exec(before)?.[1] ?? 'shell'
      const command = /^(['"`])(.*?)\1\)/.exec(after)?.[2] ?? 'COMMAND'
      return brackets(name, command)
    },
  ],
  [
    /'(\w+)' does not exist in type 'TemplateStringsArray'/,
    ([, name = '']) =>
      Object.hasOwn(commandOptions, name)
        ? [`the value of ${name} is not of its kind`]
        : [`there is no option ${name} of a command`, near(name, Object.keys(commandOptions))],
  ],
  [/'Handler' is (?:missing|not assignable).*'Operation</, (_, { after }) => handlerRun(wordOf(after))],
  [/'Task<.*' is (?:missing|not assignable).*'Operation</, (_, { after }) => taskRun(wordOf(after))],
  [
    /Type '"(.*)"' is not assignable to type '(?:.*\| )?Duration/,
    ([, given = '']) => [`'${given}' is not a duration`, `write ${durationNear(given)}`],
  ],
  [
    /Type '(?:string|".*")' is not assignable to type 'Handler \|/,
    (_, { after }) => notifyName(/notify: ('.*?'|".*?")/.exec(after)?.[1]),
  ],
  [
    /to parameter of type 'Description</,
    () => [
      'what ensure is given merely describes: it gives one operation, at once',
      'leave async away and return the operation, or write task in place of ensure',
    ],
  ],
  [
    /^Property '(run|fact|log)' does not exist on type 'HostView</,
    ([, name]) => [`ensure merely describes: it has no host.${name}`, 'write task in place of ensure'],
  ],
  [
    /Type 'Secret' is not assignable to type '\{ readonly \[key: string\]: Json; \}'/,
    () => ['a task does not give a secret: what it gives is recorded', 'give null, or what of it may be seen'],
  ],
  [
    /Type '(\w+)' is not assignable to type '\{ readonly \[key: string\]: Json; \}'/,
    ([, type]) => [
      `what a task gives is recorded, and a ${type} cannot be`,
      'give texts, numbers, true, false, null, lists and objects of these',
    ],
  ],
  [
    /^Property '(\w+)' does not exist on type 'VarsOf<\{ ?(.*?) ?\}>'/,
    ([, name = '', declared = '']) => {
      const names = [...declared.matchAll(/readonly (\w+):/g)].map(([, one]) => one!)
      return [`no variable ${name} is declared`, names.length > 0 ? near(name, names) : `declare it: { ${name}: text }`]
    },
  ],
  [
    /Type '(\w+)' is not assignable to type '[^']*\bVar<unknown>[^']*'/,
    ([, type], { after }) => {
      const [, name = 'NAME', value = 'VALUE'] = /^(\w+): *(.*?) *[,}]/.exec(after) ?? []
      const kind = { string: 'text', number: 'number', boolean: 'flag' }[type!] ?? 'text'
      return ['a variable is declared by its kind, with what it is unless said', `write ${name}: ${kind}.or(${value})`]
    },
  ],
  [/Property 'hosts' is missing in type .* required in type 'PlayOptions'/, () => noHosts],
  [
    /Type '.*' is not assignable to type 'string'/,
    (_, { before, after }) => (/\bplay\(/.test(before) && after.startsWith('hosts') ? noHosts : undefined),
  ],
  [
    /'Role<.*' is not assignable to parameter of type '\(steps/,
    (_, { after }) => ['the roles of a play stand in a list', `write [${wordOf(after)}]`],
  ],
  [
    /^Type 'Play' is missing .* 'readonly Play\[\]'/,
    () => ['the plays of a playbook stand in a list', 'write [play(…)]'],
  ],
  [
    /^Type 'Role<.*' is missing .* from type 'Play'/,
    (_, { after }) => ['a playbook is made of plays', `write [play('…', { hosts: '…' }, [${wordOf(after)}])]`],
  ],
  [
    /Type 'Role<.*' has no call signatures/,
    (_, { after }) => ['a role is not called', `write ${wordOf(after)}, or ${wordOf(after)}.with({ … })`],
  ],
  [
    /'(\w+)' does not exist in type '(?:TaskOptions|PlayOptions)/,
    ({ 0: whole, 1: name = '', input }) => {
      const of = whole.includes('TaskOptions') ? 'task' : 'play'
      const meant = /Did you mean to write '(\w+)'/.exec(input)?.[1]
      const near = meant ?? (of === 'task' ? nearest(name, Object.keys(taskOptions)) : undefined)
      const hint = Object.hasOwn(otherwise, name) ? otherwise[name] : near && `did you mean ${near}?`
      return [`a ${of} has no option ${name}`, hint || undefined]
    },
  ],
  [
    /^Type 'Operation<.*' has no properties in common with type/,
    (_, { before }) =>
      /\b(?:task|ensure)\('/.test(before)
        ? ['the options of a task stand before its body', "write task('…', { … }, body)"]
        : ['options are wanted here, and this is an operation'],
  ],
  [
    /^Expected \d.* arguments?, but got \d/,
    (_, { before, after }) => {
      const [, name, named] =
        /\b(playbook|play|role|task|ensure|handler|block)(?:\((\s*['"`])?|$)/.exec(
          `${/\w*\(?$/.exec(before)![0]}${after}`,
        ) ?? []
      if (name === undefined) return undefined
      const [wants, write] = whole[name]!
      return named
        ? [wants, `write ${write}`]
        : [wants.replace(/ has .*/, ' has its name first'), `write ${name}('…', …)`]
    },
  ],
  [
    /^Type 'string' is not assignable to type 'readonly string\[\]'/,
    (_, { after }) => {
      const [, name = '', value = "'…'"] = /^(\w+: *)?(['"].*?['"])/.exec(after) ?? []
      return ['a list is wanted here', `write ${name}[${value}]`]
    },
  ],
  [
    /^Argument of type 'string' is not assignable to parameter of type 'Task</,
    (_, { after }) => [
      'a result is asked for by the task, not by its name',
      `keep it, const task1 = task(${/^(['"].*?['"])/.exec(after)?.[1] ?? "'…'"}, …), and read host.result(task1)`,
    ],
  ],
  [
    /^Type 'Operation<.*' is not assignable to type '\(\) => void'/,
    () => ['the parts of a block are functions that say steps', "write try() { task('…', …) }"],
  ],
  [
    /'string' is not assignable to (?:parameter of )?type 'PlayOptions/,
    (_, { after }) => [
      'a play says its hosts among its options',
      `write { hosts: ${/^(['"].*?['"])/.exec(after)?.[1] ?? "'…'"} }`,
    ],
  ],
  [
    /^Property '(\w+)' does not exist on type 'typeof import\(".*?(\w+)(?:\/index)?(?:\.\w+)?"\)'/,
    async ([, name = '', module = '']) => {
      const words = (await import('../modules/index.ts')) as Readonly<Record<string, unknown>>
      const some = Object.hasOwn(words, module) ? Object.keys(words[module] as object) : []
      return [`${module} has no ${name}`, some.length > 0 ? near(name, some) : undefined]
    },
  ],
  [
    /^Property '(\w+)' does not exist on type 'Promise</,
    ([, name]) => [`await is missing: ${name} is there when the promise is kept`, 'write await host.run(…)'],
  ],
  [
    /'Secret(?: \| undefined)?' is not assignable to parameter of type 'Word'/,
    () => [
      'a secret cannot stand on a command line, which every user of the host can read',
      'let the command read it: shell({ stdin: host.vars.NAME })`…`',
    ],
  ],
  [
    /Type '\(.*' is not assignable to type 'Condition<.*\n(?:.*\n)*.*Type '(.*)' is not assignable to type 'boolean/,
    ([, type = '']) => [
      `a condition gives true or false, and this gives ${/^(?:string|number)$/.test(type) ? `a ${type}` : type}`,
      `compare it: ${type === 'number' ? '… > 0' : type.includes('undefined') ? '… !== undefined' : "… === '…'"}`,
    ],
  ],
  [
    /Type '.*' is not assignable to type 'Condition</,
    (_, { after }) => {
      const [, said, other] = /when: *(?:(['"`].*?['"`])|([\w.!]+))/.exec(after) ?? []
      const [, name] = /^['"`](\w+)(?:\.\w+)* is defined/.exec(said ?? '') ?? []
      const condition = name ? `host.vars.${name} !== undefined` : (other ?? "host.vars.NAME === '…'")
      return ['a condition is a function, which is asked at its turn', `write when: (host) => ${condition}`]
    },
  ],
  [/^Cannot find name '(\w+)'/, async ([, name = '']) => imported(name)],
  [/^Module '"switchover(?:\/\w+)?"' has no exported member '(\w+)'/, async ([, name = '']) => imported(name)],
  [
    /^'(\w+)' is a type and must be imported using a type-only import/,
    ([, name]) => [`${name} is only a type`, `import it as type ${name}`],
  ],
  [
    /has no properties in common with type 'GroupDefinition</,
    () => ['a group is not only a list', "write { hosts: ['…', '…'] }"],
  ],
  [
    /'(\w+)' does not exist in type 'SettingsDefinition'/,
    ([, name = '']) => [`${name} is not a connection setting`, settingMeant(name)],
  ],
  [
    /'(\w+)' does not exist in type '(?:HostDefinition|GroupDefinition|InventoryDefinition)/,
    ({ 0: whole, 1: name = '' }, { after }) => {
      const of = whole.includes('Host') ? 'a host' : whole.includes('Group') ? 'a group' : 'an inventory'
      const value = /^\w+: *('[^']*'|[\w.]+) *[,}]/.exec(after)?.[1]
      return [
        `${of} has no ${name} here`,
        didYouMean(name, ['settings', 'vars', 'hosts', 'groups']) ?? belongsIn(name, value),
      ]
    },
  ],
  [
    /implicitly has (?:type|return type) 'any' because it/,
    (_, { file }) => {
      const circle = circleOf(file)
      return circle && ['the types of files that import each other cannot be found', advice(circle)]
    },
  ],
]

/** The name that the code at a place begins with. */
const wordOf = (code: string) => /^(?:await )?(?:host\.run\()?([\w.]+)/.exec(code)?.[1] ?? '…'

function near(name: string, names: readonly string[]): string {
  return didYouMean(name, names) ?? `there are: ${names.join(', ')}`
}

/** Where a word of ours comes from, for whoever forgot to import it. */
async function imported(name: string): Promise<Said | undefined> {
  for (const [from, words] of [
    ['switchover', await import('../index.ts')],
    ['switchover/modules', await import('../modules/index.ts')],
    ['switchover/kit', await import('../kit/index.ts')],
  ] as const)
    if (Object.hasOwn(words, name)) return [`${name} is not imported`, `write: import { ${name} } from '${from}'`]
  return undefined
}
