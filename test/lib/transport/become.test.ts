import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSettings } from '../../../lib/model/inventory.ts'
import { Advice, type Connection } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { hasSshd, type Sshd, startSshd } from '../../rig/sshd.ts'

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
test.before(async (context) => { context.sshd = await startSshd({ programs: { sudo } }) })
test.after(async ({ sshd }) => { await sshd.stop() })

async function as(sshd: Sshd, user: string | undefined, settings: ConnectionSettings, body: (connection: () => Connection) => Promise<void>): Promise<string[]> {
  const log = join(sshd.home, 'sudo.log')
  const before = existsSync(log) ? readFileSync(log, 'utf8').length : 0
  const host = aHost('node-1', { ...reach(sshd), ...settings })
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    await body(() => transport.connection(host, { become: user }))
  } finally {
    await transport.close()
  }
  return existsSync(log) ? readFileSync(log, 'utf8').slice(before).trim().split('\n').filter((line) => line !== '') : []
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
    assert.equal(await connection().exec('echo "$BECAME"; cat; exit 3', { stdin: 'in\n' }), { code: 3, stdout: 'open\nin\n', stderr: '' })
    assert.is((await connection().exec('echo "$BECAME $LC_ALL"')).stdout, 'open C\n')
    assert.is((await connection().exec('echo "$BECAME"', { long: true })).stdout, 'open\n')
    const stream = await connection().stream('cat')
    stream.stdin.end('through')
    let text = ''
    for await (const bytes of stream.stdout) text += String(bytes)
    assert.is(text, 'through')
  })
  assert.is(log.length, 3)
  for (const line of log) assert.match(line, /^called: -H -n -u open -- sh -c /)
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
    const answers = await Promise.all([1, 2, 3].map(async (i) => connection().exec(`echo "$BECAME ${i}"; sleep 0.1; cat`, { stdin: `in ${i}\n` })))
    assert.equal(answers.map(({ stdout, stderr }) => stdout + stderr), [1, 2, 3].map((i) => `guarded ${i}\nin ${i}\n`))
    assert.equal(await connection().exec('cat; echo err >&2', { long: true, stdin: 'mine\n' }), { code: 0, stdout: 'mine\n', stderr: 'err\n' })
    const big = 'x'.repeat(400_000)
    assert.is((await connection().exec('cat', { stdin: big })).stdout, big)
  })
  assert.ok(log.length >= 4)
  for (const line of log) assert.match(line, /^(called: -H -S -p ask-[0-9a-f]{32} -u guarded -- sh -c |try: sesame-open$)/)
  assert.not(log.some((line) => line.startsWith('called') && line.includes('sesame')))
})

test('a password that is not asked for is not sent', async ({ sshd }) => {
  const log = await as(sshd, 'open', { becomePassword: Secret.of('sesame-open', 'become password') }, async (connection) => {
    assert.equal(await connection().exec('cat; echo "$BECAME"'), { code: 0, stdout: 'open\n', stderr: '' })
  })
  assert.is(log.length, 1)
})

test('a wrong password is tried once, by all tasks together', async ({ sshd }) => {
  const log = await as(sshd, 'guarded', { becomePassword: Secret.of('wrong-word', 'become password') }, async (connection) => {
    const errors = await Promise.all([1, 2, 3, 4, 5].map(() => advice(connection().exec('true'))))
    errors.push(await advice(connection().exec('true')), await advice(connection().stream('true')))
    for (const { message, hint } of errors) {
      assert.match(message, /^sudo refused on node-1: .*Sorry, try again\./s)
      assert.not.match(message, /ask-|wrong-word/)
      assert.is(hint, `check becomePassword and what sudoers allows ${sshd.user}`)
    }
  })
  assert.equal(log.filter((line) => line.startsWith('try')), ['try: wrong-word'])
  assert.is(log.length, 2)
})

test('a refusal says what to do', async ({ sshd }) => {
  await as(sshd, 'guarded', {}, async (connection) => {
    const { message, hint } = await advice(connection().exec('true'))
    assert.is(message, 'sudo refused on node-1: a password is required')
    assert.is(hint, `allow sudo without a password for ${sshd.user}, or set becomePassword`)
  })
  await as(sshd, 'closed', {}, async (connection) => {
    assert.match((await advice(connection().exec('true'))).message, /^sudo refused on node-1: Sorry, user deploy is not allowed/)
  })
  await as(sshd, 'x', { becomeMethod: 'su' }, async (connection) => {
    assert.match((await advice(connection().exec('true'))).message, /only sudo is supported/)
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

if (hasSshd) test.run()
