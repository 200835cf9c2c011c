import { Advice, masked, Secret } from '../../lib/index.ts'
import { database, ini, line, probe } from '../../lib/modules/index.ts'
import { movedAddresses, withMovedAddresses } from './addresses.ts'
import { type CloudHost, type CloudView, siteOf, sourceOf } from './cloud.ts'
import { passwordOf, rootLogin } from './logins.ts'
import { together } from './look/finding.ts'
import type { ByFamily, ConfigFile, Found, Setting } from './release.ts'

/** Brings the settings of a file about; whatever they do not name stays as it is. */
export async function configure(host: CloudHost, file: ConfigFile): Promise<void> {
  const path = named(file.path, host)
  const { theirs, ours } = await bothSides(host, file)
  const asked = file.ask ? await host.run(database.select(file.ask, rootLogin(host))) : []
  const found = { site: siteOf(host), theirs: file.format === 'python' ? {} : theirs, ours, asked }
  // What the release says wins over what the operator carries over.
  const sections = merged(takenOver(host, file, theirs), settingsOf(file, found))
  if (file.format !== 'python') await host.run(ini.set(path, sections, dialect(file)))
  else for (const [key, value] of Object.entries(sections['']!)) await host.run(assigned(path, key, value))
}

/** A file as the source has it, and as it is here. */
async function bothSides(host: CloudHost, file: ConfigFile) {
  const path = named(file.path, host)
  if (file.format === 'python') {
    const [theirs, ours] = await together(assignments(sourceOf(host), path), assignments(host, path))
    return { theirs, ours }
  }
  const [theirs, ours] = await together(
    sourceOf(host).run(ini.read(file.from ?? path)),
    host.run(ini.read(path, dialect(file))),
  )
  return { theirs, ours }
}

/** The assignments of a Python file that stand on a line of their own, as sections are: those of the section ''. */
async function assignments(host: CloudHost, path: string): Promise<ini.Contents> {
  const { stdout } = await host.run(
    probe`sed -n 's/^\\([A-Z_][A-Z_0-9]*\\) *= *\\([^[({ ].*\\)/\\1=\\2/p' ${path} 2>/dev/null; :`,
  )
  const lines = stdout.split('\n').filter((line) => line.includes('='))
  return { '': Object.fromEntries(lines.map((line) => [line.replace(/=.*/, ''), [line.replace(/^[^=]*=/, '')]])) }
}

/** The settings of the source that the operator has named in `carry`, with what leads to the source led here. */
function takenOver(host: CloudView, file: ConfigFile, theirs: ini.Contents): ini.Sections {
  const moved = movedAddresses(siteOf(host))
  const wanted = host.vars.carry.filter((one) => one.startsWith(`${nameOf(file, host)}:`)).map(partsOf)
  return merged(
    ...wanted.map(({ section, key }) => {
      const values = valuesOf(theirs, section, key).map((value) => withMovedAddresses(value, moved))
      if (values.length === 0) return {}
      return { [section]: { [key]: secretKey.test(key) ? Secret.of(values[0]!, `${key} of the source`) : values } }
    }),
  )
}

