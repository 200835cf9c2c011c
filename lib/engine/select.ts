import { readFileSync } from 'node:fs'
import { wildcards } from '../model/glob.ts'
import type { Host, Inventory } from '../model/inventory.ts'
import { identity, showPath, type TaskPath } from '../model/path.ts'
import { applyLimit, matchHosts } from '../model/pattern.ts'
import type { AnyRole, Block, Flush, Gate, Handler, Play, Playbook, Step, Task } from '../model/playbook.ts'
import { didYouMean, exit, type Problem, together, wrongly } from '../model/problem.ts'
import { selects, specialTags } from '../model/tags.ts'
import { tagsIn } from './option-types.ts'
import { checkDefinitions, isNamed, type Named, rolesOf, stepsOf } from './definitions.ts'

/** What the operator asked for on the command line. */
export interface Selection {
  /** Patterns as given, `@FILE` included; or the hosts that they leave, for a caller that has worked them out. */
  readonly limit?: readonly string[] | readonly Host[]
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
  readonly path: TaskPath
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
  readonly role: RoleNode
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
  readonly nodes: readonly Node[]
  /** Names of the roles that run at the same time. */
  readonly beside: readonly string[]
}
export interface HandlerNode {
  readonly kind: 'handler'
  readonly handler: Handler
  readonly role: RoleNode
  readonly path: TaskPath
  readonly id: string
}
export interface PlayNode {
  readonly play: Play
  /** Those of the play's pattern that the limit leaves, in the order of the pattern. */
  readonly hosts: readonly Host[]
  /** Why there are none, and whether that is so because of the limit. */
  readonly empty?: string
  readonly limited?: true
  readonly nodes: readonly Node[]
  readonly roles: readonly RoleNode[]
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
 * @throws Refused with every misspelt name at once: host patterns, limits, tags, the task to start at
 */
export function select(playbook: Playbook, inventory: Inventory, selection: Selection): readonly PlayNode[] {
  const { plays, faults, problems } = selected(playbook, inventory, selection)
  together(wrongly(faults, exit.load), wrongly(problems, exit.empty))
  return plays
}

/** The tags and the task to start at that a playbook does not have. */
export function checkNames(playbook: Playbook, selection: Selection): readonly Problem[] {
  const problems: Problem[] = []
  startAt(playbook, selection.startAt, problems)
  checkTags(playbook, selection, problems)
  return problems
}

/** What is wrong in the limit, whatever the plays are. */
export function checkLimit(inventory: Inventory, { limit = [] }: Selection): readonly Problem[] {
  const problems: Problem[] = []
  limiting(limit, inventory, problems)
  return problems
}

/** Of a playbook what is selected, and what is wrong: in itself (`faults`), and in how it is asked for (`problems`). */
export function selected(
  playbook: Playbook,
  inventory: Inventory,
  selection: Selection,
): { readonly plays: readonly PlayNode[]; readonly faults: readonly Problem[]; readonly problems: readonly Problem[] } {
  const faults = [...checkDefinitions(playbook)]
  const problems: Problem[] = []
  const limited = limiting(selection.limit ?? [], inventory, problems)
  const start = startAt(playbook, selection.startAt, problems)
  checkTags(playbook, selection, problems)
  let started = start === undefined
  const plays = playbook.plays.map((play): PlayNode => {
    const { hosts: pattern } = play.options
    // A play without hosts is refused below, with whatever else is wrong.
    const matched = matchHosts(typeof pattern === 'string' ? pattern : 'all', inventory)
    problems.push(...matched.problems.map((p) => ({ ...p, at: p.at ?? play.at })))
    const roles: RoleNode[] = []
    const nodes = play.roles.flatMap((item): readonly Node[] => {
      if (item.kind === 'role') return roleNode(item, []).nodes
      const branches = item.roles.map(
        (role) =>
          roleNode(
            role,
            item.roles.filter((r) => r !== role).map((r) => r.name),
          ).nodes,
      )
      return [{ kind: 'parallel', name: item.roles.map((r) => r.name).join(', '), branches }]
    })
    const hosts = limited(matched.hosts)
    const patterns = (selection.limit ?? []).filter((item) => typeof item === 'string').join(',')
    const limit = patterns === '' ? 'the limit' : `the limit ${patterns}`
    const reason = matched.hosts.length > 0 ? `${limit} leaves none of` : 'there is no host in'
    const empty =
      hosts.length > 0
        ? {}
        : { empty: `${reason} ${pattern}`, ...(matched.hosts.length > 0 ? { limited: true as const } : {}) }
    return { play, hosts, ...empty, nodes, roles }

    function roleNode(role: AnyRole, beside: readonly string[]): RoleNode {
      const [handlers, nodes]: [HandlerNode[], Node[]] = [[], []]
      const node: RoleNode = { role, play, handlers, nodes, beside }
      for (const handler of role.handlers) {
        const path = { play: play.name, role: role.name, blocks: [], task: handler.name }
        handlers.push({ kind: 'handler', handler, role: node, path, id: identity(path) })
      }
      roles.push(node)
      nodes.push(...stepNodes(role.steps, node, [], [...tagsIn(play.options.tags), ...tagsIn(role.tags)]))
      return node
    }
    function stepNodes(
      steps: readonly Step[],
      role: RoleNode,
      blocks: readonly string[],
      tags: readonly string[],
    ): readonly Node[] {
      return steps.map((step): Node => {
        if (step.kind === 'flush') return { kind: 'flush', flush: step, role }
        if (step.kind === 'parallel') {
          return {
            kind: 'parallel',
            name: step.name,
            branches: step.steps.map((s) => stepNodes([s], role, blocks, tags)),
          }
        }
        const path = { play: play.name, role: role.role.name, blocks, task: step.name }
        if (step.kind === 'block') {
          const [inner, all] = [
            [...blocks, step.name],
            [...tags, ...tagsIn(step.tags)],
          ]
          return {
            kind: 'block',
            block: step,
            role,
            path,
            try: stepNodes(step.try, role, inner, all),
            rescue: stepNodes(step.rescue, role, inner, all),
            always: stepNodes(step.always, role, inner, all),
          }
        }
        if (step === start) started = true
        const own = [...new Set([...tags, ...tagsIn(step.kind === 'gate' ? step.tags : step.options.tags)])]
        const selected = started && selects(own, selection.tags, selection.skipTags)
        return step.kind === 'gate'
          ? { kind: 'gate', gate: step, role, path, id: identity(path), tags: own, selected }
          : { kind: 'task', task: step, role, path, id: identity(path), tags: own, selected }
      })
    }
  })
  const first = plays
    .flatMap((play) => [...tasksOf(play.nodes)])
    .find((n) => (n.kind === 'task' ? n.task : n.gate) === start)
  if (first && !first.selected) {
    problems.push({
      message: `the task to start at, «${showPath(first.path)}», is left out by the tags`,
      hint: 'see what they leave: --list-tasks without --start-at-task',
    })
  }
  faults.push(...repeatedNames(plays))
  return { plays, faults, problems }
}

/**
 * What the limit leaves of a play's hosts. It is applied to those, since a play may have hosts that no inventory lists.
 */
function limiting(
  limit: readonly string[] | readonly Host[],
  inventory: Inventory,
  problems: Problem[],
): (hosts: readonly Host[]) => readonly Host[] {
  const hosts = limit.filter((item) => typeof item !== 'string')
  if (hosts.length > 0) return (all) => all.filter(({ name }) => hosts.some((host) => host.name === name))
  // A file of patterns may be a pipe, which can be read only once.
  const files = new Map<string, string>()
  const read = (file: string) => {
    const text = files.get(file) ?? readFileSync(file, 'utf8')
    files.set(file, text)
    return text
  }
  const patterns = limit.filter((item) => typeof item === 'string')
  problems.push(...applyLimit([], patterns, inventory, read).problems)
  return (all) => applyLimit(all, patterns, inventory, read).hosts
}

// A second task with the same path would share its journal entries, and resume would take one for the other.
function repeatedNames(plays: readonly PlayNode[]): readonly Problem[] {
  const seen = new Set<string>()
  const said = new Set<string>()
  const problems: Problem[] = []
  for (const play of plays) {
    for (const node of tasksOf(play.nodes)) {
      const role = `${node.path.play} › ${node.path.role}`
      // One line for a role that stands there twice, and not one for each of its tasks.
      if (seen.has(node.id) && !said.has(role)) {
        said.add(role)
        problems.push({
          message: `the playbook has «${node.id}» twice`,
          hint: 'give the plays different names, or one of the roles',
          at: node.kind === 'task' ? node.task.at : node.gate.at,
        })
      }
      seen.add(node.id)
    }
  }
  return problems
}

/** The first task of that name, plain, with its role («role › task», «role : task») or as a glob of `*` and `?`. */
function startAt(playbook: Playbook, wanted: string | undefined, problems: Problem[]): Named | undefined {
  if (wanted === undefined) return undefined
  // Brackets are common in the names of tasks, and none of them means a set of letters.
  const pattern = wildcards(wanted)
  const names: string[] = []
  let inRescue: { readonly step: Named; readonly block: Block } | undefined
  for (const role of playbook.plays.flatMap(rolesOf)) {
    const rescued = new Map<Step, Block>()
    for (const step of stepsOf(role.steps)) {
      if (step.kind === 'block') for (const held of stepsOf(step.rescue)) rescued.set(held, step)
      if (!isNamed(step)) continue
      const spellings = [step.name, `${role.name} › ${step.name}`, `${role.name} : ${step.name}`]
      names.push(...spellings)
      if (!spellings.some((s) => s === wanted || pattern.test(s))) continue
      const block = rescued.get(step)
      if (!block) return step
      inRescue ??= { step, block }
    }
  }
  problems.push(
    inRescue
      ? {
          message:
            `«${inRescue.step.name}» cannot be started at: ` +
            'it is the rescue of a block, which runs only when the block fails',
          hint: `start at the block: --start-at-task '${[...stepsOf(inRescue.block.try)].find(isNamed)?.name ?? ''}'`,
          at: inRescue.step.at,
        }
      : { message: `no task «${wanted}» to start at`, hint: didYouMean(wanted, names) ?? 'see --list-tasks' },
  )
  return undefined
}

/** Every tag of the playbook, sorted. */
export function tagsOf(playbook: Playbook): readonly string[] {
  const tags = new Set<string>()
  const add = (more?: readonly string[]) => tagsIn(more).forEach((tag) => tags.add(tag))
  for (const play of playbook.plays) {
    add(play.options.tags)
    for (const role of rolesOf(play)) {
      add(role.tags)
      for (const step of stepsOf(role.steps)) {
        if (step.kind === 'task') add(step.options.tags)
        else if (step.kind === 'gate' || step.kind === 'block') add(step.tags)
      }
    }
  }
  return [...tags].sort()
}

function checkTags(playbook: Playbook, { tags, skipTags }: Selection, problems: Problem[]): void {
  const own = tagsOf(playbook)
  const known = [...own, ...specialTags]
  for (const tag of new Set([...tags, ...skipTags])) {
    if (known.includes(tag)) continue
    const hint = didYouMean(tag, known) ?? (own.length > 0 ? `there are: ${own.join(', ')}` : 'no task has any tag')
    problems.push({ message: `no task has the tag «${tag}»`, hint })
  }
}
