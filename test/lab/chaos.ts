// Kills one upgrade again and again, breaks hosts under others, and compares each end with that of an undisturbed run
// (test/lab/README.md). Minutes each:
//   npm run test:chaos -- [--every N] [--from K] [--chain | --faults] [--only WORD]
import { parseArgs } from 'node:util'
import { doLab, latestJournal, must, ownLab } from '../rig/lab.ts'
import { hear, type Heard, told } from '../rig/killed.ts'
import { command, withCommand } from '../rig/command.ts'
import { type Chain, chain, placesOf, upgrade } from './chaos/chain.ts'
import { culprits } from './chaos/culprits.ts'
import { type Fault, faults } from './chaos/faults.ts'
import { differing, taken } from './chaos/state.ts'

const { values } = parseArgs({
  options: {
    // Kill at each N-th new place, from the K-th on: chains with other K kill where other places come before.
    every: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    chain: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
    // Only the faults with this in their names.
    only: { type: 'string', default: '' },
  },
})
const [every, from] = [Number(values.every), Number(values.from)]
const began = Date.now()
let different = 0

await ownLab()
const fresh = await taken()
const undisturbed = await hear(upgrade)
if (undisturbed.code !== 0) throw new Error(`the undisturbed run failed: ${undisturbed.err}${failures(undisturbed)}`)
const reference = await taken()
const { places, middles } = placesOf(undisturbed.events)
say(`${places.length} places in an undisturbed run, ${middles.size} of them in the middle of a task`)

if (!values.faults) await killed()
if (!values.chain) for (const fault of faults.filter(({ name }) => name.includes(values.only))) await suffer(fault)
say(different === 0 ? 'all identical' : `${different} different`)
process.exit(different > 0 ? 1 : 0)

/** One chain; where it ends otherwise than the undisturbed run, the kills that this takes are looked for. */
async function killed(): Promise<void> {
  const one = await chain(
    (_, nth) => nth >= from && (nth - from) % every === 0,
    middles,
    (place) => say(`  killed: ${place}`),
  )
  const wrong = await wrongs(one)
  const met = places.filter((place) => one.killed.includes(place)).length
  say(`${verdict(wrong)}  a chain of ${one.killed.length} kills, ${met} of them at the ${places.length} places`, wrong)
  if (one.waited > 0) say(`  ${one.waited} times another run still held a host`)
  if (wrong.length === 0) return
  different++
  const fails = async (some: readonly string[]) => {
    const again = await wrongs(await chain((place) => some.includes(place), middles))
    say(`  ${verdict(again)}  with ${some.length} of them, the last of which is ${some.at(-1)}`, again.slice(0, 5))
    return again.length > 0
  }
  const last = one.killed.slice(-1)
  const guilty = one.last.code !== 0 && (await fails(last)) ? last : await culprits(one.killed, fails)
  say('it takes a kill here:', guilty)
}

/** What is wrong at the end of a chain. */
async function wrongs({ last }: Chain): Promise<readonly string[]> {
  if (last.code !== 0) return [`exit code ${last.code}: ${failures(last)}${last.err}`]
  return [...(await inJournals()), ...differing(await taken(), reference, fresh)]
}

/** What is wrong in what is recorded: a run that ended well owes nothing, and can be shown and told again. */
async function inJournals(): Promise<readonly string[]> {
  const owed = latestJournal().flatMap((event) => (event.type === 'run-finished' ? event.owed : []))
  const report = await must(process.execPath, [command, 'report', 'latest'], undefined, withCommand)
  const missing = ['PLAY RECAP', 'Finished'].filter((word) => !report.includes(word))
  return [
    ...owed.map(({ host, handler }) => `${handler} is still owed on ${host}`),
    ...missing.map((word) => `its report has no ${word}`),
  ]
}

/** An upgrade under which a fault happens, gone on with once its cause is taken away. */
async function suffer(fault: Fault): Promise<void> {
  await doLab('reset')
  await fault.prepare?.()
  let happening: Promise<unknown> | undefined
  const first = await hear(upgrade, (event, kill) => {
    if (happening || event.type !== 'change-planned') return
    if (`${event.path.role} › ${event.path.task}` !== fault.during) return
    const begin = async () => {
      await new Promise((resolve) => setTimeout(resolve, fault.after ?? 0))
      await fault.begin()
    }
    happening = begin()
    if (fault.kill) kill()
  })
  if (!happening) throw new Error(`${fault.name}: ${fault.during} has changed nothing:\n${failures(first)}${first.err}`)
  await happening
  const advice = first.events.flatMap((event) => (event.type === 'task-finished' && event.failure ? [event] : []))
  say(`  ${fault.name}: exit code ${first.code}`, [
    ...advice.map((event) => `${told(event)}: ${event.failure!.reason}\n      try: ${event.failure!.hint}`),
    first.err,
  ])
  await fault.end?.()
  const wrong: string[] = []
  if (first.code !== 0) {
    for (const event of advice) if (!event.failure!.hint) wrong.push(`no next step: ${event.failure!.reason}`)
    const again = await hear([...upgrade, '--resume'])
    if (again.code !== 0) wrong.push(`exit code ${again.code} after --resume: ${failures(again)}${again.err}`)
  }
  await fault.clear?.()
  if (wrong.length === 0) wrong.push(...(await inJournals()), ...differing(await taken(), reference, fresh))
  if (wrong.length > 0) different++
  say(`${verdict(wrong)}  ${fault.name}`, wrong)
}

function verdict(wrong: readonly string[]): string {
  return wrong.length === 0 ? 'identical' : 'DIFFERENT'
}

function say(line: string, more: readonly string[] = []): void {
  const at = `${Math.round((Date.now() - began) / 1000)} s`.padStart(6)
  const shown = more.filter((one) => one.trim() !== '').slice(0, 20)
  process.stdout.write(`${at}  ${line}\n${shown.map((one) => `        ${one.trim()}\n`).join('')}`)
}

function failures({ events }: Heard): string {
  const failed = events.flatMap((event) =>
    event.type === 'task-finished' && event.failure
      ? [`${told(event)}: ${event.failure.reason.slice(0, 300)} (${event.failure.hint ?? 'no next step'})`]
      : [],
  )
  return failed.join('; ')
}
