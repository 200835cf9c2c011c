// A stranger's project: the packed tarball in an empty folder, and everything that somebody outside this repository writes.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { leftOut } from '../rig/needs.ts'

const test = suite('package')
const root = fileURLToPath(new URL('../..', import.meta.url))
const work = mkdtempSync(path.join(tmpdir(), 'switchover-package-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))
const [source, project, home] = ['source', 'project', 'home'].map((name) => {
  mkdirSync(path.join(work, name))
  return path.join(work, name)
}) as [string, string, string]

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command in the project, or elsewhere. */
function command(words: readonly string[], cwd = project, env: Readonly<Record<string, string>> = {}): Ended {
  const [program = '', ...args] = words
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '', NODE_V8_COVERAGE: '', APP: path.join(work, 'app'), ...env },
  })
  return { code: status, stdout, stderr }
}

function succeeds(words: readonly string[], cwd?: string, env?: Readonly<Record<string, string>>): string {
  const { code, stdout, stderr } = command(words, cwd, env)
  assert.is(code, 0, `${words.join(' ')}:\n${stdout}${stderr}`)
  return stdout
}

const run = (...args: readonly string[]) => ['node_modules/.bin/switchover', ...args]
const installed = (...names: readonly string[]) => path.join(project, 'node_modules', ...names)
const own = { HOME: home, XDG_CACHE_HOME: '' }

const installing = ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
let tarball = ''
let contents: readonly string[] = []

test.before(() => {
  // Of a copy: while it is packed, the checkout is used by other tests.
  for (const name of [
    'lib',
    'package.json',
    'LICENSE',
    'README.md',
    'tsconfig.json',
    'tsconfig.project.json',
    'tsconfig.build.json',
  ])
    cpSync(path.join(root, name), path.join(source, name), { recursive: true })
  // A folder of its own, as a publisher has it: by a link the build would lie beside its packages.
  const packages = [path.join(root, 'node_modules'), path.join(source, 'node_modules')]
  if (command(['cp', '-al', ...packages]).code !== 0) succeeds(['cp', '-a', ...packages])
  const [packed] = JSON.parse(succeeds(['npm', 'pack', '--json', '--pack-destination', work], source)) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ]
  contents = packed.files.map((file) => file.path)
  succeeds(['npm', 'init', '-y'])
  succeeds(['npm', 'pkg', 'set', 'type=module'])
  tarball = path.join(work, packed.filename)
  succeeds([...installing, tarball])
  cpSync(path.join(root, 'test/package/example'), project, { recursive: true })
  // What the example wants besides.
  cpSync(path.join(root, 'node_modules/zod'), installed('zod'), { recursive: true })
})

test('has what is built, its sources and its licence, and no tests', () => {
  for (const name of ['index', 'modules/index', 'kit/index', 'program/index', 'testing/index'])
    for (const file of [`dist/${name}.js`, `dist/${name}.d.ts`, `dist/${name}.d.ts.map`, `lib/${name}.ts`])
      assert.ok(contents.includes(file), file)
  for (const file of [
    'LICENSE',
    'README.md',
    'lib/README.md',
    'lib/modules/README.md',
    'package.json',
    'dist/run/library.js',
    'dist/run/ssh.js',
  ])
    assert.ok(contents.includes(file), file)
  assert.equal(
    contents.filter((file) => /^(test|roles|playbooks|inventory)\/|\.test\./.test(file)),
    [],
  )
  assert.not.ok(existsSync(path.join(source, 'dist')), 'nothing is left of it in the sources')
})

test('names no place of the machine that built it', () => {
  const places = [source, root, path.join(root, 'node_modules')].map((place) => place.replace(/\/$/, ''))
  const names = readdirSync(installed('switchover'), { recursive: true, encoding: 'utf8' })
  const found = names.filter((name) => {
    const file = installed('switchover', name)
    if (name.startsWith('node_modules') || !statSync(file).isFile()) return false
    const text = readFileSync(file, 'latin1')
    return places.some((place) => text.includes(place))
  })
  assert.equal(found, [])
})

