import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { parallel, play, playbook, role, text } from '../../../lib/index.ts'
import { type Advice, operation } from '../../../lib/model/operation.ts'
import { milliseconds, type Handler, type Step } from '../../../lib/model/playbook.ts'
import { look } from '../../rig/hosts.ts'

const test = suite('playbook')
const body = look('x')
const here = new URL(import.meta.url).pathname

test('records the steps of a role in the order they are said, each with its place', () => {
  let restart: Handler | undefined
  const made = role('r', { ip: text }, ({ task, handler, block, parallel, flush, gate }) => {
    restart = handler('Restart', body)
    task('One', body)
    block('B', {
      tags: ['t'],
      try: () => void task('Try', { tags: ['x'] }, body),
      rescue: () => void task('Rescue', body),
      always: () => void task('Always', body),
    })
    parallel('Both', () => {
      task('Left', body)
      task('Right', body)
    })
    flush()
    gate('Go on?', { tags: ['asks'] })
  })
  const shape = (steps: readonly Step[]): readonly unknown[] =>
    steps.map((step) => {
      if (step.kind === 'block') return { [step.name]: [shape(step.try), shape(step.rescue), shape(step.always)] }
      if (step.kind === 'parallel') return { [step.name]: shape(step.steps) }
      return step.kind === 'flush' ? 'flush' : step.name
    })
  assert.equal(shape(made.steps), [
    'One',
    { B: [['Try'], ['Rescue'], ['Always']] },
    { Both: ['Left', 'Right'] },
    'flush',
    'Go on?',
  ])
  assert.equal(made.handlers, [restart])
  const lines = made.steps.map(({ at }) => at.line)
  assert.equal(
    lines,
    [...lines].sort((a, b) => a - b),
  )
  assert.is(new Set(lines).size, 5)
  assert.ok(made.steps.every(({ at }) => at.file === here))
  assert.is(made.at.file, here)
})

test('binds variables and adds tags to a copy of the role', () => {
  const plain = role('r', { ip: text, name: text }, ({ task }) => void task('One', body))
  const bound = plain.with({ ip: '10.0.0.1' }).tagged('a').with({ name: 'n' }).tagged('b')
  assert.equal(bound.bound, { ip: '10.0.0.1', name: 'n' })
  assert.equal(bound.tags, ['a', 'b'])
  assert.equal([plain.bound, plain.tags], [{}, []])
  assert.is(bound.steps, plain.steps)
})

test('makes a role of the steps of a small play', () => {
  const small = play(
    'Small',
    { hosts: 'all', vars: { ip: text } },
    ({ task }) => void task('One', (host) => look(host.vars.ip)),
  )
  const [only] = small.roles
  assert.ok(only?.kind === 'role')
  assert.equal([only.name, Object.keys(only.schema), only.steps.length], ['Small', ['ip'], 1])
})

test('holds plays, and roles side by side', () => {
  const [a, b] = [role('a', {}, () => {}), role('b', {}, () => {})]
  const book = playbook('book', [play('P', { hosts: 'all' }, [parallel(a, b)])])
  assert.equal(book.plays[0]?.roles, [{ kind: 'parallel-roles', roles: [a, b] }])
  assert.is(book.at.file, here)
})

test('refuses two steps of one name in a role, and names both places', () => {
  for (const define of [
    () =>
      role('r', {}, ({ task }) => {
        task('Same', body)
        task('Same', body)
      }),
    () =>
      role('r', {}, ({ task, handler }) => {
        handler('Same', body)
        task('Same', body)
      }),
    () =>
      role('r', {}, ({ task, block, gate }) => {
        block('B', { try: () => void task('Same', body) })
        gate('Same')
      }),
  ]) {
    assert.throws(
      define,
      /^role r has two steps named «Same» - names are identities, make them differ \(\S+playbook\.test\.ts:\d+, \S+playbook\.test\.ts:\d+\)$/,
    )
  }
})

