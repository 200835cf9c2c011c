import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { program } from '../../../lib/model/program.ts'
import type { Event } from '../../../lib/model/event.ts'
import { withInventory } from '../../../lib/program/advice.ts'

const test = suite('advice with the inventory of the run')

const failed = (hint: string) => ({ type: 'task-finished', failure: { reason: 'no', hint } }) as unknown as Event
const said = (hint: string, ...argv: readonly string[]) => {
  const event = withInventory(failed(hint), argv)
  return 'failure' in event ? event.failure?.hint : undefined
}
const advice = 'bring them: run cinder -i INVENTORY -t volumes'

test('names it as it was named, however that was written', () => {
  const wanted = `bring them: ${program()} cinder -i inventory/lab -t volumes`
  for (const given of [
    ['-i', 'inventory/lab'],
    ['-iinventory/lab'],
    ['--inventory', 'inventory/lab'],
    ['--inventory=inventory/lab'],
  ])
    assert.is(said(advice, 'book.ts', ...given, '--yes'), wanted)
  assert.is(
    said(advice, '-i', 'a b.ini', '-i', 'c.ts'),
    `bring them: ${program()} cinder -i 'a b.ini' -i c.ts -t volumes`,
  )
})

test('names none where it stands in the settings', () => {
  assert.is(said(advice, 'book.ts'), `bring them: ${program()} cinder -t volumes`)
})

test('… in what tasks tell, and in reasons', () => {
  const text = '→ run playbooks/guests.ts -i INVENTORY'
  const wanted = `→ ${program()} playbooks/guests.ts -i x`
  const log = { type: 'output', stream: 'log', text } as Event
  assert.is((withInventory(log, ['-i', 'x']) as { text: string }).text, wanted)
  const reason = { type: 'task-finished', failure: { reason: text } } as unknown as Event
  assert.is((withInventory(reason, ['-i', 'x']) as { failure: { reason: string } }).failure.reason, wanted)
  // What a program wrote is its own.
  const output = { type: 'output', stream: 'stdout', text } as Event
  assert.is(withInventory(output, ['-i', 'x']), output)
})

test('leaves other advice and other events as they are', () => {
  assert.is(said('service mysqld start', '-i', 'x'), 'service mysqld start')
  const other = { type: 'warned', message: ' -i INVENTORY' } as Event
  assert.is(withInventory(other, ['-i', 'x']), other)
})

test.run()
