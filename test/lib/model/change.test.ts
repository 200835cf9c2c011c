import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pack, unpack } from '../../../lib/model/change.ts'
import type { Change } from '../../../lib/model/operation.ts'
import { knownSecretsCount, masked, Secret } from '../../../lib/model/secret.ts'

const test = suite('change')
const password = Secret.of('s3cret-Pa55', 'nova password')
const token = Secret.of('t0ken-t0ken', 'token')

/** What comes back of a change that was written down, and what was written. */
function kept(change: Change): { readonly text: string; readonly back: Change; readonly secrets: Map<string, Secret> } {
  const secrets = new Map<string, Secret>()
  const text = JSON.stringify(pack(change, secrets))
  return { text, back: unpack(JSON.parse(text), (label) => secrets.get(label)), secrets }
}

/** A change as one sees it: secrets by their text, bytes as such. */
function seen(change: Change): unknown {
  if (change instanceof Secret) return { revealed: change.reveal(), shown: String(change) }
  if (change instanceof Uint8Array) return { bytes: [...change] }
  if (Array.isArray(change)) return (change as readonly Change[]).map(seen)
  if (typeof change !== 'object' || change === null) return change
  return Object.fromEntries(
    Object.entries(change).flatMap(([key, one]) => (one === undefined ? [] : [[key, seen(one)]])),
  )
}

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer(),
  fc.double({ noDefaultInfinity: true, noNaN: true }).map((number) => number + 0),
  fc.constantFrom<Change>(true, false, null, undefined, password, token, masked`mysql://nova:${password}@${token}/`),
  fc.uint8Array(),
)
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('$bytes', '$secret', '$$secret', '$undefined', '$', '__proto__', 'label'),
)
const changes = fc.letrec<{ change: Change }>((tie) => ({
  change: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('change'), { maxLength: 4 }),
    fc.dictionary(key, tie('change'), { maxKeys: 4 }),
  ),
})).change

test('comes back from a file as it was, whatever plain data it is made of', () => {
  fc.assert(
    fc.property(changes, (change) => assert.equal(seen(kept(change).back), seen(change))),
    { numRuns: 500 },
  )
})

test('is written as JSON that can be read: bytes as base64, secrets by their labels', () => {
  const change = {
    script: 'cat > /x',
    stdin: masked`user=nova\npass=${password}\n`,
    bytes: Buffer.from([1, 255]),
    password,
  }
  const { text, secrets } = kept(change)
  assert.equal(JSON.parse(text), {
    script: 'cat > /x',
    stdin: { $secret: ['user=nova\npass=', { label: 'nova password' }, '\n'] },
    bytes: { $bytes: 'Af8=' },
    password: { $secret: 'nova password' },
  })
  assert.equal([...secrets], [['nova password', password]])
})

test('two different secrets under one label are refused, the same one twice is not', () => {
  const again = Secret.of('s3cret-Pa55', 'nova password')
  assert.is(kept([password, again]).secrets.size, 1)
  const other = Secret.of('an0ther-0ne', 'nova password')
  assert.throws(
    () => kept({ commands: [{ stdin: masked`${password}` }, { stdin: masked`x${other}` }] }),
    /^two different secrets are both called ‹nova password›/,
  )
})

test('the contents of files are told apart by a number, since nobody knows them by their label', () => {
  const contents = ['one = 1\n', 'two = 2\n', 'one = 1\n'].map((text) => Secret.content(text, '/etc/x.conf'))
  const { text, back, secrets } = kept(contents)
  assert.equal(JSON.parse(text), [
    { $secret: '/etc/x.conf' },
    { $secret: '/etc/x.conf (2)' },
    { $secret: '/etc/x.conf' },
  ])
  assert.equal([...secrets.keys()], ['/etc/x.conf', '/etc/x.conf (2)'])
  assert.equal(
    (back as readonly Secret[]).map((one) => one.reveal()),
    ['one = 1\n', 'two = 2\n', 'one = 1\n'],
  )
})

test('a secret that is not known where the change is read is asked for by its label', () => {
  const secrets = new Map<string, Secret>()
  const json = pack({ stdin: masked`x${password}` }, secrets)
  assert.throws(() => unpack(json, () => undefined), /^the secret ‹nova password› of the plan is not known here/)
})

test('what is no plain data is refused with its place', () => {
  const wrong = (value: unknown) => () => kept({ steps: [{ at: value as Change }] })
  assert.throws(wrong(/x/), 'the change.steps[0].at is no plain data: /x/ cannot be kept')
  assert.throws(
    wrong(() => {}),
    /^the change\.steps\[0\]\.at is no plain data/,
  )
  assert.throws(wrong(NaN), /is no plain data: NaN/)
  assert.throws(wrong(new Set()), /is no plain data/)
})

test('a content is shown as its label, and is nothing that outputs are searched for', () => {
  const before = knownSecretsCount()
  const content = Secret.content('admin_password = 4711\n', 'the new /etc/nova/nova.conf')
  assert.is(knownSecretsCount(), before)
  assert.is(`${content}`, '‹the new /etc/nova/nova.conf›')
  assert.is(content.reveal(), 'admin_password = 4711\n')
})

test.run()