test('refuses an operation that stands beside the tasks, where no function could run it', () => {
  const make = operation<string, null, null>((name) => `made ${name}`, {
    read: () => Promise.resolve(null),
    plan: () => ({ result: null }),
  })
  const beside = () =>
    role('r', {}, ({ task, block }) => {
      task('One', make('a'))
      block('B', { try: () => void make('b') })
    })
  assert.throws(beside, /^role r: made b was made but belongs to no task \(\S+playbook\.test\.ts:\d+\)/)
  role('r', {}, ({ task, handler, block, parallel }) => {
    task('One', make('a'))
    handler('Two', make('b'))
    block('B', { try: () => void task('Three', make('c')) })
    parallel('P', () => void task('Four', make('d')))
  })
  // A function may run what was made before.
  role('r', {}, ({ task }) => {
    const later = make('a')
    task('One', (host) => host.run(later))
  })
})

test('refuses a step without a name, and names its place', () => {
  for (const define of [
    () => role('r', {}, ({ task }) => void task('', body)),
    () => role('r', {}, ({ ensure }) => void ensure(' ', body)),
    () => role('r', {}, ({ handler }) => void handler('', body)),
    () => role('r', {}, ({ block }) => block('', { try: () => {} })),
    () => role('r', {}, ({ parallel }) => parallel('', () => {})),
    () => role('r', {}, ({ gate }) => gate('')),
  ])
    assert.throws(
      define,
      /^role r has a step without a name - say what it does, as in 'Start nginx' \(\S+playbook\.test\.ts:\d+\)$/,
    )
})

test('refuses an option that is undefined, as a constant is before it is made', () => {
  const when = undefined as unknown as () => boolean
  for (const define of [
    () => role('r', {}, ({ task }) => void task('One', { when }, body)),
    () => role('r', {}, ({ ensure }) => void ensure('One', { when }, body)),
    () => role('r', {}, ({ block }) => block('One', { when, try: () => {} })),
  ])
    assert.throws(
      define,
      /^role r: when of «One» is undefined: is it made further down\? - make it above, or a function declaration of it \(\S+\)$/,
    )
})

test('refuses steps once the role is defined', () => {
  let late: ((name: string) => void)[] = []
  role('r', {}, ({ task, handler, gate }) => {
    late = [(name) => task(name, body), (name) => handler(name, body), (name) => gate(name)]
  })
  assert.is(late.length, 3)
  for (const add of late) assert.throws(() => add('Late'), /^role r: steps cannot be added once the role is defined/)
})

test('refuses a definition that waits', () => {
  assert.throws(
    () =>
      role('r', {}, async ({ task }) => {
        await Promise.resolve()
        task('Late', body)
      }),
    /^role r: the definition is an async function/,
  )
})

test('puts the steps after a throw inside a block where they belong', () => {
  const made = role('r', {}, ({ task, block }) => {
    try {
      block('B', {
        try() {
          throw new Error('never mind')
        },
      })
    } catch {}
    task('After', body)
  })
  assert.equal(
    made.steps.map((step) => step.kind),
    ['task'],
  )
})

test('reads durations', () => {
  assert.equal(
    [5, 0.5, '500ms', '6s', '1.5m', '1h', 0].map((given) => milliseconds(given as never)),
    [5000, 500, 500, 6000, 90_000, 3_600_000, 0],
  )
  const any = "seconds, or a text such as '500ms', '6s', '10m', '1h'"
  for (const [wrong, right] of [
    ['6', "'6s'"],
    ['6 s', "'6s'"],
    ['1 second', "'1s'"],
    ['90 Minutes', "'90m'"],
    ['1m30s', "'90s'"],
    ['2 hours', "'2h'"],
    ['1.5 s', "'1500ms'"],
    ['1d', "'24h'"],
    ['1.2.3s', any],
    ['-1s', any],
    ['', any],
    ['s', any],
    ['soon', any],
    [-1, any],
    [Number.NaN, any],
  ] as const)
    assert.throws(
      () => milliseconds(wrong as never),
      (error: Advice) => error.message === `${wrong} is not a duration` && error.hint === `write ${right}`,
    )
})

test.run()
