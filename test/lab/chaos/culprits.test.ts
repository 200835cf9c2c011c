import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { culprits } from './culprits.ts'

const test = suite('culprits')
const points = Array.from({ length: 374 }, (_, i) => i)

for (const guilty of [[0], [373], [100], [3, 300], [10, 11], [1, 190, 372]]) {
  test(`finds ${guilty.join(' and ')} among ${points.length}, and tries few`, async () => {
    let tries = 0
    const found = await culprits(points, (some) => {
      tries++
      return Promise.resolve(guilty.every((one) => some.includes(one)))
    })
    assert.equal(
      [...found].sort((a, b) => a - b),
      guilty,
    )
    assert.ok(tries <= 2 * 9 * guilty.length, `${tries}`)
  })
}

test.run()
