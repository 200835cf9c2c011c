import { statSync } from 'node:fs'
import type { Keep } from '../model/keep.ts'
import path from 'node:path'
import type { ConnectionSettings, Host, Inventory } from '../model/inventory.ts'
import { exit, Refused } from '../model/problem.ts'
import type { Secret } from '../model/secret.ts'
import { loadInventory } from '../inventory/load.ts'
import type { VaultOpener } from '../inventory/vault.ts'
import { readAnsibleConfig } from './ansible-config.ts'
import { parseExtraVars } from './extra-vars.ts'
import type { connecting, Values, ValuesOf, vaults } from './options.ts'
import { passwordFrom, vaultOpener } from './passwords.ts'
import { askSecret } from './terminal.ts'

/** The options that say which inventory. */
type InventoryValues = Pick<Values, 'inventory' | 'extra-vars'> & ValuesOf<typeof vaults>

/** What was read of the options already, and who hears of slips. */
interface Known {
  readonly extraVars?: Readonly<Record<string, unknown>>
  readonly vault?: VaultOpener
  /** The playbook's folder, whose group_vars and host_vars count too; the one we are in unless said. */
  readonly folder?: string
  readonly warn?: (message: string) => unknown
}

/** An inventory as it is named here: one that lies there, if any does. */
const exampleHere = () =>
  ['inventory.ts', 'inventory', 'inventory.ini', 'inventory.yml', 'hosts', 'hosts.ini'].find((one) =>
    statSync(one, { throwIfNoEntry: false })?.isFile(),
  ) ?? 'inventory/lab'

/** The inventory that the options name, with -e above it. @throws Refused */
export async function readInventory(values: InventoryValues, known: Known = {}): Promise<Inventory> {
  const { inventory } = values
  if (!inventory?.length)
    throw new Refused(
      { message: 'no inventory', hint: `name one with -i, such as -i ${exampleHere()}, or in run.config.ts` },
      exit.usage,
    )
  const { vault = vaultOpener(values), warn = (message) => process.stderr.write(`[WARNING]: ${message}\n`) } = known
  return loadInventory(inventory, {
    extraVars: known.extraVars ?? (await parseExtraVars(values['extra-vars'] ?? [], vault)),
    cwd: process.cwd(),
    playbookFolder: known.folder ?? process.cwd(),
    defaults: values['ansible-config'] ? readAnsibleConfig().defaults : {},
    askSecret: (question, label) => askSecret(question, label),
    warn: (message) => void warn(message),
    vault,
  })
}

/** The files behind -i that can be type-checked. */
export function inventorySources(inventories: readonly string[]): readonly string[] {
  return inventories
    .flatMap((given) => [given, `${given}.ts`, path.join(given, 'index.ts'), path.join(given, 'inventory.ts')])
    .filter((file) => /\.[cm]?ts$/.test(file))
    .map((file) => path.resolve(file))
}

/** What the command line says of the connections, above what the inventory says. Passwords are asked for here, once. */
export async function withConnectionOptions(
  inventory: Inventory,
  values: ValuesOf<typeof connecting>,
): Promise<Inventory> {
  const askPass = values['ask-pass']
  const password = await given(askPass, values, 'connection-password-file', 'SSH password', 'ssh password')
  const becoming = await given(
    values['ask-become-pass'],
    values,
    'become-password-file',
    askPass ? 'BECOME password, or nothing for the SSH password' : 'BECOME password',
    'become password',
  )
  // As Ansible has it: most who type both would type one twice.
  const becomePassword = askPass && becoming?.reveal() === '' ? password : becoming
  const { connection, user, 'private-key': privateKey, timeout, 'become-method': becomeMethod } = values
  const over: ConnectionSettings = Object.fromEntries(
    Object.entries({ connection, user, privateKey, timeout, becomeMethod, password, becomePassword }).filter(
      ([, value]) => value !== undefined,
    ),
  )
  if (Object.keys(over).length === 0) return inventory
  const hosts = new Map(
    [...inventory.hosts].map(([name, host]): [string, Host] => [
      name,
      {
        ...host,
        settings: { ...host.settings, ...over },
        // What is said of the way matters no more where another is told.
        ...(connection && host.faults
          ? { faults: host.faults.filter((one) => !/^ansible_conn/.test(one.message)) }
          : {}),
      },
    ]),
  )
  return { ...inventory, hosts }
}

async function given(
  asks: boolean,
  values: ValuesOf<typeof connecting>,
  option: 'connection-password-file' | 'become-password-file',
  question: string,
  label: string,
): Promise<Secret | undefined> {
  const file = values[option]
  if (file !== undefined) return passwordFrom(file, label)
  return asks ? askSecret(question, label, { option }) : undefined
}

/** Who tasks become where neither inventory nor play says it, as -b and --become-user have it. */
export function becomeOf({ become, 'become-user': user }: Pick<Values, 'become' | 'become-user'>): {
  readonly become?: true
  readonly becomeUser?: string
} {
  if (user !== undefined && !become)
    process.stderr.write(
      `[WARNING]: --become-user ${user} counts only where the inventory, a play or a task becomes: add -b\n`,
    )
  return { ...(become ? { become } : {}), ...(user === undefined ? {} : { becomeUser: user }) }
}

/** How long journals stay. */
export function keepOf(values: Pick<Values, 'keep-days' | 'keep-megabytes'>): Keep {
  return { days: values['keep-days'], megabytes: values['keep-megabytes'] }
}
