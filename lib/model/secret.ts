import { inspect } from 'node:util'
import { keepBackslashes } from './backslashes.ts'

// What nobody may print, whoever made it: roles make secrets of what hosts say at any time, so that they cannot be
// handed through to those who print. The one thing that this folder keeps.
const known = new Map<string, string>()
const labels = new Set<string>()

/**
 * A value that prints as its label everywhere: in logs, diffs, reports, JSON and string templates. Only `reveal()`
 * gives the text, so every use can be found by that word.
 *
 * ```ts
 * const token = Secret.of(stdout.trim(), 'token') // prints as ‹token› from now on
 * await host.run(shell({ stdin: token })`install-key --stdin`)
 * ```
 */
export class Secret {
  readonly #parts: readonly (string | Secret)[]
  /** What it is shown as; of a text with secrets in it there is none. */
  readonly label: string | undefined
  /** Is it a text that was only found to hold secrets? */
  readonly isContent: boolean

  private constructor(parts: readonly (string | Secret)[], label?: string, isContent = false) {
    this.#parts = parts
    this.label = label
    this.isContent = isContent
    if (label !== undefined) labels.add(label)
  }

  /** A secret text under the name it will be shown by; the text is masked in every output from now on. */
  static of(text: string, label: string): Secret {
    if (text.length >= shortestMasked) known.set(text, label)
    return new Secret([text], label)
  }

  /** Text around secrets: the secrets are masked, what stands around them stays readable. */
  static join(parts: readonly (string | Secret)[]): Secret {
    return new Secret(parts)
  }

  /**
   * A whole text that holds secrets of which nobody knows which they are, such as a file in which passwords stand. It
   * is shown as its label, but it is not looked for in outputs: its lines are ordinary words, and masking them would
   * make every output unreadable and slow.
   */
  static content(text: string, label: string): Secret {
    return new Secret([text], label, true)
  }

  /** A text in which some secrets may stand: where one does only it is masked. The very text where none does. */
  static within(text: string, secrets: readonly Secret[]): string | Secret {
    let parts: readonly (string | Secret)[] = [text]
    const longestFirst = secrets
      .flatMap((secret) => secret.parts.filter((part) => typeof part !== 'string'))
      .map((secret) => ({ secret, hidden: secret.reveal() }))
      .filter(({ hidden }) => hidden !== '')
      .sort((a, b) => b.hidden.length - a.hidden.length)
    for (const { secret, hidden } of longestFirst) {
      parts = parts.flatMap((part) =>
        typeof part === 'string'
          ? part.split(hidden).flatMap((piece, i) => [...(i > 0 ? [secret] : []), ...(piece === '' ? [] : [piece])])
          : [part],
      )
    }
    return parts.every((part) => typeof part === 'string') ? text : new Secret(parts)
  }

  /** What it is made of: texts that may be read, and the secrets between them. */
  get parts(): readonly (string | Secret)[] {
    if (this.label !== undefined) return [this]
    return this.#parts.flatMap((part) => (typeof part === 'string' ? [part] : part.parts))
  }

  /** The text itself. Never pass it to a command line, a log or a result. */
  reveal(): string {
    return this.#parts.map((part) => (typeof part === 'string' ? part : part.reveal())).join('')
  }

  toString(): string {
    return this.label === undefined ? this.#parts.map(String).join('') : `‹${this.label}›`
  }
  toJSON(): string {
    return this.toString()
  }
  [inspect.custom](): string {
    return this.toString()
  }
}

// Shorter texts occur in ordinary words: masking them would make every output unreadable and tell where they stand.
const shortestMasked = 4

/**
 * A text with secrets in it, readable but for them: masked`mysql://nova:${password}@10.0.0.5/nova`.
 *
 * ```ts
 * ensure('Set the URL', ({ vars }) =>
 *   ini.set(conf, { database: { connection: masked`mysql://nova:${vars.password}@db/nova` } }))
 * ```
 * @throws where JavaScript would eat a backslash
 */
export function masked(strings: TemplateStringsArray, ...values: readonly (string | number | Secret)[]): Secret {
  keepBackslashes(strings)
  return Secret.join(
    strings.flatMap((text, i) => {
      const value = values[i]
      return value === undefined ? [text] : [text, value instanceof Secret ? value : String(value)]
    }),
  )
}

/** Every secret text made so far with its label, longest first. */
export function knownSecrets(): readonly (readonly [text: string, label: string])[] {
  return [...known].sort(([a], [b]) => b.length - a.length)
}

/** The label of a secret in a text, as it is put there by an ordinary template: whoever reads it misses the secret. */
export function labelIn(text: string): string | undefined {
  if (!text.includes('‹')) return undefined
  for (const [shown, label] of text.matchAll(/‹([^‹›]*)›/g)) if (labels.has(label!)) return shown
  return undefined
}

/** How many secrets are known: lets a masker see cheaply whether it is up to date. */
export function knownSecretsCount(): number {
  return known.size
}

/** The text behind a value that may be secret. */
export function revealed(value: string | Secret): string {
  return typeof value === 'string' ? value : value.reveal()
}
