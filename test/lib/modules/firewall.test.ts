import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { firewall } from '../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { needing, needs } from '../../rig/needs.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { applied, failure, planOf } from './applied.ts'
import { found, typed } from './typed.ts'

needs('root')
inPrivateNamespaces(import.meta.url)

// A network and an /etc of its own: no rule of this reaches the machine.
const etc = emptyDirectory()
const run = (command: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })
  assert.is(status, 0, `${command} ${args.join(' ')}: ${stderr}${stdout}`)
  return stdout
}
run('cp', '-a', '/etc/.', etc)
run('mount', '--bind', etc, '/etc')
run('ip', 'link', 'set', 'lo', 'up')
for (const file of [
  '/etc/nftables.conf',
  '/etc/sysconfig/iptables',
  '/etc/iptables/rules.v4',
  '/etc/iptables/rules.v6',
])
  rmSync(file, { force: true })

// firewalld may be on the machine, does not run here, and takes its time to say so: firewall/firewalld.test.ts.
const others = emptyDirectory()
spawnSync('sh', ['-c', 'ln -s /bin/* /usr/bin/* /sbin/* /usr/sbin/* . 2>/dev/null; rm -f firewall*'], { cwd: others })

const test = suite('firewall')
const connection = here({ env: { PATH: others } })
const read = (path: string) => readFileSync(path, 'utf8')
const { port, noPort } = firewall

test('where nothing filters there is nothing to do', async () => {
  const plan = await planOf(connection, port('8080/tcp'))
  assert.equal(plan.result, { port: '8080/tcp', by: 'none', changed: false })
})

needing(test, 'iptables')('iptables: before what closes, kept for the next boot, and nothing twice', async () => {
  const rules = '*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -j REJECT\nCOMMIT\n'
  mkdirSync('/etc/iptables', { recursive: true })
  writeFileSync('/etc/iptables/rules.v4', rules)
  run('iptables-restore', '/etc/iptables/rules.v4')
  assert.is((await planOf(connection, port('22/tcp'))).changed, false)
  const opened = await applied(connection, () => port('8080/tcp'))
  assert.is(opened.result.by, 'iptables')
  assert.is(run('iptables', '-S', 'INPUT').split('\n')[1], '-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT')
  await applied(connection, () => port('53/udp', { from: '10.0.0.0/8' }))
  // What lies there for the boot is what runs: iptables itself loads it.
  const running = run('iptables', '-S', 'INPUT')
  run('iptables', '-F')
  run('iptables-restore', '/etc/iptables/rules.v4')
  assert.equal(run('iptables', '-S', 'INPUT').split('\n').sort(), running.split('\n').sort())
  await applied(connection, () => noPort('8080/tcp'))
  await applied(connection, () => noPort('53/udp', { from: '10.0.0.0/8' }))
  assert.is(read('/etc/iptables/rules.v4'), rules)
  run('iptables', '-I', 'INPUT', '-p', 'tcp', '-m', 'multiport', '--dports', '80,443', '-j', 'ACCEPT')
  assert.is((await planOf(connection, port('443/tcp'))).result.changed, true, 'it is not kept for the next boot')
  assert.match(await failure(connection, noPort('443/tcp')), 'is open by a rule that is not for it alone')
  run('iptables', '-F')
  run('iptables', '-P', 'INPUT', 'ACCEPT')
})

needing(test, 'nft')('nftables: in the chain that filters, and in the file of the boot', async () => {
  const conf =
    '#!/usr/sbin/nft -f\nflush ruleset\ntable inet fw {\n\tchain in {\n\t\ttype filter hook input priority 0; policy drop;\n\t\ttcp dport { 22, 80 } accept\n\t}\n}\n'
  writeFileSync('/etc/nftables.conf', conf)
  run('nft', '-f', '/etc/nftables.conf')
  assert.is((await planOf(connection, port('80/tcp'))).changed, false)
  const opened = await applied(connection, () => port('8080/tcp'))
  assert.is(opened.result.by, 'nftables')
  await applied(connection, () => port('53/udp', { from: '10.0.0.0/8' }))
  const running = run('nft', 'list', 'ruleset')
  run('nft', '-f', '/etc/nftables.conf')
  assert.equal(run('nft', 'list', 'ruleset').split('\n').sort(), running.split('\n').sort())
  await applied(connection, () => noPort('8080/tcp'))
  await applied(connection, () => noPort('53/udp', { from: '10.0.0.0/8' }))
  assert.is(read('/etc/nftables.conf'), conf)
  assert.match(await failure(connection, noPort('22/tcp')), 'tcp dport { 22, 80 } accept')
  run('nft', 'flush', 'ruleset')
  rmSync('/etc/nftables.conf')
})

