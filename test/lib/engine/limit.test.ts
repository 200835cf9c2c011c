import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { limiter } from '../../../lib/engine/limit.ts'

const test = suite('limit')

test('runs so many at once, the others in their order, failures or not', async () => {
  const begun: number[] = []
  const ends: ((fail: boolean) => void)[] = []
  const slot = limiter(2)
  const calls = [0, 1, 2, 3].map((n) =>
    slot(() => {
      begun.push(n)
      return new Promise<number>((resolve, reject) => {
        ends[n] = (fail) => (fail ? reject(new Error(`${n}`)) : resolve(n))
      })
    }),
  )
  const all = Promise.allSettled(calls)
  assert.equal(begun, [0, 1])
  ends[1]!(true)
  await calls[1]!.catch(() => {})
  assert.equal(begun, [0, 1, 2])
  ends[2]!(false)
  await calls[2]
  assert.equal(begun, [0, 1, 2, 3])
  ends[0]!(false)
  ends[3]!(false)
  assert.equal(
    (await all).map((one) => (one.status === 'fulfilled' ? one.value : 'failed')),
    [0, 'failed', 2, 3],
  )
})

test.run()
