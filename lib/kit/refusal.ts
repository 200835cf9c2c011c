import { Advice, type CommandResult } from '../model/operation.ts'

const refusal = 77

/**
 * A shell function for scripts that look themselves before they change anything: `refuse REASON HINT` ends the script,
 * and `perform` throws the two as Advice.
 *
 * ```ts
 * const script = `${refuse}\n[ ! -e /run/app.pid ] || refuse 'the app runs' 'stop it first'\nrm -rf /var/lib/app`
 * ```
 */
export const refuse = `refuse() { printf 'refused: %s\\ntry: %s\\n' "$1" "$2" >&2; exit ${refusal}; }`

/** Why a script refused, if it did. */
export function refusalIn({ code, stderr }: CommandResult): Advice | undefined {
  const [, reason, hint] = (code === refusal && /^refused: ([^]*?)\ntry: (.*)$/m.exec(stderr)) || []
  return reason === undefined ? undefined : new Advice(reason, hint!)
}
