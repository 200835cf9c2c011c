// Every name that a user writes, with a letter dropped, doubled or swapped: the one that was meant is suggested. Which
// slips are made is thrown by dice; SWITCHOVER_CASES=5000 makes as many, and SWITCHOVER_SEED others.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from '../../lib/cli/parser.ts'
import type { AnyCommand } from '../../lib/cli/command.ts'
import { checkSettings, options } from '../../lib/cli/options.ts'
import { commands, commandWords } from '../../lib/commands/index.ts'
import { runMeant } from '../../lib/engine/journal.ts'
import { checkExtraVars } from '../../lib/engine/preflight.ts'
import { select } from '../../lib/engine/select.ts'
import { inventory, number, play, playbook, role, text } from '../../lib/index.ts'
import { misspeltVar } from '../../lib/inventory/ansible-vars.ts'
import { kinds, settingMeant } from '../../lib/inventory/connection.ts'
import { inventoryOf } from '../../lib/inventory/load.ts'
import { Refused, showProblems } from '../../lib/model/problem.ts'
import { look } from '../rig/hosts.ts'

const test = suite('misspelt names')
const seed = Number(process.env['SWITCHOVER_SEED'] ?? 1)
const most = Number(process.env['SWITCHOVER_CASES'] ?? 400)

const lab = await inventoryOf(
  inventory({
    groups: {
      controllers: { hosts: ['node-1', 'node-2'] },
      compute: { hosts: ['compute-01', 'compute-02', 'compute-11'] },
      databases: { hosts: ['db1.example.org', 'galera'] },
    },
  }),
)
const nova = role('nova', { release: text.or('x'), workers: number.or(1), keystone_address: text.or('y') }, (steps) => {
  steps.task('Install the packages', { tags: ['packages', 'install'] }, look('a'))
  steps.task('Write nova.conf', { tags: ['config'] }, look('b'))
  steps.task('Restart the services', { tags: ['restart'] }, look('c'))
})
const book = playbook('site', [play('Everything', { hosts: 'all' }, [nova])])

