import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { templateFile } from '../../../lib/modules/index.ts'
import { sha256Of } from '../../../lib/kit/contents.ts'
import { masked, Secret } from '../../../lib/model/secret.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { applied, failure } from './applied.ts'
import { found, typed } from './typed.ts'

const test = suite('template files')
const connection = here()
const word = Secret.of('open-sesame-4711', 'word')

function fresh(text: string, parts: Readonly<Record<string, string>> = {}) {
  const directory = emptyDirectory()
  const from = join(directory, 'proxy.cfg.eta')
  writeFileSync(from, text)
  for (const [name, part] of Object.entries(parts)) writeFileSync(join(directory, name), part)
  mkdirSync(join(directory, 'etc'))
  const to = join(directory, 'etc/proxy.cfg')
  return { from, to, text: () => readFileSync(to, 'utf8') }
}

test('values go in as they are, code leaves no line', async () => {
  const { from, to, text } = fresh(`listen <%= it.name %>
  bind <%= it.address %>:<%= it.port %>
  <% // a remark %>
  <% for (const backend of it.backends) { %>
  server <%= backend.name %> <%= backend.address %> & "quoted" <\\d>
  <% } %>
end <%= it.none %>.`)
  const run = await applied(connection, () =>
    templateFile(
      from,
      to,
      {
        name: 'api',
        address: '10.0.0.2',
        port: 80,
        none: null,
        backends: [
          { name: 'a', address: '<1>' },
          { name: 'b', address: "it's" },
        ],
      },
      { mode: '0640' },
    ),
  )
  assert.equal(run.requests, { read: 1, apply: 1 })
  assert.is(
    text(),
    'listen api\n  bind 10.0.0.2:80\n  server a <1> & "quoted" <\\d>\n  server b it\'s & "quoted" <\\d>\nend .',
  )
})

test('parts are included from beside the template', async () => {
  const { from, to, text } = fresh('<%~ include("./head.eta", { title: it.name }) %>\nrest\n', {
    'head.eta': '# <%= it.title %>',
  })
  await applied(connection, () => templateFile(from, to, { name: 'api' }))
  assert.is(text(), '# api\nrest\n')
})

test('a secret gets into the file and nowhere else', async () => {
  const { from, to, text } = fresh(
    'user = nova\nsesame = <%= it.db.word %>\nurl = x:<%= it.list[0] %>@y\njson = <%= JSON.stringify(it.db) %>\n',
  )
  const word = Secret.of('open-sesame-now', 'database word')
  const run = await applied(connection, () => templateFile(from, to, { db: { word }, list: [word] }))
  assert.is(
    text(),
    'user = nova\nsesame = open-sesame-now\nurl = x:open-sesame-now@y\njson = {"word":"open-sesame-now"}\n',
  )
  assert.not.match(JSON.stringify(run.diff), 'open-sesame-now')
  assert.match(run.diff[0]!.after, '‹database word›')
})

test('what was not given is an error that names the line', async () => {
  const { from, to } = fresh('a\n<% if (true) { %>\nb <%= it.backend.nmae %>\n<% } %>\n')
  const vars = { backend: { name: 'x' } }
  assert.is(
    await failure(connection, templateFile(from, to, vars)),
    `the template ${from} fails: line 3: it.backend has no nmae: did you mean name?`,
  )
  const undefinedOne = fresh('<%= it.value %>')
  assert.is(
    await failure(connection, templateFile(undefinedOne.from, undefinedOne.to, { value: undefined })),
    `the template ${undefinedOne.from} fails: line 1: a value that is put in is undefined`,
  )
  const object = fresh('a\n<%= it.value %>')
  assert.match(
    await failure(connection, templateFile(object.from, object.to, { value: {} })),
    'line 2: a value that is put in is an object',
  )
})

test('a template that is not there or not whole is told', async () => {
  const { from, to } = fresh('a\n<% if (it.x) { %>\n')
  assert.match(await failure(connection, templateFile(`${from}.none`, to)), `${from}.none cannot be filled in: ENOENT`)
  const said = await failure(connection, templateFile(from, to, { x: 1 }))
  assert.match(said, `the template ${from} fails: `)
  assert.ok(said.split('\n').length <= 3, said)
  const open = fresh('a\n<%= it.x \n')
  assert.match(await failure(connection, templateFile(open.from, open.to, { x: 1 })), 'line 2')
})

test('a bad path or mode is told where the operation is made', () => {
  assert.throws(() => templateFile('a.eta', 'relative'), /not an absolute path/)
  assert.throws(() => templateFile('a.eta', '/a', {}, { mode: 'rw' }), /neither octal nor symbolic/)
})

for (const [what, text, state, commands] of [
  ['a new file', 'x\n', found('/a', undefined), ['> /a mode=0640\nx\n']],
  ['a new file with a secret', masked`x ${word}\n`, found('/a', undefined), ['> /a mode=0640\nx ‹word›\n']],
  ['nothing', 'x\n', found('/a', 'x\n', { mode: '0640', sha256: sha256Of(Buffer.from('x\n')) }), []],
] as const) {
  test(`types ${what}`, () =>
    assert.equal(typed(templateFile('a.eta', '/a', {}, { mode: '0640' }), { text, state }), commands))
}

test.run()
