import { mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Secret } from '../../../lib/index.ts'
import { CommandFailed } from '../../../lib/kit/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { applied, failure, planOf } from '../modules/applied.ts'
import { typed } from '../modules/typed.ts'
import { accounts, allowed, currentRelease, lines, version } from './outside.ts'

for (const shell of shells) {
  const test = suite(`what others write with the kit, under ${shell.name}`)

  test('a module: plans, changes once, and refuses by its own script', async () => {
    const connection = here({ shell })
    const folder = join(emptyDirectory(), "it's")
    mkdirSync(join(folder, 'releases/42'), { recursive: true })
    const { diff, requests } = await applied(connection, () => currentRelease({ folder, release: '42' }))
    assert.is(readlinkSync(join(folder, 'current')), 'releases/42')
    assert.equal(diff, [{ path: `${folder}/current`, before: '', after: 'releases/42\n' }])
    assert.equal(requests, { read: 1, apply: 1 })
    assert.is(await failure(connection, currentRelease({ folder, release: '43' })), 'there is no release 43')
    assert.is(readlinkSync(join(folder, 'current')), 'releases/42')
  })

  test('a module of several steps, with secrets', async () => {
    const connection = here({ shell })
    const path = join(emptyDirectory(), 'accounts')
    const passwords = { ann: Secret.of("p'w 1", 'password of ann'), bob: Secret.of('other-word', 'password of bob') }
    await applied(connection, () => accounts({ path, passwords }))
    assert.is(readFileSync(path, 'utf8'), "ann:p'w 1\nbob:other-word\n")
    assert.is(statSync(path).mode & 0o777, 0o600)
    assert.match(readFileSync(`${path}.changed`, 'utf8'), /\d\d:\d\d:\d\d/)
    assert.not.match(connection.scripts.join(), 'other-word')
    assert.equal(typed(accounts({ path: '/a', passwords }), false), [
      '> /a mode=0600\nann:‹password of ann›\nbob:‹password of bob›\n',
      'date > /a.changed',
    ])
  })

  test('one that only looks, a fact, and an error with its next step', async () => {
    const connection = here({ shell })
    const path = join(emptyDirectory(), 'three')
    writeFileSync(path, 'a\nb\nc\n')
    const plan = await planOf(connection, lines([path, '/dev/null']))
    assert.equal([plan.changed, plan.result, connection.requests], [false, { [path]: 3, '/dev/null': 0 }, 1])
    assert.is(await failure(connection, lines(['/no/such'])), '/no/such cannot be counted')
    assert.equal(version.keep, 'run')
    assert.is((await version.read(connection))[0], 'Linux')
  })

  test('an edit: the rest stays byte for byte, and its check may refuse', async () => {
    const connection = here({ shell })
    const path = join(emptyDirectory(), 'sshd_config')
    writeFileSync(path, '# mine\r\nAllowUsers ann\nPort 22')
    const { diff } = await applied(connection, () => allowed(path, 'bob'))
    assert.is(readFileSync(path, 'utf8'), '# mine\r\nAllowUsers ann bob\nPort 22')
    assert.is(diff.length, 1)
    assert.match(await failure(connection, allowed(join(path, 'none'), 'bob')), 'sshd_config/none')
  })

  test.run()
}

const test = suite('the kit')

test('an error of a command tells what it said and how it ended', () => {
  const error = new CommandFailed('false', { code: 3, stdout: '', stderr: 'no\n' })
  assert.is(error.message, 'no (exit code 3)')
})

test.run()
