import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newRunId } from '../../../lib/engine/run.ts'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findRun as find, owedBefore } from '../../../lib/engine/done.ts'
import { Journal, readJournal as read, recordedRuns } from '../../../lib/engine/journal.ts'
import type { Event, Status } from '../../../lib/model/event.ts'
import { Refused } from '../../../lib/model/problem.ts'

const test = suite('journal')
let directory = ''
test.before.each(() => {
  directory = path.join(mkdtempSync(path.join(tmpdir(), 'journal-')), 'runs')
})
test.after.each(() => rmSync(path.dirname(directory), { recursive: true }))

const noDamage = (message: string) => {
  throw new Error(message)
}
const readJournal = (file: string) => [...read(file, noDamage)]
const findRun = (name: string | undefined, playbook: string, from: string) => find(name, playbook, noDamage, from)
const at = { file: '/x.ts', line: 1 }
const started = (
  run: string,
  more: { readonly check?: boolean; readonly playbook?: string; readonly resumes?: string } = {},
): Event => ({
  type: 'run-started',
  run,
  playbook: 'book',
  check: false,
  hosts: ['a'],
  plays: 1,
  tasks: 1,
  argv: [],
  ...more,
})
const finished = (task: string, status: Status, result?: string): Event => ({
  type: 'task-finished',
  path: { play: 'P', role: 'r', blocks: ['B'], task },
  at,
  host: 'a',
  delegated: [],
  status,
  handler: false,
  milliseconds: 1,
  ...(result ? { result } : {}),
})
const over = (run: string, outcome: 'ok' | 'failed'): Event => ({
  type: 'run-finished',
  run,
  outcome,
  milliseconds: 1,
  owed: [],
})
const id = (task: string) => `P › r › B › ${task}`

const record = (run: string, ...events: readonly Event[]) => {
  const journal = new Journal(run, directory)
  for (const event of events) journal.append({ ...event, time: 5 })
  journal.close()
  return journal.path
}
const refusal = (call: () => unknown): string => {
  try {
    call()
  } catch (error) {
    if (error instanceof Refused) return `${error.exitCode}: ${error.message}`
    throw error
  }
  throw new Error('it was not refused')
}

test('gives back what was appended, but for what is worth nothing afterwards', () => {
  const file = record(
    '1',
    started('1'),
    { type: 'host-started', path: { play: 'P', role: 'r', blocks: [], task: 'T' }, host: 'a' },
    {
      type: 'output',
      path: { play: 'P', role: 'r', blocks: [], task: 'T' },
      host: 'a',
      text: '5 %',
      stream: 'progress',
    },
    finished('T', 'ok', 'fine'),
  )
  assert.equal(readJournal(file), [
    { ...started('1'), time: 5 },
    { ...finished('T', 'ok', 'fine'), time: 5 },
  ])
})

test('can be read by its owner alone', () => {
  const file = record('1', started('1'))
  assert.is(statSync(file).mode & 0o777, 0o600)
  assert.is(statSync(path.dirname(file)).mode & 0o777, 0o700)
})

test('has each event in the file as soon as it is appended', () => {
  const journal = new Journal('1', directory)
  journal.append({ ...started('1'), time: 5 })
  assert.is(readFileSync(journal.path, 'utf8').split('\n').length, 2)
  journal.close()
})

test('passes over the half line that a kill leaves', () => {
  const file = record('1', started('1'), finished('T', 'changed'))
  const whole = JSON.stringify({ ...finished('U', 'changed'), time: 6 })
  for (const length of [1, 20, whole.length - 1, whole.length]) {
    appendFileSync(file, whole.slice(0, length))
    const done = findRun(undefined, 'book', directory)
    assert.is(done.has(id('T'), 'a'), true)
    assert.is(done.has(id('U'), 'a'), false, 'a line is whole with its end')
    record('1')
    assert.is(readJournal(file).length, 2)
    rmSync(file)
    record('1', started('1'), finished('T', 'changed'))
  }
})