test('leads from its declarations to its sources', () => {
  const map = installed('switchover/dist/modules/ini.d.ts.map')
  const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { readonly sources: readonly string[] }
  assert.equal(
    sources.map((file) => path.resolve(path.dirname(map), file)),
    [installed('switchover/lib/modules/ini.ts')],
  )
  assert.ok(existsSync(installed('switchover/lib/modules/ini.ts')))
})

test('has types that are clean under the strictest settings, those of its declarations too', () => {
  const strictest = {
    target: 'esnext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noPropertyAccessFromIndexSignature: true,
    noUncheckedIndexedAccess: true,
    noUncheckedSideEffectImports: true,
    noImplicitReturns: true,
    noImplicitOverride: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    noFallthroughCasesInSwitch: true,
    allowUnreachableCode: false,
    allowUnusedLabels: false,
    isolatedModules: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: false,
    noEmit: true,
  }
  for (const module of [{ module: 'nodenext' }, { module: 'esnext', moduleResolution: 'bundler' }]) {
    writeFileSync(
      path.join(project, 'strictest.json'),
      JSON.stringify({ compilerOptions: { ...strictest, ...module }, include: ['.'] }),
    )
    succeeds(['node_modules/.bin/tsc', '-p', 'strictest.json', '--pretty', 'false'])
  }
})