/** Where names of a kind are written, and what is said of one that is not there. */
interface Kind {
  readonly names: readonly string[]
  said(name: string): string | undefined | Promise<string | undefined>
}
const refusal = (act: () => unknown): string | undefined => {
  try {
    act()
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
  return undefined
}
const selected = (selection: object) => refusal(() => select(book, lab, { tags: [], skipTags: [], ...selection }))
const typed = async (word: string, line: readonly string[]) => {
  const command = (await commands[word]!()) as AnyCommand
  return parse({ word, command }, line).then(
    () => undefined,
    (error: Refused) => error.message,
  )
}
const hosts = [...lab.groups.keys(), ...lab.hosts.keys()].filter((name) => !/^(?:all|ungrouped)$/.test(name))
const withOptions = await Promise.all(
  Object.entries(commands).map(async ([word, load]): Promise<readonly [string, Kind]> => {
    const { options: own = {}, takes = {} } = (await load()) as AnyCommand
    const line = Object.entries(takes as Record<string, { choices?: readonly string[] }>).map(
      ([name, { choices }]) => choices?.[0] ?? name,
    )
    return [
      `options of ${word}`,
      { names: Object.keys(own as object), said: (name) => typed(word, [...line, `--${name}`]) },
    ]
  }),
)
const runs = ['20261129-101500-3f2a9c', '20261129-101733-8b1e77', '20261130-000102-0a0a0a']
const settings = ['ansible_host', 'ansible_user', 'ansible_port', 'ansible_connection', 'ansible_become_method']

const everywhere: Readonly<Record<string, Kind>> = {
  'hosts and groups of a limit': { names: hosts, said: (name) => selected({ limit: [name] }) },
  'what a limit leaves out': { names: hosts, said: (name) => selected({ limit: [`all:!${name}`] }) },
  'what a limit keeps': { names: hosts, said: (name) => selected({ limit: [`all:&${name}`] }) },
  'one of several': { names: hosts, said: (name) => selected({ limit: [`node-1,${name}`] }) },
  slices: { names: [...lab.groups.keys()].slice(-3), said: (name) => selected({ limit: [`${name}[0]`] }) },
  globs: { names: ['controllers', 'databases', 'galera'], said: (name) => selected({ limit: [`${name}*`] }) },
  'hosts of a play': {
    names: hosts,
    said: (name) =>
      refusal(() => select(playbook('x', [play('P', { hosts: name }, [nova])]), lab, { tags: [], skipTags: [] })),
  },
  tags: { names: ['packages', 'install', 'config', 'restart'], said: (name) => selected({ tags: [name] }) },
  'skipped tags': { names: ['packages', 'install', 'config'], said: (name) => selected({ skipTags: [name] }) },
  tasks: {
    names: ['Install the packages', 'Write nova.conf', 'Restart the services'],
    said: (startAt) => selected({ startAt }),
  },
  'variables of -e': {
    names: ['release', 'workers', 'keystone_address'],
    said: (name) => showProblems(checkExtraVars(book, [name])) || undefined,
  },
  commands: {
    names: commandWords().filter((word) => word.length > 3),
    said: (name) => typed('run', [name, 'x']),
  },
  'words of an action': {
    names: ['encrypt', 'decrypt', 'rekey', 'encrypt-string'],
    said: (name) => typed('vault', [name, 'x']),
  },
  runs: { names: runs, said: (name) => (runs.includes(name) ? undefined : runMeant(name, runs, '')) },
  settings: { names: Object.keys(options), said: (name) => showProblems(checkSettings({ [name]: 1 })) || undefined },
  'settings of a connection': {
    names: Object.keys(kinds),
    said: (name) => (Object.hasOwn(kinds, name) ? undefined : settingMeant(name)),
  },
  'variables of a connection': {
    names: settings,
    said: (name) => {
      const meant = misspeltVar(name)
      return meant === undefined ? undefined : `did you mean ${meant}?`
    },
  },
  ...Object.fromEntries(withOptions),
}

let cases = 0
for (const [kind, { names, said }] of Object.entries(everywhere))
  test(kind, async () => {
    const all = names.flatMap((name) => [...slips(name)].map((slip) => [name, slip] as const))
    const some = thrown(all, Math.ceil(most / Object.keys(everywhere).length))
    assert.ok(some.length > 0 || names.length === 0)
    for (const [name, slip] of some) {
      // The slip is a name as well.
      if (names.includes(slip)) continue
      const told = await said(slip)
      // Of a glob what is left may still be one.
      if (told === undefined && kind === 'globs') continue
      cases++
      const meant = /did you mean (?:--)?(.*?)\?/.exec(told ?? '')?.[1]
      const shown = `${slip}, for ${name} (seed ${seed}): ${told}`
      assert.ok(meant !== undefined, shown)
      assert.ok(meant === name || slips(meant!).has(slip) || meant!.endsWith(name), shown)
    }
  })

/** A name with one letter dropped, doubled, or in the place of its neighbour; none of one of three letters. */
function slips(name: string): ReadonlySet<string> {
  const made = new Set<string>()
  if (name.length < 4) return made
  for (let i = 0; i < name.length; i++) {
    made.add(name.slice(0, i) + name.slice(i + 1))
    made.add(name.slice(0, i) + name[i] + name.slice(i))
    if (i > 0) made.add(name.slice(0, i - 1) + name[i] + name[i - 1] + name.slice(i + 1))
  }
  made.delete(name)
  return made
}

/** Some of them, the same ones for the same seed. */
function thrown<T>(all: readonly T[], count: number): readonly T[] {
  let state = seed
  const left = [...all]
  const dice = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1)
  return Array.from({ length: Math.min(count, all.length) }, () => left.splice(dice() % left.length, 1)[0]!)
}

test.after(() => void process.stdout.write(`${cases} cases\n`))
test.run()
