// Every function that authors import, run by a task on a real host: as a value, from `ensure`, and in a function's
// body.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskFinished } from '../../../lib/model/event.ts'
import type { Fact, Operation, Value } from '../../../lib/model/operation.ts'
import { type Body, play } from '../../../lib/model/playbook.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { recordStage } from '../../../lib/modules/database/stage.ts'
import * as modules from '../../../lib/modules/index.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { emptyDirectory } from '../../rig/here.ts'
import { aHost, inventoryOf } from '../../rig/hosts.ts'
import { type Mariadb, sql, startMariadb } from '../../rig/mariadb.ts'
import { leftOut, type Need, needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { runs } from '../../rig/runs.ts'

needs('namespaces')
inPrivateNamespaces(import.meta.url)

const { archive, block, command, copyBetween, cron, database, dedent, facts, file, find, group, hosts } = modules
const { http, ini } = modules
const { line, lvm, mount, packages, probe, processes, replace, script, service, shell, sysctl } = modules
const { template, templateFile, user, wait } = modules

const mebi = 2 ** 20
const word = Secret.of('s3rvice-Pa55', 'service password')
did('ip', 'link', 'set', 'lo', 'up')
const port = await httpPort()
const server = leftOut('database.*', 'mariadbd') ? undefined : await startMariadb({ tcp: true })
furnish(server)
const login = { user: 'service', password: word, database: 'service', port: server?.port ?? 0 }
const utf8 = { charset: 'utf8', collation: 'utf8_general_ci' } as const

/** Where one example is at home: files of its own, and a name that no other has. */
interface Place {
  readonly at: (name: string) => string
  readonly name: string
}

type Example = (place: Place) => Operation<Value>

/** One of each that has something to do, or a look that finds something. */
const examples: Readonly<Record<string, Example>> = {
  'archive.create': ({ at }) => archive.create(at('new.tar'), 'folder', { from: at('') }),
  'archive.extract': ({ at }) => archive.extract(at('old.tar'), at('into'), { source: 'controller' }),
  'block.absent': ({ at }) => block.absent(at('block')),
  'block.present': ({ at }) => block.present(at('file'), 'x'),
  command: ({ at }) => command(['touch', at('touched')]),
  'copyBetween.device': ({ at }) => {
    const [path, to] = [at('device'), at('empty device')]
    return copyBetween.device({ from: { name: 'other' }, path, to, bytes: mebi, record: at('record') })
  },
  'copyBetween.file': ({ at }) => copyBetween.file({ from: { name: 'other' }, path: at('file'), to: at('copy') }),
  'copyBetween.files': ({ at }) => copyBetween.files({ from: { name: 'other' }, path: at('folder') }),
  'cron.absent': () => cron.absent('old'),
  'cron.env': ({ name }) => cron.env(name, 'x'),
  'cron.file': ({ at }) => cron.file('jobs', [{ user: 'root', job: 'true' }], { directory: at('') }),
  'cron.job': ({ name }) => cron.job({ name, job: 'true' }),
  'database.absent': ({ name }) => database.absent({ database: name, unsaved: true }),
  'database.charsets': ({ name }) => database.charsets(name),
  'database.connections': ({ name }) => database.connections([name]),
  'database.convert': ({ name }) => database.convert({ database: name, ...utf8 }),
  'database.dump': ({ at, name }) => database.dump({ database: name, to: at('new.sql') }),
  'database.migrate': ({ name }) => database.migrate({ database: name, commands: ['true'] }),
  'database.present': ({ name }) => database.present({ database: `${name}_new`, ...utf8 }),
  'database.replace': ({ at, name }) =>
    database.replace({ database: name, dump: at('dump.sql'), saved: at('saved.sql'), ...utf8 }),
  'database.restore': ({ at, name }) => database.restore({ database: name, saved: at('saved.sql'), ...utf8 }),
  'database.rewrite': ({ at, name }) =>
    database.rewrite({
      login,
      table: name,
      key: 'id',
      columns: ['text'],
      where: 'text IS NOT NULL',
      save: at('rows'),
      change: ({ text }) => ({ text: `new ${String(text).slice(-1)}` }),
    }),
  'database.rows': ({ name }) => database.rows(login, `SELECT * FROM ${name}`),
  'database.select': () => database.select('SELECT 1'),
  'database.standing': ({ name }) => database.standing(name),
  'database.user': ({ name }) => database.user({ user: name.slice(-16), password: word, hosts: ['localhost'] }),
  'database.userAbsent': () => database.userAbsent({ user: 'gone', hosts: ['localhost'] }),
  dedent: ({ at }) => template(at('text'), dedent`${word}`),
  'file.absent': ({ at }) => file.absent(at('folder')),
  'file.attributes': ({ at }) => file.attributes(at('file'), { mode: '0600' }),
  'file.backup': ({ at }) => file.backup(at('folder')),
  'file.content': ({ at }) => file.content(at('new'), 'x\n'),
  'file.copy': ({ at }) => file.copy(at('device'), at('copy')),
  'file.directory': ({ at }) => file.directory(at('new')),
  'file.fetch': ({ at }) => file.fetch(at('device'), at('fetched')),
  'file.link': ({ at }) => file.link(at('link'), 'file'),
  'file.mode': ({ at }) => file.mode(at('folder'), '0700', { recursive: true }),
  'file.owner': ({ at }) => file.owner(at('folder'), 'daemon:daemon'),
  'file.restore': ({ at }) => file.restore(at('file')),
  'file.stat': ({ at }) => file.stat(at('file')),
  'file.tree': ({ at }) => file.tree(at('folder'), at('tree')),
  'find.absent': ({ at }) => find.absent(at('folder'), { olderThan: 86_400 }),
  'find.files': ({ at }) => find.files(at('folder')),
  'group.absent': ({ name }) => group.absent(name.slice(-16)),
  'group.present': ({ name }) => group.present(name.slice(-16)),
  'hosts.absent': ({ at }) => hosts.absent('old', { path: at('hosts') }),
  'hosts.entry': ({ at }) => hosts.entry('10.0.0.4', 'new', { path: at('hosts') }),
  'http.get': () => http.get(`http://127.0.0.1:${port}/`),
  'http.request': () => http.request(`http://127.0.0.1:${port}/`, { body: word }),
  'ini.absent': ({ at }) => ini.absent(at('conf'), 'old'),
  'ini.get': ({ at }) => ini.get(at('conf'), 'old', 'key'),
  'ini.read': ({ at }) => ini.read(at('conf')),
  'ini.set': ({ at }) => ini.set(at('conf'), { new: { password: word } }),
  'line.absent': ({ at }) => line.absent(at('file'), { line: 'one' }),
  'line.present': ({ at }) => line.present(at('file'), { line: word }),
  'lvm.group': () => lvm.group('cinder'),
  'lvm.volume': ({ name }) => lvm.volume({ group: 'cinder', name, bytes: 4 * mebi }),
  'lvm.volumes': () => lvm.volumes('cinder'),
  'mount.absent': ({ at }) => mount.absent(at('old'), { fstab: at('fstab') }),
  'mount.mounted': ({ at }) =>
    mount.mounted({ device: 'tmpfs', path: at('data'), type: 'tmpfs' }, { fstab: at('fstab') }),
  'mount.present': ({ at }) =>
    mount.present({ device: 'tmpfs', path: at('data'), type: 'tmpfs' }, { fstab: at('fstab') }),
  'mount.unmounted': () => mount.unmounted('/opt'),
  'packages.absent': () => packages.absent('old'),
  'packages.installed': ({ name }) => packages.installed(name),
  'packages.latest': ({ name }) => packages.latest(name),
  probe: () => probe`true`,
  'processes.matching': () => processes.matching(/sh/),
  replace: ({ at }) => replace(at('file'), /one/, 'two'),
  script: ({ at }) => script(at('script.sh'), 'x'),
  'service.disabled': () => service.disabled('app'),
  'service.enabled': () => service.enabled('app'),
  'service.reloaded': () => service.reloaded('app'),
  'service.restarted': () => service.restarted('app'),
  'service.started': () => service.started('app'),
  'service.since': () => service.since('app'),
  'service.status': () => service.status('app'),
  'service.stopped': () => service.stopped('app'),
  shell: ({ at }) => shell`touch ${at('touched')}`,
  'sysctl.absent': ({ at }) => sysctl.absent('net.ipv4.ip_forward', { file: at('sysctl.conf') }),
  'sysctl.set': ({ at }) => sysctl.set({ 'net.ipv4.ip_forward': 1 }, { file: at('sysctl.conf') }),
  template: ({ at }) => template(at('text'), 'x\n'),
  templateFile: ({ at }) => templateFile(at('text.eta'), at('text'), { word }),
  'user.absent': ({ name }) => user.absent(name.slice(-16)),
  'user.present': ({ name }) => user.present(name.slice(-16)),
  'wait.command': () => wait.command('true'),
  'wait.connection': () => wait.connection(),
  'wait.file': ({ at }) => wait.file(at('file')),
  'wait.http': () => wait.http(`http://127.0.0.1:${port}/`),
  'wait.port': () => wait.port(port),
}

/** These change the whole machine, or need programs of their own: their own tests run them in bodies. */
const elsewhere: readonly string[] = [
  ...['copyBetween.pace', 'database.pace', 'database.stages'],
  ...['authorizedKeys.absent', 'authorizedKeys.present', 'database.fingerprint', 'database.reopen', 'database.reread'],
  ...['database.texts', 'debconf.selections', 'firewall.noPort', 'firewall.port', 'git.checkout', 'http.download'],
  ...['reboot', 'repository.absent', 'repository.apt', 'repository.yum', 'selinux.boolean', 'selinux.fileContext'],
  ...['selinux.mode', 'service.daemonReload', 'service.masked', 'service.unmasked', 'system.hostname'],
  ...['job.finished', 'job.started', 'system.kernelModule', 'system.noKernelModule', 'system.timezone', 'user.sshKey'],
]

/** Facts are asked for, not run. */
const questions: Readonly<Record<string, Fact<unknown>>> = {
  'facts.addresses': facts.addresses,
  'facts.disks': facts.disks,
  'facts.os': facts.os,
  'facts.packages': facts.packages('dash'),
  'facts.services': facts.services,
  'facts.time': facts.time,
}

/** What some of them need besides. */
const needed: readonly (readonly [RegExp, Need])[] = [
  [/^database\./, 'mariadbd'],
  [/^(user|group)\.|owner/, 'root'],
  [/^packages\./, '/var/lib/dpkg/status'],
]

const ways = ['value', 'ensure', 'body'] as const
type Way = (typeof ways)[number]

const local = { connection: 'local' } as const
const inventory = inventoryOf(aHost('here', local), aHost('other', local))
const transport = createTransport({ inventory })
const possible = Object.keys(examples).filter(
  (name) => !needed.some(([which, need]) => which.test(name) && leftOut(name, need)),
)
const ended = new Map<string, TaskFinished>()

const everything = play('Everything', { hosts: 'here' }, ({ task, ensure }) => {
  const options = { ignoreErrors: true, become: false }
  for (const name of possible) {
    const example = (way: Way) => examples[name]!(placeFor(name, way))
    task(`${name} value`, options, example('value') as Body<unknown, Value>)
    const [described, inBody] = [placeFor(name, 'ensure'), placeFor(name, 'body')]
    ensure(`${name} ensure`, options, () => examples[name]!(described))
    task(`${name} body`, options, async (host) => {
      await host.run(examples[name]!(inBody))
    })
  }
  for (const [name, fact] of Object.entries(questions))
    task(`${name} body`, options, async (host) => {
      await host.fact(fact)
    })
})
const { events } = await runs({ inventory, transport }, [everything])
for (const event of events) if (event.type === 'task-finished') ended.set(event.path.task, event)
await transport.close()
await server?.stop()

const test = suite('every public function, through a body')

test('has an example here', () => {
  const functions = Object.entries(modules).flatMap(([name, one]) =>
    typeof one === 'function' ? [name] : Object.keys(one).map((word) => `${name}.${word}`),
  )
  assert.ok(functions.length > 80, `${functions.length} were found`)
  assert.equal([...Object.keys(examples), ...Object.keys(questions), ...elsewhere].sort(), functions.sort())
})

for (const name of [...possible, ...Object.keys(questions)])
  test(name, () => {
    for (const way of name in questions ? (['body'] as const) : ways) {
      const found = ended.get(`${name} ${way}`)
      assert.ok(
        found?.status === 'ok' || found?.status === 'changed',
        `as ${way}: ${found?.status} ${found?.failure?.reason} ${found?.failure?.command ?? ''}`,
      )
    }
  })

test.run()

/** Files, a database and accounts for one example in one way. */
function placeFor(example: string, way: Way): Place {
  const root = emptyDirectory()
  const at = (name: string) => join(root, name)
  const name = `${way}_${example.replace('.', '_')}`.toLowerCase()
  const write = (path: string, text: string) => {
    mkdirSync(dirname(at(path)), { recursive: true })
    writeFileSync(at(path), text)
  }
  write('file', 'one\n')
  write('.switchover-backup/file', 'before\n')
  write('folder/inner', 'x')
  write('block', '# BEGIN switchover managed block\nx\n# END switchover managed block\n')
  write('conf', '[old]\nkey = 1\n')
  write('fstab', `tmpfs ${at('old')} tmpfs defaults 0 0\n`)
  write('hosts', '10.0.0.3 old\n')
  write('sysctl.conf', 'net.ipv4.ip_forward=0\n')
  write('script.sh', 'echo "$1"\n')
  write('text.eta', '<%= it.word %>\n')
  for (const made of ['data', 'old']) mkdirSync(at(made))
  if (/copy|fetch|device/.test(example)) writeFileSync(at('device'), Buffer.alloc(2 * mebi, 'content'))
  if (example === 'copyBetween.device') writeFileSync(at('empty device'), Buffer.alloc(mebi))
  if (example === 'archive.extract') did('tar', '-cf', at('old.tar'), '-C', root, 'folder')
  if (server && example.startsWith('database.')) fillDatabase(server, name, at, example)
  if (/^(user|group)\.absent/.test(example)) did('groupadd', name.slice(-16))
  if (example === 'user.absent') did('useradd', '-g', name.slice(-16), name.slice(-16))
  return { at, name }
}

function fillDatabase(of: Mariadb, name: string, at: Place['at'], example: string): void {
  sql(of, `CREATE DATABASE ${name} DEFAULT CHARACTER SET latin1; CREATE TABLE ${name}.t (id INT) ENGINE=InnoDB`)
  sql(
    of,
    `CREATE TABLE service.${name} (id INT PRIMARY KEY, text TEXT); INSERT INTO service.${name} VALUES (1, 'old 1')`,
  )
  const dump = 'CREATE TABLE t (id INT) ENGINE=InnoDB;\n-- Dump completed on 2014-04-17\n'
  for (const path of ['dump.sql', 'saved.sql']) writeFileSync(at(path), dump)
  if (example === 'database.migrate' || example === 'database.restore') sql(of, recordStage(name, 'imported'))
}

/** Makes this machine a host that may be changed: programs of its own, copies of accounts, init scripts. */
function furnish(of: Mariadb | undefined): void {
  const root = emptyDirectory()
  const at = (name: string) => join(root, name)
  const program = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `#!/bin/sh\n${text}\n`)
    chmodSync(path, 0o755)
  }
  for (const made of ['bin', 'installed', 'etc', 'dev']) mkdirSync(at(made))
  // Accounts and init scripts are copies from here on.
  did('cp', '-a', '/etc/.', at('etc'))
  did('mount', '--bind', at('etc'), '/etc')
  for (const path of ['/var/mail', '/var/log', '/home', '/opt']) did('mount', '-t', 'tmpfs', 'private', path)
  if (of)
    for (const name of ['mysql', 'mysqldump'])
      program(at(`bin/${name}`), `exec /usr/bin/${name} "$@" --socket=${of.socket}`)
  program(
    at('bin/crontab'),
    `case $1 in -l) cat ${at('crontab')} ;; -) cat > ${at('crontab.new')}; mv ${at('crontab.new')} ${at('crontab')} ;; esac`,
  )
  writeFileSync(at('crontab'), '# switchover: old\n* * * * * true\n')
  const installed = at('installed')
  writeFileSync(join(installed, 'old'), '')
  program(
    at('bin/dpkg-query'),
    `shift 3; for n; do [ ! -e ${installed}/$n ] || printf '%s\\tinstall ok installed\\t1\\n' "$n"; done`,
  )
  program(
    at('bin/apt-cache'),
    `shift; for n; do printf '%s:\\n  Installed: x\\n  Candidate: 1\\n  Version table:\\n' "$n"; done`,
  )
  program(
    at('bin/apt-get'),
    `while :; do case $1 in -o) shift 2 ;; -s) exit ;; -*) shift ;; *) break ;; esac; done
what=$1; shift; for n; do case $what in install) : > ${installed}/$n ;; remove) rm -f ${installed}/$n ;; esac; done`,
  )
  program(
    '/etc/init.d/app',
    `case $1 in start) touch ${at('up')} ;; stop) rm -f ${at('up')} ;; restart) touch ${at('up')} ;; reload) ;;
status) if [ -e ${at('up')} ]; then echo 'app (pid 1) is running...'; else echo 'app is stopped'; exit 3; fi ;; esac`,
  )
  program(at('bin/service'), '"/etc/init.d/$1" "$2"')
  program(at('bin/chkconfig'), ':')
  const standin = readFileSync(new URL('../../lab/host/lvm', import.meta.url), 'utf8')
  writeFileSync(
    at('bin/lvm'),
    standin
      .replace('STORE=/var/lib/lvm-standin', `STORE=${at('lvm')}`)
      .replaceAll('/dev/$1', `${at('dev')}/$1`)
      .replaceAll('/dev/mapper', `${at('dev')}/mapper`)
      .replaceAll('/dev/$vg', `${at('dev')}/$vg`),
  )
  chmodSync(at('bin/lvm'), 0o755)
  for (const name of ['lvs', 'vgs', 'lvcreate']) symlinkSync('lvm', at(`bin/${name}`))
  mkdirSync(at('lvm/cinder'), { recursive: true })
  writeFileSync(at('lvm/cinder/.size'), String(4096 * mebi))
  process.env.PATH = `${at('bin')}:${process.env.PATH}`
  process.env.HOME = root
  if (of)
    sql(
      of,
      `CREATE DATABASE service; CREATE USER 'service'@'127.0.0.1' IDENTIFIED BY '${word.reveal()}';
      GRANT ALL ON service.* TO 'service'@'127.0.0.1'; CREATE USER 'gone'@'localhost'`,
    )
}

function did(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  assert.is(status, 0, `${program} ${args.join(' ')}: ${stderr}`)
}

async function httpPort(): Promise<number> {
  const answering = createServer((_, response) => response.end('hello'))
    .listen(0, '127.0.0.1')
    .unref()
  await new Promise((resolve) => answering.once('listening', resolve))
  return (answering.address() as AddressInfo).port
}
