import { execFile } from 'node:child_process'
import { type RawVars, Unusable } from '../model/inventory.ts'
import { Secret } from '../model/secret.ts'
import { kept } from './ansible-vars.ts'
import { type Draft, problemOf } from './draft.ts'
import { Float } from './scalars.ts'
import { written } from './template.ts'
import type { VaultOpener } from './vault.ts'

/** Runs an executable inventory and reads what it prints. */
export async function readExecutable(draft: Draft, file: string, vault: VaultOpener): Promise<void> {
  const printed = await ask(draft, file, '--list')
  if (printed) await readDynamic(draft, file, printed, vault, (host) => ask(draft, file, '--host', host))
}

/** Reads the JSON of Ansible's dynamic inventories: groups with hosts, vars and children, and `_meta.hostvars`. */
export async function readDynamic(
  draft: Draft,
  file: string,
  printed: Readonly<Record<string, unknown>>,
  vault: VaultOpener,
  askHost?: (host: string) => Promise<Record<string, unknown> | undefined>,
): Promise<void> {
  const { _meta: meta, ...groups } = printed
  const wrong = (message: string, hint: string) => draft.problem(`${draft.show(file)}: ${message}`, undefined, hint)
  const named = new Set<string>()
  for (const [name, of] of Object.entries(groups)) {
    const group = draft.group(name)
    if (!Array.isArray(of) && !isRecord(of)) {
      wrong(
        `the group ${name} must be a list of hosts or have hosts, children or vars`,
        `say "${name}": {"hosts": ["web-1"]}`,
      )
      continue
    }
    const { hosts = [], children = [], vars = {} } = Array.isArray(of) ? { hosts: of } : sections(name, of)
    if (areNames(hosts)) {
      for (const host of hosts) draft.host(host, name === 'all' ? 'ungrouped' : name)
      for (const host of hosts) named.add(host)
    } else wrong(`hosts of the group ${name} must be a list of names`, 'say ["web-1", "web-2"]')
    if (areNames(children)) for (const child of children) group.children.add(draft.group(child).name)
    else wrong(`children of the group ${name} must be a list of names`, 'say ["web-1", "web-2"]')
    if (isRecord(vars)) group.inline.push({ vars: await varsOf(vars, `${draft.show(file)} group ${name}`, vault) })
    else wrong(`vars of the group ${name} must be a mapping`, 'say {"NAME": "VALUE"}')
  }
  // Variables of a host that no group has are nobody's: what a cloud forgot to put into a group is not acted on.
  const known = isRecord(meta) ? meta['hostvars'] : undefined
  for (const name of named) {
    const vars = isRecord(known) ? known[name] : await askHost?.(name)
    if (!isRecord(vars)) continue
    draft.hosts.get(name)!.inline.push({ vars: await varsOf(vars, `${draft.show(file)} host ${name}`, vault) })
  }
}

/** A mapping without any section is a host of the group's name, with variables: `{ "web": { "port": 80 } }`. */
function sections(name: string, of: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return ['hosts', 'vars', 'children'].some((section) => section in of) ? of : { hosts: [name], vars: of }
}

async function varsOf(vars: Readonly<Record<string, unknown>>, from: string, vault: VaultOpener): Promise<RawVars> {
  const entries = Object.entries(vars).map(async ([name, value]) => {
    const made = kept(name, await meant(name, value, vault))
    return [name, { value: made, from }] as const
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** What JSON of Ansible's stands for: it marks what is encrypted and what is no template. */
async function meant(name: string, value: unknown, vault: VaultOpener): Promise<unknown> {
  if (typeof value === 'string') return written(value)
  if (Array.isArray(value)) return Promise.all(value.map((item) => meant(name, item, vault)))
  if (!isRecord(value)) return value
  const { __ansible_vault: encrypted, __ansible_unsafe: literal, [pointed]: float } = value
  if (typeof float === 'number') return new Float(float)
  if (typeof literal === 'string') return literal
  if (typeof encrypted === 'string') {
    try {
      return Secret.of((await vault.open(encrypted)).plain.toString('utf8'), name)
    } catch (error) {
      return new Unusable(problemOf(error))
    }
  }
  const entries = Object.entries(value).map(async ([key, item]) => [key, await meant(name, item, vault)] as const)
  return Object.fromEntries(await Promise.all(entries))
}

async function ask(
  draft: Draft,
  file: string,
  ...args: readonly string[]
): Promise<Record<string, unknown> | undefined> {
  const called = [draft.show(file), ...args].join(' ')
  const itself = called.startsWith('/') ? called : `./${called}`
  const { error, stdout, stderr } = await new Promise<{ error: Error | null; stdout: string; stderr: string }>(
    (resolve) => {
      const started = execFile(file, args, { cwd: draft.cwd, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
        resolve({ error, stdout, stderr }),
      )
      started.stdin?.end()
    },
  )
  if (error) {
    const code = (error as { code?: unknown }).code
    const said = stderr.trim().split('\n').slice(-3).join('\n')
    const end = typeof code === 'number' ? `exit code ${code}` : error.message
    draft.problem(`${called} ended with ${end}${said ? `: ${said}` : ''}`, undefined, `see what it says: ${itself}`)
    return undefined
  }
  try {
    const printed: unknown = JSON.parse(exact(stdout))
    if (isRecord(printed)) return printed
    draft.problem(
      `${called} printed JSON that is no mapping of groups`,
      undefined,
      `it should print {"web": {"hosts": ["web-1"]}}: see ${itself}`,
    )
  } catch (reason) {
    draft.problem(
      `${called} printed what is not JSON: ${(reason as Error).message}`,
      undefined,
      `see what it prints: ${itself}`,
    )
  }
  return undefined
}

// A number that JavaScript cannot count exactly is kept as the text of its digits, and one with nothing behind its
// point with its point.
const exact = (json: string) =>
  json.replace(/"(?:[^"\\]|\\.)*"|-?\b\d+(?:\.\d+)?(?:[eE][-+]?\d+)?/g, (found) => {
    if (found.startsWith('"')) return found
    if (/^-?\d+$/.test(found)) return Number.isSafeInteger(Number(found)) ? found : `"${found}"`
    return Number.isInteger(Number(found)) ? `{"${pointed}":${found}}` : found
  })
const pointed = '__switchover_float'

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const areNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
