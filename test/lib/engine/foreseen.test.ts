import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Operation, play, type Steps, type Value } from '../../../lib/index.ts'
import { operation, output } from '../../../lib/model/operation.ts'
import { file, ini, line, probe, service, shell, user, wait } from '../../../lib/modules/index.ts'
import { type FakeHost, fakeHosts } from '../../../lib/testing/index.ts'

const test = suite('what check mode foresees')

type Define = (steps: Steps<Record<never, never>>) => void

/** How the tasks end in check mode, and how they then really end, by their names; `unknown` is what check mode says. */
async function both(define: Define, prepare: (host: FakeHost) => void = () => {}) {
  const hosts = await fakeHosts({ hosts: ['h'] })
  prepare(hosts.host('h'))
  const plays = [play('P', { hosts: 'all' }, define)]
  const ends = async (check: boolean) => {
    // A fake host does not answer in order what is asked ahead.
    const { events } = await hosts.run(plays, { check, lookAhead: false })
    return events.flatMap((event) =>
      event.type === 'task-finished'
        ? [[event.path.task, event.status === 'skipped' && event.unpredictable ? 'unknown' : event.status] as const]
        : [],
    )
  }
  const foreseen = await ends(true)
  const commands = hosts.host('h').commands.length
  const real = await ends(false)
  return { foreseen: Object.fromEntries(foreseen), real: Object.fromEntries(real), commands }
}

/** Check mode says what the run then does. */
async function same(define: Define, prepare?: (host: FakeHost) => void) {
  const { foreseen, real } = await both(define, prepare)
  assert.equal(foreseen, real)
  return real
}

const conf = '/etc/app.conf'

test('a file that an earlier task makes, edits, closes and removes', async () => {
  const real = await same(({ task }) => {
    task('Make the folder', file.directory('/srv/app/etc'))
    task('It has its parents', file.directory('/srv/app'))
    task('Make it', file.content('/srv/app/etc/app.ini', '[a]\nb = 1\n', { mode: '0644' }))
    task('Set what is so', ini.set('/srv/app/etc/app.ini', { a: { b: 1 } }))
    task('Set another', ini.set('/srv/app/etc/app.ini', { a: { c: 2 } }))
    task('Set it again', ini.set('/srv/app/etc/app.ini', { a: { c: 2 } }))
    task('Close it', file.attributes('/srv/app/etc/app.ini', { mode: '0600' }))
    task('Close it again', file.attributes('/srv/app/etc/app.ini', { mode: '0600' }))
    task('Have its line', line.present('/srv/app/etc/app.ini', { line: 'c = 2' }))
    task('Drop the folder', file.absent('/srv/app'))
    task('Drop what is gone', file.absent('/srv/app/etc/app.ini'))
    task('Make it anew', file.directory('/srv/app/etc'))
  })
  assert.equal(Object.values(real).join(' '), 'changed ok changed ok changed ok changed ok ok changed ok changed')
})

test('what is to lie in a folder that is not there fails, unless somebody may make it before', async () => {
  const into = [
    file.content('/srv/none/f', 'x'),
    file.copy(fileURLToPath(import.meta.url), '/srv/none/f'),
    file.link('/srv/none/f', 'x'),
    line.present('/srv/none/f', { line: 'x', create: true }),
    ini.set('/srv/none/f', { a: { b: 1 } }, { create: true }),
  ]
  for (const operation of into) {
    assert.equal(await same(({ task }) => task('Put it there', operation)), { 'Put it there': 'failed' })
    const removed = await same(
      ({ task }) => {
        task('Change a file', file.content('/etc/motd', 'x'))
        task('Drop the folder', file.absent('/srv/none'))
        task('Put it there', operation)
      },
      (host) => host.files.write('/srv/none/other', 'y'),
    )
    assert.is(removed['Put it there'], 'failed', operation.name)
    const made = await same(({ task }) => {
      task('Make the folder', file.directory('/srv/none'))
      task('Put it there', operation)
    })
    assert.is(made['Put it there'], 'changed', operation.name)
    const { foreseen } = await both(({ task }) => {
      task('Do something', shell`mkdir "$(dirname /srv/none)"/none`)
      task('Put it there', operation)
    })
    assert.not.equal(foreseen['Put it there'], 'failed', operation.name)
  }
})

