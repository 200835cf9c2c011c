import { durationNear } from './duration.ts'
import { here, type Location, showLocation } from './location.ts'
import { type OptionNames, unknownOptions } from './option-names.ts'
import type { HostRef } from './inventory.ts'
import { Advice, type Fact, isOperation, madeWhile, type Operation, type Value } from './operation.ts'
import { didYouMean, exit, type Problem, Refused } from './problem.ts'
import type { Schema, VarsOf } from './vars.ts'

/** Seconds as a number, or a text such as `500ms`, `6s`, `10m`, `1h`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`

/** A host as it can be described before anything is done: what `ensure` gives its callback. */
export interface HostView<V> {
  readonly name: string
  readonly groups: readonly string[]
  readonly vars: V
  /** True in check mode, where nothing is changed. */
  readonly check: boolean
  /**
   * The result of an earlier task on this host; for `once` tasks, the one result there is. @throws when it did not run
   */
  result<R extends Value>(task: Task<R>): R
  /** The result of an earlier task on this host, or undefined when it did not run there. */
  resultIfRun<R extends Value>(task: Task<R>): R | undefined
  /** Another host, with that host's variables. */
  on(host: HostRef): HostView<V>
}

/** What the body of a task holds: one host, its typed variables, and the ways to act on it. */
export interface HostContext<V> extends HostView<V> {
  run<R extends Value>(operation: Operation<R>): Promise<R>
  fact<T>(fact: Fact<T>): Promise<T>
  /** Another host, with that host's variables: what is run on it is delegated. */
  on(host: HostRef): HostContext<V>
  /** A line for the operator, shown under the task. */
  log(message: string): void
}

/** What a task's body gives when it merely describes: an operation, or how to make one from a view of the host. */
export type Description<V, R extends Value> = Operation<R> | ((host: HostView<V>) => Operation<R>)

/** The body of a task made by `ensure`. */
export interface Described<V, R extends Value> {
  readonly kind: 'described'
  readonly describe: (host: HostView<V>) => Operation<R>
}

/** What a task runs: an operation, or a function that gives or runs some at the task's turn, once an attempt. */
export type Body<V, R extends Value> =
  | Operation<R>
  | Described<V, R>
  | ((host: HostContext<V>) => Operation<R> | R | Promise<Operation<R> | R>)
export type Condition<V> = (host: HostContext<V>) => boolean | Promise<boolean>

/** Does this body merely describe? */
export function isDescribed(body: unknown): body is Described<never, Value> {
  return typeof body === 'object' && body !== null && (body as { kind?: unknown }).kind === 'described'
}

/** What is said of a task beside its body. */
export interface TaskOptions<V> {
  readonly tags?: readonly string[]
  readonly when?: Condition<V>
  /** Handlers due when the task changed something. */
  readonly notify?: Handler | readonly Handler[]
  /** How many more attempts after the first failed one. */
  readonly retries?: number
  /** Between attempts; 5 s unless said. */
  readonly delay?: Duration
  readonly timeout?: Duration
  /** Runs on the first host for which `when` holds; its result belongs to all. */
  readonly once?: boolean
  /** Hosts at a time, below --forks. */
  readonly throttle?: number
  readonly ignoreErrors?: boolean
  readonly ignoreUnreachable?: boolean
  /** true: root; a name: that user; false: the user of the connection. */
  readonly become?: boolean | string
  /** Overrides whether the task counts as changed. */
  readonly changedWhen?: boolean
  /**
   * It checks what earlier tasks brought about: left out in check mode where one of them would have changed something.
   */
  readonly verify?: boolean
}

