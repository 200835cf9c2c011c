import { execFileSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Secret } from '../../../lib/model/secret.ts'
import { quote, sh } from '../../../lib/kit/shell.ts'

const test = suite('shell')

test('quotes words so that a shell reads them back as they are', () => {
  const awkward = [
    '',
    'plain',
    'a b',
    "it's",
    '$HOME',
    '`id`',
    'new\nline',
    '*',
    '~',
    '-n',
    'a\\b',
    '"',
    '#',
    'ü',
  ] as const
  const said = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${awkward.map(quote).join(' ')}`]).toString()
  assert.equal(said.split('\0').slice(0, -1), [...awkward])
})

test('inserts a list as several words', () => {
  assert.is(sh`rm -f ${['a b', 'c']} ${7}`, "rm -f 'a b' c 7")
})

test('refuses a secret on a command line, alone and in a list', () => {
  const password = Secret.of('hunter2hunter2', 'shell test password')
  const refusal = /^the secret ‹shell test password› cannot stand on a command line/
  assert.throws(
    () => sh`mysql -p${password as never}`,
    (error: Error) => refusal.test(error.message),
  )
  assert.throws(
    () => sh`mysql ${['-p', password as never]}`,
    (error: Error) => refusal.test(error.message),
  )
})

test('refuses a backslash that JavaScript would take away', () => {
  assert.throws(
    () => sh`sed s/\1/x/`,
    (error: Error) => error.message.startsWith('write \\\\ for a backslash'),
  )
})

test.run()
