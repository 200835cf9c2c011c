import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { play, role, type Steps } from '../../../lib/index.ts'
import { type Fact, operation, output } from '../../../lib/model/operation.ts'
import type { HostContext } from '../../../lib/model/playbook.ts'
import { change, look, rigOf } from '../../rig/hosts.ts'
import { begin, runs } from '../../rig/runs.ts'

const test = suite('forgotten')
const only = (define: (steps: Steps<Record<never, never>>) => void) => [
  play('P', { hosts: 'all' }, [role('r', {}, define)]),
]

/** The line of this file that ends so. */
const lineOf = (end: string) =>
  readFileSync(new URL(import.meta.url), 'utf8')
    .split('\n')
    .findIndex((text) => text.endsWith(end)) + 1
const here = new URL(import.meta.url).pathname

/** What the process hears of rejections that nobody handles, while a test runs. */
async function unhandled(run: () => Promise<void>): Promise<readonly unknown[]> {
  const heard: unknown[] = []
  const hear = (reason: unknown) => heard.push(reason)
  process.on('unhandledRejection', hear)
  try {
    await run()
    await new Promise((resolve) => setImmediate(resolve))
  } finally {
    process.off('unhandledRejection', hear)
  }
  return heard
}

type Host = HostContext<Record<never, never>>
const wait = { name: 'waiting', keep: 'task', read: (connection) => output(connection, 'wait') } as Fact<string>
/** Bodies that do not wait for what they begin; each is begun on a line of its own. */
const careless: readonly (readonly [name: string, what: string, body: (host: Host) => unknown])[] = [
  ['returns nothing', 'host.run(change bad)', (host) => void host.run(change('bad'))], // returns nothing
  [
    'goes on with something else',
    'host.run(change bad)',
    async (host) => {
      void host.run(change('bad')) // goes on with something else
      await host.run(look('look'))
      await host.run(look('look'))
    },
  ],
  [
    'gives an operation',
    'host.run(change bad)',
    (host) => {
      void host.run(change('bad')) // gives an operation
      return look('look')
    },
  ],
  ['has it in a list', 'host.run(change bad)', async (host) => [host.run(change('bad'))]], // has it in a list
  ['asks for a fact', 'host.fact(waiting)', (host) => void host.fact(wait)], // asks for a fact
  ['is elsewhere', 'host.run(change bad)', (host) => void host.on({ name: 'b' }).run(change('bad'))], // is elsewhere
]
for (const [name, what, body] of careless) {
  for (const code of [0, 3]) {
    for (const where of ['body', 'when', 'block'] as const) {
      test(`a ${where} that ${name} and does not wait for code ${code} fails its task`, async () => {
        const rig = rigOf({ all: ['a'], others: ['b'] })
        for (const host of ['a', 'b']) rig.host(host).answer('bad', code).answer('wait', code)
        const heard = await unhandled(async () => {
          const { outcome, finished } = await runs(
            rig,
            only(({ task, block }) => {
              const when = (host: Host) => {
                const said = body(host)
                return said instanceof Promise ? said.then(() => true) : true
              }
              if (where === 'body') task('Work', body as never)
              else if (where === 'when') task('Work', { when }, look('look'))
              else
                block('Work', {
                  when,
                  try() {
                    task('Inside', look('look'))
                  },
                })
            }),
            { limit: ['a'] },
          )
          const { failure, status } = finished('Work', 'a')
          assert.is(status, 'failed')
          assert.is(failure?.reason, `${what} was not awaited: write await before it, or return it`)
          assert.equal([failure?.at.file, failure?.at.line], [here, lineOf(`// ${name}`)])
          assert.is(outcome, 'failed')
        })
        assert.equal(heard, [])
      })
    }
  }
}

test('waits for what a task began, before the next task begins', async () => {
  const rig = rigOf({ all: ['a'] })
  rig.host('a').hold('slow')
  const running = begin(
    rig,
    only(({ task }) => {
      task('Careless', { ignoreErrors: true }, (host) => void host.run(change('slow')))
      task('Fails half-way', { ignoreErrors: true }, async (host) => {
        await Promise.all([host.run(change('slow')), Promise.reject(new Error('the other half'))])
      })
      task('Next', change('next'))
    }),
  )
  for (const task of ['Careless', 'Fails half-way']) {
    const slow = await rig.host('a').next('slow')
    assert.not(running.events.some((event) => event.type === 'task-finished' && event.path.task === task))
    slow.exit(0)
  }
  await running.ended
  assert.equal(rig.host('a').commands, ['slow', 'slow', 'next'])
  assert.is(running.finished('Fails half-way', 'a').failure?.reason, 'the other half')
})

