import path from 'node:path'
import { readJournal, recordedRuns } from '../engine/journal.ts'
import { recap, type Timed } from '../model/event.ts'
import { exit, Refused } from '../model/problem.ts'
import { typed } from './command-line.ts'
import type { Values } from './options.ts'

const directory = '.switchover/runs'

const eventsOf = (run: string): readonly Timed[] => readJournal(path.join(directory, `${run}.jsonl`))

/** Lists the recorded runs, the latest last: how each ended, on how many hosts, what it was. */
export async function history(json: boolean): Promise<number> {
  const rows = recordedRuns(directory).map((run) => {
    const events = eventsOf(run)
    const started = events.find((event) => event.type === 'run-started')
    const finished = events.findLast((event) => event.type === 'run-finished')
    const counts = recap(events)
    const changed = counts.reduce((sum, row) => sum + row.changed, 0)
    return {
      run,
      playbook: started?.playbook ?? '',
      outcome: finished?.outcome ?? 'broken off',
      hosts: counts.length,
      changed,
      seconds: finished ? finished.milliseconds / 1000 : undefined,
      argv: started?.argv ?? [],
    }
  })
  if (json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`)
  else if (rows.length === 0) process.stdout.write('no run is recorded here\n')
  else {
    const cells = rows.map((row) => [
      row.run,
      row.outcome,
      `${row.hosts} ${row.hosts === 1 ? 'host' : 'hosts'}`,
      `${row.changed} changed`,
      row.seconds === undefined ? '' : `${row.seconds.toFixed(1)} s`,
      `run ${typed(row.argv)}`,
    ])
    const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...cells.map((row) => row[i]!.length)))
    for (const row of cells)
      process.stdout.write(
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
      )
  }
  return exit.ok
}

/** Shows a recorded run again, as it was shown when it ran. */
export async function report(named: string, { verbose, diff, json }: Values): Promise<number> {
  const runs = recordedRuns(directory)
  const run = named === 'latest' ? runs.at(-1) : runs.findLast((one) => one.startsWith(named))
  if (run === undefined) {
    throw new Refused(
      {
        message: named === 'latest' ? 'no run is recorded here' : `there is no recorded run ${named}`,
        hint:
          runs.length > 0
            ? `recorded: ${runs.slice(-5).join(', ')}`
            : 'runs are recorded in .switchover/runs of the folder they were started in',
      },
      exit.usage,
    )
  }
  const { createReporter, wantsColor } = await import('../report/index.ts')
  const shown = createReporter({
    kind: json ? 'json' : 'lines',
    out: process.stdout,
    err: process.stderr,
    verbosity: verbose,
    diff,
    color: wantsColor(process.stdout),
    columns: process.stdout.columns ?? 120,
  })
  for (const event of eventsOf(run)) shown.report(event)
  await shown.close()
  return exit.ok
}
