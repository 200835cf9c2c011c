import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSettings } from '../../../lib/model/inventory.ts'
import { Advice, type Connection } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { leftOut, needing, needs } from '../../rig/needs.ts'
import { type Sshd, startSshd } from '../../rig/sshd.ts'
import { lanes } from './lanes.ts'

needs('sshd')

// Speaks as sudo does: asks on stderr, reads one line, gives three tries; the user becomes nobody in name only.
const sudo = `
unset ask n
echo "called: $*" >>"$(dirname "$0")/../sudo.log"
while [ $# -gt 0 ]; do
  case $1 in
    -p) ask=$2; shift ;;
    -n) n=1 ;;
    -u) BECAME=$2; export BECAME; shift ;;
    --) shift; break ;;
  esac
  shift
done
case $BECAME in
  open) exec "$@" ;;
  closed) echo "Sorry, user deploy is not allowed to execute '/bin/sh' as closed on node-1." >&2; exit 1 ;;
esac
[ -z "$n" ] || { echo "sudo: a password is required" >&2; exit 1; }
echo "We trust you have received the usual lecture." >&2
for try in 1 2 3; do
  printf %s "$ask" >&2
  read -r password || { echo >&2; echo "sudo: no password was provided" >&2; exit 1; }
  echo "try: $password" >>"$(dirname "$0")/../sudo.log"
  [ "$password" != sesame-open ] || exec "$@"
  echo "Sorry, try again." >&2
done
exit 1`

const test = suite<{ sshd: Sshd }>('become')
test.before(async (context) => {
  context.sshd = await startSshd({ programs: { sudo } })
})
test.after(async ({ sshd }) => {
  await sshd.stop()
})

async function as(
  sshd: Sshd,
  user: string | undefined,
  settings: ConnectionSettings,
  body: (connection: () => Connection) => Promise<void>,
): Promise<string[]> {
  const log = join(sshd.home, 'sudo.log')
  const before = existsSync(log) ? readFileSync(log, 'utf8').length : 0
  const host = aHost('node-1', { ...reach(sshd), ...settings })
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    await body(() => transport.connection(host, { become: () => user }))
  } finally {
    await transport.close()
  }
  return existsSync(log)
    ? readFileSync(log, 'utf8')
        .slice(before)
        .trim()
        .split('\n')
        .filter((line) => line !== '')
    : []
}

async function advice(promise: Promise<unknown>): Promise<Advice> {
  try {
    await promise
  } catch (error) {
    assert.instance(error, Advice, String(error))
    return error as Advice
  }
  return assert.unreachable('it should have been refused') as never
}

test('without a password sudo is told not to ask', async ({ sshd }) => {
  const log = await as(sshd, 'open', {}, async (connection) => {
    assert.equal(await connection().exec('echo "$BECAME"; cat; exit 3', { stdin: 'in\n' }), {
      code: 3,
      stdout: 'open\nin\n',
      stderr: '',
    })
    assert.is((await connection().exec('echo "$BECAME $LC_ALL"')).stdout, 'open C\n')
    assert.is((await connection().exec('echo "$BECAME"', { long: true })).stdout, 'open\n')
    const stream = await connection().stream('cat')
    stream.stdin.end('through')
    let text = ''
    for await (const bytes of stream.stdout) text += String(bytes)
    assert.is(text, 'through')
    // What has not ended when the transport closes is ended by one call more.
    assert.is((await stream.ended).code, 0)
  })
  assert.is(log.length, 3)
  for (const line of log) assert.match(line, /^called: -H -n -u open -- sh -c /)
})

test('the program and its flags are those that are said, but for those that we need', async ({ sshd }) => {
  for (const [settings, called] of [
    [{ becomeFlags: '-E -n' }, '-E -n -u open --'],
    [{ becomeFlags: '' }, '-n -u open --'],
    [{ becomeExe: 'env  sudo  -k', becomeFlags: '-i -S -H' }, '-k -i -H -n -u open --'],
    [
      { becomeFlags: '-i -n', becomePassword: Secret.of('sesame-open', 'become password') },
      /^called: -i -S -p ask-[0-9a-f]{32} -u open -- /,
    ],
  ] as readonly (readonly [ConnectionSettings, string | RegExp])[]) {
    const log = await as(sshd, 'open', settings, async (connection) => {
      assert.is((await connection().exec('echo "$BECAME"')).stdout, 'open\n')
    })
    assert.is(log.length, 1)
    assert.match(log[0]!, called)
  }
  await as(sshd, 'open', { becomeExe: '/opt/none/sudo' }, async (connection) => {
    const { message, hint } = await advice(connection().exec('true'))
    assert.match(message, /^cannot become open on node-1: .*\/opt\/none\/sudo.*: No such file/)
    assert.is(hint, 'correct becomeExe (ansible_become_exe), or install /opt/none/sudo there')
  })
})

