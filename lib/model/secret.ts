import { inspect } from 'node:util'

const known = new Map<string, string>()

/**
 * A value that prints as its label everywhere: in logs, diffs, reports, JSON and string templates.
 * Only `reveal()` gives the text, so every use can be found by that word.
 */
export class Secret {
  readonly #parts: readonly (string | Secret)[]
  readonly #label: string | undefined

  private constructor(parts: readonly (string | Secret)[], label?: string) {
    this.#parts = parts
    this.#label = label
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

  /** The text itself. Never pass it to a command line, a log or a result. */
  reveal(): string {
    return this.#parts.map((part) => (typeof part === 'string' ? part : part.reveal())).join('')
  }

  toString(): string {
    return this.#label === undefined ? this.#parts.map(String).join('') : `‹${this.#label}›`
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

/** A text with secrets in it, readable but for them: masked`mysql://nova:${password}@10.0.0.5/nova`. */
export function masked(strings: TemplateStringsArray, ...values: readonly (string | number | Secret)[]): Secret {
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

/** How many secrets are known: lets a masker see cheaply whether it is up to date. */
export function knownSecretsCount(): number {
  return known.size
}

/** The text behind a value that may be secret. */
export function revealed(value: string | Secret): string {
  return typeof value === 'string' ? value : value.reveal()
}
