import type { Event } from '../model/event.ts'
import { program } from '../model/program.ts'

/**
 * What happened, its advice with the inventory of this run: in failures, and in what tasks tell. Whoever writes advice
 * does not know it, and says `run NAME -i INVENTORY`; what is told must be typed as it stands. Pure.
 */
export function withInventory<E extends Event>(event: E, argv: readonly string[]): E {
  const typed = (text: string) => (text.includes(placeholder) ? asTyped(text, argv) : text)
  if (event.type === 'output') return event.stream === 'log' ? { ...event, text: typed(event.text) } : event
  if (!('failure' in event) || !event.failure) return event
  const { reason, hint } = event.failure
  const failure = { ...event.failure, reason: typed(reason), ...(hint === undefined ? {} : { hint: typed(hint) }) }
  return { ...event, failure }
}

function asTyped(text: string, argv: readonly string[]): string {
  const given = inventoriesIn(argv).map((one) => ` -i ${/^[\w./:@%+=,-]+$/.test(one) ? one : `'${one}'`}`)
  return text.replaceAll(/\brun (?=\S+ -i INVENTORY)/g, `${program()} `).replaceAll(placeholder, given.join(''))
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
