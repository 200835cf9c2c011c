import { readFileSync } from 'node:fs'
import path from 'node:path'
import { command } from '../cli/command.ts'
import { typed } from '../cli/command-line.ts'
import { becomeOf, keepOf } from '../cli/inputs.ts'
import { type connecting, keeping, type Options, pick, type ValuesOf, vaults } from '../cli/options.ts'
import { checkOutputs, makeOwn, ownReporters, reportersFor } from '../cli/reporters.ts'
import { withSignals } from '../cli/signals.ts'
import { interactive } from '../cli/terminal.ts'
import { version } from '../cli/version.ts'
import { applyLimit } from '../model/pattern.ts'
import type { SavedPlan } from '../model/plan.ts'
import { exit, Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'
import { apply as carryOut } from '../program/apply.ts'
import type { Moved } from '../program/moved.ts'
import { readPlan } from '../program/plan-file.ts'
import { checkPlays } from '../program/prepare.ts'
import { checksumsOf } from '../program/sources.ts'
import { harmlessLines, mask } from '../report/index.ts'
import { connected, keeperOf, load, operatorAt, type Selected, type selecting } from './run.ts'

const options = {
  ...pick('limit', 'extra-vars', 'forks', 'diff', 'yes', 'undoable', 'force-handlers', 'output', 'verbose', 'audit'),
  unknown: {
    kind: 'flag',
    fallback: false,
    describe: 'Let what the plan could not foresee do at its turn what it finds to do',
  },
  ...pick('ask-pass', 'connection-password-file', 'ask-become-pass', 'become-password-file'),
  ...keeping,
  ...vaults,
} as const satisfies Options

type Given = ValuesOf<typeof options>

export const apply = command({
  describe: 'Do exactly what a plan of `run plan` says',
  takes: {
    plan: {
      describe: 'The file of the plan',
      completes: 'files',
      missing: ['the plan is missing', 'make one: run plan PLAYBOOK -i INVENTORY -o FILE'],
    },
  },
  options,
  examples: [
    ['run apply site.plan', 'Do it, except on hosts that are not as the plan saw them any more'],
    ['run apply site.plan -l web1', 'On one of its hosts first'],
  ],
  async act({ words, values }) {
    checkOutputs(values.output)
    const plan = readPlan(words.plan, version())
    refuseElsewhere(plan, words.plan)
    const given = asPlanned(plan, values)
    const selected = await load({ target: plan.given.target, values: given, argv: plan.argv })
    await checkPlays(selected)
    return execute(await connected(limited(selected, values.limit), given), plan, words.plan, values)
  },
})

/** What the plan was made with, and the passwords and secrets that are given now. */
function asPlanned({ given }: SavedPlan, values: Given): ValuesOf<typeof selecting> & ValuesOf<typeof connecting> {
  return {
    ...values,
    become: false,
    connection: undefined,
    user: undefined,
    'private-key': undefined,
    timeout: undefined,
    'become-user': undefined,
    'become-method': undefined,
    ...(given.connecting as Partial<ValuesOf<typeof connecting>>),
    inventory: given.inventory,
    limit: given.limit.length > 0 ? given.limit : undefined,
    tags: given.tags,
    'skip-tags': given.skipTags,
    'start-at-task': given.startAt,
    'extra-vars': [...given.extraVars, ...(values['extra-vars'] ?? [])],
  }
}

/** @throws Refused in another folder than the plan's: its paths begin there, and so do the journals */
function refuseElsewhere({ folder }: SavedPlan, file: string): void {
  if (folder === process.cwd()) return
  throw new Refused(
    {
      message: `the plan was made in ${folder}, where its paths begin`,
      hint: `go there: cd ${typed([folder])} && ${program()} apply ${typed([path.resolve(file)])}`,
    },
    exit.refused,
  )
}

/** Only the hosts that --limit leaves of the plan's. @throws Refused */
function limited(selected: Selected, limit: readonly string[] = []): Selected {
  if (limit.length === 0) return selected
  const { plays, inventory } = selected
  const { hosts, problems } = applyLimit([...inventory.hosts.values()], limit, inventory, (file) =>
    readFileSync(file, 'utf8'),
  )
  if (problems.length > 0) throw new Refused(problems, exit.empty)
  const some = plays.map((play) => ({ ...play, hosts: play.hosts.filter((host) => hosts.includes(host)) }))
  if (some.every((play) => play.hosts.length === 0))
    throw new Refused(
      {
        message: `the limit ${limit.join(',')} leaves no host of the plan`,
        hint: 'see the plan: its hosts are named there',
      },
      exit.empty,
    )
  return { ...selected, plays: some }
}

async function execute(selected: Selected, plan: SavedPlan, file: string, values: Given): Promise<number> {
  const own = await makeOwn(ownReporters(values.output))
  const { live, reporters } = await reportersFor({ ...values, step: false, check: false }, own, runOf(plan))
  const become = becomeOf(plan.given.connecting as Pick<ValuesOf<typeof connecting>, 'become' | 'become-user'>)
  const more = (values['extra-vars'] ?? []).map((one) => ` -e ${typed([one])}`)
  const anew = `${program()} ${typed(plan.argv)}${plan.asked}${more.join('')}`
  let leftOut = false
  const code = await withSignals(async (caught) => {
    const { performed, left } = await carryOut(selected, {
      plan,
      code: checksumsOf(selected.file),
      unknown: values.unknown,
      anew,
      left: (moved) => void process.stderr.write(harmlessLines(mask(told(moved, anew)))),
      check: false,
      forks: values.forks,
      forceHandlers: values['force-handlers'],
      audit: values.audit,
      argv: runOf(plan),
      keep: keepOf(values),
      ...become,
      ...(values.undoable ? { keeper: await keeperOf(selected, { inventory: plan.given.inventory }) } : {}),
      locks: '--check',
      records: true,
      unattended: !values.yes && !interactive(),
      reporters,
      operator: (emit) => operatorAt(live, caught(emit), values, emit),
    })
    if (!performed && left.size === 0)
      process.stdout.write(`${file}: nothing is to be changed
`)
    leftOut = left.size > 0
    return performed
  })
  return code === exit.ok && leftOut ? exit.refused : code
}

/** The line of the plain run of the same: how to go on where a run of the plan has stopped. */
function runOf({ given }: SavedPlan): readonly string[] {
  const each = (option: string, values: readonly string[]) => values.flatMap((value) => [option, value])
  return [
    given.target,
    ...each('-i', given.inventory),
    ...each('-l', given.limit),
    ...each('-t', given.tags),
    ...each('--skip-tags', given.skipTags),
    ...each('--start-at-task', given.startAt === undefined ? [] : [given.startAt]),
    ...each('-e', given.extraVars),
    ...Object.entries(given.connecting).flatMap(([name, value]) =>
      value === true ? [`--${name}`] : value === false ? [] : [`--${name}`, String(value)],
    ),
  ]
}

/** Which hosts are left out, and why, a line each. */
function told(moved: Moved, anew: string): string {
  const lines = [...moved].flatMap(([host, [first, ...others]]) => {
    const more = others.length - mostReasons + 1
    const shown = [first!, ...others.slice(0, mostReasons - 1)]
    return [...shown.map((what) => `${host} is left out: ${what}`), ...(more > 0 ? [`${host}: and ${more} more`] : [])]
  })
  return `${lines.join('\n')}\nsee what would be done there now: ${anew}\n`
}

const mostReasons = 5
