import type { Reader } from '../model/operation.ts'

/**
 * What will be found of a thing in check mode after what earlier tasks would do, from what is found now; what is found
 * now in a real run.
 *
 * ```ts
 * const lamp = async (connection: Reader, name: string) =>
 *   foresee(connection, `lamp ${name}`, (await output(connection, `lamp ${name}`)) === 'on\n')
 * ```
 * @throws Unforeseen where only a real run can tell
 */
export function foresee<S>(connection: Reader, what: string, now: S, wanted?: unknown): S {
  const { foreseen } = connection
  return foreseen ? foreseen.see(what, now, wanted) : now
}
