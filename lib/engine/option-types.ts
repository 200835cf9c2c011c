import type { Said } from '../model/slips.ts'

/** What the value of an option must be, and how one is written. */
interface Kind {
  fits(value: unknown): boolean
  readonly must: string
  write(name: string, value: unknown): string
}

const truth: Kind = {
  fits: (value) => typeof value === 'boolean',
  must: 'true or false',
  write: (name) => `${name}: true`,
}
const question = (example: string): Kind => ({
  fits: (value) => typeof value === 'function',
  must: 'a function',
  write: (name) => `${name}: ${example}`,
})

const kinds: Readonly<Record<string, Kind>> = {
  tags: {
    fits: (value) => Array.isArray(value) && value.every((tag) => typeof tag === 'string'),
    must: 'a list of texts',
    write: (name, value) => `${name}: [${tagsMeant(value).map(inQuotes).join(', ')}]`,
  },
  when: question('({ vars }) => vars.…'),
  answered: question('(vars) => vars.…'),
  become: {
    fits: (value) => typeof value === 'boolean' || (typeof value === 'string' && value !== ''),
    must: 'true, false, or the name of a user',
    write: (name, value) => `${name}: ${Array.isArray(value) && value.length === 1 ? inQuotes(value[0]) : 'true'}`,
  },
  strategy: {
    fits: (value) => value === 'linear' || value === 'free',
    must: "'linear' or 'free'",
    write: (name) => `${name}: 'free'`,
  },
  once: truth,
  ignoreErrors: truth,
  ignoreUnreachable: truth,
  changedWhen: truth,
  verify: truth,
  anyErrorsFatal: truth,
  page: truth,
}

/** What is wrong with the types of options. The type check finds it as well, and plain JavaScript has none. */
export function wrongTypes(options: object): readonly Said[] {
  return Object.entries(options).flatMap(([name, value]): readonly Said[] => {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (kind === undefined || value === undefined || kind.fits(value)) return []
    return [[`${name} must be ${kind.must}, and is ${shown(value)}`, `write ${kind.write(name, value)}`]]
  })
}

/** The tags that are said, and none where what is said is no list of them. */
export function tagsIn(tags: readonly string[] | undefined): readonly string[] {
  return tags !== undefined && kinds['tags']!.fits(tags) ? tags : []
}

// As in YAML: a text may hold several.
function tagsMeant(value: unknown): readonly unknown[] {
  if (typeof value === 'string') return value.split(',').map((tag) => tag.trim())
  return Array.isArray(value) ? value.flat().map(String) : ['…']
}

const inQuotes = (value: unknown) => `'${String(value)}'`

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return typeof value === 'string' ? inQuotes(value) : (JSON.stringify(value) ?? String(value))
}
