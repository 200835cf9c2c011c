// Options of a name that nobody reads, as plain JavaScript has them: each operation and each word of a playbook refuses
// them where they are written, with the name that was meant.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkDefinitions } from '../../lib/engine/definitions.ts'
import * as all from '../../lib/index.ts'
import { here } from '../../lib/model/location.ts'
import { Advice } from '../../lib/model/operation.ts'
import { type Problem, Refused, showProblems } from '../../lib/model/problem.ts'
import { Secret } from '../../lib/model/secret.ts'
import * as modules from '../../lib/modules/index.ts'
import { typedIn } from './cli/in-process.ts'
import { rigOf } from '../rig/hosts.ts'
import { runs } from '../rig/runs.ts'
import { Project, words } from './cli/project.ts'

const test = suite('option names')

// Any options, as a program without types gives them.
// biome-ignore lint/suspicious/noExplicitAny: that is what is tested.
type Any = any
const { archive, authorizedKeys, block, command, copyBetween, cron, database, file, find, firewall, git } = modules
const { group, hosts, http, ini, job, line, lvm, mount, packages, probe, reboot, replace, repository } = modules
const { service, shell, sysctl, system, template, templateFile, user, wait } = modules
const from = { name: 'other' }
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA x'
const login = { user: 'x', password: Secret.of('x', 'x'), database: 'x' }

