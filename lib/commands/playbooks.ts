import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Playbook } from '../model/playbook.ts'
import { didYouMean, exit, Refused } from '../model/problem.ts'

/** The file behind a playbook's path or a role's name. @throws Refused with the nearest name when there is none */
export function findPlaybook(target: string): string {
  const looksLikePath = target.includes('/') || /\.[cm]?[jt]s$/.test(target)
  if (!looksLikePath) {
    for (const candidate of [`roles/${target}/index.ts`, `roles/${target}.ts`]) {
      if (existsSync(candidate)) return path.resolve(candidate)
    }
  }
  for (const candidate of [target, `${target}.ts`, path.join(target, 'index.ts')]) {
    if (existsSync(candidate) && statSync(candidate).isFile()) return path.resolve(candidate)
  }
  if (looksLikePath) {
    const folder = path.dirname(target)
    const beside = existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith('.ts')).map((f) => path.join(folder, f)) : []
    throw new Refused({ message: `there is no playbook ${target}`, hint: didYouMean(target, [...beside, ...playbooks()]) ?? listed(beside.length > 0 ? beside : playbooks()) }, exit.load)
  }
  const known = [...roles(), ...playbooks()]
  throw new Refused({ message: `there is no role ${target} in roles/, and no playbook of that name`, hint: didYouMean(target, known) ?? listed(known) }, exit.load)
}

function listed(names: readonly string[]): string {
  return names.length > 0 ? `there are: ${names.join(', ')}` : 'run it from the folder that has playbooks/ and roles/'
}

/** The roles that can be run by their name: those whose folder has an index.ts. */
export function roles(): readonly string[] {
  if (!existsSync('roles')) return []
  return readdirSync('roles', { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(path.join('roles', entry.name, 'index.ts'))).map((entry) => entry.name)
}

/** The playbooks of this project. */
export function playbooks(): readonly string[] {
  if (!existsSync('playbooks')) return []
  return readdirSync('playbooks').filter((name) => name.endsWith('.ts')).map((name) => `playbooks/${name}`)
}

/** Imports a playbook file. @throws Refused naming the place when it does not load or does not export a playbook */
export async function loadPlaybook(file: string): Promise<Playbook> {
  const shown = path.relative(process.cwd(), file)
  let module: { default?: unknown }
  try {
    module = await import(pathToFileURL(file).href) as { default?: unknown }
  } catch (error) {
    throw new Refused({ message: `${shown} cannot be loaded: ${loadError(error)}` }, exit.load)
  }
  const found = module.default
  if (typeof found !== 'object' || found === null || (found as { kind?: unknown }).kind !== 'playbook') {
    throw new Refused({ message: `${shown} does not export a playbook`, hint: "write: export default playbook('…', [play(…), …])" }, exit.load)
  }
  return found as Playbook
}

function loadError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const frame = /\(?(?:file:\/\/)?(\/[^()\s]+?\.[cm]?[jt]s)[^:]*:(\d+):\d+\)?/.exec((error.stack ?? '').split('\n').slice(1).filter((l) => !l.includes('node_modules') && !l.includes('/lib/model/')).join('\n'))
  const place = frame ? ` (${path.relative(process.cwd(), frame[1]!)}:${frame[2]})` : ''
  return `${error.message.split('\n').slice(0, 4).join('\n')}${place}`
}
