import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findRun } from '../../../lib/engine/done.ts'
import { Journal } from '../../../lib/engine/journal.ts'
import { lockHosts } from '../../../lib/engine/lock.ts'
import { pruneRuns } from '../../../lib/engine/prune.ts'
import type { Event, RunFinished, RunStarted } from '../../../lib/model/event.ts'
import { aHost } from '../../rig/hosts.ts'

const test = suite('prune')
let folder = { runs: '', undo: '' }
test.before.each(() => {
  const root = mkdtempSync(path.join(tmpdir(), 'prune-'))
  folder = { runs: path.join(root, 'runs'), undo: path.join(root, 'undo') }
})
test.after.each(() => rmSync(path.dirname(folder.runs), { recursive: true }))

const at = { file: '/x.ts', line: 1 }
const changed = (host: string): Event => ({
  type: 'task-finished',
  path: { play: 'P', role: '', blocks: [], task: 'T' },
  at,
  host,
  delegated: [],
  status: 'changed',
  handler: false,
  milliseconds: 1,
})

interface Recorded extends Partial<Omit<RunStarted, 'run'>> {
  readonly days: number
  readonly outcome?: RunFinished['outcome']
  readonly owed?: RunFinished['owed']
  readonly on?: readonly string[]
}

/** A journal that was last written so many days ago. */
function record(run: string, { days, outcome, owed = [], on = [], ...start }: Recorded): void {
  const journal = new Journal(run, folder.runs)
  const started: Event = {
    type: 'run-started',
    run,
    playbook: 'site',
    check: false,
    hosts: ['a'],
    plays: 1,
    tasks: 1,
    argv: ['site.ts'],
    inventory: 'hosts.ini',
    ...start,
  }
  const ended: Event[] = outcome ? [{ type: 'run-finished', run, outcome, milliseconds: 1, owed }] : []
  for (const event of [started, ...on.map(changed), ...ended]) journal.append({ ...event, time: 1 })
  journal.close()
  const time = Date.now() / 1000 - days * 86_400
  utimesSync(journal.path, time, time)
}
const left = () =>
  readdirSync(folder.runs)
    .sort()
    .map((name) => name.replace('.jsonl', ''))
const prune = (keep: Partial<Parameters<typeof pruneRuns>[0]>, ...besides: readonly string[]) =>
  pruneRuns({ days: 0, megabytes: 0, ...keep }, besides, folder)
const aMegabyte = Array.from({ length: 20 }, () => 'x'.repeat(50_000))

test('removes what is older than so many days, with its report, but for the newest of each inventory', () => {
  record('1', { days: 100, outcome: 'ok' })
  writeFileSync(path.join(folder.runs, '1.html'), 'page')
  record('2', { days: 100, outcome: 'ok', inventory: 'other.ini' })
  record('3', { days: 95, outcome: 'ok', playbook: 'other' })
  record('4', { days: 89, outcome: 'ok' })
  record('5', { days: 1, outcome: 'ok' })
  const { runs, bytes } = prune({ days: 90 })
  assert.equal(runs, ['1'])
  assert.ok(bytes > 4)
  assert.equal(left(), ['2', '3', '4', '5'])
  assert.equal(prune({ days: 90 }), { runs: [], bytes: 0 })
})

test('removes the oldest while all are larger than so many megabytes, their reports counted', () => {
  for (const run of ['1', '2', '3', '4']) record(run, { days: 1, outcome: 'ok', argv: aMegabyte })
  writeFileSync(path.join(folder.runs, '2.html'), 'x'.repeat(1e6))
  assert.equal(prune({ megabytes: 6 }).runs, [])
  assert.equal(prune({ megabytes: 4 }).runs, ['1', '2'])
  assert.equal(left(), ['3', '4'])
})

test('removes nothing where there is no bound', () => {
  for (const run of ['1', '2']) record(run, { days: 10_000, outcome: 'ok' })
  prune({})
  assert.equal(left(), ['1', '2'])
})

test('leaves what did not end well until it was gone on with, or done again as it was typed', () => {
  record('1', { days: 100 })
  record('2', { days: 100, outcome: 'failed', hosts: ['a', 'b'] })
  record('3', { days: 100, outcome: 'ok', owed: [{ host: 'a', handler: 'Restart' }], argv: ['site.ts', '-t', 'x'] })
  record('4', { days: 100, outcome: 'interrupted', argv: ['site.ts', '-C'] })
  record('5', { days: 1, outcome: 'ok' })
  prune({ days: 90 })
  assert.equal(left(), ['1', '2', '3', '4', '5'])
  record('6', { days: 1, outcome: 'ok', resumes: '1' })
  record('7', { days: 1, outcome: 'ok', hosts: ['a', 'b'] })
  prune({ days: 90 })
  assert.equal(left(), ['3', '4', '5', '6', '7'])
})

test('leaves what a run that did not end well had gone on with', () => {
  record('1', { days: 100, outcome: 'failed' })
  record('2', { days: 100, outcome: 'failed', resumes: '1', argv: ['site.ts', '--resume'] })
  record('3', { days: 1, outcome: 'ok' })
  prune({ days: 90 })
  assert.equal(left(), ['1', '2', '3'])
})

test('leaves who tells that others worked since on the hosts of a run that may be gone on with', () => {
  record('1', { days: 100, hosts: ['a', 'b'] })
  record('2', { days: 99, outcome: 'ok', playbook: 'other', on: ['a'] })
  record('3', { days: 99, outcome: 'ok', playbook: 'other', on: ['a'] })
  record('4', { days: 99, outcome: 'ok', playbook: 'other' })
  record('5', { days: 1, outcome: 'ok', playbook: 'other' })
  prune({ days: 90 })
  assert.equal(left(), ['1', '3', '5'])
  const done = findRun('1', 'site', assert.unreachable, folder.runs)
  assert.equal(done.since('1', 'a', 'a'), { run: '3', told: '3 of «other»' })
})

test('leaves what can be undone, is told of, is unreadable, or goes on', () => {
  for (const run of ['1', '2', '3', '4', '5']) record(run, { days: 100, outcome: 'ok' })
  mkdirSync(folder.undo)
  writeFileSync(path.join(folder.undo, '1.jsonl'), '')
  writeFileSync(path.join(folder.runs, '0.jsonl'), 'garbage\n')
  utimesSync(path.join(folder.runs, '0.jsonl'), 1, 1)
  record('6', { days: 1, outcome: 'ok' })
  const here = process.cwd()
  process.chdir(path.dirname(folder.runs))
  const release = lockHosts([aHost('a')], '3', 'site')
  try {
    assert.equal(prune({ days: 90 }, '2').runs, ['4', '5'])
  } finally {
    release()
    process.chdir(here)
  }
  assert.equal(left(), ['0', '1', '2', '3', '6'])
  assert.ok(existsSync(path.join(folder.undo, '1.jsonl')))
})

test.run()