test('services that earlier tasks stop and start; a handler that finds nothing to do', async () => {
  const real = await same(
    ({ task, handler, flush }) => {
      const restart = handler('Restart what runs', async (host) => {
        if ((await host.run(service.status('web'))).running) await host.run(service.restarted('web'))
      })
      task('Stop it', service.stopped('web'))
      task('Set it', { notify: restart }, file.content(conf, 'x'))
      flush()
      task('Start it', service.started('web'))
      task('Start it again', service.started('web'))
      task('Enable it', service.enabled('web'))
      task('Enable it again', service.enabled('web'))
    },
    (host) => host.service('web', 'running'),
  )
  assert.equal(real, {
    'Stop it': 'changed',
    'Set it': 'changed',
    'Restart what runs': 'ok',
    'Start it': 'changed',
    'Start it again': 'ok',
    'Enable it': 'changed',
    'Enable it again': 'ok',
  })
})

test('of what a command names nobody knows, and of the rest all is as it was', async () => {
  const { foreseen, real } = await both(
    ({ task, handler }) => {
      const reload = handler('Reload', shell`true`)
      task('Write somehow', shell`printf 'y\n' >/etc/app.conf; service web stop`)
      task('Have it', { notify: reload }, file.content(conf, 'y\n'))
      task('Have another', file.content('/etc/other.conf', 'y\n'))
      task('Start it', service.started('web'))
      task('Start another', service.started('db'))
    },
    (host) => {
      host.service('web', 'running')
      host.service('db', 'running')
    },
  )
  assert.equal(foreseen, {
    'Write somehow': 'changed',
    'Have it': 'unknown',
    'Have another': 'changed',
    'Start it': 'unknown',
    'Start another': 'ok',
    // Whether what notifies it changes something is not known, and so it is not known whether this is due.
    Reload: 'unknown',
  })
  assert.is(real['Have it'], 'ok')
  assert.is(real['Start it'], 'changed')
})

test('a command that says what it touches leaves everything else as it is', async () => {
  const { foreseen } = await both(
    ({ task }) => {
      task('Copy', shell({ touches: ['/var/copy'] })`mkdir -p /var/copy && cp /etc/app.conf /var/copy/`)
      task('Set it', file.content(conf, 'x\n'))
      task('Set the copy', file.content('/var/copy/app.conf', 'x\n'))
      task('Make the copy', shell({ creates: '/var/copy/app.conf' })`false`)
    },
    (host) => host.files.write(conf, 'x\n'),
  )
  assert.equal(foreseen, { Copy: 'changed', 'Set it': 'ok', 'Set the copy': 'unknown', 'Make the copy': 'unknown' })
})

test('a check that asks what is foreseen is answered, and any other waits for the real run', async () => {
  const { foreseen } = await both(
    ({ task }) => {
      task('Before', { verify: true }, probe`true`)
      task('Stop it', service.stopped('web'))
      task('It is stopped', { verify: true }, async (host) => {
        if ((await host.run(service.status('web'))).running) throw new Error('it runs')
      })
      task('It runs', { verify: true, retries: 9, delay: '1h' }, async (host) => {
        if (!(await host.run(service.status('web'))).running) throw new Error('it is stopped')
      })
      task('Nobody answers', { verify: true }, probe`true`)
    },
    (host) => host.service('web', 'running'),
  )
  assert.equal(foreseen, {
    Before: 'ok',
    'Stop it': 'changed',
    'It is stopped': 'ok',
    'It runs': 'unknown',
    'Nobody answers': 'unknown',
  })
})

