import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = path.resolve(new URL('../..', import.meta.url).pathname)
const installed = path.join(root, 'node_modules')

/** A copy of the library with a cache of its own. */
class Copy {
  readonly path = mkdtempSync(path.join(tmpdir(), 'run-compiled-'))
  readonly cache = path.join(this.path, 'node_modules/.cache/switchover')

  constructor() {
    cpSync(path.join(root, 'lib'), path.join(this.path, 'lib'), { recursive: true })
    cpSync(path.join(root, 'package.json'), path.join(this.path, 'package.json'))
    mkdirSync(path.join(this.path, 'node_modules'))
    for (const name of readdirSync(installed))
      if (!name.startsWith('.')) symlinkSync(path.join(installed, name), path.join(this.path, 'node_modules', name))
  }

  write(name: string, content: string): string {
    const file = path.join(this.path, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, content)
    return file
  }

  run(...args: readonly string[]): { readonly code: number | null; readonly stdout: string; readonly stderr: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(this.path, 'lib/run.cjs'), ...args], {
      cwd: this.path,
      encoding: 'utf8',
      env: {
        ...process.env,
        NO_COLOR: '1',
        HOME: this.path,
        XDG_CACHE_HOME: '',
        TMPDIR: this.path,
        NODE_OPTIONS: '',
        NODE_V8_COVERAGE: '',
      },
    })
    return { code: status, stdout, stderr }
  }

  /** The listing of site.ts, which must succeed. */
  list(): string {
    const { code, stdout, stderr } = this.run('site.ts', '-i', 'a,', '--list-tasks')
    assert.is(stderr, '')
    assert.is(code, 0)
    return stdout
  }

  /** The files of the library's build that V8 made. */
  kept(): readonly string[] {
    const { folder } = JSON.parse(readFileSync(path.join(this.cache, 'library.json'), 'utf8')) as { folder: string }
    return readdirSync(path.join(this.cache, folder))
      .filter((name) => name.includes(process.version))
      .map((name) => path.join(this.cache, folder, name))
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

const site = (task: string, before = '') => `${before}import { play, playbook } from './lib/index.ts'
import { probe } from './lib/modules/index.ts'
export default playbook('site', [play('p', { hosts: 'all' }, ({ task }) => {
  task('${task}', probe\`true\`)
})])
`
const listing = (task: string, line = 4) => `p  (all)\n  ${task}  site.ts:${line}\n`

const test = suite('compiled')

test('a change of any source is in the next run, a build that nothing changed is used again', () => {
  using copy = new Copy()
  copy.write('site.ts', site('One'))
  assert.is(copy.list(), listing('One'))
  const builds = readdirSync(copy.cache)
  assert.is(copy.list(), listing('One'))
  assert.equal(readdirSync(copy.cache), builds)
  copy.write('site.ts', site('Other'))
  assert.is(copy.list(), listing('Other'))
  const list = path.join(copy.path, 'lib/engine/list.ts')
  writeFileSync(
    list,
    readFileSync(list, 'utf8').replace(
      'export function listTasks',
      "process.stdout.write('changed\\n')\nexport function listTasks",
    ),
  )
  assert.is(copy.list(), `changed\n${listing('Other')}`)
  // One of another name, and of the same size and age as before but for a thousandth of a second.
  const before = new Date(2020, 1, 1)
  utimesSync(copy.write('site.ts', site('Third')), before, before)
  assert.is(copy.list(), `changed\n${listing('Third')}`)
  utimesSync(copy.write('site.ts', site('Fifth')), before, new Date(before.getTime() + 1))
  assert.is(copy.list(), `changed\n${listing('Fifth')}`)
})

test('what V8 kept is used, and made again when it is damaged or of another V8', () => {
  using copy = new Copy()
  copy.write('site.ts', site('One'))
  copy.list()
  const [kept = ''] = copy.kept()
  const whole = readFileSync(kept)
  assert.ok(whole.length > 100_000, `${whole.length} bytes`)
  for (const damage of [
    () => truncateSync(kept, 1000),
    () => writeFileSync(kept, ''),
    () => writeFileSync(kept, Buffer.alloc(whole.length, 7)),
    () => appendFileSync(kept, 'more'),
    () => writeFileSync(kept, Buffer.concat([whole.subarray(0, 8), Buffer.from([1, 2, 3, 4]), whole.subarray(12)])),
  ]) {
    damage()
    assert.is(copy.list(), listing('One'))
    assert.ok(readFileSync(kept).length > 100_000)
  }
  assert.equal(copy.kept(), [kept])
})

test('where the place for builds is closed, those of a user are kept at home', () => {
  using copy = new Copy()
  copy.write('site.ts', site('One'))
  copy.write('node_modules/.cache', '')
  assert.is(copy.list(), listing('One'))
  const kept = readdirSync(path.join(copy.path, '.cache/switchover'))
  assert.is(copy.list(), listing('One'))
  assert.equal(readdirSync(path.join(copy.path, '.cache/switchover')), kept)
})

test('where no cache can be kept, a run has one for itself', () => {
  using copy = new Copy()
  copy.write('site.ts', site('One'))
  copy.write('node_modules/.cache', '')
  copy.write('.cache', '')
  const before = readdirSync(copy.path)
  assert.is(copy.list(), listing('One'))
  assert.equal(readdirSync(copy.path), before)
})

test('runs that begin at once build once each, and all of them run', async () => {
  using copy = new Copy()
  copy.write('site.ts', site('One'))
  const { spawn } = await import('node:child_process')
  const outputs = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<string>((resolve) => {
          const child = spawn(
            process.execPath,
            [path.join(copy.path, 'lib/run.cjs'), 'site.ts', '-i', 'a,', '--list-tasks'],
            { cwd: copy.path, env: { ...process.env, NO_COLOR: '1', NODE_V8_COVERAGE: '' } },
          )
          let text = ''
          for (const stream of [child.stdout, child.stderr])
            stream.setEncoding('utf8').on('data', (part: string) => {
              text += part
            })
          child.on('close', () => resolve(text))
        }),
    ),
  )
  assert.equal(outputs, [listing('One'), listing('One'), listing('One')])
  assert.is(copy.list(), listing('One'))
})

