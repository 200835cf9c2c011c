import { inspect } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { knownSecrets, knownSecretsCount, masked, revealed, Secret } from '../../../lib/model/secret.ts'
import { sh } from '../../../lib/kit/shell.ts'

const test = suite('secret')
const password = Secret.of('s3cret-Pa55', 'nova password')

test('prints as its label everywhere', () => {
  const shown = [
    String(password),
    `${password}`,
    password + '',
    JSON.stringify({ password }),
    inspect(password),
    inspect({ deep: { password } }),
    [password].join(),
    inspect(new Map([['x', password]])),
    new Error(`no ${password}`).message,
    inspect(password, { showHidden: true, depth: null }),
    JSON.stringify(Object.getOwnPropertyNames(password)),
    JSON.stringify({ ...password }),
    JSON.stringify(Object.entries(password)),
  ]
  for (const text of shown) assert.not.match(text, /s3cret/)
  assert.equal(shown.slice(0, 4), [
    '‹nova password›',
    '‹nova password›',
    '‹nova password›',
    '{"password":"‹nova password›"}',
  ])
})

test('gives its text to whoever asks for it by that word', () => {
  assert.is(password.reveal(), 's3cret-Pa55')
  assert.is(revealed(password), 's3cret-Pa55')
  assert.is(revealed('plain'), 'plain')
})

test('leaves the text around it readable', () => {
  const url = masked`mysql://nova:${password}@10.0.0.5:${3306}/nova`
  assert.is(String(url), 'mysql://nova:‹nova password›@10.0.0.5:3306/nova')
  assert.is(url.reveal(), 'mysql://nova:s3cret-Pa55@10.0.0.5:3306/nova')
  assert.is(String(masked`[${url}]`), '[mysql://nova:‹nova password›@10.0.0.5:3306/nova]')
  assert.is(Secret.join(['a ', password]).reveal(), 'a s3cret-Pa55')
})

test('is known to those who mask, the longest first, but for texts too short to be told from words', () => {
  const before = knownSecretsCount()
  Secret.of('abc', 'short')
  Secret.of('s3cret-Pa55-and-more', 'longer')
  assert.is(knownSecretsCount(), before + 1)
  const ours = knownSecrets().filter(([text]) => text.startsWith('s3cret'))
  assert.equal(ours, [
    ['s3cret-Pa55-and-more', 'longer'],
    ['s3cret-Pa55', 'nova password'],
  ])
})

test('is found in a text, the longest first, and masked only there', () => {
  const longer = Secret.of('s3cret-Pa55-and-more', 'longer')
  const text = 'a=s3cret-Pa55-and-more b=s3cret-Pa55,s3cret-Pa55'
  const found = Secret.within(text, [password, masked`x${longer}`])
  assert.is(String(found), 'a=‹longer› b=‹nova password›,‹nova password›')
  assert.is(revealed(found), text)
  assert.is(Secret.within('nothing here', [password]), 'nothing here')
  assert.is(Secret.within('', [Secret.of('', 'empty')]), '')
})

test('cannot stand on a command line', () => {
  assert.throws(() => sh`mysql -p${password as never}`, /^the secret ‹nova password› cannot stand on a command line/)
})

test.run()
