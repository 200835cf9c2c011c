import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { asCalled, typedToResume } from '../../../lib/cli/command-line.ts'
import { parseExtraVars } from '../../../lib/cli/extra-vars.ts'
import { VaultOpener } from '../../../lib/inventory/vault.ts'
import { Secret } from '../../../lib/model/secret.ts'

const test = suite('command line')
const none = new VaultOpener([])

test('only the command run is shown as it was called, not the noun', () => {
  const called = process.argv[1]!
  process.argv[1] = '/somewhere/else/switchover'
  try {
    assert.is(asCalled('Show a recorded run again'), 'Show a recorded run again')
    assert.is(asCalled('Also those of a run that goes on'), 'Also those of a run that goes on')
    assert.match(asCalled('Make a project: run init [FOLDER]'), /switchover init \[FOLDER\]$/)
    assert.match(asCalled('eval "$(run completion bash)"'), /switchover completion bash\)"$/)
  } finally {
    process.argv[1] = called
  }
})

test('a variable with a secret in it is asked for again, and never shown as something to type', () => {
  Secret.of('hunter2', 'a password')
  const plain = ['x.ts', '-e', 'port=3', '-epath=/a', '--resume=latest', '--extra-vars=a=b', '-l', 'web 1']
  const go = (...more: readonly string[]) => typedToResume([...plain, ...more]).replace(/^.*x\.ts/, 'x.ts')
  const begin = "x.ts -e port=3 -epath=/a --extra-vars=a=b -l 'web 1'"
  assert.is(go(), `${begin} --resume`)
  for (const given of [['-e', 'key=hunter2'], ['-ekey=hunter2'], ['--extra-vars', 'key=hunter2']])
    assert.is(go(...given, '-C'), `${begin} -C --resume (and give -e key=… again)`)
  assert.is(go('--extra-vars=a=1 key="hunter2 b"'), `${begin} --resume (and give -e a=… -e key=… again)`)
  assert.is(go('-e', '{"key": "hunter2"}'), `${begin} --resume (and give -e … again)`)
})

test('a line in which a secret stands by chance is not shown: masked, it could not be typed', () => {
  assert.is(
    typedToResume(['x.ts', '--vault-password-file', '../hunter2']),
    'the same line, with --resume behind (a secret stands in it)',
  )
})

test('the label of a secret is refused as a value', async () => {
  for (const given of ["key='‹a password›'", '{"key": "‹a password›"}']) {
    const error = (await parseExtraVars([given], none).catch((thrown: unknown) => thrown)) as Error
    assert.is(error.message, '-e key=‹a password›: that is how a secret is shown, and not its value - give its value')
  }
  assert.equal(await parseExtraVars(['key=‹b'], none), { key: '‹b' })
})

test.run()
