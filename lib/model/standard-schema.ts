/**
 * What zod, valibot, arktype and others make, as they have agreed on it (standardschema.dev): a check of a value, which
 * may make another one of it.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): Validated<Output> | Promise<Validated<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
    /** What it takes, as JSON Schema; not all can say it, and not of everything. */
    readonly jsonSchema?: { input(options: SayOptions): Readonly<Record<string, unknown>> }
  }
}

interface SayOptions {
  readonly target: string
  readonly libraryOptions?: Readonly<Record<string, unknown>>
}

/** What a schema makes of a value. */
export type Validated<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }
interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The type that a schema gives. */
export type OutputOf<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer O }
    ? O
    : unknown
  : never

export function isStandardSchema(value: unknown): value is StandardSchema {
  const isThing = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isThing && '~standard' in value
}

/** What is wrong with a value, and where in it: `[0].port`. */
export interface Fault {
  readonly place: string
  readonly message: string
}

/** The value that a schema makes of one, or all that is wrong with it. */
export function validated(
  schema: StandardSchema,
  value: unknown,
): { readonly value: unknown } | { readonly faults: readonly Fault[] } {
  const fault = (message: string) => ({ faults: [{ place: '', message }] })
  let found: Validated<unknown> | Promise<Validated<unknown>>
  try {
    found = schema['~standard'].validate(value)
  } catch (error) {
    return fault(`its schema failed: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (found instanceof Promise) {
    found.catch(() => {})
    return fault('its schema gives no answer at once, since it is asynchronous or throws: check that in a task')
  }
  if (found.issues === undefined) return { value: found.value }
  return { faults: found.issues.map(({ message, path = [] }) => ({ place: placeOf(path), message })) }
}

function placeOf(path: NonNullable<Issue['path']>): string {
  return path
    .map((step) => (typeof step === 'object' ? step.key : step))
    .map((key) =>
      typeof key === 'string' && /^[A-Za-z_$][\w$]*$/.test(key)
        ? `.${key}`
        : `[${typeof key === 'symbol' ? String(key) : JSON.stringify(key)}]`,
    )
    .join('')
}

/** What a schema takes, in words, as far as it can be told. */
export function described(schema: StandardSchema): { readonly expected: string; readonly about?: string } {
  const { vendor, jsonSchema } = schema['~standard']
  try {
    const said = jsonSchema?.input({ target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } })
    if (said) {
      const { description } = said
      return { expected: inWords(said), ...(typeof description === 'string' ? { about: description } : {}) }
    }
  } catch {
    // Not all that a schema can check can be said in JSON Schema.
  }
  return { expected: `what ${vendor} checks` }
}

interface Said {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Said[]
  readonly items?: Said
  readonly properties?: Readonly<Record<string, Said>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Said
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
}

function inWords(said: Said): string {
  if (said.enum) return `one of ${said.enum.map(String).join(', ')}`
  if (said.const !== undefined) return JSON.stringify(said.const)
  if (said.anyOf) return said.anyOf.map(inWords).join(' or ')
  switch (said.type) {
    case 'string':
      return 'a text'
    case 'boolean':
      return 'true or false'
    case 'number':
      return `a number${range(said)}`
    case 'integer':
      return `a whole number${range(said)}`
    case 'array':
      return `a list${said.items ? ` of ${inWords(said.items)}` : ''}`
    case 'object': {
      const { properties = {}, required = [], additionalProperties } = said
      const names = Object.entries(properties).map(
        ([name, one]) => `${name}${required.includes(name) ? '' : '?'}: ${inWords(one)}`,
      )
      if (names.length > 0) return `{ ${names.join(', ')} }`
      return typeof additionalProperties === 'object' ? `names with ${inWords(additionalProperties)}` : 'an object'
    }
    default:
      return said.type ?? 'anything'
  }
}

function range({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Said): string {
  const whole = type === 'integer'
  const least = bound(minimum) ?? (whole && bound(exclusiveMinimum) !== undefined ? exclusiveMinimum! + 1 : undefined)
  const most = bound(maximum) ?? (whole && bound(exclusiveMaximum) !== undefined ? exclusiveMaximum! - 1 : undefined)
  return [
    ...(least === undefined
      ? bound(exclusiveMinimum) === undefined
        ? []
        : [` above ${exclusiveMinimum}`]
      : [` from ${least}`]),
    ...(most === undefined
      ? bound(exclusiveMaximum) === undefined
        ? []
        : [` below ${exclusiveMaximum}`]
      : [` to ${most}`]),
  ].join('')
}

// What stands for no bound at all is none.
const bound = (given: number | undefined) =>
  given === undefined || Math.abs(given) >= Number.MAX_SAFE_INTEGER ? undefined : given
