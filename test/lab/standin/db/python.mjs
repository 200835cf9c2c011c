// JSON as Python 2.7 on a 64-bit machine reads and writes it: a rewritten text keeps the key order of a Python dict,
// which is what tells a migrated row from one that was merely parsed and printed again.

const mask64 = (1n << 64n) - 1n

/** A Python dict: iterates in the order of CPython 2.7's hash table. */
class Dict {
  #slots = new Array(8)
  #used = 0
  #fill = 0

  set(key, value) {
    const slot = this.#find(key)
    const held = this.#slots[slot]
    if (held !== undefined && !held.dummy) {
      held.value = value
      return
    }
    this.#slots[slot] = { key, hash: hash(key), value }
    this.#used++
    // A dummy's place is taken again.
    if (held === undefined) this.#fill++
    if (this.#fill * 3 >= this.#slots.length * 2) this.#grow()
  }

  get(key) {
    return this.#held(key)?.value
  }

  has(key) {
    return this.#held(key) !== undefined
  }

  delete(key) {
    const slot = this.#find(key)
    if (!this.has(key)) return
    // A removed key leaves a dummy behind: the others stay where they are.
    this.#slots[slot] = { dummy: true }
    this.#used--
  }

  entries() {
    return this.#slots.filter((held) => held !== undefined && !held.dummy).map(({ key, value }) => [key, value])
  }

  #held(key) {
    const held = this.#slots[this.#find(key)]
    return held?.dummy ? undefined : held
  }

  /** Where a key stands, or is to be put: the first dummy on the way, when there is one. */
  #find(key) {
    const wanted = hash(key)
    const mask = BigInt(this.#slots.length - 1)
    let index = wanted & mask
    let perturb = wanted
    let free
    for (;;) {
      const slot = Number(index & mask)
      const held = this.#slots[slot]
      if (held === undefined) return free ?? slot
      if (held.dummy) free ??= slot
      else if (held.key === key) return slot
      index = (index << 2n) + index + perturb + 1n
      perturb >>= 5n
    }
  }

  #grow() {
    const held = this.#slots.filter((entry) => entry !== undefined && !entry.dummy)
    let size = 8
    while (size <= this.#used * 4) size *= 2
    this.#slots = new Array(size)
    this.#used = 0
    this.#fill = 0
    for (const { key, value } of held) this.set(key, value)
  }
}

/** hash() of a string, as the unsigned number the table is probed with. */
function hash(text) {
  const points = [...text].map((c) => BigInt(c.codePointAt(0)))
  if (points.length === 0) return 0n
  let x = (points[0] << 7n) & mask64
  for (const point of points) x = ((1000003n * x) & mask64) ^ point
  x ^= BigInt(points.length)
  return x === mask64 ? mask64 - 1n : x
}

/** A number, with the text it had: 1.0 must not come back as 1. */
class Num {
  constructor(text) {
    this.text = text
  }
}

const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|[[{]/sy

/** json.loads(): objects become dicts, numbers keep their text. */
export function loads(text) {
  if (typeof text !== 'string') throw new PythonError('TypeError', 'expected string or buffer')
  let at = 0
  const fail = () => {
    throw new PythonError('ValueError', 'No JSON object could be decoded')
  }
  const space = () => {
    while (/[ \t\n\r]/.test(text[at] ?? '')) at++
  }
  const value = () => {
    space()
    token.lastIndex = at
    const found = token.exec(text)?.[0]
    if (found === undefined) fail()
    at += found.length
    if (found === '{') return object()
    if (found === '[') return list()
    if (found[0] === '"' || /^[tfn]/.test(found)) return JSON.parse(found)
    return new Num(found)
  }
  const closed = (end) => {
    space()
    if (text[at] !== end) return false
    at++
    return true
  }
  const comma = (end) => {
    if (closed(end)) return false
    if (text[at] !== ',') fail()
    at++
    return true
  }
  const object = () => {
    const dict = new Dict()
    if (closed('}')) return dict
    do {
      const key = value()
      if (typeof key !== 'string' || !closed(':')) fail()
      dict.set(key, value())
    } while (comma('}'))
    return dict
  }
  const list = () => {
    const items = []
    if (closed(']')) return items
    do items.push(value())
    while (comma(']'))
    return items
  }
  const result = value()
  space()
  if (at < text.length) fail()
  return result
}

/** json.dumps() with its default separators, ASCII only. */
export function dumps(value) {
  if (value instanceof Dict)
    return `{${value
      .entries()
      .map(([k, v]) => `${dumps(k)}: ${dumps(v)}`)
      .join(', ')}}`
  if (value instanceof Num) return value.text
  if (Array.isArray(value)) return `[${value.map(dumps).join(', ')}]`
  return JSON.stringify(value).replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** strutils.bool_from_string(value, default=True) of a parsed JSON value. */
export function boolFromString(value) {
  if (typeof value === 'boolean') return value
  const word = (value instanceof Num ? value.text : String(value)).trim().toLowerCase()
  return !['0', 'f', 'false', 'off', 'n', 'no'].includes(word)
}

/** repr() of what stands in SQLAlchemy's messages. */
export function repr(value) {
  if (value === true || value === false) return value ? 'True' : 'False'
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'number') return String(value)
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'"
  const body = value.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')
  return quote + (quote === "'" ? body.replace(/'/g, "\\'") : body) + quote
}

/** An exception that ends a program with a traceback. */
export class PythonError extends Error {
  constructor(type, text) {
    super(text)
    this.type = type
  }
}
