import type { AnyRole, Gate, Handler, Play, Playbook, Step, Task } from '../model/playbook.ts'
import { milliseconds, playNames } from '../model/playbook.ts'
import { unknownOptions } from '../model/option-names.ts'
import { noHosts, notifyName, type Said } from '../model/slips.ts'
import type { Location } from '../model/location.ts'
import { wrongTypes } from './option-types.ts'
import type { Advice } from '../model/operation.ts'
import type { Problem } from '../model/problem.ts'

/** The roles of a play in their order, those side by side included. */
export function rolesOf(play: Play): readonly AnyRole[] {
  return play.roles.flatMap((item) => (item.kind === 'role' ? [item] : item.roles))
}

/** Every step of a list, those inside blocks and side by side included, each after the one that holds it. */
export function* stepsOf(steps: readonly Step[]): Generator<Step> {
  for (const step of steps) {
    yield step
    if (step.kind === 'parallel') yield* stepsOf(step.steps)
    else if (step.kind === 'block') yield* stepsOf([...step.try, ...step.rescue, ...step.always])
  }
}

/** A step that has a name and tags of its own. */
export type Named = Task | Gate

/** Is this step something that runs, and not only something that holds others? */
export function isNamed(step: Step): step is Named {
  return step.kind === 'task' || step.kind === 'gate'
}

/** What is wrong in a playbook whatever is selected and whichever the hosts are: what the types cannot see. */
export function checkDefinitions(playbook: Playbook): readonly Problem[] {
  const problems: Problem[] = []
  const seen = new Set<AnyRole['steps']>()
  for (const play of playbook.plays) {
    problems.push(...checkPlay(play))
    problems.push(...rolesOf(play).flatMap(({ name, at, tags }) => mistyped(`the role ${name}`, { tags }, at)))
    for (const role of rolesOf(play)) {
      // A role may stand in several plays, bound to different values: its steps are the same ones.
      if (seen.has(role.steps)) continue
      seen.add(role.steps)
      for (const step of stepsOf(role.steps)) {
        if (step.kind === 'task') problems.push(...checkTask(step, role))
        else if (step.kind !== 'flush' && step.kind !== 'parallel')
          problems.push(...mistyped(`«${role.name} › ${step.name}»`, step, step.at))
      }
    }
  }
  return problems
}

function checkPlay({ name, at, options }: Play): readonly Problem[] {
  const problems: Problem[] = []
  const wrong = (message: string, hint: string) =>
    problems.push({ message: `the play «${name}»: ${message}`, at, hint })
  for (const size of [options.serial ?? []].flat()) {
    const fits = typeof size === 'number' ? Number.isInteger(size) && size >= 0 : /^\d+(\.\d+)?%$/.test(size)
    if (!fits)
      wrong(
        `serial must be a whole number of hosts or a percentage, and is ${size}`,
        "write serial: 2, serial: '25%', or a list of these",
      )
  }
  problems.push(...mistyped(`the play «${name}»`, options, at))
  const unknown = unknownOptions(`the play «${name}»`, options, playNames)
  if (unknown) problems.push(slip(unknown, at))
  if (typeof options.hosts !== 'string') problems.push(slip(noHosts, at))
  const share = options.maxFailPercentage
  if (share !== undefined && !(typeof share === 'number' && share >= 0 && share <= 100))
    wrong(`maxFailPercentage must lie between 0 and 100, and is ${share}`, 'write maxFailPercentage: 20')
  if (options.throttle !== undefined && !isCount(options.throttle, 1))
    wrong(`throttle must be a whole number from 1, and is ${options.throttle}`, 'write throttle: 1')
  return problems
}

function checkTask({ name, at, options }: Task, role: AnyRole): readonly Problem[] {
  const problems: Problem[] = []
  const wrong = (message: string, hint: string) =>
    problems.push({ message: `«${role.name} › ${name}»: ${message}`, at, hint })
  for (const handler of [options.notify ?? []].flat() as readonly (Handler | string)[]) {
    const isHandler = (handler as Partial<Handler> | null)?.kind === 'handler'
    if (typeof handler === 'string') problems.push(slip(notifyName(`'${handler}'`), at))
    else if (!isHandler)
      wrong(
        `notify must be a handler, or a list of handlers, and is ${JSON.stringify(handler) ?? typeof handler}`,
        "keep the handler, const restart = handler('…', …), and write notify: restart",
      )
    else if (!role.handlers.includes(handler))
      wrong(`it notifies «${handler.name}», a handler of another role`, `declare the handler in ${role.name}`)
  }
  problems.push(...mistyped(`«${role.name} › ${name}»`, options, at))
  if (options.retries !== undefined && !isCount(options.retries, 0))
    wrong(`retries must be a whole number from 0, and is ${options.retries}`, 'write retries: 3')
  if (options.throttle !== undefined && !isCount(options.throttle, 1))
    wrong(`throttle must be a whole number from 1, and is ${options.throttle}`, 'write throttle: 1')
  for (const duration of [options.delay, options.timeout]) {
    try {
      if (duration !== undefined) milliseconds(duration)
    } catch (error) {
      const { message, hint } = error as Advice
      wrong(message, hint)
    }
  }
  return problems
}

function mistyped(of: string, options: object, at: Location): readonly Problem[] {
  return wrongTypes(options).map(([message, hint]) => ({ message: `${of}: ${message}`, hint, at }))
}

function slip([message, hint]: Said, at: Location): Problem {
  return { message, hint, at }
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least
}
