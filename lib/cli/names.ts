import { existsSync, readdirSync } from 'node:fs'
import { specialTags } from '../model/tags.ts'
import { readInventory } from './inputs.ts'
import { effective, options } from './options.ts'
import { findPlaybook, loadPlaybook } from '../program/playbooks.ts'
import { allSettings } from './settings.ts'
import type { Word } from './words.ts'

/** The inventories of this project. */
export function inventories(): readonly string[] {
  if (!existsSync('inventory')) return []
  return readdirSync('inventory')
    .filter((name) => !name.startsWith('.') && !/^(group|host)_vars$/.test(name))
    .map((name) => `inventory/${name.replace(/\.ts$/, '')}`)
}

/**
 * The groups and hosts of the inventory that a line names, or the settings.
 * @throws when it cannot be read without asking
 */
export async function hostNames(told: readonly Word[]): Promise<readonly string[]> {
  const { values } = effective(options, {}, await allSettings())
  const given = told.flatMap((word, i) => {
    if (word.kind !== 'option' || word.option !== 'inventory') return []
    const next = told[i + 1]
    return word.value ?? (next?.kind === 'value' ? next.text : [])
  })
  const inventory = await readInventory(
    {
      ...values,
      'ask-vault-password': false,
      ...(given.length > 0 ? { inventory: given } : {}),
    },
    { warn: () => {} },
  )
  return [...inventory.groups.keys(), ...inventory.hosts.keys()]
}

/** The tags that select something of the playbook that a line names. @throws when it cannot be loaded */
export async function tagNames(told: readonly Word[]): Promise<readonly string[]> {
  const { tagsOf } = await import('../engine/select.ts')
  return [...tagsOf(await playbookOf(told)), ...specialTags]
}

/** The tasks and gates of the playbook that a line names. @throws when it cannot be loaded */
export async function taskNames(told: readonly Word[]): Promise<readonly string[]> {
  const { isNamed, rolesOf, stepsOf } = await import('../engine/definitions.ts')
  const steps = (await playbookOf(told)).plays.flatMap(rolesOf).flatMap((role) => [...stepsOf(role.steps)])
  return steps.filter(isNamed).map(({ name }) => name)
}

async function playbookOf(told: readonly Word[]) {
  return loadPlaybook(findPlaybook(told.find(({ kind }) => kind === 'positional')?.text ?? ''))
}
