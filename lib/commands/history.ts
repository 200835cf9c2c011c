import { command } from '../cli/command.ts'
import { typed } from '../cli/command-line.ts'
import { pick } from '../cli/options.ts'
import { readRun, recordedRuns, tellDamage } from '../engine/journal.ts'
import { columns } from '../model/columns.ts'
import { counted } from '../model/counted.ts'
import { recap, type RunFinished, type RunStarted } from '../model/event.ts'
import { exit } from '../model/problem.ts'
import { program } from '../model/program.ts'

export const history = command({
  describe: 'List the recorded runs',
  options: {
    ...pick('json'),
    playbook: { kind: 'text', describe: 'Only runs of this playbook, by its name' },
    host: { kind: 'text', describe: 'Only runs that came to this host' },
    last: { kind: 'number', least: 1, describe: 'Only so many, the latest' },
  },
  examples: [['run history --host web1 --last 5', 'The latest five runs that came to web1']],
  async act({ values: { json, playbook, host, last } }) {
    const all = recordedRuns().map(summary)
    const wanted = all.filter(
      (run) =>
        (playbook === undefined || run.playbook === playbook) && (host === undefined || run.names.includes(host)),
    )
    const runs = last === undefined ? wanted : wanted.slice(-last)
    const none =
      all.length > 0 ? `none of the ${counted(all.length, 'run')} here is such a one` : 'no run is recorded here'
    const lines = runs.length > 0 ? columns(runs.map(cells)) : [none]
    process.stdout.write(json ? `${JSON.stringify(runs, undefined, 2)}\n` : `${lines.join('\n')}\n`)
    return exit.ok
  },
})

/** How a run ended, on how many hosts, what it was. */
function summary(run: string) {
  let started: RunStarted | undefined
  let finished: RunFinished | undefined
  const counts = recap(
    (function* () {
      for (const event of readRun(run, tellDamage)) {
        if (event.type === 'run-started') started ??= event
        if (event.type === 'run-finished') finished = event
        yield event
      }
    })(),
  )
  return {
    run,
    playbook: started?.playbook ?? '',
    outcome: finished?.outcome ?? 'broken off',
    hosts: counts.length,
    names: counts.map((row) => row.host),
    changed: counts.reduce((sum, row) => sum + row.changed, 0),
    seconds: finished ? finished.milliseconds / 1000 : undefined,
    argv: started?.argv ?? [],
  }
}

function cells({ run, outcome, hosts, changed, seconds, argv }: ReturnType<typeof summary>): readonly string[] {
  return [
    run,
    outcome,
    counted(hosts, 'host'),
    `${changed} changed`,
    seconds === undefined ? '' : `${seconds.toFixed(1)} s`,
    `${program()} ${typed(argv)}`,
  ]
}