/** Each operation that takes options, with what it needs besides. */
const operations: Readonly<Record<string, (options: Any) => unknown>> = {
  'archive.create': (o) => archive.create('/x.tar', 'x', o),
  'archive.extract': (o) => archive.extract('/x.tar', '/x', o),
  'authorizedKeys.absent': (o) => authorizedKeys.absent('x', key, o),
  'authorizedKeys.present': (o) => authorizedKeys.present('x', key, o),
  'block.absent': (o) => block.absent('/x', o),
  'block.present': (o) => block.present('/x', 'x', o),
  command: (o) => command(['x'], o),
  'copyBetween.device': (o) => copyBetween.device({ from, path: '/x', bytes: 1, record: '/y', ...o }),
  'copyBetween.file': (o) => copyBetween.file({ from, path: '/x', ...o }),
  'copyBetween.files': (o) => copyBetween.files({ from, path: '/x', ...o }),
  'copyBetween.pace': (o) => copyBetween.pace({ from, path: '/x', ...o }),
  'cron.absent': (o) => cron.absent('x', o),
  'cron.env': (o) => cron.env('x', 'x', o),
  'cron.file': (o) => cron.file('x', [], o),
  'a job of cron.file': (o) => cron.file('x', [{ user: 'x', job: 'x', ...o }]),
  'cron.job': (o) => cron.job({ name: 'x', job: 'x', ...o }),
  'database.absent': (o) => database.absent({ database: 'x', unsaved: true, ...o }),
  'the login of database.absent': (login) => database.absent({ database: 'x', unsaved: true, login }),
  'the login of database.charsets': (o) => database.charsets('x', o),
  'the login of database.connections': (o) => database.connections(['x'], o),
  'database.convert': (o) => database.convert({ database: 'x', charset: 'utf8', collation: 'utf8_general_ci', ...o }),
  'database.dump': (o) => database.dump({ database: 'x', to: '/x', ...o }),
  'the login of database.fingerprint': (o) => database.fingerprint('x', o),
  'database.migrate': (o) => database.migrate({ database: 'x', commands: ['x'], ...o }),
  'database.pace': (o) => database.pace({ from, database: 'x', table: 'x', ...o }),
  'database.present': (o) => database.present({ database: 'x', ...o }),
  'the login of database.reopen': (o) => database.reopen('x', o),
  'database.replace': (o) =>
    database.replace({ database: 'x', dump: '/x', saved: '/y', charset: 'utf8', collation: 'utf8_general_ci', ...o }),
  'database.reread': (o) => database.reread({ database: 'x', save: '/x', ...o }),
  'database.restore': (o) =>
    database.restore({ database: 'x', saved: '/y', charset: 'utf8', collation: 'utf8_general_ci', ...o }),
  'database.rewrite': (o) =>
    database.rewrite({ login, table: 'x', key: 'x', columns: ['x'], change: () => undefined, save: '/x', ...o }),
  'the login of database.rewrite': (o) =>
    database.rewrite({ login: o, table: 'x', key: 'x', columns: ['x'], change: () => undefined, save: '/x' }),
  'the login of database.rows': (o) => database.rows(o, 'SELECT 1'),
  'the login of database.select': (o) => database.select('SELECT 1', o),
  'the login of database.stages': (o) => database.stages(['x'], o),
  'the login of database.standing': (o) => database.standing('x', o),
  'the login of database.texts': (o) => database.texts('x', o),
  'database.user': (o) => database.user({ user: 'x', ...o }),
  'database.userAbsent': (o) => database.userAbsent({ user: 'x', ...o }),
  'file.attributes': (o) => file.attributes('/x', o),
  'file.content': (o) => file.content('/x', 'x', o),
  'file.copy': (o) => file.copy('/x', '/x', o),
  'file.directory': (o) => file.directory('/x', o),
  'file.mode': (o) => file.mode('/x', '0600', o),
  'file.owner': (o) => file.owner('/x', 'x', o),
  'file.restore': (o) => file.restore('/x', o),
  'file.stat': (o) => file.stat('/x', o),
  'file.tree': (o) => file.tree('/x', '/x', o),
  'the folder of file.tree': (o) => file.tree({ from, path: '/x', ...o }, '/x'),
  'find.absent': (o) => find.absent('/x', { name: 'x', ...o }),
  'find.files': (o) => find.files('/x', o),
  'firewall.noPort': (o) => firewall.noPort('1/tcp', o),
  'firewall.port': (o) => firewall.port('1/tcp', o),
  'git.checkout': (o) => git.checkout('https://x/x', '/x', o),
  'group.present': (o) => group.present('x', o),
  'hosts.absent': (o) => hosts.absent('x', o),
  'hosts.entry': (o) => hosts.entry('10.0.0.1', 'x', o),
  'http.download': (o) => http.download('http://x/x', '/x', o),
  'http.get': (o) => http.get('http://x/x', o),
  'http.request': (o) => http.request('http://x/x', o),
  'ini.absent': (o) => ini.absent('/x', 'x', o),
  'ini.get': (o) => ini.get('/x', 'x', 'x', o),
  'ini.read': (o) => ini.read('/x', o),
  'ini.set': (o) => ini.set('/x', { x: { x: 'x' } }, o),
  'job.finished': (o) => job.finished('x', o),
  'job.started': (o) => job.started('x', { async: 1, ...o }),
  'line.absent': (o) => line.absent('/x', { line: 'x', ...o }),
  'line.present': (o) => line.present('/x', { line: 'x', ...o }),
  'lvm.volume': (o) => lvm.volume({ group: 'x', name: 'x', bytes: 1, ...o }),
  'mount.absent': (o) => mount.absent('/x', o),
  'mount.mounted': (o) => mount.mounted({ device: 'x', path: '/x', type: 'x', ...o }),
  'mount.present': (o) => mount.present({ device: 'x', path: '/x', type: 'x' }, o),
  'packages.absent': (o) => packages.absent('x', o),
  'packages.installed': (o) => packages.installed('x', o),
  'packages.latest': (o) => packages.latest('x', o),
  probe: (o) => probe(o),
  reboot: (o) => reboot(o),
  replace: (o) => replace('/x', /x/, 'y', o),
  'repository.apt': (o) => repository.apt('x', { uris: 'http://x', suites: 'x', ...o }),
  'repository.yum': (o) => repository.yum('x', { baseurl: 'http://x', ...o }),
  'service.disabled': (o) => (service.disabled as Any)(o, 'x'),
  'service.enabled': (o) => (service.enabled as Any)(o, 'x'),
  'service.reloaded': (o) => service.reloaded(o, 'x'),
  'service.restarted': (o) => service.restarted(o, 'x'),
  'service.started': (o) => service.started(o, 'x'),
  'service.stopped': (o) => service.stopped(o, 'x'),
  shell: (o) => shell(o),
  'sysctl.absent': (o) => sysctl.absent('x.y', o),
  'sysctl.set': (o) => sysctl.set({ 'x.y': 1 }, o),
  'system.kernelModule': (o) => system.kernelModule('x', o),
  template: (o) => template('/x', 'x', o),
  templateFile: (o) => templateFile('/x', '/x', {}, o),
  'user.absent': (o) => user.absent('x', o),
  'user.present': (o) => user.present('x', o),
  'user.sshKey': (o) => user.sshKey('x', o),
  'wait.command': (o) => wait.command('x', o),
  'wait.connection': (o) => wait.connection(o),
  'wait.file': (o) => wait.file('/x', o),
  'wait.http': (o) => wait.http('http://x/x', o),
  'wait.port': (o) => wait.port(1, o),
}

