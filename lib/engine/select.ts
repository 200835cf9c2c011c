import type { Host, Inventory } from '../model/inventory.ts'
import type { TaskPath } from '../model/event.ts'
import { matchHosts } from '../model/pattern.ts'
import type { AnyRole, Block, Flush, Gate, Handler, Play, Playbook, Step, Task } from '../model/playbook.ts'
import { didYouMean, exit, type Problem, Refused } from '../model/problem.ts'
import { selects } from '../model/tags.ts'

/** What the operator asked for on the command line. */
export interface Selection {
  readonly limit?: readonly Host[]
  readonly tags: readonly string[]
  readonly skipTags: readonly string[]
  readonly startAt?: string
}

/** A task at its place in a playbook, and whether it will run. */
export interface TaskNode {
  readonly kind: 'task'
  readonly task: Task
  readonly role: RoleNode
  readonly path: TaskPath
  readonly id: string
  readonly tags: readonly string[]
  readonly selected: boolean
}
export interface BlockNode {
  readonly kind: 'block'
  readonly block: Block
  readonly role: RoleNode
  readonly try: readonly Node[]
  readonly rescue: readonly Node[]
  readonly always: readonly Node[]
}
export interface ParallelNode {
  readonly kind: 'parallel'
  readonly name: string
  readonly branches: readonly (readonly Node[])[]
}
export interface FlushNode {
  readonly kind: 'flush'
  readonly flush: Flush
  readonly role: RoleNode
}
export interface GateNode {
  readonly kind: 'gate'
  readonly gate: Gate
  readonly path: TaskPath
  readonly id: string
  readonly tags: readonly string[]
  readonly selected: boolean
}
export type Node = TaskNode | BlockNode | ParallelNode | FlushNode | GateNode

/** A role at its place in a play: the same role may stand in several plays. */
export interface RoleNode {
  readonly role: AnyRole
  readonly play: Play
  readonly handlers: readonly HandlerNode[]
}
export interface HandlerNode {
  readonly handler: Handler
  readonly role: RoleNode
  readonly path: TaskPath
  readonly id: string
}
export interface PlayNode {
  readonly play: Play
  /** Those of the play's pattern that the limit leaves, in inventory order. */
  readonly hosts: readonly Host[]
  readonly nodes: readonly Node[]
  readonly roles: readonly RoleNode[]
}

/** The identity of a task in a playbook: what resume looks for. */
export function identity({ play, role, blocks, task }: TaskPath): string {
  return [play, role, ...blocks, task].join(' › ')
}

/** Every task in the order of the playbook, those in blocks and side by side included. */
export function* tasksOf(nodes: readonly Node[]): Generator<TaskNode | GateNode> {
  for (const node of nodes) {
    if (node.kind === 'task' || node.kind === 'gate') yield node
    else if (node.kind === 'block') yield* tasksOf([...node.try, ...node.rescue, ...node.always])
    else if (node.kind === 'parallel') for (const branch of node.branches) yield* tasksOf(branch)
  }
}

/**
 * Decides what will run: which hosts of each play, and which tasks.
 * @throws Refused with every misspelt name at once: host patterns, tags, the task to start at
 */
export function select(playbook: Playbook, inventory: Inventory, selection: Selection): readonly PlayNode[] {
  const problems: Problem[] = []
  const limit = selection.limit && new Set(selection.limit.map(({ name }) => name))
  const start = startAt(playbook, selection.startAt, problems)
  checkTags(playbook, selection, problems)
  let started = start === undefined
  const plays = playbook.plays.map((play): PlayNode => {
    const matched = matchHosts(play.options.hosts, inventory)
    problems.push(...matched.problems.map((p) => ({ ...p, at: p.at ?? play.at })))
    const roles: RoleNode[] = []
    const nodes = play.roles.map((item): Node | readonly Node[] => item.kind === 'role'
      ? roleNodes(item)
      : { kind: 'parallel', name: item.roles.map((r) => r.name).join(', '), branches: item.roles.map(roleNodes) })
    return { play, hosts: matched.hosts.filter(({ name }) => !limit || limit.has(name)), nodes: nodes.flat(), roles }

    function roleNodes(role: AnyRole): readonly Node[] {
      const node: RoleNode = { role, play, handlers: [] }
      const handlers = node.handlers as HandlerNode[]
      for (const handler of role.handlers) {
        const path = { play: play.name, role: role.name, blocks: [], task: handler.name }
        handlers.push({ handler, role: node, path, id: identity(path) })
      }
      roles.push(node)
      return stepNodes(role.steps, node, [], [...(play.options.tags ?? []), ...role.tags])
    }
    function stepNodes(steps: readonly Step[], role: RoleNode, blocks: readonly string[], tags: readonly string[]): readonly Node[] {
      return steps.map((step): Node => {
        if (step.kind === 'flush') return { kind: 'flush', flush: step, role }
        if (step.kind === 'parallel') {
          return { kind: 'parallel', name: step.name, branches: step.steps.map((s) => stepNodes([s], role, blocks, tags)) }
        }
        if (step.kind === 'block') {
          const [inner, all] = [[...blocks, step.name], [...tags, ...step.tags]]
          return {
            kind: 'block', block: step, role,
            try: stepNodes(step.try, role, inner, all), rescue: stepNodes(step.rescue, role, inner, all), always: stepNodes(step.always, role, inner, all),
          }
        }
        if (step === start) started = true
        const own = [...new Set([...tags, ...(step.kind === 'gate' ? step.tags : step.options.tags ?? [])])]
        const path = { play: play.name, role: role.role.name, blocks, task: step.name }
        const selected = started && selects(own, selection.tags, selection.skipTags)
        return step.kind === 'gate'
          ? { kind: 'gate', gate: step, path, id: identity(path), tags: own, selected }
          : { kind: 'task', task: step, role, path, id: identity(path), tags: own, selected }
      })
    }
  })
  problems.push(...repeatedNames(plays))
  if (problems.length > 0) throw new Refused(problems, exit.empty)
  return plays
}

