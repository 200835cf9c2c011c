import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { didYouMean, exit, nearest, Refused, showProblems } from '../../../lib/model/problem.ts'

const test = suite('problem')
const names = ['compute', 'controller', 'config', 'keystone', 'db']

for (const [typed, meant] of [
  ['compute', 'compute'],
  ['comptue', 'compute'],
  ['computes', 'compute'],
  ['cmopute', 'compute'],
  ['COMPUTE', 'compute'],
  ['kyestone', 'keystone'],
  ['dv', 'db'],
  ['contr', 'controller'],
  ['conf', 'config'],
  ['glance', undefined],
  ['x', undefined],
  ['', undefined],
] as const) {
  test(`takes ${typed === '' ? 'nothing' : typed} for ${meant ?? 'none of them'}`, () =>
    assert.is(nearest(typed, names), meant))
}

test('takes some words of a long name for it', () => {
  const tasks = ['Install the package', 'web › Restart the web server', 'Stop']
  for (const [typed, meant] of [
    ['restart web', tasks[1]],
    ['Install package', tasks[0]],
    ['the package', tasks[0]],
    ['restart db', undefined],
  ] as const)
    assert.is(nearest(typed, tasks), meant, typed)
})

test('asks, or says nothing', () => {
  assert.is(didYouMean('comptue', names), 'did you mean compute?')
  assert.is(didYouMean('glance', names), undefined)
  assert.is(didYouMean('a', []), undefined)
})

test('is one line: what, the next step, the place', () => {
  const at = { file: `${process.cwd()}/roles/nova/compute.ts`, line: 22 }
  assert.is(
    showProblems([{ message: 'no host a', hint: 'did you mean b?', at }]),
    'no host a - did you mean b? (roles/nova/compute.ts:22)',
  )
  assert.is(showProblems([{ message: 'wrong', source: '    a = \n        ^' }]), 'wrong\n    a = \n        ^')
})

test('are refused together, with the exit code of their kind', () => {
  const refused = new Refused(
    [
      { message: 'one', hint: 'do that' },
      { message: 'two', hint: 'do this' },
    ],
    exit.load,
  )
  assert.is(refused.message, 'one - do that\ntwo - do this')
  assert.is(refused.exitCode, 6)
  const alone = { message: 'alone', hint: 'do it' }
  assert.equal(new Refused(alone, exit.empty).problems, [alone])
})

test('end with the codes that Ansible has where it has one', () => {
  assert.equal(exit, {
    ok: 0,
    crashed: 1,
    failed: 2,
    unreachable: 4,
    usage: 5,
    load: 6,
    empty: 7,
    refused: 8,
    locked: 9,
    interrupted: 130,
    terminated: 143,
  })
})

test('what is wrong alike in many places is said once', () => {
  const at = (line: number) => ({ message: 'no import', hint: 'write it', at: { file: path.resolve('a.ts'), line } })
  const other = { message: 'no export', hint: 'write it', at: { file: path.resolve('b.ts'), line: 1 } }
  assert.is(showProblems([at(1), other, at(2)]), 'no import - write it (a.ts:1, a.ts:2)\nno export - write it (b.ts:1)')
  const dozens = Array.from({ length: 55 }, (_, i) => at(i + 1))
  assert.is(showProblems(dozens), 'no import - write it (a.ts:1, a.ts:2, a.ts:3, and 52 more)')
  assert.is(new Refused(dozens, exit.load).message, showProblems(dozens))
})

test.run()
