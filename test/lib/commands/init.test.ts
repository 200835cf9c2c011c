import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
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
  execFileSync('npm', ['test', '--silent'], { cwd, stdio: 'pipe' })
  execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], {
    cwd,
    stdio: 'pipe',
  })
})

test('called by npx in a clone, it has the project install the clone before anything else', () => {
  const bin = project.write('clone/node_modules/.bin/run', '')
  rmSync(bin)
  symlinkSync(path.join(root, 'lib/run.cjs'), bin)
  const init = (folder: string) =>
    execFileSync(process.execPath, [bin, 'init', folder], {
      cwd: path.join(project.path, 'clone'),
      env: { ...process.env, npm_command: 'exec', NODE_OPTIONS: '' },
      encoding: 'utf8',
    })
      .match(/^ {2}.*?(?= {3})/gm)!
      .map((line) => line.trim())
  assert.equal(init('../my site'), [
    "cd '../my site' && npm install",
    "cd '../my site' && npx run site.ts -i inventory.ts --check",
    "cd '../my site' && npx run site.ts -i inventory.ts",
    "cd '../my site' && npm test",
  ])
  const { dependencies } = JSON.parse(readFileSync(path.join(project.path, 'my site/package.json'), 'utf8')) as {
    dependencies: { switchover: string }
  }
  assert.is(path.resolve(project.path, 'my site', dependencies.switchover.replace('file:', '')), path.resolve(root))
  assert.equal(init('.'), [
    'npx run site.ts -i inventory.ts --check',
    'npx run site.ts -i inventory.ts',
    'npm install && npm test',
  ])
})

test('adds to a package.json what is missing, and says how to test where npm test is somebody else', async () => {
  const read = () => JSON.parse(readFileSync(path.join(project.path, 'theirs/package.json'), 'utf8')) as unknown
  const theirs = { name: 'theirs', scripts: { test: 'jest' }, devDependencies: { tsx: '^4.0.0' } }
  project.write('theirs/package.json', JSON.stringify(theirs, undefined, '\t'))
  const { stdout } = await project.run(['init', 'theirs'])
  assert.match(stdout, '; added to package.json: dependencies.switchover.\n')
  assert.match(
    stdout,
    'npm install && node --conditions=switchover-source --import tsx --test roles/*.test.ts   test the role',
  )
  const from = path.relative(path.join(project.path, 'theirs'), root)
  assert.equal(read(), { ...theirs, dependencies: { switchover: `file:${from}` } })
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

test('a disk that takes no more keeps nothing of the project, and is told as what it is', async () => {
  project.write('file', '')
  const { code, stderr } = await project.run(['init', 'file/below'])
  assert.equal(
    [code, stderr],
    [
      6,
      'file/below: a part of this path is no folder - see what lies there, and whose it is: ls -ld file file/below\n',
    ],
  )
  project.write('half/roles', '')
  const half = await project.run(['init', 'half'])
  assert.match(half.stderr, /^half\/roles: something lies there already - /)
  assert.equal(readdirSync(path.join(project.path, 'half')), ['roles'])
})

test.run()