test('finds the latest run of the playbook that did not end well', () => {
  record('20300101-1', started('20300101-1'), finished('Old', 'ok'), over('20300101-1', 'failed'))
  record(
    '20300101-2',
    started('20300101-2'),
    finished('T', 'ok', 'fine'),
    finished('U', 'failed'),
    finished('V', 'skipped'),
    over('20300101-2', 'failed'),
  )
  record('20300101-3', started('20300101-3', { playbook: 'other' }))
  record('20300101-4', started('20300101-4', { check: true }), finished('T', 'changed'))
  const done = findRun(undefined, 'book', directory)
  assert.is(done.run, '20300101-2')
  assert.is(done.get(id('T'), 'a')?.result, 'fine')
  assert.equal(
    ['T', 'U', 'V', 'Old'].map((task) => done.has(id(task), 'a')),
    [true, false, false, false],
  )
  assert.equal(
    ['T', 'U', 'V'].map((task) => done.failed(id(task), 'a')),
    [false, true, false],
  )
  assert.is(done.has(id('T'), 'b'), false)
})

test('finds a run by its name, or by how only its name begins', () => {
  record('20300101-1a', started('20300101-1a'), over('20300101-1a', 'failed'))
  record('20300101-1', started('20300101-1'), over('20300101-1', 'ok'))
  record('20300102-2', started('20300102-2', { playbook: 'other' }))
  assert.is(findRun('20300101-1', 'book', directory).run, '20300101-1')
  assert.is(findRun('20300101-1a', 'book', directory).run, '20300101-1a')
  assert.is(
    refusal(() => findRun('20300101', 'book', directory)),
    '5: several runs begin with 20300101 - they are: 20300101-1, 20300101-1a',
  )
  assert.is(
    refusal(() => findRun('20300102-2', 'book', directory)),
    '5: there is no recorded run 20300102-2 of «book» to resume - did you mean 20300101-1?',
  )
})

test('refuses where there is nothing to go on with', () => {
  assert.equal(recordedRuns(directory), [])
  assert.is(
    refusal(() => findRun(undefined, 'book', directory)),
    '5: there is no recorded run of «book» to resume - run it without --resume',
  )
  record('1', started('1'), over('1', 'ok'))
  assert.is(
    refusal(() => findRun(undefined, 'book', directory)),
    '5: the latest run of «book» (1) ended well: there is nothing to resume - run it without --resume',
  )
})

test('has what was done before when a run is killed, resumed and killed again, and again', () => {
  record(
    '1',
    started('1'),
    finished('One', 'changed', 'first'),
    finished('Two', 'changed'),
    finished('Three', 'failed'),
  )
  record('2', started('2', { resumes: '1' }), finished('One', 'resumed', 'first'))
  record('3', started('3', { resumes: '2' }))
  const done = findRun(undefined, 'book', directory)
  assert.is(done.run, '3')
  assert.is(done.get(id('One'), 'a')?.result, 'first')
  assert.is(done.get(id('One'), 'a')?.run, '1')
  assert.is(done.has(id('Two'), 'a'), true)
  assert.is(done.failed(id('Three'), 'a'), true)
})

test('takes the last word on a task', () => {
  record('1', started('1'), finished('T', 'changed'), finished('U', 'failed'))
  record('2', started('2', { resumes: '1' }), finished('T', 'failed'), finished('U', 'ok'))
  const done = findRun(undefined, 'book', directory)
  assert.equal([done.has(id('T'), 'a'), done.failed(id('T'), 'a')], [false, true])
  assert.equal([done.has(id('U'), 'a'), done.failed(id('U'), 'a')], [true, false])
})

test('knows which changes had begun and had no end', () => {
  const planned = (task: string): Event => ({
    type: 'change-planned',
    path: { play: 'P', role: 'r', blocks: ['B'], task },
    host: 'a',
    operation: 'o',
    diff: [],
  })
  record('1', started('1'), planned('T'), finished('T', 'changed'), planned('U'), finished('U', 'failed'), planned('V'))
  const done = findRun(undefined, 'book', directory)
  assert.equal(
    ['T', 'U', 'V'].map((task) => done.begun(id(task), 'a')),
    [false, false, true],
  )
})

