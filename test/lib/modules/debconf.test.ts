import { spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { debconf } from '../../../lib/modules/index.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { applied, failure, planOf } from './applied.ts'
import { typed } from './typed.ts'

needs('root', 'debconf-communicate')
inPrivateNamespaces(import.meta.url)

// The answers of the machine stay its own.
const cache = emptyDirectory()
cpSync('/var/cache/debconf', cache, { recursive: true })
assert.is(spawnSync('mount', ['--bind', cache, '/var/cache/debconf']).status, 0)
const shown = (name: string) => spawnSync('debconf-show', [name], { encoding: 'utf8' }).stdout

for (const shell of shells.filter(({ env }) => !env)) {
  const test = suite(`debconf.selections under ${shell.name}`)
  const connection = here({ shell })
  const name = `pkg-${shell.name.slice(0, 4)}`

  test('answers, once; a real debconf shows them as seen', async () => {
    const password = Secret.of('pa ss\\', 'PASSWORD')
    const all = {
      [`${name}/path`]: ' C:\\a  b\\',
      [`${name}/type`]: { type: 'select', value: 'Internet Site' },
      [`${name}/mailname`]: 'mail.example.org',
      [`${name}/chroot`]: false,
      [`${name}/password`]: password,
    }
    const run = await applied(connection, () => debconf.selections(name, all))
    assert.is(run.result.questions.length, 5)
    const said = shown(name)
    assert.match(said, `* ${name}/type: Internet Site`)
    assert.match(said, `* ${name}/mailname: mail.example.org`)
    assert.match(said, `* ${name}/chroot: false`)
    assert.match(said, `* ${name}/path:  C:\\a  b\\\n`)
    assert.not.match(connection.scripts.join('\n'), 'pa ss')
    const other = await applied(connection, () =>
      debconf.selections(name, {
        ...all,
        [`${name}/path`]: '/',
        [`${name}/password`]: Secret.of('other', 'P'),
        [`${name}/chroot`]: true,
      }),
    )
    assert.equal(
      other.diff.map(({ path, before, after }) => [path.slice(name.length + 9), before, after]),
      [
        ['path', ' C:\\a  b\\\n', '/\n'],
        ['chroot', 'false\n', 'true\n'],
        ['password', '‹another›\n', '‹P›\n'],
      ],
    )
  })

  test.run()
}

const test = suite('debconf.selections')

test('what cannot be asked or answered', async () => {
  assert.throws(() => debconf.selections('a b', { 'x/y': 'z' }), 'cannot be the name of a package')
  assert.throws(() => debconf.selections('a', { x: 'z' }), 'cannot be a question')
  assert.throws(() => debconf.selections('a', { 'x/y': 'a\nb' }), 'is not one line')
  assert.throws(() => debconf.selections('a', { 'x/y': 'a\0b' }), 'is not one line')
  assert.throws(() => debconf.selections('a', { 'x/y': 'a\\nb' }), 'takes a backslash before an n for a line end')
  assert.throws(() => debconf.selections('a', {}), 'say which questions')
  const bin = emptyDirectory()
  writeFileSync(join(bin, 'x'), '')
  const bare = here({ env: { PATH: bin } })
  assert.match(await failure(bare, debconf.selections('a', { 'x/y': 'z' })), 'the host has no debconf')
  assert.is((await planOf(here(), debconf.selections('a', { 'x/y': 'z' }))).changed, true)
})

for (const [what, found, commands] of [
  [
    'what is not answered',
    [{ same: false, answer: undefined }],
    ['DEBIAN_FRONTEND=noninteractive debconf-set-selections', '< a a/b boolean true\n'],
  ],
  ['what is so', [{ same: true, answer: '' }], []],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(debconf.selections('a', { 'a/b': true }), found), commands))
}

test.run()