/** What the operator calls a file and its settings: `nova.conf:DEFAULT.cpu_allocation_ratio`. */
export function nameOf({ path }: ConfigFile, host: CloudView): string {
  return named(path, host).replace(/.*\//, '')
}

function partsOf(name: string) {
  const setting = name.slice(name.indexOf(':') + 1)
  // Names of sections may hold dots, and those of keys do not.
  const at = setting.lastIndexOf('.')
  return at < 0 ? { section: '', key: setting } : { section: setting.slice(0, at), key: setting.slice(at + 1) }
}

/** Settings by their names: those of the source's file that are not here, and those that are here otherwise. */
export interface Unlike {
  /** All that the source sets. */
  readonly all: readonly string[]
  readonly missing: readonly string[]
  readonly otherwise: readonly string[]
}

/** How a file of the source differs from that of the target where no role brings it over. */
export async function unlike(host: CloudHost, file: ConfigFile): Promise<Unlike> {
  const { theirs, ours } = await bothSides(host, file)
  const { source, target } = siteOf(host)
  const whose = [source, target].flatMap(({ management, storage, public: outside, fqdn }) => [
    ...[management, storage, outside].filter(Boolean),
    fqdn,
  ])
  const brought = broughtBy(file, { site: { source, target }, theirs, ours, asked: [] })
  const all: string[] = []
  const missing: string[] = []
  const otherwise: string[] = []
  for (const [section, keys] of Object.entries(theirs)) {
    // What of paste stands there is the release's own.
    if (/^(filter|app|pipeline|composite):/.test(section)) continue
    for (const [key, values] of Object.entries(keys)) {
      const name = section === '' ? key : `${section}.${key}`
      all.push(name)
      if (brought(section, key)) continue
      const here = valuesOf(ours, section, key)
      if (here.length === 0) missing.push(name)
      // Passwords, and what names a host, are another here for good reason.
      else if (here.join() !== values.join() && !secretKey.test(key) && !values.some((one) => names(one, whose)))
        otherwise.push(name)
    }
  }
  return { all, missing, otherwise }
}

function names(value: string, whose: readonly string[]): boolean {
  return whose.some((one) => value.includes(one)) || /127\.0\.0\.1|:\/\//.test(value)
}

/** Is a setting one that the release writes or takes away? */
function broughtBy(file: ConfigFile, found: Found) {
  let sections: ini.Sections = {}
  try {
    sections = settingsOf(file, found)
  } catch (error) {
    // What is not yet there to be asked is none of the source's settings.
    if (!(error instanceof Advice)) throw error
  }
  const all = Object.entries(sections).flatMap(([name, keys]) => Object.keys(keys).map((key) => `${name}.${key}`))
  const lower = new Set(all.map((name) => name.toLowerCase()))
  return (section: string, key: string) => lower.has(`${section}.${key}`.toLowerCase())
}

function dialect({ format }: ConfigFile) {
  return format === 'loose' ? { dialect: format } : {}
}

function assigned(path: string, key: string, value: ini.Setting) {
  // What is taken over is an expression of Python as it stands.
  const said = Array.isArray(value) ? value.join('') : `"${String(value)}"`
  return line.present(path, { line: `${key} = ${said}`, regexp: new RegExp(`^${key}\\s*=`) })
}

/** The settings of a file, one laid over the other. */
export function settingsOf({ settings }: ConfigFile, found: Found): ini.Sections {
  return merged(...settings.map((setting) => (typeof setting === 'function' ? setting(found) : setting)))
}

/** What something is called on a host. */
export function named(name: string | ByFamily, { vars }: CloudView): string {
  return typeof name === 'string' ? name : name[vars.osFamily]
}

/** Where the URL of a database leads, and every older spelling of its key. */
export interface Url {
  readonly service: string
  readonly at: 'loopback' | 'management'
  /** What follows the name of the database. */
  readonly query: string
  readonly aliases: readonly (readonly [section: string, key: string])[]
}

/**
 * The database's URL under its one right name, and none of the older ones: where a file has both spellings, one of
 * them wins silently (oslo.config tries the new name first inside one file).
 */
export function connection({ service, at, query, aliases }: Url): Setting {
  return ({ site: { target } }) => {
    const address = at === 'loopback' ? '127.0.0.1' : `${target.management}:3306`
    const url = masked`mysql://${service}:${passwordOf(target, service)}@${address}/${service}?${query}`
    return merged(
      { database: { connection: url } },
      ...aliases.map(([section, key]) => ({ [section]: { [key]: null } })),
    )
  }
}

const secretKey = /password|secret|token$|encryption_key|connection$/

/** A value that is not shown when its key says that it is a secret. */
export function shown(key: string, value: string, label = key): string | Secret {
  return secretKey.test(key) ? Secret.of(value, label) : value
}

/**
 * Keys that a file takes over from the source's: what the source's own data depends on. Keys that the source does not
 * set are left as the target has them; passwords become secrets on the way.
 */
export function carried(wanted: Readonly<Record<string, readonly string[]>>) {
  return ({ theirs }: Pick<Found, 'theirs'>): ini.Sections =>
    Object.fromEntries(
      Object.entries(wanted).map(([section, keys]) => [
        section,
        Object.fromEntries(
          keys.flatMap((key) => {
            // A password that is the user's name, as MOS sets heat's, is none: masked, it would take the name of the
            // service out of every line (F@4.1 osnailyfacter/manifests/cluster_simple.pp).
            const user = valueOf(theirs, section, 'admin_user')
            const values = valuesOf(theirs, section, key).map((value) =>
              value === user ? value : shown(key, value, `${key} of the source`),
            )
            return values.length === 0 ? [] : [[key, values.length === 1 ? values[0]! : values]]
          }),
        ),
      ]),
    )
}

/** Sections one over the other. */
export function merged(...all: readonly ini.Sections[]): ini.Sections {
  const sections: Record<string, Record<string, ini.Setting>> = {}
  for (const one of all) for (const [name, keys] of Object.entries(one)) sections[name] = { ...sections[name], ...keys }
  return sections
}

/** All values of a key; names of sections are compared without case, as oslo.config does, except DEFAULT. */
export function valuesOf(contents: ini.Contents, section: string, key: string): readonly string[] {
  return Object.entries(contents)
    .filter(([name]) => name === section || (section !== 'DEFAULT' && name.toLowerCase() === section.toLowerCase()))
    .flatMap(([, keys]) => keys[key] ?? [])
}

/** The one value of a key, the last where there are several. */
export function valueOf(contents: ini.Contents, section: string, key: string): string | undefined {
  return valuesOf(contents, section, key).at(-1)
}