test('knows what had been sent before its turn, and may have begun', () => {
  const sent = (begun: boolean, ...tasks: readonly string[]): Event => ({
    type: 'sent-ahead',
    host: 'a',
    paths: tasks.map((task) => ({ play: 'P', role: 'r', blocks: ['B'], task })),
    begun,
  })
  record('1', started('1'), sent(true, 'T', 'U', 'V', 'W'), finished('T', 'changed'), sent(false, 'V'))
  const done = findRun(undefined, 'book', directory)
  assert.equal(
    ['T', 'U', 'V', 'W'].map((task) => done.begun(id(task), 'a')),
    [false, true, false, true],
  )
})

test('does not follow runs in a circle, nor to one whose record is gone', () => {
  record('1', started('1', { resumes: '2' }), finished('One', 'ok'))
  record('2', started('2', { resumes: '1' }), finished('Two', 'ok'))
  assert.is(findRun(undefined, 'book', directory).has(id('One'), 'a'), true)
  record('3', started('3', { resumes: 'gone' }), finished('Three', 'ok'))
  assert.is(findRun(undefined, 'book', directory).has(id('Three'), 'a'), true)
})

test('names runs so that they sort as they began', () => {
  const names = Array.from({ length: 5 }, () => {
    const name = newRunId()
    for (const until = Date.now() + 2; Date.now() < until; );
    return name
  })
  assert.equal([...names].sort(), names)
  assert.match(names[0]!, /^\d{8}-\d{6}-\d{3}[0-9a-f]{2}$/)
})

test('records a difference, and of whole files only how large they are', () => {
  const change: Event = {
    type: 'change-planned',
    path: { play: 'P', role: 'r', blocks: [], task: 'T' },
    host: 'a',
    operation: 'o',
    diff: [
      { path: '/small', before: 'a', after: 'b' },
      { path: '/large', before: 'x'.repeat(5000), after: 'b' },
    ],
  }
  const [, kept] = readJournal(record('r1', started('r1'), change))
  assert.equal(kept?.type === 'change-planned' && kept.diff, [
    { path: '/small', before: 'a', after: 'b' },
    { path: '/large', before: '(5000 characters)', after: 'b' },
  ])
})

