// Configuration as oslo.config of 2013-2014 reads it; shared by the daemons and the *-manage commands.
import { readFileSync } from 'node:fs'

const prefix = process.env.STANDIN_ROOT ?? ''

/** The path of a host's file: itself, or below STANDIN_ROOT when a test keeps a host in a directory. */
export const rooted = (path) => prefix + path

/** What oslo says of a file it cannot use. */
export class ConfError extends Error {}

const words = {
  continuation: 'Unexpected continuation line',
  bracket: 'Invalid section (must end with ])',
  name: 'Empty section name',
  assignment: "No ':' or '=' found in assignment",
  key: 'Key cannot be empty',
  section: 'Section must be started before assignment',
}

/** Sections of one file: Map of section name to Map of key to its values in order; names fold case except DEFAULT. */
export function parseConf(text, path = 'conf') {
  const sections = new Map()
  let section
  let key
  let value = []
  const fail = (what, line, number) => {
    throw new ConfError(`Failed to parse ${path}: at ${path}:${number}, ${what}: '${line}'`)
  }
  const flush = () => {
    if (key === undefined) return
    const of = sections.get(section)
    of.set(key, [...(of.get(key) ?? []), value.join('\n')])
    key = undefined
  }
  text.split('\n').forEach((raw, index) => {
    const line = raw.trimEnd()
    const number = index + 1
    if (line === '') return flush()
    if (line[0] === ' ' || line[0] === '\t') {
      if (key === undefined) fail(words.continuation, line, number)
      value.push(line.trimStart())
      return
    }
    flush()
    if (line[0] === '#' || line[0] === ';') return
    if (line[0] === '[') {
      if (line.at(-1) !== ']') fail(words.bracket, line, number)
      if (line.length <= 2) fail(words.name, line, number)
      section = normal(line.slice(1, -1))
      if (!sections.has(section)) sections.set(section, new Map())
      return
    }
    const at = line.search(/[:=]/)
    if (at < 0) fail(words.assignment, line, number)
    const name = line.slice(0, at).trim()
    if (name === '') fail(words.key, line, number)
    if (section === undefined) fail(words.section, line, number)
    let given = line.slice(at + 1).trim()
    if (given.length > 1 && /^["']/.test(given) && given[0] === given.at(-1)) given = given.slice(1, -1)
    key = name
    value = [given]
  })
  flush()
  return sections
}

const normal = (section) => (section === 'DEFAULT' ? section : section.toLowerCase())

/** The files a daemon was given, in the order of its --config-file arguments. */
export function readConf(paths) {
  return {
    files: paths.map((path) => {
      let text
      try {
        text = readFileSync(rooted(path), 'utf8')
      } catch (error) {
        const missing = error.code === 'ENOENT'
        throw new ConfError(
          `Failed to ${missing ? 'find' : 'open'} some config files: ${path}${missing ? '' : ` (${error.code})`}`,
        )
      }
      return { path, sections: parseConf(text, path) }
    }),
  }
}

/**
 * All values of the first spelling found: files from the last read to the first, in each file the spellings
 * ('section.key', or 'key' for DEFAULT) in the order given.
 */
export function optionList(conf, names) {
  for (const { sections } of [...conf.files].reverse()) {
    for (const name of [names].flat()) {
      const dot = name.indexOf('.')
      const section = dot < 0 ? 'DEFAULT' : normal(name.slice(0, dot))
      const values = sections.get(section)?.get(name.slice(dot + 1))
      if (values !== undefined) return values
    }
  }
  return undefined
}

/** One value as a daemon sees it ($other replaced), or the default. */
export function option(conf, names, otherwise) {
  const value = optionList(conf, names)?.at(-1) ?? otherwise
  if (typeof value !== 'string') return value
  return value.replace(/\$\{?([a-z_]+)\}?/g, (all, name) => optionList(conf, [name])?.at(-1) ?? all)
}

/** A yes or no as oslo reads it. */
export const flag = (conf, names, otherwise) => /^(true|1|on|yes)$/i.test(String(option(conf, names, otherwise)))

/** The spellings of the database URL that each program accepts, the winning one first. */
export const connectionNames = {
  keystone: ['database.connection', 'sql_connection', 'DATABASE.sql_connection', 'sql.connection'],
  glance: ['database.connection', 'sql_connection', 'DATABASE.sql_connection', 'sql.connection'],
  nova: ['database.connection', 'sql_connection', 'DATABASE.sql_connection', 'sql.connection'],
  cinder: ['database.connection', 'sql_connection'],
  neutron: ['database.connection', 'sql_connection', 'DATABASE.sql_connection'],
  'neutron-db-manage': ['database.connection', 'DATABASE.sql_connection'],
  heat: ['database.connection', 'sql_connection', 'DATABASE.sql_connection', 'sql.connection'],
}

/** What a mysql://user:password@host:port/database?charset=utf8 URL says, or undefined for anything else. */
export function parseUrl(url) {
  const found = /^mysql(?:\+\w+)?:\/\/([^:@/]*)(?::([^@/]*))?@([^:/?]+)(?::(\d+))?\/([^?]*)(?:\?(.*))?$/.exec(url ?? '')
  if (!found) return undefined
  const [, user, password = '', host, port = '3306', database, query = ''] = found
  const charset = new URLSearchParams(query).get('charset') ?? undefined
  return {
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
    host,
    port: Number(port),
    database,
    charset,
  }
}

/** 'havana' or 'icehouse': what Fuel installed on this host. */
export const release = () => readFileSync(rooted('/etc/openstack-release'), 'utf8').trim()