/** These take none: what they need are their arguments. */
const without: readonly string[] = [
  ...['dedent', 'debconf.selections', 'file.absent', 'file.backup', 'file.fetch', 'file.link', 'group.absent'],
  ...['lvm.group', 'lvm.volumes', 'mount.unmounted', 'processes.matching', 'repository.absent', 'script'],
  ...['selinux.boolean', 'selinux.fileContext', 'selinux.mode', 'service.daemonReload', 'service.masked'],
  ...['service.since', 'service.status', 'service.unmasked', 'system.hostname', 'system.noKernelModule'],
  ...['system.timezone'],
]

test('every operation is here', () => {
  const functions = Object.entries(modules).flatMap(([name, one]) =>
    name === 'facts' ? [] : typeof one === 'function' ? [name] : Object.keys(one).map((word) => `${name}.${word}`),
  )
  const known = Object.keys(operations).map((name) => name.replace(/^.* of (?=\w+\.)/, ''))
  assert.equal([...new Set([...known, ...without])].sort(), functions.sort())
})

for (const [name, make] of Object.entries(operations))
  test(`${name} refuses what it does not know`, () => {
    const { message, hint } = refusal(() => make({ zzqqj: true }))
    assert.is(message, `${name} has no option zzqqj`)
    const known = /^there are: ([\w, ]+)$/.exec(hint)?.[1]?.split(', ')
    assert.ok(known, hint)
    // Each of those that there are, with a letter too many: it is told which was meant.
    for (const one of known) {
      const slip = one[0] + one
      const told = refusal(() => make({ [slip]: undefined }))
      assert.is(told.message, `${name} has no option ${slip}`)
      assert.is(told.hint, `did you mean ${one}?`)
    }
  })

test('options that are none, and several names at once', () => {
  const of = (options: Any) => refusal(() => file.directory('/x', options))
  assert.equal(of('0755'), {
    message: 'file.directory takes its options between braces, and got "0755"',
    hint: 'write { mode: … }; there are: mode, owner, group, follow',
  })
  assert.is(of(['0755']).message, 'file.directory takes its options between braces, and got ["0755"]')
  assert.equal(of({ mdoe: '1', ownr: 'x' }), {
    message: 'file.directory has no options mdoe, ownr',
    hint: 'did you mean mode? did you mean owner?',
  })
  assert.equal(of({ mdoe: '1', recurse: true }), {
    message: 'file.directory has no options mdoe, recurse',
    hint: 'did you mean mode? there are: mode, owner, group, follow',
  })
})

const { playbook, role } = all
const play = all.play as Any
const body = shell`true`
const inRole = (define: (steps: Any) => void) => role('r', { size: all.text }, define)

/** Words of a playbook, with what is wrong and what is told of each. */
const misused: readonly (readonly [what: string, define: () => unknown, ...told: readonly string[]])[] = [
  [
    'a task',
    () => inRole(({ task }) => task('Say', { tasg: ['x'], whn: () => true }, body)),
    '«Say» has no options tasg, whn - did you mean tags? did you mean when?',
  ],
  [
    'an option of Ansible',
    () => inRole(({ task }) => task('Say', { changed_when: false }, body)),
    '«Say» has no option changed_when - did you mean changedWhen?',
  ],
  [
    'ensure',
    () => inRole(({ ensure }) => ensure('Say', { noitfy: [] }, body)),
    '«Say» has no option noitfy - did you mean notify?',
  ],
  [
    'a handler with options',
    () => inRole(({ handler }) => handler('Restart', { tags: ['x'] }, body)),
    "role r: «Restart» has no body: what it has does nothing - the last argument is an operation, or a function: handler('Restart', shell`…`)",
  ],
  [
    'a task without a body',
    () => inRole(({ task }) => task('Say', { tags: ['x'] })),
    "role r: «Say» has no body: what it has does nothing - the last argument is an operation, or a function: task('Say', shell`…`)",
  ],
  [
    'a block',
    () => inRole(({ block: word }) => word('Around', { try: () => {}, resuce: () => {} })),
    '«Around» has no option resuce - did you mean rescue?',
  ],
  [
    'a gate',
    () => inRole(({ gate }) => gate('Go?', { answerd: () => true })),
    '«Go?» has no option answerd - did you mean answered?',
  ],
  [
    'a role',
    () => (role as Any)('r', {}, { hsots: 'x' }, () => {}),
    'role r has no option hsots - did you mean hosts?',
  ],
  [
    'a variable of a role',
    () => inRole(() => {}).with({ szie: 1 } as Any),
    'the role r has no variable szie - did you mean size?',
  ],
  [
    'a playbook',
    () => playbook('P', [], { pgae: true } as Any),
    'the playbook «P» has no option pgae - did you mean page?',
  ],
  [
    'a play',
    () => playbook('P', [play('One', { hosts: 'all', strategi: 'free', max_fail_percentage: 1 }, () => {})]),
    'the play «One» has no options strategi, max_fail_percentage - did you mean strategy? did you mean maxFailPercentage?',
  ],
  [
    'all that is wrong with a role, at once',
    () =>
      inRole(({ task }) => {
        task('Same', body)
        task('Same', { tgas: [] }, body)
        task('Other', body)
        task('Other', body)
        task('Same', body)
        task('', body)
      }),
    '«Same» has no option tgas - did you mean tags?',
    "role r has a step without a name - say what it does, as in 'Start nginx'",
    'role r has 3 steps named «Same» - names are identities, make them differ',
    'role r has two steps named «Other» - names are identities, make them differ',
  ],
]
for (const [what, define, ...told] of misused)
  test(`${what}: it is told, with its place`, () => {
    const problems = problemsOf(define)
    for (const { at } of problems) assert.is(at?.file, here().file)
    assert.equal(showProblems(problems.map(({ at: _, ...one }) => one as Problem)).split('\n'), told)
  })