// A second task with the same path would share its journal entries, and resume would take one for the other.
function repeatedNames(plays: readonly PlayNode[]): readonly Problem[] {
  const seen = new Map<string, TaskNode | GateNode>()
  const problems: Problem[] = []
  for (const play of plays) {
    for (const node of tasksOf(play.nodes)) {
      if (seen.has(node.id)) problems.push({ message: `the playbook has «${node.id}» twice`, hint: 'give the plays different names, or one of the roles', at: node.kind === 'task' ? node.task.at : node.gate.at })
      seen.set(node.id, node)
    }
  }
  return problems.slice(0, 3)
}

function* stepsOf(steps: readonly Step[]): Generator<Task | Gate> {
  for (const step of steps) {
    if (step.kind === 'task' || step.kind === 'gate') yield step
    else if (step.kind === 'parallel') yield* stepsOf(step.steps)
    else if (step.kind === 'block') yield* stepsOf([...step.try, ...step.rescue, ...step.always])
  }
}

function* allSteps(playbook: Playbook): Generator<readonly [AnyRole, Task | Gate]> {
  for (const play of playbook.plays) {
    for (const role of play.roles.flatMap((item) => (item.kind === 'role' ? [item] : item.roles))) {
      for (const step of stepsOf(role.steps)) yield [role, step]
    }
  }
}

/** The first task of that name, plain, with its role («role › task», «role : task») or as a glob. */
function startAt(playbook: Playbook, wanted: string | undefined, problems: Problem[]): Task | Gate | undefined {
  if (wanted === undefined) return undefined
  const glob = new RegExp(`^${wanted.replace(/[.+^${}()|\\]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`)
  const names: string[] = []
  for (const [role, step] of allSteps(playbook)) {
    const spellings = [step.name, `${role.name} › ${step.name}`, `${role.name} : ${step.name}`]
    if (spellings.some((s) => s === wanted || glob.test(s))) return step
    names.push(step.name)
  }
  problems.push({ message: `no task «${wanted}» to start at`, hint: didYouMean(wanted, names) ?? 'see --list-tasks' })
  return undefined
}

/** Every tag of the playbook, sorted. */
export function tagsOf(playbook: Playbook): readonly string[] {
  const tags = new Set<string>()
  const add = (more: readonly string[] = []) => more.forEach((tag) => tags.add(tag))
  const walk = (steps: readonly Step[]) => {
    for (const step of steps) {
      if (step.kind === 'task') add(step.options.tags)
      else if (step.kind === 'gate') add(step.tags)
      else if (step.kind === 'parallel') walk(step.steps)
      else if (step.kind === 'block') {
        add(step.tags)
        walk([...step.try, ...step.rescue, ...step.always])
      }
    }
  }
  for (const play of playbook.plays) {
    add(play.options.tags)
    for (const role of play.roles.flatMap((item) => (item.kind === 'role' ? [item] : item.roles))) {
      add(role.tags)
      walk(role.steps)
    }
  }
  return [...tags].sort()
}

function checkTags(playbook: Playbook, { tags, skipTags }: Selection, problems: Problem[]): void {
  const known = [...tagsOf(playbook), 'all', 'always', 'never', 'tagged', 'untagged']
  for (const tag of [...tags, ...skipTags]) {
    if (!known.includes(tag)) problems.push({ message: `no task has the tag «${tag}»`, hint: didYouMean(tag, known) ?? `there are: ${tagsOf(playbook).join(', ')}` })
  }
}
