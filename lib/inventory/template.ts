import { didYouMean } from '../model/problem.ts'
import { revealed, Secret } from '../model/secret.ts'
import { pythonText, pythonValue } from './python.ts'
import { Float } from './scalars.ts'

/** A text with {{ }} in it, as an Ansible inventory has it, from the time it is read to the time it is evaluated. */
export class Template {
  readonly text: string
  /** The name that the whole is shown by, where it is secret. */
  readonly label: string | undefined
  constructor(text: string, label?: string) {
    this.text = text
    this.label = label
  }
  toString(): string {
    return this.label === undefined ? this.text : `‹${this.label}›`
  }
  toJSON(): string {
    return this.toString()
  }
}

/** A text as a file says it: a template where it has braces, else itself, or a secret of that label. */
export function written(text: string, label?: string): string | Secret | Template {
  if (/\{\{|\{%|\{#/.test(text)) return new Template(text, label)
  return label === undefined ? text : Secret.of(text, label)
}

/** A value with its leaves made into others. */
export function deep(value: unknown, leaf: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => deep(item, leaf))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return leaf(value)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item, leaf)]))
}

/** What a template may refer to. */
export interface Scope {
  /** The variables that there are, for a suggestion. */
  readonly names: Iterable<string>
  /** A variable, evaluated but for what `step` finds in it; undefined when there is none. */
  variable(name: string): unknown
  /** A value on the way through it: templates evaluated, and what is looked up by name. */
  settled(value: unknown): unknown
}

