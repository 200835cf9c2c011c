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
  assert.match((await project.run(['greeter', '-i', 'inventory.ts'], { cwd })).stdout, 'web-1 : ok=2   changed=0')
  execFileSync('npm', ['test', '--silent'], {
    cwd,
    stdio: 'pipe',
    // A linked checkout is used from its sources.
    env: { ...process.env, NODE_OPTIONS: '--conditions=switchover-source' },
  })
})

test('writes over nothing', async () => {
  project.write('mine/site.ts', 'mine')
  const { code, stderr } = await project.run(['init', 'mine'])
  assert.equal([code, stderr], [6, 'site.ts is there already, and nothing was written - name a new folder\n'])
  assert.is(readFileSync(path.join(project.path, 'mine/site.ts'), 'utf8'), 'mine')
  assert.not.ok(existsSync(path.join(project.path, 'mine/inventory.ts')))
})

test.run()
