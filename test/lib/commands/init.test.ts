import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project } from '../cli/project.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const project = new Project()
const test = suite('run init')
test.after(() => {
  project[Symbol.dispose]()
  rmSync('/tmp/switchover-first', { recursive: true, force: true })
})

test('makes a project in which the three commands that it names work', async () => {
  const { code, stdout, stderr } = await project.run(['init', 'cloud'])
  assert.is(code, 0, stderr)
  assert.match(stdout, 'cd cloud && run site.ts -i inventory.ts --check')
  const cwd = path.join(project.path, 'cloud')
  mkdirSync(path.join(cwd, 'node_modules/@types'), { recursive: true })
  symlinkSync(root, path.join(cwd, 'node_modules/switchover'))
  for (const name of ['tsx', '@types/node'])
    symlinkSync(path.join(root, 'node_modules', name), path.join(cwd, 'node_modules', name))
  rmSync('/tmp/switchover-first', { recursive: true, force: true })
  const checked = await project.run(['site.ts', '-i', 'inventory.ts', '--check'], { cwd })
  assert.is(checked.code, 0, checked.stdout + checked.stderr)
  assert.not.ok(existsSync('/tmp/switchover-first'))
  const changed = await project.run(['site.ts', '-i', 'inventory.ts'], { cwd })
  assert.is(changed.code, 0, changed.stdout + changed.stderr)
  assert.is(readFileSync('/tmp/switchover-first/greeting', 'utf8'), 'hello\n')
  assert.match((await project.run(['greeter', '-i', 'inventory.ts'], { cwd })).stdout, 'web-1 : ok=2  changed=0')
  execFileSync('npm', ['test', '--silent'], {
    cwd,
    stdio: 'pipe',
    // A linked checkout is used from its sources.
    env: { ...process.env, NODE_OPTIONS: '--conditions=switchover-source' },
  })
})

test('adds to a package.json what is missing, and says how to test where npm test is somebody else', async () => {
  const read = () => JSON.parse(readFileSync(path.join(project.path, 'theirs/package.json'), 'utf8')) as unknown
  const theirs = { name: 'theirs', scripts: { test: 'jest' }, devDependencies: { tsx: '^4.0.0' } }
  project.write('theirs/package.json', JSON.stringify(theirs, undefined, '\t'))
  const { stdout } = await project.run(['init', 'theirs'])
  assert.match(stdout, '; added to package.json: dependencies.switchover.\n')
  assert.match(stdout, 'npm install && node --import tsx --test roles/*.test.ts  test the role')
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
  assert.equal(read(), { ...theirs, dependencies: { switchover: `^${version}` } })
  assert.match(readFileSync(path.join(project.path, 'theirs/package.json'), 'utf8'), /^\t"name"/m)

  project.write('broken/package.json', '{')
  const refused = await project.run(['init', 'broken'])
  assert.is(refused.code, 6)
  assert.match(refused.stderr, /^broken\/package\.json cannot be read: .* - mend it, or name a new folder\n$/)
  assert.not.ok(existsSync(path.join(project.path, 'broken/site.ts')))
})

test('writes over nothing', async () => {
  project.write('mine/site.ts', 'mine')
  const { code, stderr } = await project.run(['init', 'mine'])
  assert.equal([code, stderr], [6, 'site.ts is there already, and nothing was written - name a new folder\n'])
  assert.is(readFileSync(path.join(project.path, 'mine/site.ts'), 'utf8'), 'mine')
  assert.not.ok(existsSync(path.join(project.path, 'mine/inventory.ts')))
})

test.run()
