import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Unreachable } from '../../../lib/model/operation.ts'
import { sshKeywords } from '../../../lib/transport/ssh-keywords.ts'
import { hostName, SshConfig } from '../../../lib/transport/ssh-config.ts'

const test = suite<{ folder: string }>('ssh config')
test.before((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'ssh-config-'))
  mkdirSync(join(context.folder, 'conf.d'))
  writeFileSync(join(context.folder, 'conf.d', '20-two'), 'Port 2022\nUser two\n')
  writeFileSync(join(context.folder, 'conf.d', '10-one'), 'Host web*\n  Port 1022\nHost *\n  HostName 10.0.0.10\n')
  writeFileSync(join(context.folder, 'conf.d', '.hidden'), 'User hidden\n')
})
test.after(({ folder }) => {
  rmSync(folder, { recursive: true })
})

/** What both must agree on, under the names that `ssh -G` prints. */
const keywords = [
  'hostname',
  'port',
  'user',
  'proxyjump',
  'proxycommand',
  'hostkeyalias',
  'identitiesonly',
  'connecttimeout',
  'serveraliveinterval',
  'serveralivecountmax',
  'forwardagent',
]

const hasSsh = spawnSync('ssh', ['-V']).status === 0

/** What OpenSSH makes of a file for a destination. */
function openssh(file: string, host: string, user?: string): Record<string, string[]> {
  const said = execFileSync('ssh', ['-G', '-F', file, ...(user === undefined ? [] : ['-l', user]), host], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const found: Record<string, string[]> = {}
  for (const line of said.split('\n')) {
    const at = line.indexOf(' ')
    if (at > 0) (found[line.slice(0, at)] ??= []).push(line.slice(at + 1))
  }
  return found
}

async function ours(file: string, host: string, user?: string): Promise<Record<string, string[]>> {
  const options = await new SshConfig(file, () => undefined).lookup({ host, user })
  const found: Record<string, string[]> = {}
  for (const keyword of [...keywords, 'userknownhostsfile', 'identityfile']) {
    const values = options.all(keyword)
    if (values.length > 0) found[keyword] = [...values]
  }
  if (user !== undefined) found['user'] = [user]
  // OpenSSH resolves names in lower case, and does not print what is switched off.
  found['hostname'] = [hostName(options.get('hostname') ?? '%h', host).toLowerCase()]
  if (found['hostkeyalias'] !== undefined)
    found['hostkeyalias'] = found['hostkeyalias'].map((name) => name.toLowerCase())
  for (const keyword of ['proxyjump', 'proxycommand']) if (found[keyword]?.[0] === 'none') delete found[keyword]
  return found
}

const cases: readonly (readonly [
  name: string,
  text: string,
  ...destinations: readonly (readonly [host: string, user?: string])[],
])[] = [
  ['the first value wins', 'Host a\n Port 1\nHost *\n Port 2\n User b\nHost a\n User c', ['a'], ['b']],
  ['values before any Host are for all', 'Port 7\nHost a\n Port 8\n User x', ['a'], ['b']],
  [
    'patterns and negation',
    'Host *.lab !db.lab web?\n User lab\nHost !db.lab\n Port 3\nHost 10.0.*\n Port 4',
    ['a.lab'],
    ['db.lab'],
    ['web1'],
    ['web12'],
    ['10.0.3.4'],
    ['x'],
  ],
  ['a dot is a dot', 'Host a.b\n Port 3', ['a.b'], ['axb']],
  ['Host is case sensitive, keywords are not', 'hOST Node\n pORT 3', ['Node'], ['node']],
  ['equals signs and quotes', 'Host = a\n Port=33\n User = "some one"\n HostKeyAlias "x"', ['a']],
  ['comments', '# Host a\nHost a # Host b\n Port 5 # five\n#User z', ['a'], ['b']],
  ['HostName with tokens', 'Host short\n HostName %h.example.org\nHost pct\n HostName a%%b', ['short'], ['pct']],
  [
    'Match host looks at the real name, originalhost at the typed one',
    'Host a\n HostName b.example.org\nMatch host b.example.org\n Port 1\nMatch host a\n Port 2\n' +
      'Match originalhost a\n User o',
    ['a'],
    ['b.example.org'],
  ],
  ['Match host is not case sensitive', 'Match host WEB*\n Port 2', ['web1'], ['Web1']],
  [
    'Match with lists and negation',
    'Match host a,b*,!bb user root\n Port 9\nMatch !host a\n HostKeyAlias notA\n' +
      'Match host "a,c" !user root\n User other',
    ['a', 'root'],
    ['bb', 'root'],
    ['b1', 'root'],
    ['a', 'me'],
    ['c'],
    ['d'],
  ],
  [
    'Match user sees a User that was set before',
    'Host a\n User deploy\nMatch user deploy\n Port 11',
    ['a'],
    ['b'],
    ['b', 'deploy'],
  ],
  [
    'Match localuser',
    `Match localuser ${process.env['USER'] ?? 'root'}\n Port 4\nMatch localuser nobody-else\n User x`,
    ['a'],
  ],
  ['Match all ends what is special', 'Host a\n Port 1\nMatch all\n User everyone', ['a'], ['b']],
  [
    'Match final comes last and sees the real name',
    'Match final host b.example.org\n Port 6\nMatch final\n User late\n Port 8\nHost a\n HostName b.example.org\n' +
      'Host b.example.org\n HostKeyAlias second',
    ['a'],
    ['c'],
  ],
  ['Match canonical', 'Match canonical all\n Port 6\nHost a\n User x', ['a']],
  [
    'several identity files',
    'Host a\n IdentityFile ~/.ssh/one\n IdentityFile /keys/%h-%r\n' +
      'Host *\n IdentityFile ~/.ssh/one\n IdentityFile "/keys/with space"',
    ['a'],
    ['b'],
  ],
  ['ProxyCommand is the rest of its line', 'Host a\n ProxyCommand nc -X connect "x y" %h %p # no comment', ['a']],
  [
    'the first of ProxyJump and ProxyCommand counts',
    'Host a\n ProxyJump u@j1:22,j2\nHost b\n ProxyCommand none\nHost *\n ProxyCommand nc %h %p\nHost *\n ProxyJump j9',
    ['a'],
    ['b'],
    ['c'],
  ],
  ['ProxyJump none', 'Host bastion\n ProxyJump none\nHost *\n ProxyJump bastion', ['bastion'], ['a']],
  ['Include in order of names', 'Include FOLDER/conf.d/*\nUser later', ['web1'], ['x']],
  [
    'Include below a Host counts for that host only',
    'Host web1\n Include FOLDER/conf.d/20-two\n Port 5\nHost *\n User rest',
    ['web1'],
    ['x'],
  ],
  ['a Host in an included file does not reach beyond it', 'Include FOLDER/conf.d/10-one\nPort 5', ['web1'], ['x']],
  ['Include of what is not there', 'Include FOLDER/none FOLDER/none/*\nPort 5', ['a']],
  ['known hosts in several files', 'UserKnownHostsFile /a "/b c"\nUserKnownHostsFile /d', ['a']],
  [
    'times',
    'ConnectTimeout 7\nServerAliveInterval 20\nServerAliveCountMax 2\nForwardAgent yes\nIdentitiesOnly yes',
    ['a'],
  ],
]

if (hasSsh) {
  cases.forEach(([name, text, ...destinations], number) => {
    test(`${name}, as OpenSSH`, async ({ folder }) => {
      const file = join(folder, `case-${number}`)
      writeFileSync(file, `${text.replaceAll('FOLDER', folder)}\n`)
      const plain = join(folder, 'plain')
      writeFileSync(plain, '')
      for (const [host, user] of destinations) {
        const [theirs, mine, defaults] = [
          openssh(file, host, user),
          await ours(file, host, user),
          openssh(plain, host, user),
        ]
        for (const keyword of keywords) {
          // Without a value of ours theirs must be the default.
          assert.equal(mine[keyword] ?? defaults[keyword], theirs[keyword], `${keyword} of ${host}`)
        }
        const home = (path: string): string => path.replace(/^~(?=\/)/, homedir())
        if (mine['identityfile'] !== undefined)
          assert.equal(mine['identityfile'].map(home), theirs['identityfile']?.map(home))
        if (mine['userknownhostsfile'] !== undefined) {
          assert.is(mine['userknownhostsfile'].join(' '), theirs['userknownhostsfile']?.join(' '))
        }
      }
    })
  })
}

test('Match exec is not run, and its opposite does not hold either', async ({ folder }) => {
  const file = join(folder, 'exec')
  writeFileSync(file, `Match exec "touch ${folder}/was-run"\n Port 1\nMatch !exec "false"\n Port 2\nHost *\n Port 3\n`)
  const said: string[] = []
  const options = await new SshConfig(file, (message) => {
    said.push(message)
  }).lookup({ host: 'a' })
  assert.is(options.get('port'), '3')
  assert.equal(
    said,
    [1, 3].map((line) => `${file}:${line}: Match exec is not run, and what it is for does not count`),
  )
  assert.is(spawnSync('test', ['-e', join(folder, 'was-run')]).status, 1)
})

test('an option that is none is told once, with the one that was meant, unless IgnoreUnknown names it', async ({
  folder,
}) => {
  const file = join(folder, 'slips')
  writeFileSync(file, 'IgnoreUnknown use*,Later\nUseThat yes\nHost b\n ProxyJmp c\nHost *\n later 1\n Quux yes\n')
  const said: string[] = []
  await new SshConfig(file, (message) => {
    said.push(message)
  }).lookup({ host: 'a' })
  const slip = (line: number, word: string, next: string) =>
    `${file}:${line}: ${word} is no option that is known here, and does not count: ` +
    `${next}, or have ssh and us pass it over: IgnoreUnknown ${word}`
  assert.equal(said, [slip(4, 'ProxyJmp', 'write proxyjump'), slip(7, 'Quux', 'take it out')])
  if (!hasSsh) return
  const theirs = spawnSync('ssh', ['-G', '-F', file, 'a'], { encoding: 'utf8' }).stderr
  assert.equal(
    theirs.match(/line \d+: Bad configuration option/g),
    [4, 7].map((n) => `line ${n}: Bad configuration option`),
  )
})

if (hasSsh)
  test('every option that ssh tells of is known', ({ folder }) => {
    const plain = join(folder, 'plain')
    writeFileSync(plain, '')
    assert.equal(
      Object.keys(openssh(plain, 'a'))
        .map((keyword) => keyword.toLowerCase())
        .filter((keyword) => !sshKeywords.has(keyword)),
      [],
    )
  })

test('a file that the settings name must be there', async ({ folder }) => {
  try {
    await new SshConfig(join(folder, 'nowhere'), () => undefined).lookup({ host: 'a' })
    assert.unreachable()
  } catch (error) {
    assert.instance(error, Unreachable)
    assert.is((error as Error).message, `cannot use the ssh configuration ${folder}/nowhere: there is no such file`)
  }
})

test('files that include themselves come to an end', async ({ folder }) => {
  const file = join(folder, 'circle')
  writeFileSync(file, `Include ${file}\n`)
  try {
    await new SshConfig(file, () => undefined).lookup({ host: 'a' })
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, `${file}:1: Include goes deeper than 16 files`)
  }
})

test("the user's own file is not taken when others may write it", async ({ folder }) => {
  const home = join(folder, 'home')
  mkdirSync(join(home, '.ssh'), { recursive: true })
  writeFileSync(join(home, '.ssh', 'config'), 'Include more\n')
  writeFileSync(join(home, '.ssh', 'more'), 'Port 5\n')
  const before = process.env['HOME']
  process.env['HOME'] = home
  try {
    assert.is((await new SshConfig(true, () => undefined).lookup({ host: 'a' })).get('port'), '5')
    execFileSync('chmod', ['664', join(home, '.ssh', 'more')])
    await new SshConfig(true, () => undefined).lookup({ host: 'a' })
    assert.unreachable()
  } catch (error) {
    assert.is(
      (error as Error).message,
      `cannot use the ssh configuration ${home}/.ssh/more: it can be changed by others`,
    )
  } finally {
    process.env['HOME'] = before
  }
})

test.run()
