import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Selection, select, tagsOf, tasksOf } from '../../../lib/engine/select.ts'
import { parallel, play, playbook, role, type Steps } from '../../../lib/index.ts'
import type { Play } from '../../../lib/model/playbook.ts'
import { Refused } from '../../../lib/model/problem.ts'
import { look, rigOf } from '../../rig/hosts.ts'

const test = suite('select')
const { inventory } = rigOf({ web: ['w-1', 'w-2'], db: ['d-1'] })
const steps = (define: (steps: Steps<Record<never, never>>) => void, name = 'r') => role(name, {}, define)
const none: Selection = { tags: [], skipTags: [] }
const chosen = (plays: readonly Play[], selection: Partial<Selection>) =>
  select(playbook('book', plays), inventory, { ...none, ...selection })
    .flatMap((node) => [...tasksOf(node.nodes)])
    .filter((n) => n.selected)
    .map((n) => n.path.task)
const refusal = (plays: readonly Play[], selection: Partial<Selection>): readonly string[] => {
  try {
    select(playbook('book', plays), inventory, { ...none, ...selection })
  } catch (error) {
    if (error instanceof Refused)
      return [
        `exit ${error.exitCode}`,
        ...error.problems.map(({ message, hint }) => (hint ? `${message} - ${hint}` : message)),
      ]
    throw error
  }
  throw new Error('it was not refused')
}

const tagged = [
  play('P', { hosts: 'all', tags: ['of-play'] }, [
    steps(({ task, block, gate, parallel }) => {
      task('plain', look('x'))
      task('own', { tags: ['own'] }, look('x'))
      block('B', {
        tags: ['of-block'],
        try: () => void task('in try', { tags: ['deep'] }, look('x')),
        rescue: () => void task('in rescue', look('x')),
        always: () => void task('in always', look('x')),
      })
      parallel('side by side', () => {
        task('left', { tags: ['left'] }, look('x'))
        task('right', look('x'))
      })
      gate('gate', { tags: ['asks'] })
      task('always', { tags: ['always'] }, look('x'))
      task('never', { tags: ['never'] }, look('x'))
    }).tagged('of-role'),
    steps(({ task }) => void task('untagged', look('x')), 'other'),
  ]),
  play('Q', { hosts: 'web' }, [steps(({ task }) => void task('bare', look('x')))]),
]

test('gives tasks the tags of their play, role and blocks', () => {
  const [first] = select(playbook('book', tagged), inventory, none)
  const tags = Object.fromEntries([...tasksOf(first!.nodes)].map((node) => [node.path.task, node.tags.join(' ')]))
  assert.equal(tags, {
    plain: 'of-play of-role',
    own: 'of-play of-role own',
    'in try': 'of-play of-role of-block deep',
    'in rescue': 'of-play of-role of-block',
    'in always': 'of-play of-role of-block',
    left: 'of-play of-role left',
    right: 'of-play of-role',
    gate: 'of-play of-role asks',
    always: 'of-play of-role always',
    never: 'of-play of-role never',
    untagged: 'of-play',
  })
})

const everything = [
  'plain',
  'own',
  'in try',
  'in rescue',
  'in always',
  'left',
  'right',
  'gate',
  'always',
  'untagged',
  'bare',
]
for (const [tags, skipTags, want] of [
  [[], [], everything],
  [['own'], [], ['own', 'always']],
  [['of-role'], [], [...everything.slice(0, 9), 'never']],
  [['of-play'], ['of-role'], ['untagged']],
  [['of-block'], ['deep'], ['in rescue', 'in always', 'always']],
  [['asks', 'left'], [], ['left', 'gate', 'always']],
  [['never'], [], ['always', 'never']],
  [['own'], ['always'], ['own']],
  [['untagged'], [], ['always', 'bare']],
  [[], ['of-play'], ['bare']],
] as const) {
  test(`selects with --tags ${tags.join()} --skip-tags ${skipTags.join()}`, () =>
    assert.equal(chosen(tagged, { tags, skipTags }), want))
}

