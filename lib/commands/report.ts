import { command } from '../cli/command.ts'
import { pick } from '../cli/options.ts'
import { latestOf, onlyRun, readRun, recordedRuns, tellDamage } from '../engine/journal.ts'
import { exit, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'
import { createReporter, wantsColor } from '../report/index.ts'

export const report = command({
  describe: 'Show a recorded run again',
  takes: {
    run: {
      describe: 'Its name, or the beginning of it; latest is the latest',
      completes: 'runs',
      missing: ['the run to show is missing', 'name one of those that run history lists'],
    },
  },
  options: pick('verbose', 'diff', 'json'),
  async act({ words, values: { verbose, diff, json } }) {
    const run = recorded(words.run)
    const shown = createReporter({
      kind: json ? 'json' : 'lines',
      out: process.stdout,
      err: process.stderr,
      verbosity: verbose,
      diff,
      color: wantsColor(process.stdout),
      columns: process.stdout.columns ?? 120,
    })
    for (const event of readRun(run, tellDamage)) shown.report(event)
    await shown.close()
    return exit.ok
  },
})

function recorded(named: string): string {
  const runs = recordedRuns()
  const run = named === 'latest' ? runs.at(-1) : onlyRun(named, runs)
  if (run !== undefined) return run
  throw new Refused(
    {
      message: named === 'latest' ? 'no run is recorded here' : `there is no recorded run ${named}`,
      hint:
        runs.length > 0
          ? `recorded: ${latestOf(runs)}`
          : `runs are recorded in ${stateFolder.runs} of the folder they were started in`,
    },
    exit.usage,
  )
}
