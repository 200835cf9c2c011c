import type { Event } from '../model/event.ts'
import { program } from '../model/program.ts'

/**
 * What happened, its advice with the inventory of this run. Whoever writes advice does not know it, and says
 * `run NAME -i INVENTORY`; what is told must be typed as it stands. Pure.
 */
export function withInventory<E extends Event>(event: E, argv: readonly string[]): E {
  if (!('failure' in event) || !event.failure?.hint?.includes(placeholder)) return event
  const given = inventoriesIn(argv).map((one) => ` -i ${/^[\w./:@%+=,-]+$/.test(one) ? one : `'${one}'`}`)
  const hint = event.failure.hint
    .replaceAll(/\brun (?=\S+ -i INVENTORY)/g, `${program()} `)
    .replaceAll(placeholder, given.join(''))
  return { ...event, failure: { ...event.failure, hint } }
}

const placeholder = ' -i INVENTORY'

/** The inventories that a command line names; none where they stand in the settings. */
function inventoriesIn(argv: readonly string[]): readonly string[] {
  return argv.flatMap((word, i) => {
    const [, joined] = /^(?:-i(?=.)|--inventory=)=?(.+)$/s.exec(word) ?? []
    if (joined !== undefined) return [joined]
    const behind = argv[i + 1]
    return (word === '-i' || word === '--inventory') && behind !== undefined ? [behind] : []
  })
}
