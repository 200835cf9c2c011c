import { existsSync } from 'node:fs'
import path from 'node:path'
import { command } from '../cli/command.ts'
import { pick } from '../cli/options.ts'
import { fileOfRun, onlyRun, readJournal, recordedRuns, runMeant, tellDamage } from '../engine/journal.ts'
import { checkOutput, replaceFile } from '../model/output-file.ts'
import { exit, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'
import { createReporter, exitCodeOf, htmlReport, joined, pageFile, wantsColor } from '../report/index.ts'

export const report = command({
  describe: 'Show a recorded run again, or several as one',
  takes: {
    run: {
      describe: 'Its name, or the beginning of it; latest is the latest; or the file of its journal',
      many: true,
      completes: 'runs',
      missing: ['the run to show is missing', 'name one of those that run history lists'],
    },
  },
  options: {
    ...pick('verbose', 'diff', 'json'),
    html: {
      kind: 'text',
      path: true,
      completes: 'files',
      describe: 'Write it to a file as a page that needs nothing beside it, with a timeline',
    },
  },
  async act({ words, values: { verbose, diff, json, html } }) {
    if (html !== undefined) checkOutput(html, pageFile)
    const files = new Set(words.run.map(journalOf))
    const runs = [...files].map((file) => readJournal(file, tellDamage))
    const join = runs.length > 1 ? joined(runs) : undefined
    const events = join?.events ?? runs[0]!
    const code = exitCodeOf[join?.outcome ?? 'ok']
    if (html !== undefined) {
      // What a run says of a cloud is for those who may see the journal.
      replaceFile(html, htmlReport(events), 0o600)
      process.stdout.write(`${html} is written\n`)
      return code
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
    for (const event of events) shown.report(event)
    await shown.close()
    return code
  },
})

/** The journal of a run by its name, or a file that was brought here from where the run was started. */
function journalOf(named: string): string {
  return named.endsWith('.jsonl') && existsSync(named) ? path.resolve(named) : path.resolve(fileOfRun(recorded(named)))
}

function recorded(named: string): string {
  const runs = recordedRuns()
  const run = named === 'latest' ? runs.at(-1) : onlyRun(named, runs)
  if (run !== undefined) return run
  throw new Refused(
    {
      message: named === 'latest' ? 'no run is recorded here' : `there is no recorded run ${named}`,
      hint: runMeant(named, runs, `runs are recorded in ${stateFolder.runs} of the folder they were started in`),
    },
    exit.usage,
  )
}