test('tells what cannot be read with its line, and reads on', () => {
  const file = record('1', started('1'))
  appendFileSync(file, 'null\n{"type":"task-finished","time":5}\n')
  appendFileSync(file, `${JSON.stringify({ ...finished('T', 'ok'), time: 5, status: 'toString' })}\n`)
  appendFileSync(file, `gar\0bage\n${JSON.stringify({ ...finished('U', 'ok'), time: 5 })}\n{"type":"run-fin`)
  const told: string[] = []
  const events = [...read(file, (message) => told.push(message.replace(/^.*runs\//, '')))]
  assert.equal(
    events.map((event) => (event.type === 'task-finished' ? event.path.task : event.type)),
    ['run-started', 'U'],
  )
  assert.equal(told, [
    '1.jsonl:2 is damaged: it is no event',
    '1.jsonl:3 is damaged: its path is missing',
    '1.jsonl:4 is damaged: its status is not what it should be',
    `${path.basename(file)} has 1 more damaged lines`,
  ])
})

test('says of a run whose beginning is damaged that it is passed over', () => {
  const file = record('2', started('2'), finished('T', 'changed'))
  writeFileSync(file, readFileSync(file, 'utf8').replace('"playbook"', '"plybook"'))
  record('1', started('1'), over('1', 'failed'))
  const told: string[] = []
  assert.is(find(undefined, 'book', (message) => told.push(message.replace(/^.*runs\//, '')), directory).run, '1')
  assert.equal(told, [
    '2.jsonl:1 is damaged: its playbook is missing, so that nobody knows what the run was: it is passed over',
  ])
})

test('keeps the beginning of what a task says, and no result of more than a mebibyte', () => {
  const output = (text: string): Event => ({
    type: 'output',
    path: { play: 'P', role: 'r', blocks: ['B'], task: 'T' },
    host: 'a',
    text,
    stream: 'stdout',
  })
  const pieces = Array.from({ length: 1000 }, () => output('x'.repeat(1000)))
  const file = record('1', started('1'), ...pieces, finished('T', 'changed', 'y'.repeat(2 << 20)), output('after'))
  assert.ok(statSync(file).size < 200_000, `${statSync(file).size} bytes`)
  const events = readJournal(file)
  const said = events.flatMap((event) => (event.type === 'output' ? [event.text] : [])).join('')
  assert.match(said, /^x{65536}\n\(the rest is not kept\)\nafter$/)
  assert.is(find(undefined, 'book', noDamage, directory).get(id('T'), 'a')?.unkept, true)
})

test('reads a journal of any length by its lines', () => {
  const file = record('1', started('1'))
  const handle = openSync(file, 'a')
  const line = `${JSON.stringify({ ...finished('T', 'ok'), time: 5 })}\n`
  for (let i = 0; i < 40; i++) writeSync(handle, line.repeat(1000))
  writeSync(handle, `"${'z'.repeat(17 << 20)}"\n${line}`)
  closeSync(handle)
  const told: string[] = []
  let count = 0
  for (const event of read(file, (message) => told.push(message))) count += event.type === 'task-finished' ? 1 : 0
  assert.is(count, 40_001)
  assert.match(told.join('\n'), /1\.jsonl:40002 is damaged: it is longer than 16 MiB$/)
})

test('knows who has worked on hosts since, by their names and addresses', () => {
  const planned = (host: string): Event => ({
    type: 'change-planned',
    path: { play: 'P', role: 'r', blocks: ['B'], task: 'T' },
    host,
    operation: 'o',
    diff: [],
  })
  const met = (host: string, address: string): Event => ({ type: 'host-met', host, address, keys: [] })
  record('1', started('1'), finished('T', 'changed'), over('1', 'failed'))
  record('2', started('2', { playbook: 'back' }), met('x', '10.0.0.1:22'), planned('x'), over('2', 'ok'))
  record('3', started('3', { playbook: 'look', check: true }), planned('y'))
  const done = findRun(undefined, 'book', directory)
  const other = { run: '2', told: '2 of «back»' }
  assert.equal(done.since('1', 'x', 'elsewhere'), other)
  assert.equal(done.since('1', 'a', '10.0.0.1:22'), other)
  assert.is(done.since('2', 'a', '10.0.0.1:22'), undefined)
  assert.is(done.since('1', 'y', 'y'), undefined)
})

test('lets a run that begins anew know what the one before it owes, and nothing else', () => {
  const notified: Event = {
    type: 'handler-notified',
    path: { play: 'P', role: 'r', blocks: ['B'], task: 'T' },
    host: 'a',
    handler: 'Restart',
  }
  record('1', started('1'), notified, finished('T', 'changed'), over('1', 'failed'))
  const before = owedBefore('book', noDamage, directory)!
  assert.equal([before.has(id('T'), 'a'), before.owed('P › r › Restart')], [false, ['a']])
  assert.is(owedBefore('other', noDamage, directory), undefined)
})

test('a run is named behind those before it, also where the clock was set back', () => {
  const now = Date.UTC(2026, 10, 30, 8, 0, 0)
  assert.match(newRunId([], now), /^20261130-080000-000[0-9a-f]{2}$/)
  assert.match(newRunId(['20251130-080000-000ff'], now), /^20261130-080000-000/)
  assert.match(newRunId(['20400229-235959-999ff'], now), /^20400301-000000-000/)
  assert.match(newRunId(['by hand'], now), /^20261130-080000-000/)
})

test.run()