test('every way to wait for work is one', async () => {
  const rig = rigOf({ all: ['a'] })
  const heard = await unhandled(async () => {
    const { outcome, told } = await runs(
      rig,
      only(({ task }) => {
        task('Returned', (host) => host.run(change('x')))
        task('Awaited', async (host) => {
          await host.run(change('x'))
        })
        task('Later', async (host) => {
          const work = host.run(change('x'))
          await host.run(look('y'))
          await work
        })
        task('Together', async (host) => {
          await Promise.all([1, 2, 3].map(() => host.run(change('x'))))
        })
        task('Settled', async (host) => {
          await Promise.allSettled([host.run(change('x'))])
        })
        task('Then', (host) => host.run(change('x')).then(() => null))
        task('Caught', async (host) => {
          await host.run(change('x')).catch(() => null)
        })
        task('At last', async (host) => {
          await host.run(change('x')).finally(() => {})
        })
      }),
    )
    assert.is(outcome, 'ok', told.join('\n'))
  })
  assert.equal(heard, [])
})

test('nothing runs for a task that has ended', async () => {
  const rig = rigOf({ all: ['a'] })
  let late!: () => Promise<unknown>
  await runs(
    rig,
    only(({ task }) => {
      task('Work', (host) => {
        late = () => host.run(change('late'))
        return change('work')
      })
    }),
  )
  const error = await late().catch((reason: unknown) => reason as Error)
  assert.match((error as Error).message, 'host.run(change late) came after its task had ended')
  assert.equal(rig.host('a').commands, ['work'])
})

test('the operator does not wait for a body that waits for nothing', async () => {
  const rig = rigOf({ all: ['a'] })
  let hangs!: () => void
  const hanging = new Promise<void>((resolve) => {
    hangs = resolve
  })
  const running = begin(
    rig,
    only(({ task }) => {
      task('Hang', async (host) => {
        await host.run(look('x'))
        hangs()
        await new Promise(() => {})
      })
    }),
  )
  await hanging
  running.stop()
  running.abort()
  assert.is(await running.ended, 'interrupted')
  assert.is(running.finished('Hang', 'a').failure?.reason, 'interrupted: aborted')
})

test('fails a body that made an operation and never ran it, at the line that made it', async () => {
  const rig = rigOf({ all: ['a'] })
  const { finished } = await runs(
    rig,
    only(({ task }) => {
      task('Forget', { retries: 0 }, async (host) => {
        await host.run(change('remembered'))
        change('forgotten') // forgotten
      })
    }),
  )
  const { failure, status } = finished('Forget', 'a')
  assert.is(status, 'failed')
  assert.is(failure?.reason, 'change forgotten was made but never run: write host.run(...) around it, or return it')
  const line =
    readFileSync(new URL(import.meta.url), 'utf8')
      .split('\n')
      .findIndex((text) => text.endsWith('// forgotten')) + 1
  assert.equal([failure?.at.file, failure?.at.line], [new URL(import.meta.url).pathname, line])
})

test('tells apart what is forgotten on hosts that run at the same time', async () => {
  const rig = rigOf({ all: ['a', 'b'] })
  rig.host('a').hold('wait')
  rig.host('b').hold('wait')
  const running = begin(
    rig,
    only(({ task }) => {
      task('Wait', async (host) => {
        const later = change(`of ${host.name}`)
        await host.run(look('wait'))
        if (host.name === 'a') await host.run(later)
      })
    }),
  )
  const [a, b] = await Promise.all([rig.host('a').next('wait'), rig.host('b').next('wait')])
  b.exit(0)
  a.exit(0)
  await running.ended
  assert.equal(running.told.slice(2, 4).sort(), [
    'a: changed',
    'b: failed (change of b was made but never run: write host.run(...) around it, or return it)',
  ])
})

test('does not mind operations that a module makes for its own use', async () => {
  const inside = operation<string, null, true, null>(() => 'outer', {
    async read(connection) {
      await look('read').prepare(connection)
      return null
    },
    plan: () => ({ result: null, change: true }),
    async apply(connection) {
      const plan = await change('inner').prepare(connection)
      await plan.apply(connection)
    },
  })
  const rig = rigOf({ all: ['a'] })
  const { recap } = await runs(
    rig,
    only(({ task }) => void task('Work', async (host) => void (await host.run(inside('x'))))),
  )
  assert.equal(recap, ['a ok=1 changed=1'])
  assert.equal(rig.host('a').commands, ['read', 'inner'])
})

test.run()
