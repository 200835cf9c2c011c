import { readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { authorsFrame, here, showLocation } from '../../../lib/model/location.ts'
import { look } from '../../rig/hosts.ts'

const test = suite('location')
const file = new URL(import.meta.url).pathname
const root = path.resolve(file, '../../../..')
const lineOf = (mark: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => line.endsWith(`// ${mark}`)) + 1

test('is where the author called, whatever of the library lies between', () => {
  const made = look('x') // made
  assert.equal([made.at.file, made.at.line], [file, lineOf('made')])
  const direct = here() // direct
  assert.equal(JSON.parse(JSON.stringify(direct)), { file, line: lineOf('direct') })
})

test('is found behind a deep call', () => {
  const deep = (n: number): ReturnType<typeof here> => (n === 0 ? here() : deep(n - 1)) // deep
  assert.is(deep(8).line, lineOf('deep'))
})

for (const [what, frames, want] of [
  [
    'frames of Node itself',
    [
      'at async node:internal/process/task_queues:95:5',
      'at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      'at /srv/book.ts:3:1',
    ],
    { file: '/srv/book.ts', line: 3 },
  ],
  [
    'frames of this library',
    [
      `at task (${root}/lib/model/playbook.ts:1:2)`,
      `at file://${root}/lib/engine/run.ts:5:6`,
      'at f (file:///srv/roles/r.ts:7:9)',
    ],
    { file: '/srv/roles/r.ts', line: 7 },
  ],
  [
    'frames of packages',
    ['at x (/srv/node_modules/uvu/x.js:1:1)', 'at async /srv/book.ts:12:30'],
    { file: '/srv/book.ts', line: 12 },
  ],
  [
    'frames without a place',
    ['at Array.map (<anonymous>)', 'at async Promise.all (index 0)', 'at new Role (/srv/role.ts:4:4)'],
    { file: '/srv/role.ts', line: 4 },
  ],
  [
    'evaluated code',
    [
      'at eval (eval at run (/srv/x.ts:1:1), <anonymous>:1:1)',
      'at Object.body [as run] (/srv/my (old) roles/role.ts:4:4)',
    ],
    { file: '/srv/my (old) roles/role.ts', line: 4 },
  ],
  ['marks of a loader', ['at file:///srv/book%20one.ts?namespace=1:3:1'], { file: '/srv/book one.ts', line: 3 }],
  [
    'a message with places in it',
    ['see (/etc/nova/nova.conf:3:1)', '/etc/x:1:1', 'at f (/srv/book.ts:9:1)'],
    { file: '/srv/book.ts', line: 9 },
  ],
  ["everything when nothing is the author's", ['at node:internal/main:1:1'], undefined],
] as const) {
  test(`passes over ${what}`, () => {
    assert.equal(authorsFrame(['Error: first line', ...frames.map((frame) => `    ${frame}`)].join('\n')), want)
  })
}

test('is shown relative to where one works, if it lies below', () => {
  assert.is(showLocation({ file: path.join(process.cwd(), 'roles/nova.ts'), line: 3 }), 'roles/nova.ts:3')
  assert.is(showLocation({ file: '/elsewhere/nova.ts', line: 3 }), '/elsewhere/nova.ts:3')
})

test.run()
