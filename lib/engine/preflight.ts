import type { Inventory } from '../model/inventory.ts'
import type { Playbook } from '../model/playbook.ts'
import { didYouMean, type Problem } from '../model/problem.ts'
import { resolveVars } from '../model/vars.ts'
import { type PlayNode, tasksOf } from './select.ts'

/** Every problem with variables that can be known before the first connection, for all hosts and roles together. */
export function checkVars(plays: readonly PlayNode[], inventory: Inventory): readonly Problem[] {
  const problems = new Map<string, Problem>()
  for (const play of plays) {
    const used = new Set(
      [...tasksOf(play.nodes)]
        .filter((n) => n.selected && n.kind === 'task')
        .map((n) => (n.kind === 'task' ? n.role : undefined)),
    )
    for (const node of play.roles.filter((r) => used.has(r))) {
      for (const host of play.hosts) {
        for (const problem of resolveVars(node.role.schema, host, inventory, node.role.bound).problems) {
          const message = `${problem.message} (role ${node.role.name})`
          if (!problems.has(problem.message)) problems.set(problem.message, { ...problem, message, at: node.role.at })
        }
      }
    }
  }
  return [...problems.values()]
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
      hint: didYouMean(name, declared) ?? `there are: ${[...declared].sort().join(', ')}`,
    }))
}