test('the user of the connection needs no sudo', async ({ sshd }) => {
  const log = await as(sshd, sshd.user, {}, async (connection) => {
    assert.is((await connection().exec('id -un')).stdout, `${sshd.user}\n`)
  })
  assert.equal(log, [])
})

test('a password is given when asked, on stdin only, and the script gets its own stdin', async ({ sshd }) => {
  const settings = { becomePassword: Secret.of('sesame-open', 'become password') }
  const log = await as(sshd, 'guarded', settings, async (connection) => {
    const answers = await Promise.all(
      [1, 2, 3].map(async (i) => connection().exec(`echo "$BECAME ${i}"; sleep 0.1; cat`, { stdin: `in ${i}\n` })),
    )
    assert.equal(
      answers.map(({ stdout, stderr }) => stdout + stderr),
      [1, 2, 3].map((i) => `guarded ${i}\nin ${i}\n`),
    )
    assert.equal(await connection().exec('cat; echo err >&2', { long: true, stdin: 'mine\n' }), {
      code: 0,
      stdout: 'mine\n',
      stderr: 'err\n',
    })
    const big = 'x'.repeat(400_000)
    assert.is((await connection().exec('cat', { stdin: big })).stdout, big)
  })
  assert.ok(log.length >= 4)
  for (const line of log)
    assert.match(line, /^(called: -H -S -p ask-[0-9a-f]{32} -u guarded -- sh -c |try: sesame-open$)/)
  assert.not(log.some((line) => line.startsWith('called') && line.includes('sesame')))
})

test('a password that is not asked for is not sent', async ({ sshd }) => {
  const log = await as(
    sshd,
    'open',
    { becomePassword: Secret.of('sesame-open', 'become password') },
    async (connection) => {
      assert.equal(await connection().exec('cat; echo "$BECAME"'), { code: 0, stdout: 'open\n', stderr: '' })
    },
  )
  assert.is(log.length, 1)
})

test('a wrong password is tried once, by all tasks together', async ({ sshd }) => {
  const log = await as(
    sshd,
    'guarded',
    { becomePassword: Secret.of('wrong-word', 'become password') },
    async (connection) => {
      const errors = await Promise.all([1, 2, 3, 4, 5].map(() => advice(connection().exec('true'))))
      errors.push(await advice(connection().exec('true')), await advice(connection().stream('true')))
      for (const { message, hint } of errors) {
        assert.match(message, /^sudo refused on node-1: .*Sorry, try again\./s)
        assert.not.match(message, /ask-|wrong-word/)
        assert.is(hint, `type the password of ${sshd.user} with -K, or correct becomePassword`)
      }
    },
  )
  assert.equal(
    log.filter((line) => line.startsWith('try')),
    ['try: wrong-word'],
  )
  assert.is(log.length, 2)
})

test('a refusal says what to do', async ({ sshd }) => {
  await as(sshd, 'guarded', {}, async (connection) => {
    const { message, hint } = await advice(connection().exec('true'))
    assert.is(message, 'sudo refused on node-1: a password is required')
    assert.is(hint, `type the password of ${sshd.user} with -K, set becomePassword, or allow sudo without one`)
  })
  await as(sshd, 'closed', {}, async (connection) => {
    const { message, hint } = await advice(connection().exec('true'))
    assert.match(message, /^sudo refused on node-1: Sorry, user deploy is not allowed/)
    assert.match(hint, /^allow \S+ to become \S+ in sudoers there: visudo$/)
  })
})

test('a timeout reaches what runs as the other user', async ({ sshd }) => {
  await as(sshd, 'open', {}, async (connection) => {
    const mark = `${60_000 + Math.floor(Math.random() * 5000)}`
    try {
      await connection().exec(`sleep ${mark}; :`, { timeout: 0.3 })
      assert.unreachable()
    } catch (error) {
      assert.is((error as Error).message, 'timed out after 0.3 s')
    }
    assert.is((await connection().exec(`ps -e -o args= | grep '[s]leep ${mark}'; echo looked`)).stdout, 'looked\n')
  })
})

