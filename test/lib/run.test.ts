import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'esbuild'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project } from './cli/project.ts'

const command = fileURLToPath(new URL('../../lib/run.cjs', import.meta.url))
const test = suite('the command')

test('an old Node is told so in one line, and whatever else it was asked', () => {
  using project = new Project()
  const under = (version: string, ...args: readonly string[]) => {
    const older = path.join(project.path, 'older.cjs')
    writeFileSync(older, `Object.defineProperty(process.versions, 'node', { value: '${version}' })`)
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-r', older, command, ...args], {
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }
  for (const version of ['12.22.0', '18.20.4', '20.10.0', '20.18.3'])
    for (const args of [[], ['site.ts', '-i', 'a,'], ['--version']])
      assert.equal(under(version, ...args), {
        status: 1,
        stdout: '',
        stderr:
          `switchover needs Node 20.19 or later, and this is ${version} - ` +
          'install one from https://nodejs.org, or choose another with your version manager\n',
      })
  for (const version of ['20.19.0', '21.0.0', '22.1.0', '100.0.0'])
    assert.is(under(version, '--version').status, 0, version)
})

test('an old Node can read what tells it so', () => {
  const written = readFileSync(command, 'utf8')
  // Nothing is left to be put into older words.
  const as = (target: string) => transformSync(written, { target }).code
  assert.is(as('node10'), as('esnext'))
  assert.is.not(transformSync('a?.b', { target: 'node10' }).code, 'a?.b;\n')
})

test.run()
