import { existsSync, readFileSync } from 'node:fs'
import { exit, Refused } from '../model/problem.ts'

/**
 * The variables of every -e, later ones winning: `k=v k2='v 2'`, a JSON object, or @FILE with JSON or YAML.
 * @throws Refused
 */
export async function parseExtraVars(given: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const all = Object.assign({}, ...(await Promise.all(given.map(one)))) as Record<string, unknown>
  for (const [name, value] of Object.entries(all))
    if (typeof value === 'string' && /^‹[^‹›]*›$/.test(value))
      throw new Refused(
        { message: `-e ${name}=${value}: that is how a secret is shown, and not its value`, hint: 'give its value' },
        exit.usage,
      )
  return all
}

async function one(text: string): Promise<Readonly<Record<string, unknown>>> {
  const trimmed = text.trim()
  if (trimmed.startsWith('@')) {
    const file = trimmed.slice(1)
    if (!existsSync(file)) throw new Refused({ message: `-e ${trimmed}: there is no file ${file}` }, exit.load)
    const { parse } = await import('yaml')
    return object(() => parse(readFileSync(file, 'utf8')) as unknown, `-e ${trimmed}`)
  }
  if (trimmed === '') throw new Refused({ message: '-e has nothing behind it', hint: advice }, exit.usage)
  if (trimmed.startsWith('{')) return object(() => JSON.parse(trimmed) as unknown, '-e')
  const pairs: Record<string, string> = {}
  for (const word of words(trimmed)) {
    const at = word.indexOf('=')
    if (at < 1) throw new Refused({ message: `-e ${word} is not a variable`, hint: advice }, exit.usage)
    pairs[word.slice(0, at)] = word.slice(at + 1)
  }
  return pairs
}

const advice = 'write -e name=value, -e \'{"name": value}\' or -e @file'

function object(read: () => unknown, from: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = read()
  } catch (error) {
    throw new Refused(
      { message: `${from} cannot be read: ${error instanceof Error ? error.message : String(error)}` },
      exit.load,
    )
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refused({ message: `${from} must hold names with values` }, exit.load)
  return value as Record<string, unknown>
}

// Blanks part the pairs, except inside quotes, as in -e "motd='hello world' port=22".
function words(text: string): readonly string[] {
  const found = text.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []
  return found.map((word) =>
    word.replace(
      /'([^']*)'|"([^"]*)"/g,
      (_, single: string | undefined, double: string | undefined) => single ?? double ?? '',
    ),
  )
}
