import { masked, Secret } from '../../lib/index.ts'
import { database, ini, line } from '../../lib/modules/index.ts'
import { type CloudHost, type CloudView, siteOf, sourceOf } from './cloud.ts'
import { passwordOf, rootLogin } from './logins.ts'
import type { ByFamily, ConfigFile, Found, Setting } from './release.ts'

/** Brings the settings of a file about; whatever they do not name stays as it is. */
export async function configure(host: CloudHost, file: ConfigFile): Promise<void> {
  const path = named(file.path, host)
  const python = file.format === 'python'
  const [theirs, ours, asked] = await Promise.all([
    python ? {} : sourceOf(host).run(ini.read(file.from ?? path)),
    python ? {} : host.run(ini.read(path, dialect(file))),
    file.ask ? host.run(database.select(file.ask, rootLogin(host))) : [],
  ])
  const sections = settingsOf(file, { site: siteOf(host), theirs, ours, asked })
  if (!python) await host.run(ini.set(path, sections, dialect(file)))
  else for (const [key, value] of Object.entries(sections['']!)) await host.run(assigned(path, key, String(value)))
}

function dialect({ format }: ConfigFile) {
  return format === 'loose' ? { dialect: format } : {}
}

function assigned(path: string, key: string, value: string) {
  return line.present(path, { line: `${key} = "${value}"`, regexp: new RegExp(`^${key}\\s*=`) })
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

const secretKey = /password|secret|token$|encryption_key/

/**
 * Keys that a file takes over from the source's: what the source's own data depends on. Keys that the source does not
 * set are left as the target has them; passwords become secrets on the way.
 */
export function carried(wanted: Readonly<Record<string, readonly string[]>>) {
  const shown = (key: string, value: string) => (secretKey.test(key) ? Secret.of(value, `${key} of the source`) : value)
  return ({ theirs }: Pick<Found, 'theirs'>): ini.Sections =>
    Object.fromEntries(
      Object.entries(wanted).map(([section, keys]) => [
        section,
        Object.fromEntries(
          keys.flatMap((key) => {
            const values = valuesOf(theirs, section, key).map((value) => shown(key, value))
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
