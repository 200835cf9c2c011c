import { execFileSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { quote, sh } from '../../../lib/kit/shell.ts'
import type { Advice } from '../../../lib/model/operation.ts'
import { masked, Secret } from '../../../lib/model/secret.ts'
import { dedent, probe, shell } from '../../../lib/modules/index.ts'

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

test('refuses a backslash that JavaScript would eat, and says what to write', () => {
  const eaten = [
    [() => sh`grep 'a\.b' x`, "\\. in «grep 'a\\.b' x»: write \\\\."],
    [() => sh`true\nfind . \( -name a \)`, '\\( in «true\\nfind . \\( -name a \\)»: write \\\\('],
    [() => sh`echo "\"a"`, '\\" in «echo "\\"a"»: write \\\\"'],
    [() => sh`grep '\bbar' x`, "\\b in «grep '\\bbar' x»: write \\\\b"],
    [() => sh`sed s/\1/x/ ${'a'}`, '\\1 in «sed s/\\1/x/»: write \\\\1'],
    [() => sh`ls ${'a'} \u`, '\\u in «\\u»: write \\\\u'],
    [() => sh`echo "\$HOME"`, '\\$ in «echo "\\$HOME"»: write \\\\$'],
    [() => sh`printf \r`, '\\r in «printf \\r»: write \\\\r'],
    [() => probe`grep 'a\.b' x`, "\\. in «grep 'a\\.b' x»: write \\\\."],
    [() => shell({ allow: [1] })`grep 'a\.b' x`, "\\. in «grep 'a\\.b' x»: write \\\\."],
    [
      () => dedent`
        one
        two \d
      `,
      '\\d in «two \\d»: write \\\\d',
    ],
    [() => masked`\d`, '\\d in «\\d»: write \\\\d'],
  ] as const
  for (const [write, said] of eaten)
    assert.throws(
      write,
      (error: Advice) => `${error.message}: ${error.hint}` === `JavaScript eats the backslash of ${said}`,
    )
})

test('leaves the backslashes that mean what they say', () => {
  assert.is(
    sh`printf 'a\n\tb\\.c' \`true\` \${x} $\{y} \
z`,
    "printf 'a\n\tb\\.c' `true` ${x} ${y} z",
  )
})

test.run()