const withSudo = needing(test, 'root', 'sudo')
// sudo stops itself when its command is stopped, and would stay so for ever.
withSudo('sudo itself does not stay behind', async () => {
  const real = await startSshd()
  const transport = createTransport({ inventory: inventoryOf() })
  try {
    const host = aHost('node-1', reach(real))
    for (const long of [false, true]) {
      const connection = transport.connection(host, { become: () => 'nobody' })
      assert.is((await connection.exec('id -un')).stdout, 'nobody\n')
      try {
        await connection.exec('sleep 66; :', { timeout: 0.3, long })
        assert.unreachable()
      } catch (error) {
        assert.is((error as Error).message, 'timed out after 0.3 s')
      }
    }
  } finally {
    await transport.close()
  }
  try {
    const left = (): string =>
      execFileSync('ps', ['-e', '-o', 'args='], { encoding: 'utf8' })
        .split('\n')
        .filter((line) => line.startsWith('sudo -H -n -u nobody'))
        .join('\n')
    for (let i = 0; i < 100 && left() !== ''; i++)
      await new Promise((resolve) => {
        setTimeout(resolve, 20)
      })
    assert.is(left(), '')
  } finally {
    await real.stop()
  }
})

// Old systems' su wants a terminal, as RHEL 6 has it; its log tells how often it asked.
const strict = `
[ -t 0 ] || { echo "standard in must be a tty" >&2; exit 1; }
exec /usr/bin/su "$@"`

const accounts = {
  deploy: { password: 'sesame-open' },
  held: { password: 'sesame-open' },
  free: {},
  nova: { shell: '/usr/sbin/nologin', password: 'nova-word' },
}
const sudoers = [
  'deploy ALL=(ALL) ALL',
  'held ALL=(ALL) ALL',
  'free ALL=(ALL) NOPASSWD: ALL',
  'Defaults:held requiretty',
  'Defaults:free requiretty',
]

const real = suite('become, the real programs')
const lane = lanes(real)
let servers: Promise<readonly [now: Sshd, old: Sshd]> | undefined
const both = (): Promise<readonly [now: Sshd, old: Sshd]> =>
  (servers ??= Promise.all([
    startSshd({ accounts, sudoers }),
    startSshd({ accounts, sudoers, programs: { su: strict } }),
  ]))
const stay = (): Promise<void> => Promise.resolve()

const script = 'id -un; cat; echo "$HOME"; echo err >&2; exit 3'

/** Everything a connection can do as another user. */
async function everything(connection: () => Connection, sshd: Sshd, user: string): Promise<void> {
  const home = user === 'root' ? '/root' : join(sshd.home, `home-${user}`)
  const want = { code: 3, stdout: `${user}\nin\n${home}\n`, stderr: 'err\n' }
  assert.equal(await connection().exec(script, { stdin: 'in\n' }), want)
  assert.equal(await connection().exec(script, { stdin: 'in\n', long: true }), want)
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, i) => i % 256))
  const stream = await connection().stream('cat; echo said >&2; exit 5')
  stream.stdin.end(bytes)
  const chunks: Buffer[] = []
  for await (const chunk of stream.stdout) chunks.push(chunk as Buffer)
  assert.ok(
    Buffer.concat(chunks).equals(bytes),
    'every byte arrives as it is, those that mean something to a terminal too',
  )
  assert.equal(await stream.ended, { code: 5, stderr: 'said\n' })
  const big = `${': some words of padding\n'.repeat(8000)}id -un`
  assert.is((await connection().exec(big, { long: true })).stdout, `${user}\n`)
  const mark = `${70_000 + Math.floor(Math.random() * 9000)}`
  for (const long of [false, true]) {
    try {
      await connection().exec(`sleep ${mark}; :`, { timeout: 0.3, long })
      assert.unreachable()
    } catch (error) {
      assert.is((error as Error).message, 'timed out after 0.3 s')
    }
  }
  assert.is((await connection().exec(`ps -e -o args= | grep '[s]leep ${mark}'; echo looked`)).stdout, 'looked\n')
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, i) => connection().exec(`echo ${i}`, { long: i % 2 === 0 })),
  )
  assert.equal(
    answers.map(({ stdout }) => stdout),
    Array.from({ length: 6 }, (_, i) => `${i}\n`),
  )
}

/** What the pipes of terminals left in /tmp. */
function leftovers(): string {
  // Only where ours would lie: other tests make and remove their own in /tmp meanwhile.
  return execFileSync(
    'sh',
    ['-c', `find /tmp/.switchover.* -mindepth 1 -maxdepth 2 '(' -type d -o -type p ')' 2>/dev/null || :`],
    { encoding: 'utf8' },
  )
}

