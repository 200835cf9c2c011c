import { Advice } from './operation.ts'
import { didYouMean } from './problem.ts'

/** The names of all options of a type: one that only this or only the type has does not compile. */
export type OptionNames<T> = { readonly [K in keyof T]-?: true }

/**
 * Refuses options of a name that nobody reads: to leave it out of account would do something else than what was asked.
 * The type check finds it as well, and plain JavaScript has none.
 *
 * ```ts
 * interface MotdOptions { readonly mode?: string; readonly backup?: boolean }
 * const names: OptionNames<MotdOptions> = { mode: true, backup: true }
 * function motd(text: string, options: MotdOptions = {}) {
 *   refuseUnknown('motd', options, names)
 *   return file.content('/etc/motd', text, options)
 * }
 * ```
 * @throws Advice with the names that were most likely meant
 */
export function refuseUnknown<T extends object>(of: string, options: T, names: OptionNames<NoInfer<T>>): void {
  const told = unknownOptions(of, options, names)
  if (told) throw new Advice(...told)
}

/** What is wrong with the names of some options, and what to write instead. */
export function unknownOptions(
  of: string,
  options: unknown,
  names: Readonly<Record<string, unknown>>,
): readonly [message: string, hint: string] | undefined {
  const all = Object.keys(names)
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    return [
      `${of} takes its options between braces, and got ${JSON.stringify(options) ?? typeof options}`,
      written(all),
    ]
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(names, name))
  if (unknown.length === 0) return undefined
  const meant = unknown.map((name) => didYouMean(name, all)).filter((one) => one !== undefined)
  return [
    `${of} has no option${unknown.length > 1 ? 's' : ''} ${unknown.join(', ')}`,
    meant.length === unknown.length ? meant.join(' ') : `${[...meant, ''].join(' ')}there are: ${all.join(', ')}`,
  ]
}

const written = (names: readonly string[]) => `write { ${names[0]}: … }; there are: ${names.join(', ')}`
