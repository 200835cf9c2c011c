import type { HostRef } from '../../model/inventory.ts'
import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { operation, type Operation, type Reader } from '../../model/operation.ts'
import type { Secret } from '../../model/secret.ts'
import { steadyNow } from '../../model/steady-time.ts'
import { sh } from '../../kit/shell.ts'
import { mebi } from './progress.ts'
import { relay } from './relay.ts'

/** How many bytes came in how many seconds. */
export type Pace = { readonly bytes: number; readonly seconds: number }

/** Of which file or device of which host the beginning is read. */
export interface PaceOptions {
  readonly from: HostRef
  readonly path: string
  /** How much of it at most, in bytes; 64 MiB unless said. */
  readonly most?: number
}

const paceNames: OptionNames<PaceOptions> = { from: true, path: true, most: true }

/**
 * Measures how fast a copy from another host to this one goes: the beginning of a file or device is read there, brought
 * the same way, and kept nowhere.
 *
 * ```ts
 * const { bytes, seconds } = await host.run(
 *   copyBetween.pace({ from: host.vars.source, path: '/var/lib/glance/images/big' }),
 * )
 * ```
 * @throws CommandFailed when it cannot be read
 */
export function pace(options: PaceOptions): Operation<Pace> {
  refuseUnknown('copyBetween.pace', options, paceNames)
  return paceOperation({ ...options, most: options.most ?? 64 * mebi })
}

const paceOperation = operation<Required<PaceOptions>, Pace, Pace>(
  ({ from, path }) => `copyBetween.pace ${path} from ${from.name}`,
  {
    read: async (connection, { from, path, most }) =>
      passing(await connection.peer(from), connection, { script: sh`head -c ${most} ${path}`, shown: `read ${path}` }),
    plan: (result) => ({ result }),
  },
)

/** A command that writes what is measured, and what it reads. */
interface Written {
  readonly script: string
  readonly stdin?: string | Secret
  readonly shown: string
}

/** How fast what a command of one host writes reaches another one, where nothing is kept of it. */
export async function passing(source: Reader, target: Reader, { script, stdin, shown }: Written): Promise<Pace> {
  const began = steadyNow()
  const { bytes } = await relay(
    { doing: shown, start: () => source.stream(script), ...(stdin === undefined ? {} : { input: stdin }) },
    { doing: 'cat > /dev/null', start: () => target.stream('cat > /dev/null') },
  )
  return { bytes, seconds: (steadyNow() - began) / 1000 }
}