const ways: readonly (readonly [
  name: string,
  from: string,
  to: string,
  settings: ConnectionSettings,
  old?: boolean,
])[] = [
  ['su without a password, to a user without a shell', 'root', 'nova', { becomeMethod: 'su' }],
  [
    'su with a password',
    'free',
    'deploy',
    { becomeMethod: 'su', becomePassword: Secret.of('sesame-open', 'become password') },
  ],
  ['an su that wants a terminal', 'root', 'deploy', { becomeMethod: 'su' }, true],
  [
    'an su that wants a terminal and a password',
    'free',
    'deploy',
    { becomeMethod: 'su', becomePassword: Secret.of('sesame-open', 'become password') },
    true,
  ],
  ['sudo with a password to root', 'deploy', 'root', { becomePassword: Secret.of('sesame-open', 'become password') }],
  [
    'sudo with a password to a user without a shell',
    'deploy',
    'nova',
    { becomePassword: Secret.of('sesame-open', 'become password') },
  ],
  [
    'requiretty with a password, to root',
    'held',
    'root',
    { becomePassword: Secret.of('sesame-open', 'become password') },
  ],
  [
    'requiretty with a password, to another user',
    'held',
    'nova',
    { becomePassword: Secret.of('sesame-open', 'become password') },
  ],
  ['requiretty without a password', 'free', 'nova', {}],
  [
    'su by sudo, with a login',
    'free',
    'nova',
    { becomeMethod: 'su', becomeExe: 'sudo su', becomeFlags: '- -s /bin/sh' },
  ],
  [
    'su by a sudo that wants a password',
    'deploy',
    'nova',
    {
      becomeMethod: 'su',
      becomeExe: 'sudo su',
      becomeFlags: '-s /bin/sh',
      becomePassword: Secret.of('sesame-open', 'become password'),
    },
  ],
]
for (const [name, from, to, settings, old = false] of ways) {
  lane(
    name,
    both,
    stay,
  )('does all that a connection can', async (sshds) => {
    const sshd = sshds[old ? 1 : 0]!
    await as(sshd, to, { user: from, ...settings }, (connection) => everything(connection, sshd, to))
  })
}

const refusals: readonly (readonly [
  from: string,
  to: string,
  settings: ConnectionSettings,
  message: string,
  hint: string,
  old?: boolean,
])[] = [
  [
    'free',
    'deploy',
    { becomeMethod: 'su' },
    'su refused on node-1: it asks for a password',
    'type the password of deploy with -K, or set becomePassword',
  ],
  [
    'free',
    'deploy',
    { becomeMethod: 'su', becomePassword: Secret.of('wrong-word', 'become password') },
    'su refused on node-1: Authentication failure',
    'type the password of deploy with -K, or correct becomePassword: su wants theirs',
  ],
  [
    'free',
    'deploy',
    { becomeMethod: 'su', becomePassword: Secret.of('wrong-word', 'become password') },
    'su refused on node-1: Authentication failure',
    'type the password of deploy with -K, or correct becomePassword: su wants theirs',
    true,
  ],
  [
    'free',
    'nova',
    { becomeMethod: 'su', becomePassword: Secret.of('nova-word', 'become password') },
    'su refused on node-1: nova has no login shell',
    'set becomeMethod to sudo',
  ],
  [
    'held',
    'root',
    { becomePassword: Secret.of('wrong-word', 'become password') },
    'sudo refused on node-1: Sorry, try again.',
    'type the password of held with -K, or correct becomePassword',
  ],
  [
    'held',
    'root',
    {},
    'sudo refused on node-1: a password is required',
    'type the password of held with -K, set becomePassword, or allow sudo without one',
  ],
  [
    'root',
    'nobody-here',
    { becomeMethod: 'su' },
    'cannot become nobody-here on node-1: ' +
      'user nobody-here does not exist or the user entry does not contain all the required fields',
    'check become: there is no such user',
  ],
]
for (const [from, to, settings, message, hint, old = false] of refusals) {
  lane(
    `${from} as ${to}${old ? ' (on a terminal)' : ''}`,
    both,
    stay,
  )(message, async (sshds) => {
    await as(sshds[old ? 1 : 0]!, to, { user: from, ...settings }, async (connection) => {
      const errors = await Promise.all([1, 2, 3].map((i) => advice(connection().exec('true', { long: i === 2 }))))
      for (const error of errors) {
        assert.is(error.message, message)
        assert.is(error.hint, hint)
      }
    })
  })
}

real('nothing is left in /tmp', () => {
  assert.is(leftovers(), '')
})
real.after(async () => {
  await Promise.all(((await servers) ?? []).map((one) => one.stop()))
})

test.run()
if (!leftOut('the suite of the real programs', 'root', 'sudo')) real.run()
