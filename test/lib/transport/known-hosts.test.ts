import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fingerprint, hostNames, keyType, readKnownHosts, recordHostKey } from '../../../lib/transport/known-hosts.ts'
import { keygen } from '../../rig/sshd.ts'

const home = mkdtempSync(join(tmpdir(), 'known-hosts-'))
const file = join(home, 'known_hosts')
const publicKey = (name: string): string =>
  readFileSync(join(home, `${name}.pub`), 'utf8')
    .split(' ')
    .slice(0, 2)
    .join(' ')
const blob = (name: string): Buffer => Buffer.from(publicKey(name).split(' ')[1]!, 'base64')
const test = suite('known hosts')

test.before(() => {
  for (const [type, name] of [
    ['ed25519', 'a'],
    ['ed25519', 'b'],
    ['rsa', 'r'],
  ] as const)
    keygen(type, join(home, name))
})
test.after(() => {
  rmSync(home, { recursive: true })
})

const check = async (text: string, names: readonly string[], key: string) => {
  writeFileSync(file, text)
  return (await readKnownHosts([file])).check(names, blob(key))
}

test('plain names, lists, ports, comments', async () => {
  const text = `# comment

other ${publicKey('b')}
node-1,10.0.0.1 ${publicKey('a')} comment
[node-1]:2222 ${publicKey('b')}
`
  assert.equal(await check(text, hostNames(22, 'node-1'), 'a'), { is: 'known' })
  assert.equal(await check(text, hostNames(22, '10.0.0.1'), 'a'), { is: 'known' })
  assert.equal(await check(text, hostNames(22, 'NODE-1'), 'a'), { is: 'known' })
  assert.equal(await check(text, hostNames(2222, 'node-1'), 'b'), { is: 'known' })
  assert.equal(await check(text, hostNames(22, 'node-2'), 'a'), { is: 'unknown' })
  assert.equal(await check('', hostNames(22, 'node-1'), 'a'), { is: 'unknown' })
})

test('a changed key names the line and both fingerprints', async () => {
  const verdict = await check(`x ${publicKey('r')}\nnode-1 ${publicKey('a')}\n`, ['node-1'], 'b')
  assert.equal(verdict, { is: 'changed', at: `${file}:2`, type: 'ssh-ed25519', fingerprint: fingerprint(blob('a')) })
})

test('a host known by another type of key is changed, not new', async () => {
  assert.is((await check(`node-1 ${publicKey('r')}\n`, ['node-1'], 'a')).is, 'changed')
  assert.is((await check(`node-1 ${publicKey('r')}\nnode-1 ${publicKey('a')}\n`, ['node-1'], 'a')).is, 'known')
})

test('the types that are known for a host', async () => {
  writeFileSync(file, `node-1 ${publicKey('r')}\nnode-1 ${publicKey('a')}\nnode-2 ${publicKey('b')}\n`)
  assert.equal((await readKnownHosts([file])).types(['node-1']), ['ssh-rsa', 'ssh-ed25519'])
})

test('wildcards and negation', async () => {
  const text = `!node-9,node-*,10.0.?.1 ${publicKey('a')}\n`
  assert.is((await check(text, ['node-1'], 'a')).is, 'known')
  assert.is((await check(text, ['10.0.7.1'], 'a')).is, 'known')
  assert.is((await check(text, ['10.0.77.1'], 'a')).is, 'unknown')
  assert.is((await check(text, ['node-9'], 'a')).is, 'unknown')
  assert.is((await check(text, ['xnode-1'], 'a')).is, 'unknown')
})

test('names hashed by ssh-keygen', async () => {
  writeFileSync(file, `node-1 ${publicKey('a')}\n[node-2]:2222 ${publicKey('b')}\n`)
  execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
  assert.not.match(readFileSync(file, 'utf8'), /node/)
  const known = await readKnownHosts([file])
  assert.is(known.check(['node-1'], blob('a')).is, 'known')
  assert.is(known.check(['node-1'], blob('b')).is, 'changed')
  assert.is(known.check(hostNames(2222, 'node-2'), blob('b')).is, 'known')
  assert.is(known.check(['node-3'], blob('a')).is, 'unknown')
})

test('finds the same first line as ssh-keygen, whatever kinds of lines are mixed', async () => {
  const names = ['node-1', 'node-2', 'node-10', 'web.a', 'web.b', '10.0.0.1', '[node-1]:2222']
  const fields = [
    'node-1',
    'Node-2,web.a',
    '*',
    'node-?',
    'node-*,!node-2',
    '!web.*,*',
    '10.0.0.?',
    '[node-1]:2222',
    'x',
  ]
  const line = fc.tuple(fc.constantFrom(...fields), fc.constantFrom('a', 'b'))
  const files = fc.sample(fc.tuple(fc.array(line, { minLength: 4, maxLength: 4 }), fc.boolean()), {
    numRuns: 12,
    seed: 7,
  })
  for (const [lines, hashed] of files) {
    writeFileSync(file, lines.map(([field, key]) => `${field} ${publicKey(key)}\n`).join(''))
    if (hashed) execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
    const known = await readKnownHosts([file])
    for (const name of names) {
      const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' })
      const first = /found: line (\d+)/.exec(stdout)?.[1]
      const verdict = known.check([name], blob('r'))
      assert.is(
        'at' in verdict ? verdict.at : undefined,
        first && `${file}:${first}`,
        `${name} in ${lines.join(' ; ')}`,
      )
    }
  }
})

test('revoked keys and certificate authorities', async () => {
  assert.is((await check(`node-1 ${publicKey('a')}\n@revoked * ${publicKey('a')}\n`, ['node-1'], 'a')).is, 'revoked')
  assert.is((await check(`@revoked * ${publicKey('b')}\nnode-1 ${publicKey('a')}\n`, ['node-1'], 'a')).is, 'known')
  assert.is((await check(`@cert-authority * ${publicKey('a')}\n`, ['node-1'], 'a')).is, 'unknown')
})

test('files that do not exist are empty', async () => {
  assert.is((await readKnownHosts([join(home, 'none')])).check(['a'], blob('a')).is, 'unknown')
})

test('a recorded key is one that ssh-keygen finds', async () => {
  const fresh = join(home, 'deep', 'known_hosts')
  await Promise.all([recordHostKey(fresh, 'node-1', blob('a')), recordHostKey(fresh, '[node-2]:2222', blob('b'))])
  for (const [name, key] of [
    ['node-1', 'a'],
    ['[node-2]:2222', 'b'],
  ] as const) {
    const found = execFileSync('ssh-keygen', ['-F', name, '-f', fresh], { encoding: 'utf8' })
    assert.ok(found.includes(publicKey(key)), found)
  }
  writeFileSync(file, `node-1 ${publicKey('a')}`)
  await recordHostKey(file, 'node-2', blob('b'))
  assert.is(readFileSync(file, 'utf8'), `node-1 ${publicKey('a')}\nnode-2 ${publicKey('b')}\n`)
})

test('fingerprints and types are those of ssh-keygen', () => {
  for (const [name, type] of [
    ['a', 'ssh-ed25519'],
    ['r', 'ssh-rsa'],
  ] as const) {
    const shown = execFileSync('ssh-keygen', ['-l', '-f', join(home, `${name}.pub`)], { encoding: 'utf8' })
    assert.is(shown.split(' ')[1], fingerprint(blob(name)))
    assert.is(keyType(blob(name)), type)
  }
})

test.run()
