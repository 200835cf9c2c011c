import { masked, Secret } from '../../lib/index.ts'
import type { ini } from '../../lib/modules/index.ts'
import { type CloudHost, serviceLogin, type ServiceName } from './cloud.ts'
import { services } from './services.ts'

/**
 * The database's URL under its one right name, and none of the older ones: where a file has both spellings, one of them
 * wins silently (oslo.config tries the new name first inside one file).
 */
export function databaseSettings(host: CloudHost, service: ServiceName): ini.Sections {
  const { connectionAliases, databaseHost, databaseQuery } = services[service]
  const address = databaseHost === 'loopback' ? '127.0.0.1' : `${host.vars.management}:3306`
  const url = masked`mysql://${service}:${serviceLogin(host, service).password}@${address}/${service}?${databaseQuery}`
  return merged(
    { database: { connection: url } },
    ...connectionAliases.map(([section, key]) => ({ [section]: { [key]: null } })),
  )
}

/** Where services find the target's broker, and how they log in there. */
export function rabbitSettings({ vars }: CloudHost): ini.Sections {
  return {
    DEFAULT: {
      rabbit_hosts: `${vars.management}:5672`,
      rabbit_userid: vars.rabbitUser,
      rabbit_password: vars.rabbitPassword,
    },
  }
}

/** Sections one over the other. */
export function merged(...all: readonly ini.Sections[]): ini.Sections {
  const sections: Record<string, Record<string, ini.Setting>> = {}
  for (const one of all) for (const [name, keys] of Object.entries(one)) sections[name] = { ...sections[name], ...keys }
  return sections
}

const secretKey = /password|secret|token$|encryption_key/

/**
 * Keys that a file of the target takes over from the source's: what the source's own data depends on. Keys that the source
 * does not set are left as the target has them; passwords become secrets on the way.
 */
export function carried(theirs: ini.Contents, wanted: Readonly<Record<string, readonly string[]>>): ini.Sections {
  return Object.fromEntries(
    Object.entries(wanted).map(([section, keys]) => [
      section,
      Object.fromEntries(
        keys.flatMap((key) => {
          const values = valuesOf(theirs, section, key)
          if (values.length === 0) return []
          const shown = values.map((value) => (secretKey.test(key) ? Secret.of(value, `${key} of the source`) : value))
          return [[key, shown.length === 1 ? shown[0]! : shown]]
        }),
      ),
    ]),
  )
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
