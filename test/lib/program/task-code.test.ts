import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { TaskCode } from '../../../lib/program/task-code.ts'

const test = suite('task-code')
const folder = mkdtempSync(path.join(tmpdir(), 'sources-'))
test.after(() => rmSync(folder, { recursive: true }))

const role = `import { conf } from './names.ts'
const port = 80

export const web = role('web', {}, ({ task, ensure, block }) => {
  const made = task('Make', file.content(conf, 'text'))
  ensure(
    'Describe',
    ({ vars }) => ini.set(conf, { a: { b: vars.x } }),
  )

  block('Inside', {
    try() {
      task('Last', async (host) => {
        await host.run(shell\`echo ${'${port}'}\`)
      })
    },
  })
})
`
const names = "export const conf = '/etc/web.conf'\n"
const lines = { Make: 5, Describe: 6, Last: 13 }

/** Which tasks have other code than in the files above. */
const differing = (files: Readonly<Record<string, string>>): readonly string[] => {
  const codes = [
    { 'web.ts': role, 'names.ts': names },
    { 'web.ts': role, 'names.ts': names, ...files },
  ].map((all) => {
    for (const [name, text] of Object.entries(all)) writeFileSync(path.join(folder, name), text)
    const code = new TaskCode()
    return Object.values(lines).map((line) => code.codeAt({ file: path.join(folder, 'web.ts'), line }))
  })
  return Object.keys(lines).filter((_, i) => codes[0]![i] !== codes[1]![i])
}

for (const [what, files, tasks] of [
  ['nothing', {}, []],
  ['an operation', { 'web.ts': role.replace("'text'", "'other'") }, ['Make']],
  ['a description', { 'web.ts': role.replace('vars.x', 'vars.y') }, ['Describe']],
  ['a line in a body', { 'web.ts': role.replace('echo', 'printf') }, ['Last']],
  ['a constant that tasks may use', { 'web.ts': role.replace('80', '81') }, ['Make', 'Describe', 'Last']],
  ['a file that is imported', { 'names.ts': names.replace('web', 'www') }, ['Make', 'Describe', 'Last']],
] as const) {
  test(`tells the tasks apart where ${what} was edited`, () => assert.equal(differing(files), tasks))
}

test('does not mind where in its file a task stands', () => {
  const moved = role.replace('const port = 80\n', 'const port = 80\n\n\n')
  const codes = [role, moved].map((text, i) => {
    writeFileSync(path.join(folder, 'web.ts'), text)
    return new TaskCode().codeAt({ file: path.join(folder, 'web.ts'), line: lines.Make + 2 * i })
  })
  assert.is(codes[0], codes[1])
})

test.run()