const taskNames: OptionNames<TaskOptions<never>> = {
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

/** A declared task: what `host.result` and `--list-tasks` know it by. */
export interface Task<R extends Value = Value> {
  readonly kind: 'task'
  readonly name: string
  readonly at: Location
  readonly options: TaskOptions<never>
  readonly body: Body<never, R>
}
/** A declared handler: what `notify` names. */
export interface Handler {
  readonly kind: 'handler'
  readonly name: string
  readonly at: Location
  readonly body: Body<never, Value>
}
export interface Block {
  readonly kind: 'block'
  readonly name: string
  readonly at: Location
  readonly tags: readonly string[]
  readonly when: Condition<never> | undefined
  readonly try: readonly Step[]
  readonly rescue: readonly Step[]
  readonly always: readonly Step[]
}
/** Steps that run side by side on each host. */
export interface ParallelSteps {
  readonly kind: 'parallel'
  readonly name: string
  readonly at: Location
  readonly steps: readonly Step[]
}
/** The point at which due handlers run. */
export interface Flush {
  readonly kind: 'flush'
  readonly at: Location
}
/**
 * A question the operator must answer before the run goes on; asked once a run, however many hosts and batches come by.
 */
export interface Gate {
  readonly kind: 'gate'
  readonly name: string
  readonly at: Location
  readonly tags: readonly string[]
  readonly answered: ((vars: never) => boolean) | undefined
}
export type Step = Task | Block | ParallelSteps | Flush | Gate

/** A role: steps written once, for every host whose variables fit the schema. */
export interface Role<S extends Schema = Schema> {
  readonly kind: 'role'
  readonly name: string
  readonly at: Location
  readonly schema: S
  readonly steps: readonly Step[]
  readonly handlers: readonly Handler[]
  readonly bound: Readonly<Record<string, unknown>>
  readonly tags: readonly string[]
  /** The hosts it belongs to when it is run by its name, as a pattern. */
  readonly hosts: string | undefined
  /** The same role with some variables settled by the playbook. */
  with(vars: Partial<VarsOf<S>>): Role<S>
  /** The same role with tags that all its tasks inherit. */
  tagged(...tags: readonly string[]): Role<S>
}
/** What is said of a role besides its variables. */
export interface RoleOptions {
  /**
   * The hosts it belongs to when it is run by its name, `run motd -i inventory.ts`: a pattern, as for --limit. A play
   * has its own.
   */
  readonly hosts?: string
}
const roleNames: OptionNames<RoleOptions> = { hosts: true }

// A role for any variables: what plays hold.
// biome-ignore lint/suspicious/noExplicitAny: Role<S> is invariant in S, so the bare interface would refuse them.
export type AnyRole = Role<any>

export interface ParallelRoles {
  readonly kind: 'parallel-roles'
  readonly roles: readonly AnyRole[]
}

export type BatchSize = number | `${number}%`
/** On which hosts a play runs, and how it goes through them. */
export interface PlayOptions {
  /** A host pattern, as for --limit. */
  readonly hosts: string
  readonly serial?: BatchSize | readonly BatchSize[]
  /**
   * linear: all hosts finish a task before the next begins. free: each host goes at its own pace, and is sent plain
   * commands without waiting for its answer to each.
   */
  readonly strategy?: 'linear' | 'free'
  readonly tags?: readonly string[]
  /** The play stops when more than this share of a batch has failed. */
  readonly maxFailPercentage?: number
  /** A failure on one host ends the play for all, after the task has finished everywhere. */
  readonly anyErrorsFatal?: boolean
  readonly become?: boolean | string
  readonly throttle?: number
}
/** On which hosts a play runs, and how it goes through them, by name. */
export const playNames: OptionNames<PlayOptions & { readonly vars?: Schema }> = {
  hosts: true,
  serial: true,
  strategy: true,
  tags: true,
  maxFailPercentage: true,
  anyErrorsFatal: true,
  become: true,
  throttle: true,
  vars: true,
}

/** A declared play. */
export interface Play {
  readonly kind: 'play'
  readonly name: string
  readonly at: Location
  readonly options: PlayOptions
  readonly roles: readonly (AnyRole | ParallelRoles)[]
}
/** A declared playbook. */
export interface Playbook extends PlaybookOptions {
  readonly kind: 'playbook'
  readonly name: string
  readonly at: Location
  readonly plays: readonly Play[]
}

/** What a playbook may say of itself. */
export interface PlaybookOptions {
  /** A recorded run of it leaves its report as one page of HTML beside its journal, and says where. */
  readonly page?: boolean
}

const playbookNames: OptionNames<PlaybookOptions> = { page: true }

/** What `role` hands to its definition: the words that make steps, in the order they are said. */
export interface Steps<V> {
  task<R extends Value>(name: string, body: Body<V, R>): Task<R>
  task<R extends Value>(name: string, options: TaskOptions<V>, body: Body<V, R>): Task<R>
  /**
   * A task whose body merely describes: it gets a view of the host, and gives the operation that brings about what is
   * wanted. Since it does nothing, it may be asked before its turn and more than once, so that the host is looked at
   * while earlier tasks still run.
   *
   * ```ts
   * ensure('Set the workers', ({ vars }) => ini.set('/etc/nova/nova.conf', { DEFAULT: { workers: vars.workers } }))
   * ```
   */
  ensure<R extends Value>(name: string, description: Description<V, R>): Task<R>
  ensure<R extends Value>(name: string, options: TaskOptions<V>, description: Description<V, R>): Task<R>
  handler(name: string, body: Body<V, Value>): Handler
  block(name: string, parts: BlockParts<V>): void
  /** Runs the steps made inside side by side. */
  parallel(name: string, steps: () => void): void
  /** Runs the handlers notified so far, now. */
  flush(): void
  /**
   * Asks the operator before going on; refused where there is no terminal, unless --yes, or the variables of all hosts
   * have answered already.
   *
   * ```ts
   * gate('Is the backup of today complete?', { answered: (vars) => vars.sure })
   * ```
   */
  gate(name: string, options?: GateOptions<V>): void
}
/** What is said of a gate beside its question. */
export interface GateOptions<V> {
  readonly tags?: readonly string[]
  /** Does the inventory answer yes for a host with these variables? */
  readonly answered?: (vars: V) => boolean
}
export interface BlockParts<V> {
  readonly tags?: readonly string[]
  readonly when?: Condition<V>
  try(): void
  rescue?(): void
  always?(): void
}

const gateNames: OptionNames<GateOptions<never>> = { tags: true, answered: true }
const blockNames: OptionNames<BlockParts<never>> = { tags: true, when: true, try: true, rescue: true, always: true }

/**
 * Declares a role. `define` runs once, with no host in sight: it only says which steps there are.
 *
 * ```ts
 * const motd = role('motd', { contact: text }, { hosts: 'web' }, ({ ensure }) => {
 *   ensure('Say whom to ask', ({ vars }) => file.content('/etc/motd', `ask ${vars.contact}\n`))
 * })
 * ```
 * @throws Refused with all that is wrong with its steps, such as two of the same name: names are how runs are resumed
 * and tasks are started at
 */
export function role<const S extends Schema>(name: string, vars: S, define: (steps: Steps<VarsOf<S>>) => void): Role<S>
export function role<const S extends Schema>(
  name: string,
  vars: S,
  options: RoleOptions,
  define: (steps: Steps<VarsOf<S>>) => void,
): Role<S>
export function role<const S extends Schema>(
  name: string,
  vars: S,
  second: RoleOptions | ((steps: Steps<VarsOf<S>>) => void),
  third?: (steps: Steps<VarsOf<S>>) => void,
): Role<S> {
  const [options, define]: readonly [RoleOptions, (steps: Steps<VarsOf<S>>) => void] =
    typeof second === 'function' ? [{}, second] : [second, third!]
  const at = here()
  const { steps, handlers } = record<VarsOf<S>>(
    `role ${name}`,
    define,
    wrongNames(`role ${name}`, options, roleNames, at),
  )
  const make = (bound: Readonly<Record<string, unknown>>, tags: readonly string[]): Role<S> => ({
    kind: 'role',
    name,
    at,
    schema: vars,
    steps,
    handlers,
    bound,
    tags,
    hosts: options.hosts,
    with(more) {
      const unknown = Object.keys(more).filter((one) => !Object.hasOwn(vars, one))
      refuse(unknown.map((one) => unknownVariable(name, one, vars, here())))
      return make({ ...bound, ...more }, tags)
    },
    tagged: (...more) => make(bound, [...tags, ...more]),
  })
  return make({}, [])
}

function unknownVariable(role: string, name: string, vars: Schema, at: Location): Problem {
  const all = Object.keys(vars)
  const hint =
    didYouMean(name, all) ?? (all.length > 0 ? `there are: ${all.join(', ')}` : `declare it: { ${name}: text }`)
  return { message: `the role ${role} has no variable ${name}`, hint, at }
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new Refused(problems, exit.load)
}

function wrongNames(of: string, options: unknown, names: Readonly<Record<string, true>>, at: Location): Problem[] {
  const told = unknownOptions(of, options, names)
  return told ? [{ message: told[0], hint: told[1], at }] : []
}

// All that is wrong with the steps is told at once, at the end.
function record<V>(
  of: string,
  define: (steps: Steps<V>) => void,
  wrong: Problem[],
): { readonly steps: readonly Step[]; readonly handlers: readonly Handler[] } {
  const handlers: Handler[] = []
  const names = new Map<string, Location[]>()
  const all: Step[] = []
  let into = all
  let closed = false
  const add = <T extends Step>(step: T): T => {
    open()
    into.push(step)
    return step
  }
  const open = () => {
    if (closed)
      throw new Advice(`${of}: steps cannot be added once the role is defined`, 'a body may run operations instead')
  }
  const named = (name: string, at: Location) => {
    if (typeof name === 'string' && name.trim() !== '') return true
    wrong.push({ message: `${of} has a step without a name`, hint: "say what it does, as in 'Start nginx'", at })
    return false
  }
  const unique = (name: string, at: Location) => {
    if (!named(name, at)) return
    const places = names.get(name)
    if (places) places.push(at)
    else names.set(name, [at])
  }
  const nested = (run: () => void): readonly Step[] => {
    const outer = into
    into = []
    try {
      run()
      return into
    } finally {
      into = outer
    }
  }
  const task = <R extends Value>(name: string, second: TaskOptions<V> | Body<V, R>, third?: Body<V, R>): Task<R> => {
    open()
    const at = here()
    unique(name, at)
    const [options, body] = third === undefined ? [{}, second as Body<V, R>] : [second as TaskOptions<V>, third]
    mustBeBody('task', name, at, body)
    wrong.push(...wrongNames(`«${name}»`, options, taskNames, at))
    mustBeMade(name, at, options)
    return add({
      kind: 'task',
      name,
      at,
      options: options as TaskOptions<never>,
      body: body as Body<never, R>,
    } as Task<R> & Task)
  }
  // A constant that stands further down is undefined up here, and once built says nothing of it: without its condition
  // the step would simply run.
  const mustBeMade = (step: string, at: Location, options: object) => {
    for (const [name, value] of Object.entries(options))
      if (value === undefined)
        wrong.push({
          message: `${of}: ${name} of «${step}» is undefined: is it made further down?`,
          hint: 'make it above, or a function declaration of it',
          at,
        })
  }
  const mustBeBody = (word: string, name: string, at: Location, body: unknown) => {
    if (typeof body === 'function' || isOperation(body) || isDescribed(body)) return
    wrong.push({
      message: `${of}: «${name}» has no body: ${body === undefined ? 'it is undefined' : 'what it has does nothing'}`,
      hint: `the last argument is an operation, or a function: ${word}('${name}', shell\`…\`)`,
      at,
    })
  }
  const mustMakeSteps = (step: string, at: Location, steps: unknown, part = '') => {
    if (typeof steps === 'function') return
    throw new Advice(
      `${of}: ${part}what «${step}» holds is no function (${showLocation(at)})`,
      `write ${part}() => { task('…', …) }`,
    )
  }
  const described = <R extends Value>(description: Description<V, R>): Body<V, R> =>
    typeof description === 'function' ? { kind: 'described', describe: description } : description
  const words: Steps<V> = {
    task: task as Steps<V>['task'],
    ensure<R extends Value>(
      name: string,
      second: TaskOptions<V> | Description<V, R>,
      third?: Description<V, R>,
    ): Task<R> {
      return third === undefined
        ? task(name, described(second as Description<V, R>))
        : task(name, second as TaskOptions<V>, described(third))
    },
    handler(name, body) {
      open()
      const made: Handler = { kind: 'handler', name, at: here(), body: body as Body<never, Value> }
      unique(name, made.at)
      mustBeBody('handler', name, made.at, body)
      handlers.push(made)
      return made
    },
    block(name, parts) {
      const at = here()
      const inside = (part: 'try' | 'rescue' | 'always') => {
        mustMakeSteps(name, at, parts[part], `${part}: `)
        return nested(() => parts[part]?.())
      }
      named(name, at)
      wrong.push(...wrongNames(`«${name}»`, parts, blockNames, at))
      mustBeMade(name, at, parts)
      add({
        kind: 'block',
        name,
        at,
        tags: parts.tags ?? [],
        when: parts.when as Condition<never> | undefined,
        try: inside('try'),
        rescue: parts.rescue ? inside('rescue') : [],
        always: parts.always ? inside('always') : [],
      })
    },
    parallel(name, steps) {
      const at = here()
      named(name, at)
      mustMakeSteps(name, at, steps)
      add({ kind: 'parallel', name, at, steps: nested(steps) })
    },
    flush() {
      add({ kind: 'flush', at: here() })
    },
    gate(name, options = {}) {
      open()
      const at = here()
      unique(name, at)
      wrong.push(...wrongNames(`«${name}»`, options, gateNames, at))
      add({
        kind: 'gate',
        name,
        at,
        tags: options.tags ?? [],
        answered: options.answered as Gate['answered'],
      })
    },
  }
  let said: unknown
  const made = madeWhile(() => {
    said = define(words)
  })
  closed = true
  for (const [name, places] of names)
    if (places.length > 1)
      for (const at of places)
        wrong.push({
          message: `${of} has ${places.length === 2 ? 'two' : places.length} steps named «${name}»`,
          hint: 'names are identities, make them differ',
          at,
        })
  refuse(wrong)
  refuseDropped(of, made, [...bodiesOf(all), ...handlers.map(({ body }) => body)])
  if (said instanceof Promise) {
    // Its rejection would say the same again, later and to nobody.
    said.catch(() => {})
    throw new Advice(
      `${of}: the definition is an async function`,
      'leave async away: steps are declared at once, and bodies may wait',
    )
  }
  return { steps: all, handlers }
}

function bodiesOf(steps: readonly Step[]): readonly unknown[] {
  return steps.flatMap((step): readonly unknown[] => {
    if (step.kind === 'task') return [step.body, step.options.when]
    if (step.kind === 'block') return [step.when, ...bodiesOf([...step.try, ...step.rescue, ...step.always])]
    return step.kind === 'parallel' ? bodiesOf(step.steps) : []
  })
}

/** An operation that stands beside the tasks does nothing, and looks as if it did. A function may run it later. */
function refuseDropped(of: string, made: ReadonlySet<Operation<Value>>, bodies: readonly unknown[]): void {
  if (bodies.some((body) => body !== undefined && !isOperation(body))) return
  const dropped = [...made].find((operation) => !bodies.includes(operation))
  if (dropped)
    throw new Advice(
      `${of}: ${dropped.name} was made but belongs to no task (${showLocation(dropped.at)})`,
      "write task('…', …) around it",
    )
}

/**
 * Declares a play: which hosts, which roles, in which order. A small play may give its steps in place of roles,
 * with the variables it wants as `vars`.
 *
 * ```ts
 * play('Web servers', { hosts: 'web', serial: '25%', become: true }, [nginx, app])
 * play('Ask', { hosts: 'all' }, ({ task }) => {
 *   task('Ask for the kernel', probe`uname -r`)
 * })
 * ```
 */
export function play(name: string, options: PlayOptions, roles: readonly (AnyRole | ParallelRoles)[]): Play
export function play<const S extends Schema = Record<never, never>>(
  name: string,
  options: PlayOptions & { readonly vars?: S },
  steps: (steps: Steps<VarsOf<S>>) => void,
): Play
export function play<const S extends Schema>(
  name: string,
  options: PlayOptions & { readonly vars?: S },
  content: readonly (AnyRole | ParallelRoles)[] | ((steps: Steps<VarsOf<S>>) => void),
): Play {
  const at = here()
  mustBeNamed('play', name, at)
  if (typeof content !== 'function')
    mustBeListOf(['role', 'parallel-roles'], `the play «${name}»`, 'roles', content, at)
  const roles = typeof content === 'function' ? [role(name, options.vars ?? ({} as S), content)] : content
  return { kind: 'play', name, at, options, roles }
}

/**
 * Roles that run side by side on each host.
 *
 * ```ts
 * play('Move the data', { hosts: 'target' }, [keystone, parallel(glance, nova)])
 * ```
 */
export function parallel(...roles: readonly AnyRole[]): ParallelRoles {
  return { kind: 'parallel-roles', roles }
}

/**
 * Declares a playbook: plays in their order. It is what a playbook file exports as its default.
 *
 * ```ts
 * export default playbook('Site', [
 *   play('Databases', { hosts: 'db' }, [mysql]),
 *   play('Web servers', { hosts: 'web' }, [nginx]),
 * ])
 * ```
 */
export function playbook(name: string, plays: readonly Play[], options: PlaybookOptions = {}): Playbook {
  const at = here()
  mustBeNamed('playbook', name, at)
  mustBeListOf(['play'], `the playbook «${name}»`, 'plays', plays, at)
  refuse(wrongNames(`the playbook «${name}»`, options, playbookNames, at))
  return { kind: 'playbook', name, at, plays, ...options }
}

function mustBeNamed(word: string, name: unknown, at: Location): void {
  if (typeof name === 'string' && name.trim() !== '') return
  throw new Advice(`a ${word} has no name (${showLocation(at)})`, `say what it is for: ${word}('Web servers', …)`)
}

function mustBeListOf(kinds: readonly string[], of: string, what: string, list: unknown, at: Location): void {
  const isOne = (one: unknown) => kinds.includes((one as { readonly kind?: string } | undefined | null)?.kind ?? '')
  const says = `${of} takes a list of ${what}`
  if (!Array.isArray(list))
    throw new Advice(`${says} (${showLocation(at)})`, isOne(list) ? 'write [ ] around it' : `write [${what}]`)
  const nth = list.findIndex((one) => !isOne(one)) + 1
  if (nth === 0) return
  const one: unknown = list[nth - 1]
  const kind = (one as { readonly kind?: unknown } | undefined)?.kind
  const found = one === undefined ? 'undefined: is it made further down?' : `a ${String(kind ?? typeof one)}`
  throw new Advice(
    `${says}, and number ${nth} of it is ${found} (${showLocation(at)})`,
    one === undefined
      ? 'make it above, or import it from a file that does not import this one'
      : kind === 'role'
        ? "write play('…', { hosts: 'all' }, […]) around it"
        : `write ${what} only`,
  )
}

/** A duration in milliseconds. */
export function milliseconds(duration: Duration): number {
  const match =
    typeof duration === 'number'
      ? duration >= 0 && [duration, duration, 's']
      : /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(duration)
  if (!match) throw new Advice(`${duration} is not a duration`, `write ${durationNear(String(duration))}`)
  return Number(match[1]) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] as 'ms' | 's' | 'm' | 'h']
}
