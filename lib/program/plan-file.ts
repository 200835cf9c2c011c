import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { nearIn } from '../model/besides.ts'
import { fingerprint } from '../model/fingerprint.ts'
import { quote } from '../model/quote.ts'
import { isOfDisk, problemOfDisk } from '../model/disk.ts'
import type { Inventory } from '../model/inventory.ts'
import type { PlannedHost, SavedPlan } from '../model/plan.ts'
import { checkOutput, type Output, replaceFile } from '../model/output-file.ts'
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

/** The files that plans are kept in. */
export const planFile: Output = { what: 'a plan', isOne: (text) => /^\{"format":\d+,"version":"/.test(text) }

/** Writes a plan, which nobody but its owner may read, in place of an earlier one. @throws Refused */
export function writePlan(file: string, plan: SavedPlan): void {
  checkOutput(file, planFile)
  replaceFile(file, `${JSON.stringify(maskValue(plan))}\n`, 0o600)
}

/** Reads a plan. @throws Refused for what is none, or of another version */
export function readPlan(file: string, version: string): SavedPlan {
  const anew = (name: string) => `make one: ${program()} plan PLAYBOOK -i INVENTORY -o ${name}`
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (!isOfDisk(error)) throw error
    const { message, hint = '' } = problemOfDisk(error, file)
    throw new Refused(
      error.code === 'ENOENT'
        ? { message: `there is no plan ${file}`, hint: nearIn(file) ?? anew(quote(file)) }
        : { message: `the plan cannot be read: ${message}`, hint },
      exit.load,
    )
  }
  let plan: Partial<SavedPlan>
  try {
    plan = JSON.parse(text) as Partial<SavedPlan>
  } catch {
    plan = {}
  }
  if (plan?.format !== 1 || !Array.isArray(plan.tasks))
    throw new Refused({ message: `${file} is no plan`, hint: anew('site.plan') }, exit.load)
  if (plan.version !== version)
    throw new Refused(
      { message: `${file} was made by switchover ${plan.version}, and this is ${version}`, hint: anew(quote(file)) },
      exit.refused,
    )
  return plan as SavedPlan
}