test('what cannot be loaded at once is: a playbook that waits, a package of modules, a file loaded by its name', () => {
  using copy = new Copy()
  copy.write(
    'site.ts',
    site(
      'One',
      "await new Promise((resolve) => setTimeout(resolve, 1))\nimport { slow } from './packages/slow.ts'\nif (slow !== 'slow') throw new Error(slow)\n",
    ),
  )
  copy.write('packages/slow.ts', "import { slow } from 'slow'\nexport { slow }\n")
  copy.write('packages/node_modules/slow/package.json', '{ "name": "slow", "type": "module", "exports": "./index.js" }')
  copy.write('packages/node_modules/slow/index.js', "await null\nexport const slow = 'slow'\n")
  assert.is(copy.list(), listing('One', 7))
  copy.write(
    'site.ts',
    site('Two', "import { slow } from './packages/slow.ts'\nif (slow !== 'slow') throw new Error(slow)\n"),
  )
  assert.is(copy.list(), listing('Two', 6))
  copy.write(
    'site.ts',
    site('Three', "const { slow } = await import('./packages/slow.ts')\nif (slow !== 'slow') throw new Error(slow)\n"),
  )
  assert.is(copy.list(), listing('Three', 6))
})

test('stacks have the lines of the sources, of authors and of the library', () => {
  using copy = new Copy()
  const throwing = (what: string, before = '') => `${before}import { play, playbook } from './lib/index.ts'
export default playbook('site', [play('p', { hosts: 'all' }, ({ task }) => {
  task('T', () => {
    ${what}
  })
})])
`
  for (const [before, line] of [
    ['', 4],
    ['await null\n', 5],
  ] as const) {
    copy.write('site.ts', throwing("throw new Error('mine')", before))
    const { code, stdout } = copy.run('site.ts', '-i', 'a,', '-c', 'local', '-vvv', '--no-type-check')
    assert.is(code, 2)
    assert.match(stdout, 'Error: mine\n')
    assert.ok(stdout.includes(`${copy.path}/site.ts:${line}:11`), stdout)
    assert.match(stdout, new RegExp(`\\(${copy.path}/lib/engine/\\w+\\.ts:\\d+:\\d+\\)`))
    assert.not.match(stdout, /built\.cjs|main\.[cm]js/)
  }
  copy.write(
    'site.ts',
    throwing(
      "setImmediate(() => { throw new Error('nobody stands above') })\n    return new Promise((resolve) => setTimeout(resolve, 1000))",
    ),
  )
  const { code, stdout } = copy.run('site.ts', '-i', 'a,', '-c', 'local', '--no-type-check')
  assert.is(code, 1)
  assert.match(stdout, 'Error: nobody stands above\n')
  assert.ok(stdout.includes(`${copy.path}/site.ts:4:32`), stdout)
  assert.not.ok(existsSync(path.join(copy.path, '.switchover/locks/a.lock')))
})

test('strict, as modules are', () => {
  using copy = new Copy()
  copy.write(
    'site.ts',
    site(
      'One',
      "let of: unknown\n;(function (this: unknown) { of = this })()\nif (of !== undefined) throw new Error('sloppy')\n",
    ),
  )
  assert.is(copy.list(), listing('One', 7))
})

test.run()
