import { readFileSync } from 'node:fs'
import { graph, hostVars, listJson, settingsOf, varsOf } from '../inventory/show.ts'
import type { Group, Inventory } from '../model/inventory.ts'
import { applyLimit } from '../model/pattern.ts'
import { didYouMean, exit, Refused } from '../model/problem.ts'
import { command } from '../cli/command.ts'
import { readInventory } from '../cli/inputs.ts'
import { pick, vaults } from '../cli/options.ts'

export const inventory = command({
  describe: 'Show what an inventory says',
  options: {
    ...pick('inventory', 'limit', 'extra-vars', 'json'),
    ...vaults,
    list: { kind: 'flag', fallback: false, describe: 'Everything, as JSON in the shape of dynamic inventories' },
    graph: { kind: 'flag', fallback: false, describe: 'Groups and hosts as a tree' },
    host: {
      kind: 'text',
      completes: 'hosts',
      describe: "One host's variables, with where each comes from and what it overrode",
    },
  },
  async act({ values }) {
    const ways = (['list', 'graph', 'host'] as const).filter((way) => values[way])
    if (ways.length > 1)
      throw new Refused(
        { message: `${ways.map((way) => `--${way}`).join(' and ')} exclude each other`, hint: 'leave one of them out' },
        exit.usage,
      )
    const shown = limited(await readInventory(values), values.limit ?? [])
    if (values.host !== undefined) showHost(shown, values.host, values.json)
    else process.stdout.write(`${values.list || values.json ? listJson(shown) : graph(shown)}\n`)
    return exit.ok
  },
})

function showHost(inventory: Inventory, name: string, json: boolean): void {
  const host = inventory.hosts.get(name)
  if (!host)
    throw new Refused(
      {
        message: `no host ${name} in ${inventory.path}`,
        hint: didYouMean(name, inventory.hosts.keys()) ?? 'see --graph',
      },
      exit.empty,
    )
  process.stdout.write(
    `${
      json
        ? JSON.stringify(
            { host: host.name, groups: host.groups, settings: settingsOf(host), vars: varsOf(host) },
            undefined,
            2,
          )
        : hostVars(inventory, host)
    }\n`,
  )
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