needing(
  test,
  'ufw',
  'iptables',
)('ufw, where it is active', async () => {
  run('ufw', '--force', 'enable')
  const opened = await applied(connection, () => port('8080/tcp'))
  assert.is(opened.result.by, 'ufw')
  await applied(connection, () => port('22/tcp', { from: '10.0.0.0/8' }))
  assert.match(run('ufw', 'status'), /^22\/tcp +ALLOW +10\.0\.0\.0\/8/m)
  await applied(connection, () => noPort('22/tcp', { from: '10.0.0.0/8' }))
  await applied(connection, () => noPort('8080/tcp'))
  run('ufw', 'allow', '53')
  assert.is((await planOf(connection, port('53/udp'))).changed, false)
  assert.match(await failure(connection, noPort('53/udp')), 'ufw allow 53')
  run('ufw', '--force', 'disable')
})

test('firewalld, now and for good', async () => {
  const dir = emptyDirectory()
  const said = `#!/bin/sh
d=${dir}/now
while :; do case $1 in --state) exit 0 ;; -q) ;; --permanent) d=${dir}/kept ;; --zone=*) ;; *) break ;; esac; shift; done
w=\${1%%=*}; f=$d-$(printf %s "\${1#*=}" | tr -c 'a-z0-9\\n' _); f=$f-\${w##*-}
case $w in --query-*) [ -e "$f" ] ;; --add-*) : >"$f" ;; --remove-*) rm "$f" ;; esac
`
  writeFileSync(join(dir, 'firewall-cmd'), said, { mode: 0o755 })
  const there = here({ env: { PATH: `${dir}:/usr/bin:/bin` } })
  const opened = await applied(there, () => port('8080/tcp'))
  assert.is(opened.result.by, 'firewalld')
  await applied(there, () => port('22/tcp', { from: '10.0.0.0/8', zone: 'internal' }))
  await applied(there, () => noPort('8080/tcp'))
  assert.is(existsSync(join(dir, 'now-8080_tcp-port')), false)
})

needing(
  test,
  'iptables',
  'nft',
)('who may not look is not told that nothing filters', async () => {
  const argv = ['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin', '/bin/sh']
  const barred = here({ shell: { name: 'barred', argv }, env: { PATH: others } })
  assert.match(await failure(barred, port('8080/tcp')), /^the firewall of here cannot be asked: .*(permitted|denied)/i)
  const dir = emptyDirectory()
  const busy = 'echo "Another app is currently holding the xtables lock." >&2; exit 4'
  writeFileSync(join(dir, 'iptables'), `#!/bin/sh\n${busy}\n`, { mode: 0o755 })
  const locked = here({ env: { PATH: `${dir}:${others}` } })
  assert.match(await failure(locked, port('8080/tcp')), 'holding the xtables lock')
})

test('what is no port, address or zone is refused', () => {
  for (const wrong of ['80', '80/icmp', '0/tcp', '65536/udp', 'http/tcp'])
    assert.throws(() => port(wrong), 'is no port')
  assert.throws(() => port('80/tcp', { from: 'everywhere' }), 'is no address')
  assert.throws(() => port('80/tcp', { zone: 'a b' }), 'cannot be a zone')
})

const files: never[] = []
const kept = '*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n'
for (const [what, operation, state, commands] of [
  [
    'firewalld, of which only the running one has it',
    port('80/tcp'),
    { by: 'firewalld', now: true, kept: false, files },
    ['firewall-cmd -q --permanent --add-port=80/tcp'],
  ],
  [
    'firewalld, for a network',
    port('80/tcp', { from: '10.0.0.0/8', zone: 'dmz' }),
    { by: 'firewalld', now: false, kept: true, files },
    [
      `firewall-cmd -q --zone=dmz '--add-rich-rule=rule family="ipv4" source address="10.0.0.0/8" port port="80" protocol="tcp" accept'`,
    ],
  ],
  ['ufw', port('80/tcp'), { by: 'ufw', rules: 'ufw allow 22/tcp\n', files }, ['ufw allow 80/tcp']],
  ['ufw, of which it is known', port('22/tcp'), { by: 'ufw', rules: 'ufw allow 22/tcp\n', files }, []],
  [
    'iptables of CentOS 6, where the rule has more words',
    port('22/tcp'),
    {
      by: 'iptables',
      rules: '-P INPUT ACCEPT\n-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT\n',
      files,
    },
    [],
  ],
  [
    'iptables, with the file of the boot',
    port('80/tcp'),
    {
      by: 'iptables',
      rules: '-P INPUT DROP\n-A INPUT -i lo -j ACCEPT\n',
      files: [found('/etc/sysconfig/iptables', kept)],
    },
    [
      'iptables -I INPUT -p tcp -m tcp --dport 80 -j ACCEPT',
      `> /etc/sysconfig/iptables mode=0644\n${kept.replace('-A INPUT', '-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n-A INPUT')}`,
    ],
  ],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(operation, state), commands))
}

test.run()
