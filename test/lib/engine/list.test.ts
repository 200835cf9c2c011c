import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { listAsJson, listHosts, listTags, listTasks } from '../../../lib/engine/list.ts'
import { type Selection, select } from '../../../lib/engine/select.ts'
import { parallel, play, playbook, role } from '../../../lib/index.ts'
import { look, rigOf } from '../../rig/hosts.ts'

const test = suite('list')
const { inventory } = rigOf({ controller: ['ctl'], compute: ['c-1', 'c-2'] })
const keystone = role('keystone', {}, ({ task, gate }) => {
  task('Stop the daemons', { tags: ['stop'] }, look('x'))
  gate('Go on?')
})
const glance = role('glance', {}, ({ task }) => void task('Copy the images', { tags: ['copy', 'slow'] }, look('x')))
const compute = role('compute', {}, ({ task, block, flush, parallel }) => {
  block('Reconnect', {
    try() {
      task('Point', { tags: ['config'] }, look('x'))
      flush()
    },
    rescue: () => void task('Put back', { tags: ['always'] }, look('x')),
    always: () => void task('Clean up', look('x')),
  })
  parallel('Checks', () => {
    task('Check one', look('x'))
    task('Check two', { tags: ['config'] }, look('x'))
  })
})
const book = playbook('book', [
  play('Move the services', { hosts: 'controller' }, [parallel(keystone, glance)]),
  play('Reconnect the nodes', { hosts: 'compute', serial: [1, '25%'] }, [compute]),
])
const chosen = (selection: Partial<Selection> = {}) => select(book, inventory, { tags: [], skipTags: [], ...selection })
// Where a task stands in this file is not what these texts are about.
const placed = (text: string) => text.replace(/test\/lib\/engine\/list\.test\.ts:\d+/g, 'HERE')

test('shows plays, roles, blocks and tasks with tags and places', () => {
  assert.is(
    placed(listTasks(chosen())),
    `\
Move the services  (controller)
  keystone (side by side with glance)
    Stop the daemons                   stop        HERE
    ? Go on?                                       HERE
  glance (side by side with keystone)
    Copy the images                    copy, slow  HERE

Reconnect the nodes  (compute, 1, then 25% at a time)
  compute
    Reconnect
      Point                config  HERE
    rescue
      Put back             always  HERE
    always
      Clean up                     HERE
    Checks (side by side)
      Check one                    HERE
      Check two            config  HERE`,
  )
})

test('shows the line that a task stands at', () => {
  assert.match(
    listTasks(chosen({ tags: ['stop'] })),
    /Stop the daemons {11,}stop {2}test\/lib\/engine\/list\.test\.ts:11\n/,
  )
})

test('leaves out what is not selected, with what held it', () => {
  assert.is(
    placed(listTasks(chosen({ tags: ['config'], skipTags: ['always'] }))),
    `\
Reconnect the nodes  (compute, 1, then 25% at a time)
  compute
    Reconnect
      Point                config  HERE
    Checks (side by side)
      Check two            config  HERE`,
  )
  assert.is(
    placed(listTasks(chosen({ startAt: 'Check two' }))),
    `\
Reconnect the nodes  (compute, 1, then 25% at a time)
  compute
    Checks (side by side)
      Check two            config  HERE`,
  )
})

test('shows the hosts of the plays that have something to do, as the limit leaves them', () => {
  assert.is(
    listHosts(chosen()),
    `\
Move the services  (controller): 1
  ctl

Reconnect the nodes  (compute): 2
  c-1
  c-2`,
  )
  assert.is(
    listHosts(chosen({ limit: ['c-2'], tags: ['config'] })),
    `\
Reconnect the nodes  (compute): 1
  c-2`,
  )
})

test('shows tags with how many selected tasks have them', () => {
  assert.is(
    listTags(book, chosen()),
    `\
always  1 task
config  2 tasks
copy    1 task
slow    1 task
stop    1 task`,
  )
  assert.is(listTags(book, chosen({ tags: ['config'], skipTags: ['always'] })), 'config  2 tasks')
})

test('gives all of it as JSON', () => {
  const [move, reconnect] = JSON.parse(
    placed(listAsJson(chosen({ limit: ['ctl,c-1'], tags: ['stop', 'config'] }))),
  ) as readonly unknown[]
  assert.equal(move, {
    play: 'Move the services',
    pattern: 'controller',
    hosts: ['ctl'],
    tasks: [
      { play: 'Move the services', role: 'keystone', blocks: [], task: 'Stop the daemons', tags: ['stop'], at: 'HERE' },
    ],
  })
  assert.equal(reconnect, {
    play: 'Reconnect the nodes',
    pattern: 'compute',
    hosts: ['c-1'],
    tasks: [
      {
        play: 'Reconnect the nodes',
        role: 'compute',
        blocks: ['Reconnect'],
        task: 'Point',
        tags: ['config'],
        at: 'HERE',
      },
      {
        play: 'Reconnect the nodes',
        role: 'compute',
        blocks: ['Reconnect'],
        task: 'Put back',
        tags: ['always'],
        at: 'HERE',
      },
      { play: 'Reconnect the nodes', role: 'compute', blocks: [], task: 'Check two', tags: ['config'], at: 'HERE' },
    ],
  })
})

test.run()