test('a playbook of plain JavaScript is refused before the first connection, with its lines', async () => {
  using project = new Project({
    'site.mjs': `${words.replace('probe,', 'file, probe,')}export default playbook('site', [
  play('one', { hosts: 'all', serail: 1 }, ({ task }) => {
    task('Write', { tags: ['x'] }, file.content('/x', 'x', { mdoe: '0600' }))
  }),
])
`,
    'steps.mjs': `${words}export default playbook('site', [
  play('one', { hosts: 'all' }, ({ task }) => {
    task('Say', { tgas: ['x'] }, shell\`true\`)
    task('Say', shell\`true\`)
    task('Say', shell\`false\`)
  }),
])
`,
    'play.mjs': `${words}export default playbook('site', [
  play('one', { hosts: 'all', serail: 1 }, ({ task }) => {
    task('Say', shell\`true\`)
  }),
])
`,
    'inventory.mjs': `${words}export default inventory({ groups: { web: { hosts: { a: { sttings: {} } } } } })\n`,
  })
  const run = async (...args: readonly string[]) => await typedIn(project.path, [...args, '--no-type-check'])
  const local = ['-i', 'a,', '-c', 'local']
  const { stderr, code } = await run('site.mjs', ...local)
  assert.is(
    stderr.trimEnd(),
    'site.mjs cannot be loaded: file.content has no option mdoe - did you mean mode? (site.mjs:5)',
  )
  assert.is(code, 6)
  assert.is(
    (await run('steps.mjs', ...local)).stderr.trimEnd(),
    '«Say» has no option tgas - did you mean tags? (steps.mjs:5)\n' +
      'role one has 3 steps named «Say» - names are identities, make them differ (steps.mjs:5, steps.mjs:6, steps.mjs:7)',
  )
  assert.is(
    (await run('play.mjs', ...local)).stderr.trimEnd(),
    'the play «one» has no option serail - did you mean serial? (play.mjs:4)',
  )
  assert.is(
    (await run('play.mjs', '-i', 'inventory.mjs')).stderr.split('\n')[0],
    'groups.web.hosts.a.sttings is not known there - did you mean settings? (inventory.mjs:3)',
  )
})

test('in a body it is told where it is written, when the task comes to it', async () => {
  const wrong = all.play('P', { hosts: 'all' }, ({ task }) => {
    task('Say', async (host) => {
      await host.run(shell({ cdw: '/' } as Any)`true`)
    })
  })
  const { events } = await runs(rigOf({ web: ['a'] }), [wrong])
  const [failure] = events.flatMap((event) => (event.type === 'task-finished' ? (event.failure ?? []) : []))
  assert.is(failure?.reason, 'shell has no option cdw')
  assert.is(failure?.hint, 'did you mean cwd?')
  assert.equal(failure?.at, { file: here().file, line: wrong.at.line + 2 })
})

test.run()

function refusal(make: () => unknown): { readonly message: string; readonly hint: string } {
  try {
    make()
  } catch (error) {
    if (error instanceof Advice) return { message: error.message, hint: error.hint }
    throw error
  }
  throw new Error('it was not refused')
}

function problemsOf(define: () => unknown): readonly Problem[] {
  try {
    const made = define() as all.Playbook
    return made.kind === 'playbook' ? checkDefinitions(made) : []
  } catch (error) {
    if (error instanceof Refused) return error.problems
    throw error
  }
}
