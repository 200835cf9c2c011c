import { existsSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import type { RunFinished, RunStarted } from '../model/event.ts'
import type { Keep } from '../model/keep.ts'
import { stateFolder } from '../model/state-folder.ts'
import { readFrom } from './done.ts'
import { endOfRun, fileOfRun, recordedRuns, startOfRun } from './journal.ts'
import { lives, locks } from './lock.ts'

type Folders = Readonly<Record<'runs' | 'undo', string>>

/** What was removed, oldest first. */
export interface Pruned {
  readonly runs: readonly string[]
  readonly bytes: number
}

/**
 * Removes the journals, and the reports beside them, that are too old, and the oldest while all are too large; never
 * one that something needs yet, nor one of the runs `besides`.
 */
export function pruneRuns(
  { days, megabytes }: Keep,
  besides: readonly string[] = [],
  folder: Folders = stateFolder,
): Pruned {
  const files = recordedRuns(folder.runs).map((run) => filesOf(run, folder.runs))
  let bytes = files.reduce((sum, one) => sum + one.bytes, 0)
  const oldest = days === 0 ? Number.NEGATIVE_INFINITY : Date.now() - days * 86_400_000
  const most = megabytes === 0 ? Number.POSITIVE_INFINITY : megabytes * 1e6
  // Most runs find nothing to remove, and read none of the journals.
  if (bytes <= most && files.every(({ time }) => time >= oldest)) return { runs: [], bytes: 0 }
  const needed = new Set([...neededOf(folder), ...besides])
  const runs: string[] = []
  const before = bytes
  for (const one of files) {
    if (needed.has(one.run) || (one.time >= oldest && bytes <= most)) continue
    for (const name of [one.page, one.journal]) rmSync(name, { force: true })
    bytes -= one.bytes
    runs.push(one.run)
  }
  return { runs, bytes: before - bytes }
}

function filesOf(run: string, directory: string) {
  const [journal, page] = [fileOfRun(run, directory), path.join(directory, `${run}.html`)]
  const stats = [journal, page].map((file) => statSync(file, { throwIfNoEntry: false }))
  return {
    run,
    journal,
    page,
    bytes: stats.reduce((sum, one) => sum + (one?.size ?? 0), 0),
    time: stats[0]?.mtimeMs ?? Number.POSITIVE_INFINITY,
  }
}

interface Recorded extends RunStarted {
  /** undefined: it was broken off, or goes on. */
  readonly end: RunFinished | undefined
}

/** The runs whose journals somebody may want yet. */
function neededOf({ runs: directory, undo }: Folders): ReadonlySet<string> {
  const names = recordedRuns(directory)
  const all: Recorded[] = []
  // Of what cannot be read nobody knows what it is worth.
  const needed = new Set(locks().flatMap(({ holder }) => (lives(holder) ? [holder.run] : [])))
  for (const run of names) {
    const start = startOfRun(run, () => {}, directory)
    if (start) all.push({ ...start, run, end: endOfRun(run, directory) })
    if (!start || existsSync(path.join(undo, `${run}.jsonl`))) needed.add(run)
  }
  const open = unsettled(all)
  const newest = new Map(all.filter(({ check }) => !check).map((one) => [keyOf(one), one.run]))
  return new Set([...needed, ...newest.values(), ...(open.length > 0 ? readFrom(open, directory) : [])])
}

/** What a playbook does with an inventory; of a run that does not say which, what was typed. */
const keyOf = ({ playbook, inventory, argv }: Recorded) => JSON.stringify([playbook, inventory ?? argv])

/** The runs that somebody may go on with: they did not end well, and no later run has done what they left. */
function unsettled(all: readonly Recorded[]): readonly string[] {
  const settled = new Set<string>()
  const later: Recorded[] = []
  for (const one of [...all].reverse()) {
    const { end, run, check } = one
    if (
      (end && (check || isWell(one))) ||
      later.some((other) => other.resumes === run && settled.has(other.run)) ||
      (end && later.some((other) => isWell(other) && covers(other, one)))
    )
      settled.add(run)
    later.push(one)
  }
  return all.flatMap(({ run }) => (settled.has(run) ? [] : [run]))
}

const isWell = ({ end }: Recorded) => end?.outcome === 'ok' && end.owed.length === 0

/** Did a later run do the same, as it was typed, with no fewer tasks on no fewer hosts? */
function covers(later: Recorded, one: Recorded): boolean {
  return (
    !later.check &&
    keyOf(later) === keyOf(one) &&
    JSON.stringify(later.argv) === JSON.stringify(one.argv) &&
    later.tasks >= one.tasks &&
    one.hosts.every((host) => later.hosts.includes(host))
  )
}
