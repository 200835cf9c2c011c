import { Advice } from '../../model/operation.ts'
import { eolOfText, joinLines, splitLines } from '../../kit/text-lines.ts'

/** A public key as a line says it. */
export interface Key {
  /** What stands before it: what it may be used for. */
  readonly options: string
  readonly type: string
  readonly data: string
  readonly comment: string
}

/** The keys of a text, a line each. @throws Advice when a line is none */
export function keysIn(text: string): readonly Key[] {
  if (/PRIVATE KEY/.test(text))
    throw new Advice('what is given is a private key', 'give the text of the .pub file beside it, and make a new pair')
  return splitLines(text).flatMap(({ text: line }) => {
    if (isRemark(line)) return []
    const key = keyIn(line)
    if (key) return [key]
    throw new Advice(
      `${JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line)} is not a public key`,
      'give the line of a .pub file, whole',
    )
  })
}

/** The text with the keys in it, or without them. */
export function withKeys(before: string, word: 'present' | 'absent', keys: readonly Key[], exclusive: boolean): string {
  const wanted = new Map<string, Key[]>()
  for (const key of keys) {
    const same = wanted.get(key.data) ?? []
    if (!same.some((one) => spelled(one) === spelled(key))) wanted.set(key.data, [...same, key])
  }
  const lines = splitLines(before)
  const eol = eolOfText(before)
  const found = lines.map(({ text }) => (isRemark(text) ? undefined : keyIn(text)))
  const placed = new Set<string>()
  const kept = lines.flatMap((line, i) => {
    if (isRemark(line.text)) return [line]
    const key = found[i]
    const mine = key && wanted.get(key.data)
    if (!mine) return exclusive ? [] : [line]
    if (word === 'absent') return []
    const all = found.filter((one) => one?.data === key.data) as readonly Key[]
    if (asWanted(all, mine)) {
      placed.add(key.data)
      return [line]
    }
    // Another line of the key would let in whom these options keep out.
    if (placed.has(key.data)) return []
    placed.add(key.data)
    return mine.map((one) => ({ text: spelled(one), eol: line.eol || eol }))
  })
  if (word === 'absent') return joinLines(kept)
  const added = [...wanted].flatMap(([data, mine]) => (placed.has(data) ? [] : mine))
  const last = kept.at(-1)
  if (last && last.eol === '' && added.length > 0) kept[kept.length - 1] = { ...last, eol }
  return joinLines([...kept, ...added.map((key) => ({ text: spelled(key), eol }))])
}

/** The lines of one key say what is wanted; a comment counts only where one is given. */
function asWanted(is: readonly Key[], wanted: readonly Key[]): boolean {
  return (
    is.length === wanted.length &&
    wanted.every(({ options, comment }) =>
      is.some((one) => one.options === options && (comment === '' || one.comment === comment)),
    )
  )
}

function spelled({ options, type, data, comment }: Key): string {
  return [options, type, data, comment].filter((part) => part !== '').join(' ')
}

function isRemark(line: string): boolean {
  return /^\s*(#|$)/.test(line)
}

function keyIn(line: string): Key | undefined {
  const bare = line.trim()
  const plain = bareKey(bare)
  if (plain) return { options: '', ...plain }
  // Options end at the first blank that is not in quotes.
  const options = /^(?:"(?:\\.|[^"\\])*"|[^\s"])+/.exec(bare)?.[0] ?? ''
  const key = bareKey(bare.slice(options.length).trimStart())
  return options === '' || !key ? undefined : { options, ...key }
}

function bareKey(text: string): Omit<Key, 'options'> | undefined {
  const [, type, data, comment = ''] = /^([a-z0-9][\w.@-]*)\s+([A-Za-z0-9+/]+={0,2})(?:\s+(.*))?$/.exec(text) ?? []
  if (type === undefined || data === undefined) return undefined
  // What is encoded begins with its own name: a key that lost some of it, or is no key, does not.
  const bytes = Buffer.from(data, 'base64')
  if (bytes.length < 8 || bytes.readUInt32BE(0) !== type.length) return undefined
  if (bytes.subarray(4, 4 + type.length).toString('latin1') !== type || !wholeFields(bytes)) return undefined
  return { type, data: bytes.toString('base64'), comment: comment.trim() }
}

/** Every key is a list of fields, each behind its length. */
function wholeFields(bytes: Buffer): boolean {
  let at = 0
  let fields = 0
  while (at + 4 <= bytes.length) {
    at += 4 + bytes.readUInt32BE(at)
    fields++
  }
  // Certificates hold numbers between them.
  return fields > 1 && (at === bytes.length || /cert/.test(bytes.subarray(4, 44).toString('latin1')))
}
