import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fingerprint } from '../model/fingerprint.ts'
import type { Inventory } from '../model/inventory.ts'
import type { PlannedHost, SavedPlan } from '../model/plan.ts'
import { exit, Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'
import { maskValue } from '../report/mask.ts'

/** A new key for fingerprints: without it, equal values of two plans are not known to be equal. */
export function newKey(): string {
  return randomBytes(24).toString('base64')
}

/** What the inventory says of every host, as fingerprints. */
export function plannedHosts({ hosts }: Inventory, key: string): Readonly<Record<string, PlannedHost>> {
  return Object.fromEntries(
    [...hosts.values()].map(({ name, vars, settings, groups }) => [
      name,
      {
        vars: prints(Object.entries(vars).map(([variable, { value }]) => [variable, value])),
        settings: prints([...Object.entries(settings), ['groups', groups]]),
      },
    ]),
  )
  function prints(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, string>> {
    return Object.fromEntries(
      entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, fingerprint(value, key)]])),
    )
  }
}

/** Writes a plan, which nobody but its owner may read, in place of what was there. @throws Refused */
export function writePlan(file: string, plan: SavedPlan): void {
  const draft = `${file}.${process.pid}`
  try {
    const to = openSync(draft, 'wx', 0o600)
    try {
      writeFileSync(to, `${JSON.stringify(maskValue(plan))}\n`)
    } finally {
      closeSync(to)
    }
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw new Refused(
      { message: `the plan cannot be written: ${(error as Error).message}`, hint: 'name another file with -o' },
      exit.load,
    )
  }
}

/** Reads a plan. @throws Refused for what is none, or of another version */
export function readPlan(file: string, version: string): SavedPlan {
  const anew = `make one: ${program()} plan PLAYBOOK -i INVENTORY -o ${file}`
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new Refused({ message: `the plan cannot be read: ${(error as Error).message}`, hint: anew }, exit.load)
  }
  let plan: Partial<SavedPlan>
  try {
    plan = JSON.parse(text) as Partial<SavedPlan>
  } catch {
    plan = {}
  }
  if (plan?.format !== 1 || !Array.isArray(plan.tasks))
    throw new Refused({ message: `${file} is no plan`, hint: anew }, exit.load)
  if (plan.version !== version)
    throw new Refused(
      { message: `${file} was made by switchover ${plan.version}, and this is ${version}`, hint: anew },
      exit.refused,
    )
  return plan as SavedPlan
}
