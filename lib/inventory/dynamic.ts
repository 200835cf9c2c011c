import { execFile } from 'node:child_process'
import path from 'node:path'
import type { RawVars } from '../model/inventory.ts'
import { kept } from './connection.ts'
import type { Draft } from './draft.ts'

/** Runs an executable inventory and reads what it prints. */
export async function readExecutable(draft: Draft, file: string): Promise<void> {
  const printed = await ask(draft, file, '--list')
  if (printed) await readDynamic(draft, file, printed, (host) => ask(draft, file, '--host', host))
}

/** Reads the JSON of Ansible's dynamic inventories: groups with hosts, vars and children, and `_meta.hostvars`. */
export async function readDynamic(
  draft: Draft,
  file: string,
  printed: Readonly<Record<string, unknown>>,
  askHost?: (host: string) => Promise<Record<string, unknown> | undefined>,
): Promise<void> {
  const { _meta: meta, ...groups } = printed
  const wrong = (message: string) => draft.problem(`${draft.show(file)}: ${message}`)
  for (const [name, of] of Object.entries(groups)) {
    const group = draft.group(name)
    if (!Array.isArray(of) && !isRecord(of)) {
      wrong(`the group ${name} must be a list of hosts or have hosts, children or vars`)
      continue
    }
    const { hosts = [], children = [], vars = {} } = Array.isArray(of) ? { hosts: of } : of
    if (areNames(hosts)) for (const host of hosts) draft.host(host, name === 'all' ? 'ungrouped' : name)
    else wrong(`hosts of the group ${name} must be a list of names`)
    if (areNames(children)) for (const child of children) group.children.add(draft.group(child).name)
    else wrong(`children of the group ${name} must be a list of names`)
    if (isRecord(vars)) group.inline.push({ vars: varsOf(vars, `${draft.show(file)} group ${name}`) })
    else wrong(`vars of the group ${name} must be a mapping`)
  }
  const known = isRecord(meta) ? meta['hostvars'] : undefined
  if (isRecord(known)) for (const name of Object.keys(known)) if (!draft.hosts.has(name)) draft.host(name, 'ungrouped')
  for (const [name, host] of draft.hosts) {
    const vars = isRecord(known) ? known[name] : await askHost?.(name)
    if (isRecord(vars)) host.inline.push({ vars: varsOf(vars, `${draft.show(file)} host ${name}`) })
  }
}

function varsOf(vars: Readonly<Record<string, unknown>>, from: string): RawVars {
  return Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, { value: kept(name, value), from }]))
}

async function ask(
  draft: Draft,
  file: string,
  ...args: readonly string[]
): Promise<Record<string, unknown> | undefined> {
  const called = [draft.show(file), ...args].join(' ')
  const { error, stdout, stderr } = await new Promise<{ error: Error | null; stdout: string; stderr: string }>(
    (resolve) => {
      const started = execFile(file, args, { cwd: path.dirname(file), maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
        resolve({ error, stdout, stderr }),
      )
      started.stdin?.end()
    },
  )
  if (error) {
    const code = (error as { code?: unknown }).code
    const said = stderr.trim().split('\n').slice(-3).join('\n')
    const end = typeof code === 'number' ? `exit code ${code}` : error.message
    draft.problem(`${called} ended with ${end}${said ? `: ${said}` : ''}`)
    return undefined
  }
  try {
    const printed: unknown = JSON.parse(stdout)
    if (isRecord(printed)) return printed
    draft.problem(`${called} printed JSON that is no mapping of groups`)
  } catch (reason) {
    draft.problem(`${called} printed what is not JSON: ${(reason as Error).message}`)
  }
  return undefined
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const areNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
