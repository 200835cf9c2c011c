import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { headline, identity, showPath } from '../../../lib/model/path.ts'

const test = suite('path')

for (const [path, wanted] of [
  [
    { play: 'Move', role: 'keystone', blocks: [], task: 'Stop' },
    ['Move › keystone › Stop', 'keystone › Stop', 'keystone : Stop'],
  ],
  [
    { play: 'Move', role: 'nova', blocks: ['Pin', 'Once'], task: 'Set' },
    ['Move › nova › Pin › Once › Set', 'nova › Pin › Once › Set', 'nova : Pin › Once › Set'],
  ],
  // A play that gives its steps itself.
  [{ play: 'Move', role: 'Move', blocks: ['Pin'], task: 'Set' }, ['Move › Move › Pin › Set', 'Pin › Set', 'Pin › Set']],
] as const)
  test(`names a task in each way: ${wanted[0]}`, () =>
    assert.equal([identity(path), showPath(path), headline(path)], [...wanted]))

test.run()
