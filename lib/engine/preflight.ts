import { statSync } from 'node:fs'
import type { Host, Inventory } from '../model/inventory.ts'
import { isOperation, type LocalFile, type Operation, type Value } from '../model/operation.ts'
import { type AnyRole, type Body, isDescribed, type Playbook } from '../model/playbook.ts'
import { didYouMean, type Problem } from '../model/problem.ts'
import { resolveVars } from '../model/vars.ts'
import { foreseen, Memory } from './context.ts'
import type { Done } from './done.ts'
import { type GateNode, type Node, type PlayNode, type RoleNode, type TaskNode, tasksOf } from './select.ts'

/** Every problem that can be known before the first connection. */
export function preflight(plays: readonly PlayNode[], inventory: Inventory): readonly Problem[] {
  return [...checkReach(plays), ...checkVars(plays, inventory), ...checkLocalFiles(plays, inventory)]
}

/** Hosts on which something is to be done and that cannot be reached as the inventory says. */
export function checkReach(plays: readonly PlayNode[]): readonly Problem[] {
  const busy = plays.filter(({ nodes }) => [...tasksOf(nodes)].some(({ selected }) => selected))
  const hosts = [...new Map(busy.flatMap((play) => play.hosts).map((host) => [host.name, host])).values()]
  const alike = new Map<string, { readonly fault: Problem; readonly names: string[] }>()
  for (const { name, faults = [] } of hosts) {
    for (const fault of faults) {
      const known = alike.get(fault.message)
      if (known) known.names.push(name)
      else alike.set(fault.message, { fault, names: [name] })
    }
  }
  return [...alike.values()].map(({ fault, names }) => {
    return { ...fault, message: `cannot reach ${listed(names)}: ${fault.message}` }
  })
}

const mostNamed = 3

/** Every problem with variables that can be known before the first connection, for all hosts and roles together. */
export function checkVars(plays: readonly PlayNode[], inventory: Inventory): readonly Problem[] {
  const alike = new Map<string, { readonly problem: Problem; readonly role: AnyRole; readonly hosts: Set<string> }>()
  for (const play of plays) {
    const used = new Set([...tasksOf(play.nodes)].filter((n) => n.selected).map(({ role }) => role))
    for (const { role } of play.roles.filter((r) => used.has(r))) {
      for (const host of play.hosts) {
        for (const problem of resolveVars(role.schema, host, inventory, role.bound).problems) {
          // It begins with the host, and many may have it alike.
          const message = problem.message.slice(`${host.name}: `.length)
          const known = alike.get(message)
          if (known) known.hosts.add(host.name)
          else alike.set(message, { problem: { ...problem, message }, role, hosts: new Set([host.name]) })
        }
      }
    }
  }
  return [...alike.values()].map(({ problem, role, hosts }) => {
    const [first, ...others] = hosts
    const hint = others.length === 0 ? problem.hint! : problem.hint!.replace(`${first} or its`, 'them or their')
    return { message: `${listed([...hosts])}: ${problem.message} (role ${role.name})`, hint, at: role.at }
  })
}

