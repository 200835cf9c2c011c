import type { Event } from '../model/event.ts'
import { knownSecrets, knownSecretsCount } from '../model/secret.ts'
import { withTexts } from '../model/texts.ts'

/**
 * Finds any of many texts in one pass, most places of the text being skipped unread (after Wu and Manber):
 * a pair of characters tells how far the next place is at which a form can end its first `window` characters.
 */
interface Matcher {
  readonly labels: ReadonlyMap<string, string>
  readonly window: number
  readonly skip: Uint8Array
  /** Forms by the pair that ends their window, longest first. */
  readonly byPair: ReadonlyMap<number, readonly string[]>
  readonly byFirst: ReadonlyMap<string, readonly string[]>
  readonly longest: number
}
interface Match {
  readonly index: number
  readonly form: string
}

// A form as short as this is found in ordinary text, and masking it would tell more than it hides.
const shortest = 4
// A single line of a key is long; a shorter line of a secret is likely to be an ordinary word.
const shortestLine = 8

let matcher: Matcher | undefined
let builtFor = 0

/**
 * The text with every known secret replaced by its label, in each form in which shells, URLs and documents write it.
 */
export function mask(text: string): string {
  const current = upToDate()
  if (!current || text.length < shortest) return text
  let match = next(current, text, 0)
  if (!match) return text
  let done = ''
  let from = 0
  for (; match; match = next(current, text, from)) {
    done += text.slice(from, match.index) + shown(current, match.form)
    from = match.index + match.form.length
  }
  return done + text.slice(from)
}

/** A text that arrives in pieces: what may be the beginning of a secret is held back until it is known what it is. */
export class Masker {
  #held = ''

  /** The next part of the masked text. */
  push(piece: string): string {
    const current = upToDate()
    const text = this.#held + piece
    this.#held = ''
    if (!current) return text
    let done = ''
    let from = 0
    let unsure = unsureFrom(current, text, from)
    for (let match = next(current, text, from); match && match.index < unsure; match = next(current, text, from)) {
      done += text.slice(from, match.index) + shown(current, match.form)
      from = match.index + match.form.length
      if (from > unsure) unsure = unsureFrom(current, text, from)
    }
    this.#held = text.slice(unsure)
    return done + text.slice(from, unsure)
  }

