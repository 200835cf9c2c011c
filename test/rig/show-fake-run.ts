// Shows a made-up run, to look at: node --import tsx test/rig/show-fake-run.ts tree 50 40 1 0
import { createReporter, wantsColor } from '../../lib/report/index.ts'
import { fakeRun, playBack } from './fake-run.ts'

const [kind = 'tree', hosts = '50', tasks = '40', speed = '1', verbosity = '0'] = process.argv.slice(2)
const reporter = createReporter({
  kind: kind as 'tree' | 'lines' | 'json',
  out: process.stdout,
  err: process.stderr,
  verbosity: Number(verbosity),
  diff: true,
  color: wantsColor(process.stdout),
  next: ({ counts }) =>
    counts.some(({ failed }) => failed > 0)
      ? 'Go on with: run playbooks/full-upgrade.ts -i inventory/lab --resume'
      : undefined,
})
let stopped = false
process.once('SIGINT', () => {
  stopped = true
  void reporter.close().then(() => process.exit(130))
})
await playBack(
  fakeRun({ hosts: Number(hosts), tasks: Number(tasks) }),
  (event) => {
    if (!stopped) reporter.report(event)
  },
  Number(speed),
)
await reporter.close()
