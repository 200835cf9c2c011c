import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { local, modules, Project, words } from './project.ts'

const project = new Project({
  'inventory/lab.ts': local,
  'playbooks/site.ts': `${words}${modules}if (!modules.wait) throw new Error('no modules')
const greeter = role('greeter', { motd: text.or('hi').describe('what is said'), key: secret }, ({ task, block }) => {
  task('Say', { tags: ['say'] }, (host) => shell\`echo \${host.vars.motd}\`)
  block('Care', {
    try: () => { task('Look', { tags: ['look'] }, probe\`true\`) },
    rescue: () => { task('Repair', shell\`true\`) },
  })
})
export default playbook('site', [
  play('web', { hosts: 'web' }, [greeter]),
  play('all', { hosts: 'all', tags: ['late'], vars: { count: number.or(1) } }, ({ task }) => {
    task('Count', shell\`true\`)
  }),
])
`,
  'vars.yaml': 'motd: hello\n',
  'vars.json': '{"motd": "hello"}',
  'old/hosts.yaml': 'all:\n  children:\n    web:\n      hosts:\n        web1:\n',
})
const on = ['playbooks/site.ts', '-i', 'inventory/lab']
const test = suite('lists and settings')
test.after(() => project[Symbol.dispose]())

test('lists honour limit, tags and start', async () => {
  const list = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await project.run([...on, ...args])
    assert.is(stderr, '')
    assert.is(code, 0)
    return stdout
  }
  assert.is(
    await list('--list-tasks', '-t', 'say,late', '-l', 'web1'),
    `web  (web)
  greeter
    Say    say  playbooks/site.ts:6

all  (all)
  Count  late  playbooks/site.ts:15
`,
  )
  assert.is(await list('--list-hosts', '-l', 'web1:db', '--skip-tags', 'late'), 'web  (web): 1\n  web1\n')
  assert.is(await list('--list-tags', '--start-at-task', 'Look'), 'late  1 task\nlook  1 task\n')
  const [web, all] = JSON.parse(await list('--list-tasks', '--json', '-l', 'db1', '--start-at-task', 'Count')) as {
    play: string
    hosts: string[]
    tasks: { task: string }[]
  }[]
  assert.equal([web?.hosts, web?.tasks], [[], []])
  assert.equal([all?.hosts, all?.tasks.map(({ task }) => task)], [['db1'], ['Count']])
})

test('variables come from files, and inventories are YAML too', async () => {
  for (const file of ['vars.yaml', 'vars.json'])
    assert.equal((await project.run([...on, '-e', `@${file}`, '--list-hosts'])).code, 0, file)
  assert.is((await project.run(['inventory', '-i', 'old', '--graph'])).stdout.includes('web1'), true)
})

test('a list loads no package that only a run needs', async () => {
  const coverage = path.join(project.path, 'coverage')
  mkdirSync(coverage)
  const { code } = await project.run([...on, '--list-tasks'], { env: { NODE_V8_COVERAGE: coverage } })
  assert.is(code, 0)
  interface Coverage {
    readonly result: readonly {
      readonly url: string
      readonly functions: readonly {
        readonly functionName: string
        readonly ranges: readonly { readonly count: number }[]
      }[]
    }[]
  }
  const scripts = readdirSync(coverage).flatMap(
    (file) => (JSON.parse(readFileSync(path.join(coverage, file), 'utf8')) as Coverage).result,
  )
  // What was built in is a function by the name of its source, called when it is needed.
  const sources = scripts.flatMap(({ url, functions }) => [
    url,
    ...functions
      .filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0)
      .map(({ functionName }) => functionName)
      .filter((name) => /\/.*\.[cm]?[jt]s$/.test(name)),
  ])
  const packages = new Set(sources.flatMap((source) => /.*node_modules\/((?:@[^/]+\/)?[^/.]+)/.exec(source)?.[1] ?? []))
  assert.ok(packages.has('yargs'))
  if (!sources.some((source) => source.endsWith('lib/cli.ts')))
    throw new Error(
      sources
        .filter((s) => !s.startsWith('node:'))
        .slice(0, 20)
        .join('\n'),
    )
  const heavy = ['node-ssh', 'ssh2', 'mysql2', 'listr2', 'zx', 'diff', 'eta', 'yaml', 'typescript']
  assert.equal(
    heavy.filter((name) => packages.has(name)),
    [],
  )
  assert.equal(
    sources.filter((source) => /\/lib\/(?:transport|report\/tree)/.test(source)),
    [],
  )
})

