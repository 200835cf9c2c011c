import { writeFileSync } from 'node:fs'
import { command } from '../cli/command.ts'
import { pick } from '../cli/options.ts'
import { latestOf, onlyRun, readRun, recordedRuns, tellDamage } from '../engine/journal.ts'
import { exit, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'
import { createReporter, htmlReport, wantsColor } from '../report/index.ts'

export const report = command({
  describe: 'Show a recorded run again',
  takes: {
    run: {
      describe: 'Its name, or the beginning of it; latest is the latest',
      completes: 'runs',
      missing: ['the run to show is missing', 'name one of those that run history lists'],
    },
  },
  options: pick('verbose', 'diff', 'json', 'html'),
  async act({ words, values: { verbose, diff, json, html } }) {
    const run = recorded(words.run)
    if (html !== undefined) {
      // What a run says of a cloud is for those who may see the journal.
      writeFileSync(html, htmlReport(readRun(run, tellDamage)), { mode: 0o600 })
      process.stdout.write(`${html} is written\n`)
      return exit.ok
    }
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
