import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { hostLimiter, limiter } from '../../../lib/engine/limit.ts'

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

test('counts hosts, whatever runs on each of them', async () => {
  const begun: string[] = []
  const ends = new Map<string, () => void>()
  const slot = hostLimiter(2)
  const on = (host: string, name: string) =>
    slot(host, () => {
      begun.push(name)
      return new Promise<void>((resolve) => ends.set(name, resolve))
    })
  const calls = new Map(['a1', 'b1', 'c1', 'a2', 'd1', 'c2'].map((name) => [name, on(name[0]!, name)]))
  assert.equal(begun, ['a1', 'b1', 'a2'])
  const end = async (name: string) => {
    ends.get(name)!()
    await calls.get(name)
  }
  await end('a1')
  assert.equal(begun, ['a1', 'b1', 'a2'], 'something runs on a still')
  await end('a2')
  assert.equal(begun, ['a1', 'b1', 'a2', 'c1', 'c2'])
  await end('c2')
  calls.set('a3', on('a', 'a3'))
  await end('b1')
  assert.equal(begun, ['a1', 'b1', 'a2', 'c1', 'c2', 'd1'])
  await end('c1')
  assert.equal(begun, ['a1', 'b1', 'a2', 'c1', 'c2', 'd1', 'a3'])
  await Promise.all([end('d1'), end('a3')])
})

test.run()
