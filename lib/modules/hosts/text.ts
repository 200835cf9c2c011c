import { isIP } from 'node:net'
import { eolOfText, joinLines, splitLines } from '../../kit/text-lines.ts'

/** Which names an address is to have. */
export interface HostsEdit {
  readonly address: string
  readonly names: readonly string[]
  readonly exact: boolean
  readonly shared: boolean
}

interface Entry {
  readonly address: string
  readonly names: readonly string[]
}

/** The text with the names at the address; the very same string when nothing changes. */
export function entryText(text: string, { address, names, exact, shared }: HostsEdit): string {
  const wanted = [...new Map(names.map((name) => [name.toLowerCase(), name])).values()]
  const keys = new Set(wanted.map((name) => name.toLowerCase()))
  const has = ({ names }: Entry, name: string): boolean => names.some((one) => one.toLowerCase() === name.toLowerCase())
  const lines = splitLines(text).map((line) => ({ ...line, entry: parse(line.text) }))
  const mine = lines.filter(({ entry }) => entry && sameAddress(entry.address, address))
  const first = mine[0]
  const missing = wanted.filter((name) => !mine.some(({ entry }) => has(entry!, name)))
  const out = lines.flatMap((line) => {
    const { entry } = line
    if (!entry) return [line]
    if (line === first) {
      return [{ ...line, text: withNames(line.text, exact ? wanted : [...entry.names, ...missing]) }]
    }
    const isMine = mine.includes(line)
    if (exact && isMine) return []
    if (isMine || shared || isIP(entry.address) !== isIP(address)) return [line]
    const kept = entry.names.filter((name) => !keys.has(name.toLowerCase()))
    if (kept.length === entry.names.length) return [line]
    return kept.length === 0 ? [] : [{ ...line, text: withNames(line.text, kept) }]
  })
  const eol = eolOfText(text)
  if (!first) {
    const last = out.at(-1)
    if (last && last.eol === '') out[out.length - 1] = { ...last, eol }
    out.push({ text: `${address} ${wanted.join(' ')}`, eol, entry: undefined })
  }
  return joinLines(out)
}

/** The text without these names and addresses. */
export function withoutText(text: string, what: readonly string[]): string {
  const addresses = what.filter((one) => isIP(one) !== 0)
  const names = new Set(what.filter((one) => isIP(one) === 0).map((name) => name.toLowerCase()))
  return joinLines(
    splitLines(text).flatMap((line) => {
      const entry = parse(line.text)
      if (!entry) return [line]
      if (addresses.some((address) => sameAddress(address, entry.address))) return []
      const kept = entry.names.filter((name) => !names.has(name.toLowerCase()))
      if (kept.length === entry.names.length) return [line]
      return kept.length === 0 ? [] : [{ ...line, text: withNames(line.text, kept) }]
    }),
  )
}

function parse(line: string): Entry | undefined {
  const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/)
  return address && names.length > 0 ? { address, names } : undefined
}

// What stands before the names and after them is the operator's, blanks and comment included.
function withNames(line: string, names: readonly string[]): string {
  const [, head = '', body = '', tail = ''] = /^(\s*\S+\s+)(.*?)(\s*(?:#.*)?)$/.exec(line) ?? []
  return body.split(/\s+/).join(' ') === names.join(' ') ? line : head + names.join(' ') + tail
}

function sameAddress(a: string, b: string): boolean {
  return normal(a) === normal(b)
}

function normal(address: string): string {
  return isIP(address) === 6 && !address.includes('%') ? new URL(`http://[${address}]`).hostname : address
}