test('the variables that a playbook wants', async () => {
  const { stdout } = await project.run(['vars', 'playbooks/site.ts'])
  assert.is(
    stdout,
    `must be set:
  key    a secret                greeter

may be set:
  count  a number  default 1     all
  motd   a text    default "hi"  greeter  what is said
`,
  )
  const { stdout: json } = await project.run(['vars', 'playbooks/site.ts', '--json'])
  assert.equal(JSON.parse(json), [
    { name: 'count', kind: 'a number', required: false, default: 1, roles: ['all'] },
    { name: 'key', kind: 'a secret', required: true, roles: ['greeter'] },
    { name: 'motd', kind: 'a text', required: false, default: 'hi', about: 'what is said', roles: ['greeter'] },
  ])
})

test('an inventory as tree, JSON, and one host', async () => {
  const { stdout: tree } = await project.run(['inventory', '-i', 'inventory/lab', '-l', 'web1'])
  assert.is(tree, '@all:\n  |--@ungrouped:\n  |--@web:\n  |  |--web1\n  |--@db:\n')
  const { stdout: json } = await project.run(['inventory', '-i', 'inventory/lab', '--list'])
  assert.equal((JSON.parse(json) as { web: unknown }).web, { hosts: ['web1', 'web2'] })
  const { stdout: host } = await project.run([
    'inventory',
    '-i',
    'inventory/lab',
    '--host',
    'db1',
    '--json',
    '-e',
    'a=1',
  ])
  assert.equal(JSON.parse(host), {
    host: 'db1',
    groups: ['db'],
    settings: { connection: 'local' },
    vars: [{ name: 'a', value: '1', from: '-e', overrode: [] }],
  })
})

test('settings: file under command line, paths from the file, and where each comes from', async () => {
  using own = new Project({
    'package.json': '{}',
    'inventory/lab.ts': local,
    'below/site.ts': `${words}export default playbook('s', [play('p', { hosts: 'all' }, ({ task }) => { task('T', shell\`true\`) })])\n`,
    'run.config.ts':
      "const forks: number = 3\nexport default { inventory: 'inventory/lab', forks, limit: ['web1'], 'type-check': false }\n",
  })
  const cwd = path.join(own.path, 'below')
  assert.is((await own.run(['site.ts', '--list-hosts'], { cwd })).stdout, 'p  (all): 1\n  web1\n')
  assert.is((await own.run(['site.ts', '--list-hosts', '-l', 'db'], { cwd })).stdout, 'p  (all): 1\n  db1\n')
  const { stdout } = await own.run(['config', '--json', '-f', '7', '-C'], { cwd })
  const config = JSON.parse(stdout) as Record<string, { value: unknown; from: string }>
  assert.equal(config['forks'], { value: 7, from: 'command line' })
  assert.equal(config['check'], { value: true, from: 'command line' })
  assert.equal(config['inventory'], { value: ['../inventory/lab'], from: '../run.config.ts' })
  assert.equal(config['diff'], { value: false, from: 'default' })
  for (const off of ['-C=false', '--check=false', '--no-check']) {
    const { check } = JSON.parse((await own.run(['config', '--json', off], { cwd })).stdout) as typeof config
    assert.equal(check, { value: false, from: 'command line' }, off)
  }
  assert.equal(config['user'], { value: null, from: 'default' })
})

test('settings: every unknown and ill-typed one is told, with its file', async () => {
  using own = new Project({
    'run.config.json': '{ "forkz": 3, "forks": "many", "tags": "a", "become-method": "doas", "check": "yes" }',
  })
  const { code, stderr } = await own.run(['config'])
  assert.is(
    stderr,
    `run.config.json: there is no setting forkz - did you mean forks?
run.config.json: forks must be a whole number from 1, and is "many" - write forks: 50, or leave it out
run.config.json: become-method must be one of sudo, su, and is "doas" - write become-method: 'sudo' or become-method: 'su'
run.config.json: check must be true or false, and is "yes" - write check: true or check: false
`,
  )
  assert.is(code, 6)
})

test('a stranger above the folder is not asked for settings', async () => {
  using own = new Project({ 'run.config.json': '{ "forks": 3 }', 'below/a': '' })
  const { stdout } = await own.run(['config', '--json'], { cwd: path.join(own.path, 'below') })
  assert.equal((JSON.parse(stdout) as Record<string, unknown>)['forks'], { value: 50, from: 'default' })
})

test('help and version', async () => {
  const { stdout: help, code } = await project.run(['help'])
  assert.is(code, 0)
  for (const part of ['-i, --inventory ', 'run vault <action>', 'Examples:', 'Exit codes:\n  0  all went well'])
    assert.ok(help.includes(part), part)
  assert.not.match(help, /\[string\]|complete </)
  assert.match((await project.run(['help', 'vault'])).stdout, /^run vault <action> \[files\.\.\]\n/)
  assert.match((await project.run(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/)
})

test.run()
