// The text of every refusal that a module makes of what its author wrote: the reason, and the step that mends it.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { failureOf } from '../../../lib/engine/failure.ts'
import { sh } from '../../../lib/kit/shell.ts'
import { Secret } from '../../../lib/model/secret.ts'
import * as modules from '../../../lib/modules/index.ts'
import { editIni } from '../../../lib/modules/ini/text.ts'
import { editLine } from '../../../lib/modules/line/text.ts'

const test = suite('refusals of modules')
const { archive, copyBetween, cron, database, debconf, file, find, firewall, git, group, hosts } = modules
const { http, line, mount, packages, repository, selinux, service, sysctl, system, user, wait } = modules
const password = Secret.of('a\nb', 'password')

const rows: readonly (readonly [make: () => unknown, reason: string, hint: string])[] = [
  [
    () => file.owner('/srv/x', 'a b:c:d'),
    'file.owner /srv/x: "a b:c:d" is not of the form user, user:group or :group',
    'write it as nova, nova:nova or :nova',
  ],
  [
    () => find.absent('/var/log', { name: [] }),
    'find.absent /var/log: the list of names is empty, and would mean all',
    'name one pattern at least, or leave the task out with when',
  ],
  [
    () => find.files('/var/log', { name: [], olderThan: 60 }),
    'find.files /var/log: the list of names is empty, and would mean all',
    'name one pattern at least, or leave the task out with when',
  ],
  [
    () => database.user({ user: 'nova', hosts: [] }),
    'database.user nova: it may log in from nowhere',
    "name one host at least, such as '%', or take the user away with database.userAbsent",
  ],
  [
    () => repository.yum('epel', { baseurl: [] }),
    'repository.yum epel: give baseurl, mirrorlist or metalink',
    "give the one that says where the packages are, such as baseurl: 'https://HOST/PATH'",
  ],
  [
    () => archive.create('/a.tgz', ['-rf'], { from: '/b' }),
    '"-rf" would be read as an option',
    'name the folder in which it lies, or give it another name',
  ],
  [
    () => file.absent('/etc'),
    'file.absent /etc: no host lives without it',
    'name the file or folder below it that is to go',
  ],
  [
    () => file.tree({ from: { name: 'a' }, path: '/srv' }, '/etc', { delete: true }),
    'file.tree /etc: with delete it would remove what the host lives of',
    'name a folder of its own, or leave delete out',
  ],
  [() => user.absent('root'), 'user.absent root: no host lives without it', 'name the account that is to go'],
  [() => group.absent('root'), 'group.absent root: no host lives without it', 'name the account that is to go'],
  [() => mount.absent('//'), 'mount.absent //: no host lives without it', 'name the mount below it that is to go'],
  [
    () => mount.unmounted('/proc/'),
    'mount.unmounted /proc/: no host lives without it',
    'name the mount below it that is to go',
  ],
  ...[
    () => file.content('/srv/new/', ''),
    () => file.copy('x', '/srv/new/'),
    () => file.fetch('/srv/new/', 'x'),
    () => modules.template('/srv/new/', ''),
    () => modules.templateFile('x', '/srv/new/', {}),
    () => line.present('/srv/new/', { line: 'x' }),
    () => modules.block.present('/srv/new/', 'x'),
    () => modules.ini.set('/srv/new/', { s: { k: 'v' } }),
    () => modules.ini.get('/srv/new/', 's', 'k'),
    () => hosts.entry('10.0.0.4', 'a', { path: '/srv/new/' }),
    () => http.download('http://x/', '/srv/new/'),
    () => sysctl.set({ a: 1 }, { file: '/srv/new/' }),
    () => archive.create('/srv/new/', 'a', { from: '/etc', format: 'tgz' }),
    () => copyBetween.file({ from: { name: 'a' } as never, path: '/srv/x', to: '/srv/new/' }),
    () => database.dump({ database: 'nova', to: '/srv/new/' }),
    () => user.sshKey('nova', { path: '/srv/new/' }),
    () =>
      modules.authorizedKeys.present('nova', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${'A'.repeat(43)}`, {
        path: '/srv/new/',
      }),
  ].map(
    (make) =>
      [
        make,
        '"/srv/new/" is the path of a folder, and a file is to lie there',
        'name the file in it; or leave out the slash at its end, where the file itself is meant',
      ] as const,
  ),
  [
    () => database.user({ user: 'x', grants: { 'a.*': 'SELECT; DROP' } }),
    '"SELECT; DROP" is no privilege on a.*',
    "write them as 'SELECT, INSERT', or as a list of them",
  ],
  [
    () => file.directory('srv/x'),
    '"srv/x" is not an absolute path of one line',
    'begin it with a slash, and write no line end into it',
  ],
  [
    () => file.content('/srv/x', '', { mode: '9' }),
    'the mode "9" is neither octal nor symbolic',
    'write it as 0640, or as u=rw,g=r,o=',
  ],
  [
    () => file.content('/srv/x', '', { owner: 'a b' }),
    '"a b" cannot be the owner of a file',
    'give the name of an account, or its number',
  ],
  [
    () => file.content('/srv/x', '', { validate: 'visudo -c' }),
    'the validate command "visudo -c" has no %s',
    "write %s where the new file's path goes",
  ],
  [
    () => hosts.entry('10.0.0', 'node-4'),
    '"10.0.0" is not an IP address',
    'write it as 10.0.0.4 or fd00::4; names go into the second argument',
  ],
  [
    () => hosts.entry('10.0.0.4', []),
    'say which names lead to 10.0.0.4',
    "name one at least: hosts.entry('10.0.0.4', 'node-4')",
  ],
  [
    () => hosts.entry('10.0.0.4', 'node 4'),
    '"node 4" cannot be the name of a host',
    'use letters, digits, dots and hyphens',
  ],
  [
    () => database.absent({ database: 'mysql' } as never),
    'mysql belongs to the database server itself and cannot be dropped',
    'check the name of the database',
  ],
  [
    () => copyBetween.file({ from: { name: 'a' } as never, path: 'x' } as never),
    '"x" is not an absolute path of one line',
    'begin it with a slash, and write no line end into it',
  ],
  [
    () => sysctl.set({}),
    'sysctl.set: say which settings',
    "name one at least: sysctl.set({ 'net.ipv4.ip_forward': 1 })",
  ],
  [() => sysctl.set({ 'a b': 1 }), '"a b" cannot be the name of a kernel setting', 'write it as net.ipv4.ip_forward'],
  [
    () => sysctl.set({ 'net.ipv4.ip_forward': '' }),
    'the kernel setting net.ipv4.ip_forward has no value',
    'give a number or a text for it, or leave it out',
  ],
  [
    () => cron.job({ name: 'a', minute: 60, job: 'x' }),
    '"60" cannot be a minute of a job',
    'it goes from 0 to 59, and ranges go up: write it like *, */5, 0-4 or 0,59',
  ],
  [
    () => cron.job({ name: 'a', weekday: 'sat-sun', job: 'x' }),
    '"sat-sun" cannot be a weekday of a job',
    'it goes from 0 to 7, and ranges go up: write it like *, */2, 1-5, mon-fri or 0,6',
  ],
  [
    () => cron.job({ name: 'a', hour: 1, special: 'daily', job: 'x' }),
    "give special: 'daily' or hour, not both",
    'leave one of them out',
  ],
  [
    () => cron.job({ name: 'a', job: 'x\ny' }),
    'the job a must be one line that is not empty',
    'put what takes several lines into a script, and run that',
  ],
  [
    () => cron.file('a.b', []),
    'cron reads no file "a.b": use letters, digits, - and _ only',
    'write - for a dot or a blank',
  ],
  [
    () => cron.env('1A', 'x'),
    '"1A" cannot be the name of a variable',
    'use letters, digits and underscores, and begin with no digit',
  ],
  [
    () => cron.env('A', '"'),
    'the value of A cannot stand in a crontab: no line end, no double quote',
    'set the variable in a script that the job runs',
  ],
  [
    () => http.download('ftp://x/y', '/srv/y'),
    '"ftp://x/y" is not an http or https URL',
    'write it as https://HOST/PATH',
  ],
  [
    () => http.download('https://x/y', '/srv/y', { checksum: 'md5' }),
    'the checksum "md5" is not like sha256:9f86… with all its digits',
    'make it with sha256sum FILE, and write sha256: before it',
  ],
  [
    () => find.files('/srv', { name: 'a/b' }),
    'find.files /srv: the pattern "a/b" is for names, not for paths',
    'name the folder in path, and only the last part in name',
  ],
  [
    () => find.absent('/srv', { name: 'a/b' }),
    'find.absent /srv: the pattern "a/b" is for names, not for paths',
    'name the folder in path, and only the last part in name',
  ],
  [() => service.started({} as never), 'service.started names no service', 'name one at least'],
  [
    () => service.started(['nova-api'] as never),
    'service.started takes its names one by one, and got a list',
    'write service.started(...names)',
  ],
  [
    () => service.started('a b'),
    'service.started: "a b" cannot be the name of a service',
    'write the name as systemctl or service know it, such as nova-api',
  ],
  [
    () => service.masked('a b'),
    'service.masked: "a b" cannot be the name of a unit',
    'write it as systemctl list-units shows it',
  ],
  [() => packages.installed([]), 'packages.installed: say which packages', 'name one at least'],
  [
    () => packages.installed('a b'),
    '"a b" cannot be the name of a package',
    'check it for blanks and quotes; a version goes behind =, as in nova=2014.1',
  ],
  [
    () => packages.installed('nova:amd64'),
    'the package nova:amd64 is named with its architecture',
    'give the name alone',
  ],
  [
    () => packages.installed({ nova: 'a b' }),
    '"a b" cannot be a version of nova',
    'write it as the package manager shows it, or with * at its end',
  ],
  [
    () => git.checkout('-x', '/srv/x'),
    'git.checkout: "-x" cannot be a repository',
    'write it as https://HOST/PATH or git@HOST:PATH',
  ],
  [
    () => git.checkout('https://x/y', '/srv/x', { version: '-x' }),
    'git.checkout: "-x" cannot be a branch, tag or commit',
    'name one that git ls-remote shows, or a commit by its hash',
  ],
  [
    () => git.checkout('https://x/y', '/srv/x', { depth: 0 }),
    'git.checkout: a history of 0 commits cannot be',
    'give a whole number of at least 1, or leave depth out',
  ],
  [
    () => firewall.port('8080'),
    '"8080" is no port: write it as 8080/tcp',
    'a number from 1 to 65535, then /tcp or /udp',
  ],
  [
    () => firewall.port('8080/tcp', { from: 'x' }),
    '"x" is no address or network',
    'write it as 10.0.0.4, 10.0.0.0/8 or fd00::/8',
  ],
  [
    () => firewall.port('8080/tcp', { zone: 'a b' }),
    '"a b" cannot be a zone',
    'firewall-cmd --get-zones names those that there are',
  ],
  [
    () => user.present('a b'),
    '"a b" cannot be the name of a user or group',
    'use letters, digits, dots, hyphens and underscores',
  ],
  [() => user.present('a', { uid: -1 }), '-1 cannot be a uid', 'give a whole number from 0 to 4294967294'],
  [
    () => user.present('a', { comment: 'a:b' } as never),
    'the comment of a cannot hold a colon or a line end',
    'write another sign for it',
  ],
  [
    () => user.present('a', { home: '/a:b' } as never),
    'the home of a cannot hold a colon or a line end',
    'write another sign for it',
  ],
  [
    () => user.sshKey('a', { comment: 'a\nb' }),
    'the comment of the key of a is not one line',
    'take the line ends out of it',
  ],
  [
    () => group.present('a b'),
    '"a b" cannot be the name of a user or group',
    'use letters, digits, dots, hyphens and underscores',
  ],
  [() => wait.port(0), 'wait.port: 0 is not a TCP port', 'give a whole number from 1 to 65535'],
  [() => archive.create('/srv/a.tgz', []), 'say what goes into /srv/a.tgz', 'name one file or folder at least'],
  [
    () => archive.create('/srv/a', ['/srv/b']),
    '/srv/a does not tell its format by its name',
    'give format, such as tgz',
  ],
  [
    () => archive.create('/srv/x/a.tgz', ['x'], { from: '/srv' } as never),
    '/srv/x/a.tgz cannot hold x, in which it lies itself',
    'put the archive somewhere else',
  ],
  [
    () => debconf.selections('A', { 'a/b': 'x' }),
    '"A" cannot be the name of a package',
    'use small letters, digits, + - and dots',
  ],
  [
    () => debconf.selections('a', { b: 'x' }),
    '"b" cannot be a question: they are like postfix/mailname',
    'debconf-show PACKAGE names those that there are',
  ],
  [
    () => debconf.selections('a', { 'a/b': 'x\ny' }),
    'the answer to a/b is not one line',
    'take the line ends out of it',
  ],
  [
    () => debconf.selections('a', {}),
    'debconf.selections a: say which questions',
    'name one at least, with its answer',
  ],
  [
    () => system.timezone('x y'),
    '"x y" cannot be the name of a time zone: they are like Europe/Berlin',
    'timedatectl list-timezones names those that there are',
  ],
  [
    () => system.hostname('a b'),
    '"a b" cannot be the name of a host',
    'use letters, digits, dots and hyphens, 63 signs at most between dots',
  ],
  [() => system.kernelModule('a b'), '"a b" cannot be the name of a kernel module', 'write it as lsmod shows it'],
  [
    () => repository.apt('a b', { uris: 'https://x', suites: 'a' }),
    '"a b" cannot be the name of a repository: letters, digits, - . and _, no ending',
    'write - for other signs: it becomes the name of a file',
  ],
  [
    () => repository.yum('a', {} as never),
    'repository.yum a: give baseurl, mirrorlist or metalink',
    "give the one that says where the packages are, such as baseurl: 'https://HOST/PATH'",
  ],
  [
    () => repository.yum('a b', { baseurl: 'https://x' } as never),
    '"a b" cannot be the name of a repository: letters, digits, - . and _, no ending',
    'write - for other signs: it becomes the name of a file',
  ],
  [
    () => repository.yum('a', { baseurl: 'https://x\ny' } as never),
    'repository.yum a: "https://x\\ny" is not one line',
    'take the line ends out of it',
  ],
  [
    () => selinux.boolean('a b', true),
    '"a b" cannot be the name of a boolean',
    'getsebool -a names those that there are',
  ],
  [() => selinux.fileContext('x', 'a_t'), '"x" is no absolute pattern without blanks', 'write it as /srv/web(/.*)?'],
  [
    () => line.present('srv', { line: 'x' }),
    '"srv" is not an absolute path of one line',
    'begin it with a slash, and write no line end into it',
  ],
  [
    () => editLine('', { line: 'x', regexp: /x/, search: 'x' }),
    'give regexp or search, not both',
    'leave one of them out',
  ],
  [
    () => editLine('', { line: 'x', search: '' }),
    'an empty search text is in every line',
    'give a text that stands in that line alone',
  ],
  [
    () => editLine('', { line: 'x\ny' }),
    'a line cannot hold a line end: write a block',
    'block.present takes several lines',
  ],
  [() => editLine('', { state: 'absent' }), 'say which line: give line, regexp or search', 'one of them is needed'],
  [() => editLine('', {}), 'say what the line is to be: give line', 'line.absent takes lines away'],
  [
    () => editLine('', { line: 'x', backrefs: true }),
    'backrefs needs a regexp',
    'give regexp, or write the whole line without backrefs',
  ],
  [
    () => editLine('', { line: 'x', insertAfter: /a/, insertBefore: /b/ }),
    'give insertAfter or insertBefore, not both',
    'leave one of them out',
  ],
  [
    () => editIni('[s]\n', [{ section: 's', key: 'k', value: '"' }]),
    '[s] k: a quote alone is read as nothing: put it in other quotes',
    'change what the task asks for',
  ],
  [
    () => sh`echo ${password as never}`,
    'the secret ‹password› cannot stand on a command line, which every user of the host can read: pass it as stdin',
    'command and shell take stdin, and env for the environment',
  ],
]

for (const [make, reason, hint] of rows)
  test(reason, () => {
    try {
      make()
    } catch (error) {
      const told = failureOf(error, { file: 'nowhere', line: 0 })
      assert.is(told.reason, reason)
      assert.is(told.hint, hint)
      assert.is(path.basename(told.at.file), 'refusals.test.ts', 'the place is that of the author')
      return
    }
    assert.unreachable('it was not refused')
  })

test('no module and no part of the kit refuses without the next step', () => {
  // What whoever catches them puts into words, and steps are added there.
  const caught: Readonly<Record<string, number>> = {
    'lib/modules/copy-between/ends.ts': 1,
    'lib/modules/copy-between/lanes.ts': 1,
    'lib/modules/database/rows.ts': 2,
  }
  const found: Record<string, number> = {}
  const root = path.resolve(import.meta.dirname, '../../..')
  for (const room of ['lib/modules', 'lib/kit'])
    for (const name of readdirSync(path.join(root, room), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue
      const bare = readFileSync(path.join(root, room, name), 'utf8').match(/\bnew (?:Type|Range)?Error\(/g)
      if (bare) found[path.posix.join(room, name)] = bare.length
    }
  assert.equal(found, caught, 'throw an Advice: its second half is the next step')
})

test.run()
