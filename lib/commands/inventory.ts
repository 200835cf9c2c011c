import { readFileSync } from 'node:fs'
import { graph, hostVars, listJson, settingsOf, varsOf } from '../inventory/show.ts'
import type { Group, Inventory } from '../model/inventory.ts'
import { applyLimit } from '../model/pattern.ts'
import { didYouMean, exit, Refused } from '../model/problem.ts'
import { readInventory } from './inputs.ts'
import type { Values } from './options.ts'

/** Prints an inventory: as a tree, as JSON, or one host's variables with their origin. */
export async function showInventory(args: {
  readonly values: Values
  readonly list: boolean
  readonly host: string | undefined
}): Promise<number> {
  const whole = await readInventory(args.values)
  const inventory = limited(whole, args.values.limit ?? [])
  if (args.host === undefined) {
    process.stdout.write(`${args.list || args.values.json ? listJson(inventory) : graph(inventory)}\n`)
    return exit.ok
  }
  const host = inventory.hosts.get(args.host)
  if (!host)
    throw new Refused(
      {
        message: `no host ${args.host} in ${inventory.path}`,
        hint: didYouMean(args.host, inventory.hosts.keys()) ?? 'see --graph',
      },
      exit.empty,
    )
  process.stdout.write(
    `${
      args.values.json
        ? JSON.stringify(
            { host: host.name, groups: host.groups, settings: settingsOf(host), vars: varsOf(host) },
            undefined,
            2,
          )
        : hostVars(inventory, host)
    }\n`,
  )
  return exit.ok
}

function limited(inventory: Inventory, limit: readonly string[]): Inventory {
  if (limit.length === 0) return inventory
  const { hosts, problems } = applyLimit([...inventory.hosts.values()], limit, inventory, (file) =>
    readFileSync(file, 'utf8'),
  )
  if (problems.length > 0) throw new Refused(problems, exit.empty)
  const names = new Set(hosts.map(({ name }) => name))
  const groups = [...inventory.groups].map(([name, group]): [string, Group] => [
    name,
    { ...group, hosts: group.hosts.filter((host) => names.has(host)) },
  ])
  return { ...inventory, hosts: new Map(hosts.map((host) => [host.name, host])), groups: new Map(groups) }
}