/** Why a template has no value, and what to write instead. */
export class NotEvaluated extends Error {
  readonly hint: string
  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** What is looked up by name: `groups`, `hostvars`. */
export type Lookup = (name: string) => unknown

/**
 * The value of a template of which every {{ }} is a reference to a variable, as Ansible has it: one alone keeps its
 * kind, a text that looks like a list or a mapping becomes one.
 * @throws NotEvaluated for everything else that Jinja can do
 */
export function evaluate({ text, label }: Template, scope: Scope): unknown {
  const parts = partsOf(text)
  const alone = parts.length === 1 ? parts[0]! : undefined
  // A variable's own value, not a part of it: its kind is kept even where its text would be another's.
  if (alone !== undefined && 'path' in alone && alone.path.length === 1 && /^\{\{\s*\w+\s*\}\}$/.test(text)) {
    const value = valueOf(alone, scope)
    if (value === null || typeof value === 'boolean' || typeof value === 'number' || value instanceof Float)
      return labelled(value, label)
  }
  const values = parts.map((part) => ('text' in part ? part.text : valueOf(part, scope)))
  if (alone !== undefined && isSecretWithin(values[0])) return labelled(values[0], label)
  if (values.some(isSecretWithin))
    return labelled(Secret.join(values.map((value) => (value instanceof Secret ? value : textOf(value)))), label)
  const made = values.map(textOf).join('')
  const looks = /^[[{]/.test(made) || made === 'True' || made === 'False'
  const value = looks ? pythonValue(made) : made
  return labelled(typeof value === 'string' ? withEnd(text, value) : value, label)
}

/** The text with as many line ends at its end as the template has, whatever stripped them. */
function withEnd(template: string, made: string): string {
  const ends = (text: string) => /\n*$/.exec(text)![0].length
  return made + '\n'.repeat(Math.max(0, ends(template) - ends(made)))
}

function labelled(value: unknown, label: string | undefined): unknown {
  if (label === undefined) return value
  return deep(value, (leaf) =>
    typeof leaf === 'string' || leaf instanceof Secret ? Secret.of(revealed(leaf), label) : leaf,
  )
}

function isSecretWithin(value: unknown): boolean {
  if (value instanceof Secret) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(isSecretWithin)
}

const textOf = (value: unknown): string => (value === null ? '' : typeof value === 'string' ? value : pythonText(value))

type Step = { readonly dot: string } | { readonly item: string | number | Reference }
/** `path[0]` is the variable, or a text in quotes. */
interface Reference {
  readonly path: readonly [{ readonly name: string } | { readonly quoted: string }, ...Step[]]
  readonly source: string
}
type Part = { readonly text: string } | Reference

function partsOf(text: string): readonly Part[] {
  const parts: Part[] = []
  let plain = ''
  // Set behind a `-}}`: what is blank there goes.
  let strips = false
  const add = (piece: string) => {
    plain += strips ? piece.replace(/^\s+/, '') : piece
    strips &&= /^\s*$/.test(piece)
  }
  for (let at = 0; at < text.length; ) {
    const open = /\{\{|\{%|\{#/g
    open.lastIndex = at
    const found = open.exec(text)
    if (!found) {
      add(text.slice(at))
      break
    }
    add(text.slice(at, found.index))
    const rest = text.slice(found.index)
    const raw = /^\{%([-+]?)\s*raw\s*(-?)%\}([\s\S]*?)\{%([-+]?)\s*endraw\s*([-+]?)%\}/.exec(rest)
    const comment = /^\{#(-?)[\s\S]*?(-?)#\}\n?/.exec(rest)
    if (raw) {
      if (raw[1] === '-') plain = plain.replace(/\s+$/, '')
      const inside = raw[2] === '-' ? raw[3]!.replace(/^\s+/, '') : raw[3]!.replace(/^\n/, '')
      add(raw[4] === '-' ? inside.replace(/\s+$/, '') : inside)
      at = found.index + raw[0].length
      if (raw[5] === '-') strips = true
      else if (text[at] === '\n' && raw[5] !== '+') at++
      continue
    }
    if (found[0] === '{#' && comment) {
      if (comment[1] === '-') plain = plain.replace(/\s+$/, '')
      at = found.index + comment[0].length
      if (comment[2] === '-') strips = true
      continue
    }
    if (found[0] === '{%') throw beyond(text, rest, /^\{%[\s\S]*?%\}/)
    const reference = found[0] === '{{' ? new Reader(rest).reference() : undefined
    if (!reference) throw beyond(text, rest, /^(?:\{\{[\s\S]*?\}\}|\{#[\s\S]*)/)
    if (rest.startsWith('{{-')) plain = plain.replace(/\s+$/, '')
    if (plain !== '') parts.push({ text: plain })
    plain = ''
    parts.push(reference)
    at = found.index + reference.source.length
    strips = reference.source.endsWith('-}}')
  }
  return plain === '' && parts.length > 0 ? parts : [...parts, { text: plain }]
}

const quotedText = /'[^'\\]*'|"[^"\\]*"/y

class Reader {
  readonly #text: string
  #at = 0
  constructor(text: string) {
    this.#text = text
  }

  /** The reference between the braces at the beginning; undefined when there is anything else. */
  reference(): Reference | undefined {
    if (this.#take(/\{\{[-+]?\s*/y) === undefined) return undefined
    const found = this.#path()
    if (!found || this.#take(/\s*[-+]?\}\}/y) === undefined) return undefined
    return { ...found, source: this.#text.slice(0, this.#at) }
  }

  #path(): Reference | undefined {
    const quoted = this.#quoted()
    const name = quoted === undefined ? this.#take(/[A-Za-z_]\w*/y) : undefined
    if (name === undefined ? quoted === undefined : reserved.has(name)) return undefined
    const start = name === undefined ? { quoted: quoted! } : { name }
    const steps: Step[] = []
    for (;;) {
      const dot = this.#take(/\s*\.\s*[A-Za-z_]\w*|\s*\.\d+/y)?.replace(/^\s*\.\s*/, '')
      if (dot !== undefined) steps.push(/^\d/.test(dot) ? { item: Number(dot) } : { dot })
      else if (this.#take(/\s*\[\s*/y) !== undefined) {
        const item = this.#item()
        if (item === undefined || this.#take(/\s*\]/y) === undefined) return undefined
        steps.push({ item })
      } else return { path: [start, ...steps], source: '' }
    }
  }

  #item(): string | number | Reference | undefined {
    const number = this.#take(/-?\d+/y)
    if (number !== undefined) return Number(number)
    return this.#quoted() ?? this.#path()
  }

  #quoted(): string | undefined {
    return this.#take(quotedText)?.slice(1, -1)
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match) this.#at = pattern.lastIndex
    return match?.[0]
  }
}

// Words of the language itself, and functions.
const reserved = new Set(
  'and or not in is if else for true false none True False None lookup query q range dict'.split(' '),
)

// What a name behind a dot means to Python before it means a member.
const methods = new Set(
  (
    'capitalize casefold center clear copy count encode endswith expandtabs extend find format fromkeys get index ' +
    'insert isalnum isalpha isdigit items join keys ljust lower lstrip pop popitem remove replace reverse rjust ' +
    'rsplit rstrip setdefault sort split splitlines startswith strip title update upper values zfill append'
  ).split(' '),
)

function valueOf({ path: [start, ...steps], source }: Reference, scope: Scope): unknown {
  if ('quoted' in start) return steps.length === 0 ? start.quoted : undefinedIn(source, start.quoted)
  let value = scope.settled(scope.variable(start.name))
  let shown = start.name
  if (value === undefined) throw noVariable(start.name, scope)
  for (const step of steps) {
    const key = 'dot' in step ? step.dot : isReference(step.item) ? valueOf(step.item, scope) : step.item
    if ('dot' in step && methods.has(step.dot) && typeof value !== 'function')
      throw new NotEvaluated(`{{ ${shown}.${step.dot} }} is a method`, computed)
    value = scope.settled(member(value, key))
    const next = typeof key === 'string' && /^\w+$/.test(key) ? `${shown}.${key}` : `${shown}[${JSON.stringify(key)}]`
    if (value === undefined) throw new NotEvaluated(`${next} is not there`, `look at ${shown}: run inventory --host`)
    shown = next
  }
  return whole(value, scope)
}

const isReference = (item: string | number | Reference): item is Reference => typeof item === 'object'

function member(value: unknown, key: unknown): unknown {
  if (typeof value === 'function') return typeof key === 'string' ? (value as Lookup)(key) : undefined
  if (value instanceof Secret || typeof value === 'string') return undefined
  if (Array.isArray(value)) return typeof key === 'number' ? value.at(key) : undefined
  if (typeof value !== 'object' || value === null) return undefined
  return Object.hasOwn(value, String(key)) ? (value as Record<string, unknown>)[String(key)] : undefined
}

function whole(value: unknown, scope: Scope): unknown {
  if (typeof value === 'function') throw new NotEvaluated('it stands for all of them at once', 'name one: [NAME]')
  return deep(value, (leaf) => scope.settled(leaf))
}

function undefinedIn(source: string, name: string): never {
  throw new NotEvaluated(`${source} takes something from the text ${name}`, computed)
}

const computed = 'compute it where it is used: (host) => `…${host.vars.NAME}…`'

function noVariable(name: string, scope: Scope): NotEvaluated {
  return new NotEvaluated(
    `the inventory has no variable ${name} for it`,
    didYouMean(name, scope.names) ??
      (name.startsWith('ansible_')
        ? 'what is asked of the host is a fact: await host.fact(os), in the task that wants it'
        : `set ${name}, or compute it where it is used: (host) => \`…\${host.vars.${name}}…\``),
  )
}

/** What an expression says that is no reference, and how TypeScript says it. */
function beyond(text: string, rest: string, end: RegExp): NotEvaluated {
  const expression = end.exec(rest)?.[0] ?? rest
  const shown = expression.length > 80 ? `${expression.slice(0, 77)}…` : expression
  return new NotEvaluated(
    `${shown} is more than a reference to a variable, and only references are evaluated`,
    inTypeScript(expression, text),
  )
}

function inTypeScript(expression: string, text: string): string {
  const name = /^\{\{[-+]?\s*([A-Za-z_]\w*)/.exec(expression)?.[1]
  const looked = /\b(?:lookup|query|q)\(\s*(['"])(?:ansible\.builtin\.)?(env|file|pipe)\1\s*,\s*(['"])(.*?)\3/
  const [, , kind, , of] = looked.exec(expression) ?? []
  if (kind !== undefined) {
    const word = kind === 'env' ? 'fromEnvironment' : kind === 'pipe' ? 'fromCommand' : 'fromFile'
    return `in an inventory in TypeScript: ${word}(${JSON.stringify(of)})`
  }
  const fallback = /\|\s*default\(\s*(.*?)\s*(?:,\s*\w+)?\)\s*\}\}$/.exec(expression)?.[1]
  const part = /^\{\{\s*(\w+\s*[.[][^|]*?)\s*\|/.exec(expression)?.[1]
  if (part !== undefined && fallback !== undefined)
    return (
      `set a variable of its own to {{ ${part} }} where that is there, and declare it in the role with its default: ` +
      `{ NAME: text.or(${fallback}) }`
    )
  if (name !== undefined && fallback !== undefined)
    return expression.trim() === text.trim()
      ? `declare ${name} in the role with its default: { ${name}: text.or(${fallback}) }`
      : `compute it where it is used: (host) => \`…\${host.vars.${name} ?? ${fallback}}…\``
  if (name !== undefined && !reserved.has(name))
    return `compute it where it is used: (host) => \`…\${host.vars.${name}}…\``
  return computed
}
