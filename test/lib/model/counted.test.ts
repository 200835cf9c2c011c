import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { counted } from '../../../lib/model/counted.ts'

const test = suite('counted')

test('says one thing as one and several as several', () => {
  assert.equal(
    [
      counted(0, 'play'),
      counted(1, 'play'),
      counted(2, 'play'),
      counted(1, 'retry', 'retries'),
      counted(3, 'retry', 'retries'),
    ],
    ['0 plays', '1 play', '2 plays', '1 retry', '3 retries'],
  )
})

test.run()
