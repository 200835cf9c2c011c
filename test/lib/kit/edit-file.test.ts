import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { editFile } from '../../../lib/kit/edit-file.ts'
import type { NewFile } from '../../../lib/kit/new-file.ts'
import type { Operation, Value } from '../../../lib/model/operation.ts'
import { masked, revealed, Secret } from '../../../lib/model/secret.ts'
import { block, hosts, ini, line, replace } from '../../../lib/modules/index.ts'
import { found, typed } from '../modules/typed.ts'

const test = suite('an edit of a file')
const password = Secret.of('rabbit-Pa55', 'rabbit password')
const conf = '[DEFAULT]\nrabbit_host = a\nverbose = True\n'
const secret = { DEFAULT: { rabbit_pass: password, url: masked`amqp://nova:${password}@10.0.0.4/` } }

for (const [what, operation, state, commands] of [
  [
    'one key of a small file',
    ini.set('/etc/nova.conf', { DEFAULT: { rabbit_host: 'b' } }, { owner: 'nova', group: 'root' }),
    found('/etc/nova.conf', conf, { mode: '0640' }),
    ['> /etc/nova.conf mode=0640 owner=nova\n[DEFAULT]\nrabbit_host = b\nverbose = True\n'],
  ],
  [
    'one key of a large file',
    ini.set('/etc/nova.conf', { DEFAULT: { verbose: false } }),
    found('/etc/nova.conf', `${conf}${'# more\n'.repeat(1000)}`),
    ['> /etc/nova.conf mode=0644 keeps 26 bytes and all from byte 42\nverbose = False\n'],
  ],
  [
    'secrets, by their names',
    ini.set('/etc/nova.conf', secret),
    found('/etc/nova.conf', conf),
    [
      `> /etc/nova.conf mode=0644\n${conf}rabbit_pass = ‹rabbit password›\n` +
        'url = amqp://nova:‹rabbit password›@10.0.0.4/\n',
    ],
  ],
  [
    'a new file with a secret, for its owner alone',
    ini.set('/etc/nova.conf', { a: { b: password } }, { create: true }),
    found('/etc/nova.conf', undefined),
    ['> /etc/nova.conf mode=0600\n[a]\nb = ‹rabbit password›\n'],
  ],
  [
    'a file that holds passwords of others, as a whole',
    ini.set('/etc/nova.conf', { DEFAULT: { rabbit_host: 'b' } }),
    found('/etc/nova.conf', `${conf}admin_password = xyz\n`),
    ['> /etc/nova.conf mode=0644\n‹content of /etc/nova.conf›'],
  ],
  [
    'lines of a large file that holds passwords elsewhere, openly',
    ini.set('/etc/nova.conf', { DEFAULT: { rabbit_host: 'b' } }),
    found('/etc/nova.conf', `${conf}${'# more\n'.repeat(1000)}admin_password = xyz\n`),
    ['> /etc/nova.conf mode=0644 keeps 10 bytes and all from byte 27\nrabbit_host = b\n'],
  ],
  [
    'a file that is not UTF-8, with every other byte as it was',
    line.present('/a', { line: 'ü' }),
    found('/a', undefined, { exists: true, kind: 'file', content: Buffer.from('gr\xfcn\n', 'latin1') }),
    ['> /a mode=0644 in latin1\ngrün\nü\n'],
  ],
  [
    'the attributes alone',
    line.present('/a', { line: 'x', mode: '0600', backup: true }),
    found('/a', 'x\n'),
    ["stand /a\ngive '' ug-s,u=rw,g=,o=,-t"],
  ],
  ['nothing', line.present('/a', { line: 'x', mode: '0644', backup: true }), found('/a', 'x\n'), []],
  ['nothing to take away', line.absent('/a', { line: 'x' }), found('/a', undefined), []],
  ['no section', ini.absent('/a', 'b'), found('/a', '[a]\n[b]\nc = 1\n'), ['> /a mode=0644\n[a]\n']],
  [
    'a block',
    block.present('/a', 'x', { marker: '# {mark} ours', validate: 'check %s' }),
    found('/a', 'y\n'),
    ['> /a mode=0644\ny\n# BEGIN ours\nx\n# END ours\n', 'checked by: check %s'],
  ],
  ['other words', replace('/a', /b+/, 'c'), found('/a', 'abba\n'), ['> /a mode=0644\naca\n']],
  [
    'a name of a host, in a new file too',
    hosts.entry('10.0.0.4', 'new'),
    found('/etc/hosts', undefined),
    ['> /etc/hosts\n10.0.0.4 new\n'],
  ],
  ['no name', hosts.absent('new'), found('/etc/hosts', '10.0.0.4 new\n'), ['> /etc/hosts mode=0644\n']],
] as const) {
  test(what, () => assert.equal(typed(operation as Operation<Value>, state), commands))
}

test('a secret of several lines is not found in pieces', () => {
  const key = Secret.of('first line\nsecond line\nthird line\n', 'key')
  const before = `${'# more\n'.repeat(1000)}first line\nother\nthird line\n`
  const operation = editFile('key', '/key', {}, (text) => ({
    after: text.replace('first line\nother\nthird line\n', key.reveal()),
    secrets: [key],
  }))
  const { content } = operation.plan(found('/key', before)).change as NewFile
  assert.is(String(content), '‹content of /key›')
  assert.is(revealed(content as Secret), 'second line\n')
})

test('is worked out once for all hosts that have the same content', () => {
  let edits = 0
  const operation = editFile('count', '/a', {}, (text) => ({ after: `${text}${++edits}\n` }))
  const state = found('/a', 'x\n')
  assert.equal([typed(operation, state), typed(operation, { ...state })], Array(2).fill(['> /a mode=0644\nx\n1\n']))
  assert.equal(typed(operation, found('/a', 'x\n')), ['> /a mode=0644\nx\n2\n'])
})

test('what cannot be edited is refused in the plan', () => {
  const plan = (state: ReturnType<typeof found>) => () => line.present('/a', { line: 'x' }).plan(state)
  assert.throws(plan(found('/a', undefined)), '/a cannot be edited: there is no such file')
  assert.throws(plan(found('/a', '', { kind: 'directory' })), '/a is a directory, not a file')
  assert.throws(plan(found('/a', undefined, { exists: true, kind: 'file', size: 5e6 })), /^\/a cannot be edited: its 5/)
  for (const encoded of [
    Buffer.from('\ufeffk = 1\n', 'utf16le'),
    Buffer.from('\ufeffk = 1\n', 'utf16le').swap16(),
    Buffer.from('k = 1\nand more\n', 'utf16le'),
  ])
    assert.throws(plan(found('/a', undefined, { exists: true, kind: 'file', content: encoded })), /it is in UTF-16/)
  const letters = line.present('/a', { line: '€' })
  const latin1 = found('/a', undefined, { exists: true, kind: 'file', content: Buffer.from([0xfc]) })
  assert.throws(() => letters.plan(latin1), 'does not fit into latin1')
})

test.run()