  /** What was held back, when nothing more comes. */
  flush(): string {
    const rest = mask(this.#held)
    this.#held = ''
    return rest
  }
}

/** The event with every text in it masked; the same object when nothing had to be. */
export function maskEvent<E extends Event>(event: E): E {
  const names = withTexts(namesIn(event), asFirstTold)
  if (!upToDate()) return event
  const masked = withTexts(event, mask)
  if (masked === event) return event
  // Words of ours on which every reader of the event depends, whatever somebody has taken for a password.
  const words = ['type', 'status', 'stream', 'outcome'] as const
  // Whoever reads the result later gets the mask, which is no value.
  if (event.type === 'task-finished' && (masked as { result?: unknown }).result !== event.result)
    Object.assign(masked, { unkept: 'secret' })
  return Object.assign(masked, names, ...words.map((word) => (word in event ? { [word]: (event as never)[word] } : {})))
}

function namesIn(event: Event): object {
  if (event.type === 'sent-ahead') return { paths: event.paths }
  const path = 'path' in event ? { path: event.path } : {}
  return event.type === 'handler-notified' ? { ...path, handler: event.handler } : path
}

// By its name a task is known from its beginning to its end, and to the next run. A password that is learned meanwhile,
// and is a word of that name, hides nothing any more that was not told already.
const told = new Map<string, string>()

/** A name as it is told from the first time on, whatever is learned later. */
export function asFirstTold(name: string): string {
  const known = told.get(name)
  if (known !== undefined) return known
  const first = mask(name)
  told.set(name, first)
  return first
}

/** A value of plain data with every text and key in it masked; the same object when nothing had to be. */
export function maskValue<T>(value: T): T {
  return upToDate() ? withTexts(value, mask) : value
}
function upToDate(): Matcher | undefined {
  const count = knownSecretsCount()
  if (count !== builtFor) {
    matcher = build(knownSecrets())
    builtFor = count
  }
  return matcher
}

function build(secrets: readonly (readonly [text: string, label: string])[]): Matcher | undefined {
  const labels = new Map<string, string>()
  // Plain texts first: when a form of one secret is the text of another, the other's own name is the right one.
  for (const [text, label] of secrets) labels.set(text, label)
  for (const [text, label] of secrets) {
    for (const form of forms(text)) if (form.length >= shortest && !labels.has(form)) labels.set(form, label)
  }
  if (labels.size === 0) return undefined
  const all = [...labels.keys()].sort((a, b) => b.length - a.length)
  const window = Math.min(all.at(-1)!.length, 255)
  const skip = new Uint8Array(0x10000).fill(window - 1)
  const byPair = new Map<number, string[]>()
  const byFirst = new Map<string, string[]>()
  for (const form of all) {
    for (let end = 1; end < window; end++) {
      const pair = pairAt(form, end)
      skip[pair] = Math.min(skip[pair]!, window - 1 - end)
    }
    listed(byPair, pairAt(form, window - 1)).push(form)
    listed(byFirst, form[0]!).push(form)
  }
  return { labels, window, skip, byPair, byFirst, longest: all[0]!.length }
}

function next({ window, skip, byPair }: Matcher, text: string, from: number): Match | undefined {
  for (let end = from + window - 1; end < text.length; ) {
    const pair = pairAt(text, end)
    const step = skip[pair]!
    if (step > 0) {
      end += step
      continue
    }
    const index = end - window + 1
    const form = byPair.get(pair)?.find((candidate) => text.startsWith(candidate, index))
    if (form !== undefined) return { index, form }
    end++
  }
  return undefined
}

// Pairs of ASCII characters keep apart; others may fall together, which costs a comparison and nothing else.
const pairAt = (text: string, end: number) => ((text.charCodeAt(end - 1) << 8) ^ text.charCodeAt(end)) & 0xffff

function listed<K>(map: Map<K, string[]>, key: K): string[] {
  let list = map.get(key)
  if (!list) map.set(key, (list = []))
  return list
}

/** Where the part begins that could be a secret if more text came. */
function unsureFrom({ byFirst, longest }: Matcher, text: string, from: number): number {
  for (let i = Math.max(from, text.length - longest + 1); i < text.length; i++) {
    const candidates = byFirst.get(text[i]!)
    if (!candidates) continue
    const tail = text.slice(i)
    if (candidates.some((form) => form.length > tail.length && form.startsWith(tail))) return i
  }
  return text.length
}

const shown = ({ labels }: Matcher, form: string) => `‹${labels.get(form) ?? 'secret'}›`

/** Every way in which the text may be written in what hosts and tools say. */
function forms(text: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const part of [text, text.trim(), ...linesOf(text)]) {
    for (const form of [part, ...inShells(part), ...inUrls(part), ...inDocuments(part), ...inBase64(part)])
      found.add(form)
  }
  return found
}

// A key of several lines is often shown line by line, each behind the name of a host.
function linesOf(text: string): readonly string[] {
  if (!text.includes('\n')) return []
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line) => line.length >= shortestLine && !line.startsWith('-----'))
}

function inShells(text: string): readonly string[] {
  return [
    text.replaceAll("'", `'\\''`),
    text.replaceAll("'", `'"'"'`),
    text.replaceAll("'", `''`),
    text.replace(/[\\"$`]/g, '\\$&'),
    text.replace(/[\\']/g, '\\$&'),
    text.replace(/[^A-Za-z0-9_\-./:=@%+,~\u0080-\uffff]/g, '\\$&'),
  ]
}

function inUrls(text: string): readonly string[] {
  // encodeURIComponent throws on half of a surrogate pair.
  const encoded = encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
  const strict = encoded.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
  return [encoded, strict].flatMap((form) => {
    const variants = [form, form.replaceAll('%20', '+'), form.replaceAll('%2F', '/')]
    return [...variants, ...variants.map((variant) => variant.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()))]
  })
}

function inDocuments(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1)
  const xml = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const quoted = xml.replaceAll('"', '&quot;')
  return [
    json,
    json.replaceAll('/', '\\/'),
    json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    xml,
    quoted,
    quoted.replaceAll("'", '&apos;'),
    quoted.replaceAll("'", '&#39;'),
    quoted.replaceAll("'", '&#x27;'),
  ]
}

// In a longer text the secret may begin at any of the three places in a group of base64; the characters that it
// shares with its neighbours differ each time, so only those are looked for that are its own.
function inBase64(text: string): readonly string[] {
  const bytes = Buffer.from(text)
  const own = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return encoded.slice(Math.ceil((8 * offset) / 6), Math.floor((8 * (offset + bytes.length)) / 6))
  })
  const whole = bytes.toString('base64')
  const all = [whole, whole.replace(/=+$/, ''), ...own]
  return all.flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
}