test('brings the types of Node along, for settings without any and where they are not beside it', () => {
  // As npm links a folder, and as pnpm lays packages.
  const types = ['@types', 'undici-types']
  mkdirSync(installed('switchover/node_modules'))
  for (const name of types) renameSync(installed(name), installed('switchover/node_modules', name))
  const all = ['', '/modules', '/kit', '/program', '/testing']
  writeFileSync(
    path.join(project, 'all.ts'),
    all.map((entry, i) => `export * as a${i} from 'switchover${entry}'\n`).join(''),
  )
  const compilerOptions = { strict: true, noEmit: true, skipLibCheck: false, types: [], target: 'es2023' }
  const bundler = { module: 'esnext', moduleResolution: 'bundler' }
  writeFileSync(
    path.join(project, 'bare.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...bundler }, files: ['all.ts'] }),
  )
  try {
    succeeds(['node_modules/.bin/tsc', '-p', 'bare.json', '--pretty', 'false'])
    succeeds(run('site.ts', '-i', 'inventory.ts', '-l', 'web', '--syntax-check'), project, own)
  } finally {
    rmSync(path.join(project, 'all.ts'))
    for (const name of types) renameSync(installed('switchover/node_modules', name), installed(name))
    rmSync(installed('switchover/node_modules'), { recursive: true })
  }
})

test('lets a package of helpers say its types', () => {
  writeFileSync(
    path.join(project, 'helpers.ts'),
    `import { masked, oneHost, play, playbook, role } from 'switchover'
import { command, database, facts, file, probe, replace, script, service, shell, template, templateFile } from 'switchover/modules'
import { fact, operation, perform, sh } from 'switchover/kit'
import { fakeHosts } from 'switchover/testing'
import { runPlaybook } from 'switchover/program'
export const restart = (name: string) => shell\`systemctl restart \${name}\`
export const asked = (name: string) => probe({ allow: [0, 1] })\`systemctl is-active \${name}\`
export const run = () => [command(['true']), script('x.sh')]
export const files = () => [template('/a', 'b'), templateFile('a', '/b', {}), replace('/a', /b/, 'c'), file.content('/a', 'b')]
export const others = () => ({ state: service.status('x'), rows: database.select('SELECT 1'), os: facts.os })
export const made = operation<string, null, null>((name) => name, { read: async () => null, plan: () => ({ result: null }) })
export const own = fact('own', 'run', async (connection) => (await connection.exec(sh\`true\`)).code)
export const done = perform
export const web = role('web', { db: oneHost('db') }, ({ task }) => void task('One', restart('x')))
export const site = playbook('Site', [play('All', { hosts: 'all' }, [web])])
export const secret = (text: string) => masked\`a\${text}\`
export const tried = async () => (await (await fakeHosts({ groups: { g: { hosts: ['a'] } } })).run(web)).finished('One', 'a')
export const ran = () => runPlaybook({ playbook: site, inventory: 'x' })
`,
  )
  const compilerOptions = { strict: true, declaration: true, outDir: path.join(work, 'out'), target: 'es2023' }
  const bundler = { module: 'esnext', moduleResolution: 'bundler' }
  writeFileSync(
    path.join(project, 'helpers.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, ...bundler }, files: ['helpers.ts'] }),
  )
  succeeds(['node_modules/.bin/tsc', '-p', 'helpers.json', '--pretty', 'false'])
  rmSync(path.join(project, 'helpers.ts'))
})

test('knows its places in a second installation of the same user', () => {
  const list = run('site.ts', '-i', 'inventory.ts', '--list-tasks')
  // What V8 keeps of the first must not tell the second where it lies.
  const first = succeeds(list, project, own)
  assert.match(first, /roles\/app\.ts:\d+/)
  const second = path.join(work, 'second')
  cpSync(project, second, { recursive: true, verbatimSymlinks: true })
  assert.is(succeeds(list, second, own), first)
  rmSync(second, { recursive: true })
})

test('has settings to extend, under which a slip is found', () => {
  succeeds(['node_modules/.bin/tsc', '-p', '.', '--pretty', 'false'])
  writeFileSync(path.join(project, 'slip.ts'), "import { role } from 'switchover'\nrole('r', { x: 1 }, () => {})\n")
  const { code, stdout } = command(['node_modules/.bin/tsc', '-p', '.', '--pretty', 'false'])
  rmSync(path.join(project, 'slip.ts'))
  assert.is.not(code, 0)
  assert.match(stdout, /^slip\.ts\(2,\d+\): error TS2322: /)
})

test('runs a playbook with a module and a fact of its own, in check mode, in earnest, and again', () => {
  const recap = (...args: readonly string[]) =>
    / : (ok=\d+) +(changed=\d+) .*(failed=\d+)/
      .exec(succeeds(run('site.ts', '-i', 'inventory.ts', '-l', 'web', ...args), project, own))
      ?.slice(1)
  assert.equal(recap('-C'), ['ok=4', 'changed=3', 'failed=0'])
  assert.equal(recap(), ['ok=4', 'changed=3', 'failed=0'])
  assert.equal(readdirSync(path.join(work, 'app/current/')), [])
  assert.equal(recap(), ['ok=3', 'changed=0', 'failed=0'])
})

test('reaches a host by a connection of its own', () => {
  rmSync(path.join(work, 'app'), { recursive: true })
  const said = succeeds(run('site.ts', '-i', 'inventory.ts', '-l', 'boxes', '-C'), project, own)
  assert.match(said, /^box-1 : ok=4 +changed=3 /m)
  assert.match(succeeds(run('exec', 'boxes', '-i', 'inventory.ts', '--', 'env'), project, own), /^(?!.*APP=)[^]*PATH=/)
})

test('tells a reporter of its own what was changed', () => {
  rmSync(path.join(work, 'app'), { recursive: true, force: true })
  const told = () =>
    succeeds(run('site.ts', '-i', 'inventory.ts', '-l', 'web', '-o', './reporters/changes.ts'), project, own)
  assert.is(
    told(),
    ['Make the folder', 'Make it the current one', 'Restart the server']
      .map((task) => `web-1: app › ${task}\n`)
      .join(''),
  )
  assert.is(told(), 'nothing was changed\n')
})

test('runs a playbook in TypeScript from a program in plain Node', () => {
  const deploy = (...args: readonly string[]) => command([process.execPath, 'deploy.js', ...args], project, own)
  assert.equal(deploy('43'), { code: 0, stdout: 'web-1: 3 changed, 0 failed\n', stderr: '' })
  assert.equal(deploy('43'), { code: 0, stdout: 'web-1: 0 changed, 0 failed\n', stderr: '' })
  const lost = command([process.execPath, path.join(project, 'deploy.js')], work, own)
  assert.is(lost.code, 2)
  assert.match(lost.stderr, /^there is no playbook .*site\.ts/)
})

test('knows the places of a playbook that a program runs', () => {
  writeFileSync(
    path.join(project, 'thrown.ts'),
    `import { play, playbook } from 'switchover'
interface Away { readonly lines: number }
export default playbook('Thrown', [play('P', { hosts: 'web' }, ({ task }) => {
  task('Throw', () => {
    throw new Error('mine')
  })
})])
`,
  )
  writeFileSync(
    path.join(project, 'places.js'),
    `import { runPlaybook } from 'switchover/program'
await runPlaybook({
  playbook: 'thrown.ts',
  inventory: 'inventory.ts',
  record: false,
  onEvent(event) {
    if (event.type === 'task-finished') console.log(event.at.file, event.at.line, event.failure.at.file, event.failure.at.line)
  },
})
`,
  )
  const thrown = path.join(project, 'thrown.ts')
  assert.is(succeeds([process.execPath, 'places.js'], project, own), `${thrown} 4 ${thrown} 5\n`)
})

test('tests a role on a host that is none, with the test runner of Node', () => {
  // Node itself takes TypeScript since 22.18.
  const loader = pathToFileURL(path.join(root, 'node_modules/tsx/dist/esm/index.mjs')).href
  const said = succeeds([
    process.execPath,
    '--import',
    loader,
    '--test',
    '--test-reporter=tap',
    'roles/app.test.ts',
    'roles/proxy.test.ts',
  ])
  assert.match(said, /^# pass 3$/m)
  assert.match(said, /^# fail 0$/m)
})

test('shows what a schema of zod wants of a variable', () => {
  writeFileSync(
    path.join(project, 'proxy.ts'),
    "import { play, playbook } from 'switchover'\nimport { proxy } from './roles/proxy.ts'\n" +
      "export default playbook('Proxy', [play('P', { hosts: 'web' }, [proxy])])\n",
  )
  assert.is(
    succeeds(run('vars', 'proxy.ts'), project, own).replaceAll(/ +/g, ' '),
    `must be set:
 backends a list of { name: a text, port?: a whole number from 1 to 65535, login?: { user: a text, password: anything } } proxy where requests go

may be set:
 workers a whole number from 1 default 2 proxy
`,
  )
  const { code, stderr } = command(
    run('proxy.ts', '-i', 'inventory.ts', '-e', '{"backends": [{"name": "A"}]}'),
    project,
    own,
  )
  assert.is(code, 6)
  assert.match(stderr, /^web-1: backends\[0\]\.name: Invalid string: must match pattern .* \(-e\)/)
})

test('starts from what it brought along, also where only its own user may write', () => {
  assert.not.ok(existsSync(installed('switchover/node_modules')))
  const cache = path.join(home, '.cache/switchover')
  const kept = readdirSync(cache)
  assert.equal(
    kept.filter((name) => name.startsWith('library')),
    [],
    'the library was not built',
  )
  assert.ok(
    kept.some(
      (name) =>
        /^[0-9a-f]{24}$/.test(name) &&
        readdirSync(path.join(cache, name), { recursive: true, encoding: 'utf8' }).some((file) =>
          path.basename(file).startsWith('library-run-'),
        ),
    ),
    'V8 kept its part',
  )
  if (leftOut('another user of what root installed', 'root')) return
  // Everybody may read what root installed, and nobody else may write there or at home.
  for (const folder of [work, project]) chmodSync(folder, 0o755)
  const nobody = [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    'env',
    `HOME=${home}`,
    'XDG_CACHE_HOME=',
  ]
  const { stdout, stderr, code } = command([...nobody, ...run('site.ts', '-i', 'inventory.ts', '--list-tasks')])
  assert.is(stderr, '')
  assert.is(code, 0)
  assert.match(stdout, 'Make it the current one')
})

test('makes a project of an empty folder, in which what it says to type works', () => {
  const empty = path.join(work, 'empty')
  mkdirSync(empty)
  succeeds(['npm', 'init', '-y'], empty)
  // As npm 11 has it.
  succeeds(['npm', 'pkg', 'set', 'type=commonjs'], empty)
  succeeds([...installing, tarball], empty)
  const said = succeeds(['npx', 'run', 'init'], empty, own)
  const typed = said.split('Next:\n')[1]!.match(/^ {2}.*?(?= {2})/gm)!
  assert.equal(
    typed.map((line) => line.trim()),
    ['npx run site.ts -i inventory.ts --check', 'npx run site.ts -i inventory.ts', 'npm install && npm test'],
  )
  const greeting = '/tmp/switchover-first/greeting'
  rmSync(path.dirname(greeting), { recursive: true, force: true })
  const [checked, changed, tested] = typed.map((line) => succeeds(['sh', '-c', line], empty, own))
  assert.match(checked!, /^web-1 : ok=2 +changed=2 /m)
  assert.match(changed!, /^web-1 : ok=2 +changed=2 /m)
  assert.is(readFileSync(greeting, 'utf8'), 'hello\n')
  rmSync(path.dirname(greeting), { recursive: true })
  assert.match(tested!, /pass 1\n/)
  succeeds(['node_modules/.bin/tsc', '-p', '.', '--pretty', 'false'], empty)
})

test('makes a project from a clone, by npx there or linked, in which what it says to type works', () => {
  const greeting = '/tmp/switchover-first/greeting'
  const linked = path.join(work, 'linked')
  mkdirSync(linked)
  succeeds(['npm', 'init', '-y'], linked)
  succeeds(['npm', 'pkg', 'set', 'type=commonjs'], linked)
  succeeds([...installing, '../source'], linked)
  for (const [folder, args] of [
    [source, ['../beside']],
    [linked, []],
  ] as const) {
    const said = succeeds(['npx', 'run', 'init', ...args], folder, own)
    const typed = said.split('Next:\n')[1]!.match(/^ {2}.*?(?= {3})/gm)!
    rmSync(path.dirname(greeting), { recursive: true, force: true })
    for (const line of typed) succeeds(['sh', '-c', line], folder, own)
    assert.is(readFileSync(greeting, 'utf8'), 'hello\n')
  }
  rmSync(path.dirname(greeting), { recursive: true })
})

test('says how to get the type check where the compiler was left out', () => {
  // Not one of which it is known already that its types are right.
  cpSync(path.join(project, 'site.ts'), path.join(project, 'other.ts'))
  const [there, away] = [installed('typescript'), path.join(work, 'typescript')]
  renameSync(there, away)
  const checked = command(run('other.ts', '-i', 'inventory.ts'), project, own)
  const unchecked = command(run('other.ts', '-i', 'inventory.ts', '--no-type-check'), project, own)
  renameSync(away, there)
  assert.is(checked.code, 6)
  assert.is(
    checked.stderr,
    'there is no TypeScript to check types with - npm install --save-dev typescript, or go without: --no-type-check\n',
  )
  assert.is(unchecked.code, 0)
})

test('has roles and modules of packages use the library that runs', () => {
  const shared = installed('switchover-shared')
  mkdirSync(shared)
  writeFileSync(
    path.join(shared, 'package.json'),
    JSON.stringify({
      name: 'switchover-shared',
      type: 'module',
      exports: './index.js',
      peerDependencies: { switchover: '*' },
    }),
  )
  writeFileSync(
    path.join(shared, 'index.js'),
    "import { Secret } from 'switchover'\nexport const isSecret = (value) => value instanceof Secret\n",
  )
  writeFileSync(path.join(shared, 'index.d.ts'), 'export declare function isSecret(value: unknown): boolean\n')
  writeFileSync(
    path.join(project, 'shared.ts'),
    `import { play, playbook, Secret } from 'switchover'
import { isSecret } from 'switchover-shared'
export default playbook('Shared', [play('P', { hosts: 'web' }, ({ task }) => {
  task('Ask', () => { if (!isSecret(Secret.of('abcdef', 'x'))) throw new Error('another library') })
})])
`,
  )
  succeeds(run('shared.ts', '-i', 'inventory.ts'), project, own)
})

test('is no larger than its page says', () => {
  const size = (folder: string): number =>
    readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0)
  const megabytes = (...folders: readonly string[]) =>
    Math.round(folders.map((folder) => size(installed(folder))).reduce((a, b) => a + b) / 1e6)
  const [all, forTypes] = [megabytes('.') - megabytes('zod'), megabytes('typescript', '@typescript')]
  const page = readFileSync(path.join(root, 'lib/guide/package.md'), 'utf8')
  const said = /some (\d+) MB, (\d+) of them/.exec(page)?.slice(1).map(Number) ?? []
  assert.ok(
    Math.abs(all - said[0]!) <= 3 && Math.abs(forTypes - said[1]!) <= 3,
    `${all} MB, ${forTypes} of them: ${said}`,
  )
})

test.run()
