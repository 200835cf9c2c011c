import { existsSync } from 'node:fs'
import { readVariables } from '../inventory/load.ts'
import { written } from '../inventory/template.ts'
import type { VaultOpener } from '../inventory/vault.ts'
import { besides } from '../model/besides.ts'
import { exit, Refused } from '../model/problem.ts'

/**
 * The variables of every -e, later ones winning: `k=v k2='v 2'`, JSON or YAML in braces, or @FILE, read as a file of
 * group_vars is.
 * @throws Refused
 */
export async function parseExtraVars(
  given: readonly string[],
  vault: VaultOpener,
): Promise<Readonly<Record<string, unknown>>> {
  const all = Object.assign({}, ...(await Promise.all(given.map((text) => one(text, vault))))) as Record<
    string,
    unknown
  >
  for (const [name, value] of Object.entries(all))
    if (typeof value === 'string' && /^‹[^‹›]*›$/.test(value))
      throw new Refused(
        { message: `-e ${name}=${value}: that is how a secret is shown, and not its value`, hint: 'give its value' },
        exit.usage,
      )
  return all
}

async function one(text: string, vault: VaultOpener): Promise<Readonly<Record<string, unknown>>> {
  const trimmed = text.trim()
  if (trimmed.startsWith('@')) {
    const file = trimmed.slice(1)
    if (!existsSync(file))
      throw new Refused({ message: `-e ${trimmed}: there is no file ${file}`, hint: besides(file) }, exit.load)
    return readVariables({ file }, vault)
  }
  if (trimmed === '') throw new Refused({ message: '-e has nothing behind it', hint: advice }, exit.usage)
  if (trimmed.startsWith('{')) return readVariables({ file: '-e', text: trimmed }, vault)
  const pairs: Record<string, unknown> = {}
  for (const word of words(trimmed)) {
    const at = word.indexOf('=')
    if (at < 1) throw new Refused({ message: `-e ${word} is not a variable`, hint: advice }, exit.usage)
    pairs[word.slice(0, at)] = written(word.slice(at + 1))
  }
  return pairs
}

const advice = 'write -e name=value, -e \'{"name": value}\' or -e @file'

// Blanks part the pairs, except inside quotes and braces, as in -e "motd='hello world' at={{ other }}".
function words(text: string): readonly string[] {
  const found = text.match(/(?:\{\{.*?\}\}|[^\s'"]|'[^']*'|"[^"]*")+/g) ?? []
  return found.map((word) =>
    word.replace(
      /\{\{.*?\}\}|'([^']*)'|"([^"]*)"/g,
      (whole, single: string | undefined, double: string | undefined) => single ?? double ?? whole,
    ),
  )
}
