import { Advice, type CommandResult, Outdated } from '../model/operation.ts'

const refusal = 77
const another = 78

/**
 * A shell function for scripts that look themselves before they change anything: `refuse REASON HINT` ends the script,
 * and `perform` throws the two as Advice.
 *
 * ```ts
 * const script = `${refuse}\n[ ! -e /run/app.pid ] || refuse 'the app runs' 'stop it first'\nrm -rf /var/lib/app`
 * ```
 */
export const refuse = `refuse() { printf 'refused: %s\\ntry: %s\\n' "$1" "$2" >&2; exit ${refusal}; }`

/**
 * A shell function for scripts whose change was decided from what was there: `stale REASON HINT` ends the script, and
 * `perform` throws the two as Outdated, so that whoever runs the operation looks again. For a script that has changed
 * nothing yet.
 */
export const stale = `stale() { printf 'refused: %s\\ntry: %s\\n' "$1" "$2" >&2; exit ${another}; }`

/** Why a script refused, if it did. */
export function refusalIn({ code, stderr }: CommandResult): Advice | undefined {
  const refused = code === refusal || code === another
  const [, reason, hint] = (refused && /^refused: ([^]*?)\ntry: (.*)$/m.exec(stderr)) || []
  if (reason === undefined) return undefined
  return code === another ? new Outdated(reason, hint!) : new Advice(reason, hint!)
}