test('waiting for what the run brings about is no change, and fails nobody', async () => {
  const { foreseen, real } = await both(({ task }) => {
    task('Make it', shell({ touches: ['/srv/made'] })`printf x >/srv/made`)
    task('Wait for it', wait.file('/srv/made'))
  })
  assert.equal(foreseen, real)
})

test('a module says what its change leaves, and what it brings about whatever it finds', async () => {
  const lamps = new Map([['hall', false]])
  const lamp = operation<boolean, boolean, boolean, null>((on) => `lamp ${on}`, {
    read: async (connection) => connection.foreseen?.see('lamp hall', lamps.get('hall')!) ?? lamps.get('hall')!,
    plan: (is, on) =>
      is === on ? { result: null } : { result: null, change: on, leaves: [{ what: 'lamp hall', becomes: () => on }] },
    brings: (on) => [{ what: 'lamp hall', becomes: () => on }],
    apply: async (connection, on) => {
      lamps.set('hall', on)
      await output(connection, 'true')
      return null
    },
  })
  const real = await same(({ task }) => {
    task('On', lamp(true))
    task('Still on', lamp(true))
    task('Off', lamp(false))
  })
  assert.equal(real, { On: 'changed', 'Still on': 'ok', Off: 'changed' })
})

test('users', async () => {
  const { foreseen } = await both(({ task }) => {
    task('Make him', user.present('deploy', { shell: '/bin/sh' }))
    task('He is there', user.present('deploy', { shell: '/bin/sh' }))
    task('Drop him', user.absent('deploy'))
    task('He is gone', user.absent('deploy'))
  })
  assert.equal(Object.values(foreseen).join(' '), 'changed ok changed ok')
})

const paths = ['/srv/a', '/srv/a/b', '/srv/a/b/c', '/etc/d.ini'] as const
const steps: fc.Arbitrary<Operation<Value>> = fc.oneof(
  fc
    .record({
      path: fc.constantFrom(...paths),
      text: fc.constantFrom('x\n', '[s]\nk = 1\n'),
      mode: fc.constantFrom('0600', '0644'),
    })
    .map(({ path, text, mode }) => file.content(path, text, { mode })),
  fc.constantFrom(...paths).map((path) => file.absent(path)),
  fc.constantFrom(...paths).map((path) => file.directory(path)),
  fc
    .record({ path: fc.constantFrom(...paths), mode: fc.constantFrom('0600', '0644', '0700') })
    .map(({ path, mode }) => file.attributes(path, { mode })),
  fc
    .record({ path: fc.constantFrom(...paths), value: fc.constantFrom(1, 2) })
    .map(({ path, value }) => ini.set(path, { s: { k: value } }, { create: true })),
  fc.constantFrom(...paths).map((path) => line.present(path, { line: 'x', create: true } as never)),
  fc.constantFrom('started', 'stopped', 'enabled', 'disabled').map((word) => service[word as 'started']('web')),
  fc.constantFrom(...paths).map((path) => shell`[ -d ${path} ] || printf 'x\n' >${path}`),
  fc.constantFrom('start', 'stop').map((word) => shell`service web ${word}`),
)

test('whatever tasks do one after the other: no ok that then changes, no changed that then is ok', async () => {
  let told = 0
  let all = 0
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 7 }), async (operations) => {
      const { foreseen, real, commands } = await both(
        ({ task }) => operations.forEach((one, i) => void task(`${i} ${one.name}`, { ignoreErrors: true }, one)),
        (host) => {
          host.service('web', 'running')
          host.files.write('/srv/.keep', '')
        },
      )
      assert.is(commands, 0, 'check mode runs nothing')
      for (const [name, said] of Object.entries(foreseen)) {
        // From here on the host is not what anybody foresees.
        if (real[name] === 'ignored') break
        all++
        if (said === 'unknown') continue
        told++
        assert.is(said, real[name], `${name}: ${JSON.stringify({ foreseen, real }, undefined, 1)}`)
      }
    }),
    { numRuns: 50, seed: 11 },
  )
  assert.ok(told > all / 2, `${told} of ${all} are told`)
})

test.run()
