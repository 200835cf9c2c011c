import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inventory, play, playbook, secret, text } from '../../../lib/index.ts'
import type { Timed } from '../../../lib/model/event.ts'
import type { Refused } from '../../../lib/model/problem.ts'
import { shell } from '../../../lib/modules/index.ts'
import { runPlaybook } from '../../../lib/program/index.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'run-program-'))
process.chdir(folder)
const hosts = inventory({ hosts: ['a', 'b'], settings: { connection: 'local' }, vars: { key: 'hidden-word' } })
const site = playbook('site', [
  play('p', { hosts: 'all', vars: { key: secret } }, ({ task, gate }) => {
    task('Say', (host) => shell({ stdin: host.vars.key, long: true })`cat; echo`)
    gate('Really?', { tags: ['never', 'asking'] })
    task('Fail', { tags: ['never', 'failing'] }, shell`exit 3`)
  }),
])
const test = suite('a playbook run from a program')
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('refuses a number of forks with which nobody could begin', async () => {
  for (const forks of [0, -1, 1.5, Number.NaN]) {
    const refused = await runPlaybook({ playbook: site, inventory: hosts, forks }).catch((error: Refused) => error)
    assert.match((refused as Refused).message, `forks must be a whole number from 1, and is ${forks}`)
  }
})

test('gives events and how it ended, prints nothing and leaves nothing behind but its record', async () => {
  const events: Timed[] = []
  const listeners = () => ['SIGINT', 'SIGTERM', 'exit', 'uncaughtException'].map((name) => process.listenerCount(name))
  const [before, written] = [listeners(), [] as unknown[]]
  const [out, err] = [process.stdout.write, process.stderr.write]
  process.stdout.write = process.stderr.write = (text: unknown) => written.push(text) > 0
  const ended = await runPlaybook({ playbook: site, inventory: hosts, onEvent: (event) => events.push(event) }).finally(
    () => {
      process.stdout.write = out
      process.stderr.write = err
    },
  )
  assert.equal(written, [])
  assert.equal(listeners(), before)
  assert.is(ended.outcome, 'ok')
  assert.equal(
    ended.hosts.map(({ host, changed }) => [host, changed]),
    [
      ['a', 1],
      ['b', 1],
    ],
  )
  assert.equal([events[0]?.type, events.at(-1)?.type], ['run-started', 'run-finished'])
  assert.ok(!JSON.stringify(events).includes('hidden-word') && JSON.stringify(events).includes('‹key›'))
  assert.equal(readdirSync('.switchover/runs'), [`${ended.run}.jsonl`])
  assert.equal(readdirSync('.switchover/locks'), [])
})

test('tells a failure by its outcome, and may leave no record', async () => {
  rmSync('.switchover', { recursive: true })
  const { outcome, hosts: counts } = await runPlaybook({
    playbook: site,
    inventory: hosts,
    limit: 'b',
    tags: ['failing'],
    record: false,
  })
  assert.equal([outcome, counts.map(({ host, failed }) => [host, failed])], ['failed', [['b', 1]]])
  assert.not(existsSync('.switchover'))
})

test('sets variables above an inventory that it writes down', async () => {
  const said: string[] = []
  const { outcome } = await runPlaybook({
    playbook: playbook('site', [
      play('p', { hosts: 'a', vars: { word: text } }, ({ task }) => {
        task('Say', ({ vars }) => void said.push(vars.word))
      }),
    ]),
    inventory: inventory({ hosts: { a: { vars: { word: 'of the host' } } }, settings: { connection: 'local' } }),
    extraVars: { word: 'given' },
    record: false,
  })
  assert.equal([outcome, said], ['ok', ['given']])
})

test('is refused where nobody answers, or what it names is not there', async () => {
  const refusal = (wanted: Partial<Parameters<typeof runPlaybook>[0]>) =>
    runPlaybook({ playbook: site, inventory: hosts, record: false, ...wanted }).then(
      () => assert.unreachable(),
      (error: Refused) => error.exitCode,
    )
  assert.is(await refusal({ tags: ['asking'] }), 8)
  assert.is(await refusal({ limit: 'c' }), 7)
  assert.is(await refusal({ playbook: 'none.ts' }), 6)
  const { outcome } = await runPlaybook({
    playbook: site,
    inventory: hosts,
    record: false,
    tags: ['asking'],
    gate: (question) => question === 'Really?',
  })
  assert.is(outcome, 'ok')
})

test('removes the records of earlier runs that are too old, and not of one that may be needed', async () => {
  const runs = path.join(folder, '.switchover/runs')
  rmSync(runs, { recursive: true, force: true })
  for (let i = 0; i < 2; i++) await runPlaybook({ playbook: site, inventory: hosts })
  const [oldest] = readdirSync(runs).sort()
  for (const name of readdirSync(runs)) utimesSync(path.join(runs, name), 0, 0)
  const told: string[] = []
  const onEvent = (event: Timed) => event.type === 'warned' && told.push(event.message)
  await runPlaybook({ playbook: site, inventory: hosts, onEvent, keep: { days: 0, megabytes: 0 } })
  assert.is(readdirSync(runs).length, 3)
  await runPlaybook({ playbook: site, inventory: hosts, onEvent })
  assert.not.ok(readdirSync(runs).includes(oldest!))
  assert.match(told.join(), /^removed the journal of .*keep-days \(90\)/)
})

test.run()