function listed(hosts: readonly string[]): string {
  const more = hosts.length - mostNamed
  return [...hosts.slice(0, mostNamed), ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

/**
 * Files of this machine that are to be brought to hosts and are not there, as far as tasks say it before their turn.
 */
export function checkLocalFiles(plays: readonly PlayNode[], inventory: Inventory): readonly Problem[] {
  const memory = new Memory(inventory, plays)
  const problems = new Map<string, Problem>()
  for (const { nodes, hosts } of plays) {
    const tasks = certain(nodes)
    const handlers = [...new Set(tasks.map(({ role }) => role))].flatMap((role) => role.handlers)
    const said = [
      ...tasks.flatMap(({ role, task: { body } }) => declared(body, role, hosts, memory)),
      ...handlers.flatMap(({ role, handler: { body } }) => declared(body, role, hosts, memory)),
    ]
    for (const { name, at, local } of said) {
      const reason = local && reasonAgainst(local)
      if (reason && !problems.has(local.path)) problems.set(local.path, { message: `${name}: ${reason}`, at, hint })
    }
  }
  return [...problems.values()]
}

/** The tasks that will come to their turn: a condition before them, or a rescue around them, may leave others out. */
function certain(nodes: readonly Node[]): readonly TaskNode[] {
  return nodes.flatMap((node): readonly TaskNode[] => {
    if (node.kind === 'task') return node.selected && node.task.options.when === undefined ? [node] : []
    if (node.kind === 'block') return node.block.when === undefined ? certain([...node.try, ...node.always]) : []
    return node.kind === 'parallel' ? node.branches.flatMap(certain) : []
  })
}

const hint =
  'put it there, or correct the path, which begins at the file that says it; ' +
  "if an earlier task makes it, write task('…', () => …), which looks at its turn, and not ensure"

/** The operations that a body is known to be before its turn. */
function declared(
  body: Body<never, Value>,
  { role }: RoleNode,
  hosts: readonly Host[],
  memory: Memory,
): readonly Operation<Value>[] {
  if (isOperation(body)) return [body]
  if (!isDescribed(body)) return []
  return hosts.flatMap((host) => foreseen(body, { memory, role, host, check: true }) ?? [])
}

function reasonAgainst({ path, folder = false }: LocalFile): string | undefined {
  const kind = folder ? 'folder' : 'file'
  try {
    const found = statSync(path)
    return (folder ? found.isDirectory() : found.isFile()) ? undefined : `${path} is not a ${kind}`
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    return missing ? `there is no ${kind} ${path}` : (error as Error).message
  }
}

/**
 * Gates that the run will come to whatever happens, for where nobody can be asked; not those that were passed before,
 * or that the inventory answers.
 */
export function checkGates(
  plays: readonly PlayNode[],
  done: Done | undefined,
  inventory: Inventory,
): readonly Problem[] {
  const answered = ({ gate, role: { role } }: GateNode, hosts: readonly Host[]) =>
    gate.answered !== undefined &&
    hosts.every((host) => gate.answered!(resolveVars(role.schema, host, inventory, role.bound).vars as never))
  const ahead = (nodes: readonly Node[]): readonly GateNode[] =>
    nodes.flatMap((node) => {
      if (node.kind === 'gate') return node.selected && !done?.passed(node.id) ? [node] : []
      if (node.kind === 'parallel') return node.branches.flatMap(ahead)
      // A rescue may never come, and a condition is asked when it is its turn.
      return node.kind === 'block' && !node.block.when ? [...ahead(node.try), ...ahead(node.always)] : []
    })
  const gates = plays.flatMap(({ nodes, hosts }) =>
    hosts.length > 0 ? ahead(nodes).filter((node) => !answered(node, hosts)) : [],
  )
  return gates.map(({ gate: { name, at } }) => ({
    message: `«${name}» needs an answer, and there is no terminal to ask on`,
    at,
    hint: 'answer yes beforehand: --yes',
  }))
}

/** Names given with -e that no role of the playbook declares: most likely misspelt. */
export function checkExtraVars(playbook: Playbook, names: readonly string[]): readonly Problem[] {
  const declared = new Set(
    playbook.plays
      .flatMap((play) => play.roles)
      .flatMap((item) => (item.kind === 'role' ? [item] : item.roles))
      .flatMap((role) => Object.keys(role.schema)),
  )
  return names
    .filter((name) => !declared.has(name))
    .map((name) => ({
      message: `no role of this playbook has a variable «${name}» (given with -e)`,
      hint:
        declared.size === 0
          ? `it declares none: leave -e ${name} away, or declare it: { ${name}: text }`
          : (didYouMean(name, declared) ?? `there are: ${[...declared].sort().join(', ')}`),
    }))
}