test('knows every tag', () => {
  assert.equal(tagsOf(playbook('book', tagged)), [
    'always',
    'asks',
    'deep',
    'left',
    'never',
    'of-block',
    'of-play',
    'of-role',
    'own',
  ])
})

for (const [startAt, want] of [
  ['in always', everything.slice(4)],
  ['other › untagged', ['untagged', 'bare']],
  ['other : untagged', ['untagged', 'bare']],
  ['l*t', everything.slice(5)],
  ['r › r?ght', everything.slice(6)],
  ['gate', everything.slice(7)],
  ['bare', ['bare']],
] as const) {
  test(`starts at ${startAt}, whatever comes before, always or not`, () =>
    assert.equal(chosen(tagged, { startAt }), want))
}

test('starts at a name with brackets as it is written', () => {
  const plays = [
    play('P', { hosts: 'all' }, [
      steps(({ task }) => {
        task('Set x', look('x'))
        task('Set [upgrade_levels] compute=icehouse-compat', look('x'))
        task('Set a(b', look('x'))
      }),
    ]),
  ]
  assert.is(
    chosen(plays, { startAt: 'Set [upgrade_levels] compute=icehouse-compat' })[0],
    'Set [upgrade_levels] compute=icehouse-compat',
  )
  assert.is(chosen(plays, { startAt: 'Set [*' }).length, 2)
  assert.is(chosen(plays, { startAt: 'Set a(b' }).length, 1)
})

test('refuses to start where it cannot', () => {
  assert.equal(refusal(tagged, { startAt: 'plian' }), ['exit 7', 'no task «plian» to start at - did you mean plain?'])
  assert.equal(refusal(tagged, { startAt: 'Plain' }), ['exit 7', 'no task «Plain» to start at - did you mean plain?'])
  assert.equal(refusal(tagged, { startAt: 'something else' }), [
    'exit 7',
    'no task «something else» to start at - see --list-tasks',
  ])
  assert.equal(refusal(tagged, { startAt: 'in rescue' }), [
    'exit 7',
    '«in rescue» cannot be started at: it is the rescue of a block, which runs only when the block fails - ' +
      "start at the block: --start-at-task 'in try'",
  ])
  assert.equal(refusal(tagged, { startAt: 'own', tags: ['left'] }), [
    'exit 7',
    'the task to start at, «r › own», is left out by the tags - ' +
      'see what they leave: --list-tasks without --start-at-task',
  ])
})

test('names every misspelt tag, task and host together', () => {
  assert.equal(
    refusal([...tagged, play('Z', { hosts: 'wbe' }, [])], {
      tags: ['onw', 'zzzzzzzz'],
      skipTags: ['lft'],
      startAt: 'plian',
      limit: ['w-9'],
    }),
    [
      'exit 7',
      'no host or group matches w-9 - did you mean w-1?',
      'no task «plian» to start at - did you mean plain?',
      'no task has the tag «onw» - did you mean own?',
      'no task has the tag «zzzzzzzz» - there are: always, asks, deep, left, never, of-block, of-play, of-role, own',
      'no task has the tag «lft» - did you mean left?',
      'no host or group matches wbe - did you mean web?',
    ],
  )
  assert.equal(
    refusal([play('P', { hosts: 'all' }, [steps(({ task }) => void task('x', look('x')))])], { tags: ['zzzzzzzz'] }),
    ['exit 7', 'no task has the tag «zzzzzzzz» - no task has any tag'],
  )
})

const hostsOf = (hosts: string, limit: readonly string[]) =>
  select(playbook('book', [play('P', { hosts }, [])]), inventory, { ...none, limit })[0]!.hosts.map(({ name }) => name)

