import { command } from '../cli/command.ts'
import { holdsSecret, typed, withoutSecrets } from '../cli/command-line.ts'
import { becomeOf } from '../cli/inputs.ts'
import { connecting, type Options, pick, type ValuesOf } from '../cli/options.ts'
import { withSignals } from '../cli/signals.ts'
import { version } from '../cli/version.ts'
import type { Reporter } from '../model/event.ts'
import type { SavedPlan } from '../model/plan.ts'
import { checkOutput } from '../model/output-file.ts'
import { together } from '../model/problem.ts'
import { program } from '../model/program.ts'
import { splitTags } from '../model/tags.ts'
import { newKey, plannedHosts, planFile, writePlan } from '../program/plan-file.ts'
import { checkPlays } from '../program/prepare.ts'
import { checksumsOf } from '../program/sources.ts'
import { drawPlan, mask, wantsColor } from '../report/index.ts'
import { connected, load, operatorAt, type Selected, selecting } from './run.ts'

const options = {
  ...selecting,
  ...pick('forks', 'diff', 'verbose', 'json', 'type-check'),
  out: {
    kind: 'text',
    alias: 'o',
    path: true,
    completes: 'files',
    describe: 'Keep the plan in this file, for run apply',
  },
  ...connecting,
} as const satisfies Options

export const plan = command({
  describe: 'Say what a run would do, and keep it for `run apply`',
  takes: {
    target: {
      describe: 'Path of a playbook, or the name of a role',
      completes: 'runnable',
      missing: [
        'something to plan is missing',
        'name a playbook or a role, as in run plan site.ts -i hosts.ini -o site.plan',
      ],
    },
  },
  options,
  examples: [
    ['run plan site.ts -i hosts.ini -D', 'Show what would be done, with differences'],
    ['run plan site.ts -i hosts.ini -o site.plan', 'Keep it: run apply site.plan does that, and nothing else'],
  ],
  async act({ words: { target }, values, argv }) {
    const [, selected] = together(
      ...(await Promise.allSettled([
        Promise.resolve().then(() => values.out !== undefined && checkOutput(values.out, planFile)),
        load({ target, values, argv, ...(values['type-check'] ? { checked: [] } : {}) }),
      ])),
    )
    await checkPlays(selected)
    const reached = await connected(selected, values)
    const key = newKey()
    const code = checksumsOf(selected.file)
    const hosts = plannedHosts(reached.inventory, key)
    const { tasks, exitCode } = await look(reached, key, values)
    const { words: line, asked } = withoutSecrets(argv)
    const made: SavedPlan = {
      format: 1,
      version: version(),
      made: new Date().toISOString(),
      key,
      playbook: selected.playbook.name,
      folder: process.cwd(),
      argv: line,
      asked,
      given: givenBy(target, values),
      code,
      hosts,
      tasks,
    }
    if (values.out !== undefined) writePlan(values.out, made)
    const shown = values.json
      ? JSON.stringify(tasks, undefined, 2)
      : drawPlan(made, { color: wantsColor(process.stdout), diff: values.diff, verbosity: values.verbose })
    const next = values.out === undefined || values.json ? '' : `Do it: ${program()} apply ${typed([values.out])}\n`
    process.stdout.write(mask(`${shown}\n${next}`))
    return exitCode
  },
})

/** Runs it in check mode, in silence but for warnings. */
async function look(selected: Selected, key: string, values: ValuesOf<typeof options>) {
  const { perform } = await import('../program/perform.ts')
  const { Recording } = await import('../program/recording.ts')
  const recording = new Recording(selected.plays, key)
  const become = becomeOf(values)
  const exitCode = await withSignals((caught) =>
    perform(selected, {
      check: true,
      forks: values.forks,
      forceHandlers: false,
      argv: [],
      ...become,
      records: false,
      weigh: recording.weigh,
      reporters: [recording.reporter, warnings],
      operator: (emit) => operatorAt({ pause() {}, resume() {} }, caught(emit), { yes: false }, emit),
    }),
  )
  return { tasks: recording.tasks(), exitCode }
}

/** Tells warnings, and nothing else of a run. */
export const warnings: Reporter = {
  report: (event) => {
    if (event.type === 'warned') process.stderr.write(mask(`[WARNING]: ${event.message}\n`))
  },
  close: () => Promise.resolve(),
}

function givenBy(target: string, values: ValuesOf<typeof options>): SavedPlan['given'] {
  const start = values['start-at-task']
  // Passwords, and the files they lie in, are named anew where the plan is carried out.
  const {
    connection,
    user,
    'private-key': key,
    timeout,
    become,
    'become-user': other,
    'become-method': method,
  } = values
  const how = { connection, user, 'private-key': key, timeout, become, 'become-user': other, 'become-method': method }
  return {
    target,
    inventory: values.inventory ?? [],
    limit: values.limit ?? [],
    tags: splitTags(values.tags ?? []),
    skipTags: splitTags(values['skip-tags'] ?? []),
    ...(start === undefined ? {} : { startAt: start }),
    extraVars: (values['extra-vars'] ?? []).filter((text) => !holdsSecret(text)),
    connecting: Object.fromEntries(Object.entries(how).filter(([, value]) => value !== undefined)),
  }
}
