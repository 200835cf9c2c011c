import { loadInventory } from '../inventory/load.ts'
import { graph, hostVars, listJson } from '../inventory/show.ts'
import { didYouMean, exit, Refused } from '../model/problem.ts'

/** Prints an inventory: as a tree, as JSON, or one host's variables with their origin. */
export async function showInventory(args: { readonly inventory?: readonly string[]; readonly list: boolean; readonly host?: string }): Promise<number> {
  if (!args.inventory?.length) throw new Refused({ message: 'no inventory: name one with -i' }, exit.usage)
  const inventory = await loadInventory(args.inventory, { cwd: process.cwd() })
  if (args.host !== undefined) {
    const host = inventory.hosts.get(args.host)
    if (!host) throw new Refused({ message: `no host ${args.host} in ${inventory.path}`, hint: didYouMean(args.host, inventory.hosts.keys()) ?? 'see --graph' }, exit.empty)
    process.stdout.write(`${hostVars(inventory, host)}\n`)
  } else process.stdout.write(`${args.list ? listJson(inventory) : graph(inventory)}\n`)
  return exit.ok
}