test('limits the hosts of each play', () => {
  assert.equal(hostsOf('all', []), ['w-1', 'w-2', 'd-1'])
  assert.equal(hostsOf('all', ['']), ['w-1', 'w-2', 'd-1'])
  assert.equal(hostsOf('web', ['w-2,d-1']), ['w-2'])
  assert.equal(hostsOf('web', ['db']), [])
  assert.equal(hostsOf('web', ['!w-1']), ['w-2'])
  assert.equal(hostsOf('db,web', ['web', 'db']), ['d-1', 'w-1', 'w-2'], 'the pattern says the order')
})

test('limits to this machine though no inventory lists it', () => {
  assert.equal(hostsOf('localhost', []), ['localhost'])
  assert.equal(hostsOf('localhost', ['localhost']), ['localhost'])
  assert.equal(hostsOf('localhost,w-1', ['localhost']), ['localhost'])
  assert.equal(hostsOf('localhost', ['web']), [])
})

test('takes a limit from a file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'limit-'))
  const file = path.join(folder, 'hosts')
  writeFileSync(file, 'w-2\nd-1\n')
  assert.equal(hostsOf('all', [`@${file}`]), ['w-2', 'd-1'])
  rmSync(folder, { recursive: true })
  assert.match(refusal(tagged, { limit: [`@${file}`] })[1]!, /^there is no limit file .*hosts - /)
})

test('takes hosts in place of limit patterns', () => {
  const limit = [inventory.hosts.get('w-2')!]
  assert.equal(
    select(playbook('book', tagged), inventory, { ...none, limit }).map((node) => node.hosts.map(({ name }) => name)),
    [['w-2'], ['w-2']],
  )
})

test('refuses two tasks of one identity, one line for each role', () => {
  const twice = steps(({ task }) => {
    task('One', look('x'))
    task('Two', look('x'))
  })
  assert.equal(refusal([play('P', { hosts: 'all' }, [twice, twice])], {}), [
    'exit 6',
    'the playbook has «P › r › One» twice - give the plays different names, or one of the roles',
  ])
  assert.equal(
    refusal([play('P', { hosts: 'all' }, [twice]), play('P', { hosts: 'web' }, [twice])], {})[1],
    'the playbook has «P › r › One» twice - give the plays different names, or one of the roles',
  )
  assert.equal(refusal([play('P', { hosts: 'all' }, [parallel(twice, twice)])], {}).length, 2)
  assert.is(
    chosen([play('P', { hosts: 'all' }, [twice]), play('Q', { hosts: 'web' }, [twice])], {}).length,
    4,
    'plays tell them apart',
  )
})

const serial = "write serial: 2, serial: '25%', or a list of these"
test('refuses what a playbook cannot mean', () => {
  const wrong = steps(({ task }) => {
    task('A', { retries: -1, delay: '5 min' as never, timeout: '1.2.3s' as never }, look('x'))
    task('B', { throttle: 0 }, look('x'))
  })
  assert.equal(
    refusal(
      [
        play('P', { hosts: 'all', serial: [1, -1, '50' as never, 1.5], maxFailPercentage: 101, throttle: 0.5 }, [
          wrong,
        ]),
        play('Q', { hosts: 'all' }, [wrong]),
      ],
      {},
    ),
    [
      'exit 6',
      `the play «P»: serial must be a whole number of hosts or a percentage, and is -1 - ${serial}`,
      `the play «P»: serial must be a whole number of hosts or a percentage, and is 50 - ${serial}`,
      `the play «P»: serial must be a whole number of hosts or a percentage, and is 1.5 - ${serial}`,
      'the play «P»: maxFailPercentage must lie between 0 and 100, and is 101 - write maxFailPercentage: 20',
      'the play «P»: throttle must be a whole number from 1, and is 0.5 - write throttle: 1',
      '«r › A»: retries must be a whole number from 0, and is -1 - write retries: 3',
      "«r › A»: 5 min is not a duration - write '5m'",
      "«r › A»: 1.2.3s is not a duration - write seconds, or a text such as '500ms', '6s', '10m', '1h'",
      '«r › B»: throttle must be a whole number from 1, and is 0 - write throttle: 1',
    ],
  )
})

test.run()
