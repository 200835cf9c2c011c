import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { dedent, template } from '../../../lib/modules/index.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { applied } from './applied.ts'

const test = suite('template')

test('the common indentation goes, the rest stays', () => {
  assert.is(
    dedent`
    <target ${'iqn'}>
      port ${3260}

      flag ${true}
    </target>
  `,
    '<target iqn>\n  port 3260\n\n  flag true\n</target>\n',
  )
  assert.is(dedent`one line`, 'one line\n')
})

test('lists become lines, and nothing leaves no line', () => {
  const stores = ['a', 'b']
  assert.is(
    dedent`
    begin
      ${stores.map((name) => `store ${name}`)}
      ${[]}
    ${undefined}
    ${'two\nlines'}
    end
  `,
    'begin\n  store a\n  store b\ntwo\nlines\nend\n',
  )
})

test('what is inserted keeps its own indentation', () => {
  assert.is(
    dedent`
    x ${'  y'}
      ${'a\n  b'}
  `,
    'x   y\n  a\n    b\n',
  )
})

test('a secret makes the whole a secret, masked only where it stands', async () => {
  const text = dedent`
    [client]
    password-of = ${Secret.of('sesame-open', 'root password')}
  `
  assert.instance(text, Secret)
  assert.is(String(text), '[client]\npassword-of = ‹root password›\n')
  const path = join(emptyDirectory(), 'my.cnf')
  await applied(here(), () => template(path, text, { mode: '0600' }))
  assert.is(readFileSync(path, 'utf8'), '[client]\npassword-of = sesame-open\n')
})

test.run()
