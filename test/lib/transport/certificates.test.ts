// OpenSSH certificates on real sshd: what OpenSSH's own client takes and refuses is taken and refused here.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSettings } from '../../../lib/model/inventory.ts'
import { output } from '../../../lib/model/operation.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { keygen, type Sshd, startSshd } from '../../rig/sshd.ts'

needs('sshd')

const types = ['ed25519', 'ecdsa', 'rsa'] as const
type Type = (typeof types)[number]
const home = mkdtempSync(join(tmpdir(), 'certificates-'))
const at = (name: string) => join(home, name)
const line = (name: string) =>
  readFileSync(at(`${name}.pub`), 'utf8')
    .split(' ')
    .slice(0, 2)
    .join(' ')
/** Signs a key: `NAME-cert.pub` lies beside it then. */
const signed = (authority: string, name: string, ...how: readonly string[]) =>
  execFileSync('ssh-keygen', ['-q', '-s', at(authority), '-I', name, ...how, at(`${name}.pub`)], { stdio: 'pipe' })
const copied = (from: string, to: string) => {
  copyFileSync(at(from), at(to))
  copyFileSync(at(`${from}.pub`), at(`${to}.pub`))
}
const me = execFileSync('id', ['-un'], { encoding: 'utf8' }).trim()

const test = suite<{ sshds: Readonly<Record<Type, Sshd>> }>('certificates')

test.before(async (context) => {
  for (const name of ['users', 'hosts', 'strangers']) keygen('ed25519', at(name))
  // An authority may have any type of key.
  keygen('ecdsa', at('hosts-ecdsa'))
  keygen('rsa', at('hosts-rsa'))
  const authority = { ed25519: 'hosts', ecdsa: 'hosts-ecdsa', rsa: 'hosts-rsa' }
  for (const type of types) {
    keygen(type, at(`id-${type}`))
    signed('users', `id-${type}`, '-n', me)
    keygen(type, at(`host-${type}`))
    signed(authority[type], `host-${type}`, '-h', '-n', '127.0.0.1,node-*')
  }
  const sshds = await Promise.all(
    types.map((type) =>
      startSshd({
        hostKeys: [],
        config: [
          `HostKey ${at(`host-${type}`)}`,
          `HostCertificate ${at(`host-${type}-cert.pub`)}`,
          `TrustedUserCAKeys ${at('users.pub')}`,
        ],
      }),
    ),
  )
  context.sshds = Object.fromEntries(types.map((type, i) => [type, sshds[i]])) as unknown as Record<Type, Sshd>
  writeFileSync(
    at('known'),
    ['hosts', 'hosts-ecdsa', 'hosts-rsa'].map((name) => `@cert-authority * ${line(name)}\n`).join(''),
  )
})
test.after(async ({ sshds }) => {
  await Promise.all(Object.values(sshds).map((sshd) => sshd.stop()))
  rmSync(home, { recursive: true })
})

/** What a connection says, or why there is none. */
async function answer(sshd: Sshd, settings: ConnectionSettings): Promise<string> {
  const way = { address: '127.0.0.1', port: sshd.port, knownHosts: at('known'), sshConfig: false, ...settings }
  const host = aHost('web', way)
  const transport = createTransport({ inventory: inventoryOf(host) })
  try {
    return (await output(transport.connection(host, {}), 'echo "through $SSH_CONNECTION"')).split(' ')[0]!
  } catch (error) {
    return (error as Error).message
  } finally {
    await transport.close()
  }
}

/** Does OpenSSH's own client get through? */
const openssh = (sshd: Sshd, known: string, key: string, ...options: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const args = ['BatchMode=yes', `UserKnownHostsFile=${known}`, 'GlobalKnownHostsFile=none', 'IdentitiesOnly=yes']
    const line = [...args, ...options].flatMap((option) => ['-o', option])
    execFile('ssh', ['-F', 'none', '-p', String(sshd.port), '-i', key, ...line, '127.0.0.1', 'true'], (error) =>
      resolve(error === null),
    )
  })

for (const type of types) {
  test(`a user and a host with certificates know each other: ${type}`, async ({ sshds }) => {
    assert.is(await answer(sshds[type], { privateKey: at(`id-${type}`) }), 'through')
    assert.match(sshds[type].log(), `Accepted certificate ID "id-${type}"`)
  })
}

test('a certificate may lie elsewhere, and its key be locked', async ({ sshds }) => {
  keygen('ed25519', at('locked'), 'open-sesame')
  signed('users', 'locked', '-n', me)
  mkdirSync(at('elsewhere'))
  execFileSync('mv', [at('locked-cert.pub'), at('elsewhere/c.pub')])
  const { Secret } = await import('../../../lib/model/secret.ts')
  const sshOptions = [`CertificateFile=${at('elsewhere/c.pub')}`]
  const passphrase = Secret.of('open-sesame', 'passphrase')
  assert.is(await answer(sshds.ed25519, { privateKey: at('locked'), passphrase, sshOptions }), 'through')
  assert.match(await answer(sshds.ed25519, { privateKey: at('locked'), passphrase }), /authentication refused/)
})

test('an agent shows its certificates, and keys with certificates of files', async ({ sshds }) => {
  const socket = at('agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  await new Promise((resolve) => {
    agent.stdout.once('data', resolve)
  })
  const before = process.env['SSH_AUTH_SOCK']
  process.env['SSH_AUTH_SOCK'] = socket
  const add = (...names: readonly string[]) =>
    execFileSync('ssh-add', ['-q', ...names.map(at)], { env: { ...process.env }, stdio: 'pipe' })
  try {
    for (const type of types) {
      execFileSync('ssh-add', ['-q', '-D'], { stdio: 'pipe' })
      add(`id-${type}`)
      assert.is(await answer(sshds.ed25519, { sshOptions: ['IdentityFile=none'] }), 'through', type)
    }
    execFileSync('ssh-add', ['-q', '-D'], { stdio: 'pipe' })
    copied('id-ecdsa', 'plain')
    add('plain')
    assert.match(await answer(sshds.ed25519, { sshOptions: ['IdentityFile=none'] }), /authentication refused/)
    const sshOptions = ['IdentityFile=none', `CertificateFile=${at('id-ecdsa-cert.pub')}`]
    assert.is(await answer(sshds.ed25519, { sshOptions }), 'through')
  } finally {
    if (before === undefined) delete process.env['SSH_AUTH_SOCK']
    else process.env['SSH_AUTH_SOCK'] = before
    agent.kill()
  }
})

test('a certificate that does not hold is told', async ({ sshds }) => {
  copied('id-ed25519', 'late')
  signed('users', 'late', '-n', me, '-V', '20200101:20200102')
  const said = await answer(sshds.ed25519, { privateKey: at('late') })
  assert.match(said, /late-cert\.pub: it expired at 2020-01-0/)
  copied('id-ed25519', 'other')
  signed('users', 'other', '-n', 'nobody-else')
  assert.match(await answer(sshds.ed25519, { privateKey: at('other') }), /certificate \S+other-cert\.pub/)
})

interface Trust {
  readonly what: string
  readonly known: () => string
  /** Our answer where it is not «through». */
  readonly refusal?: RegExp
}
const trusts: readonly Trust[] = [
  { what: 'a line for another host', known: () => `@cert-authority other ${line('hosts')}\n`, refusal: /is unknown/ },
  {
    what: 'another authority',
    known: () => `@cert-authority * ${line('strangers')}\n`,
    refusal: /does not vouch for it: it is signed by SHA256:\S+, which is none of the authorities for it$/,
  },
  {
    what: 'another authority, and the key itself known',
    known: () => `@cert-authority * ${line('strangers')}\n[127.0.0.1]:PORT ${line('host-ed25519')}\n`,
  },
  {
    what: 'a revoked authority',
    known: () => `@revoked * ${line('hosts')}\n@cert-authority * ${line('hosts')}\n`,
    refusal: /signed by a revoked key/,
  },
  {
    what: 'a revoked host key',
    known: () => `@revoked * ${line('host-ed25519')}\n@cert-authority * ${line('hosts')}\n`,
    refusal: /is revoked/,
  },
  { what: 'a line with the port', known: () => `@cert-authority [127.0.0.1]:PORT ${line('hosts')}\n` },
  { what: 'a pattern', known: () => `@cert-authority 127.0.0.* ${line('hosts')}\n` },
]
for (const { what, known, refusal = /^through$/ } of trusts) {
  test(`an authority counts as for OpenSSH: ${what}`, async ({ sshds: { ed25519: sshd } }) => {
    const file = at('of-trust')
    writeFileSync(file, known().replaceAll('PORT', String(sshd.port)))
    const said = await answer(sshd, { privateKey: at('id-ed25519'), knownHosts: file })
    assert.match(said, refusal)
    const theirs = await openssh(sshd, file, at('id-ed25519'), 'StrictHostKeyChecking=yes')
    assert.is(theirs, said === 'through', 'ssh')
  })
}

const hostCertificates: readonly (readonly [what: string, how: readonly string[], refusal: RegExp])[] = [
  ['of another host', ['-h', '-n', 'elsewhere'], /does not vouch for it: it is for elsewhere$/],
  [
    'that has expired',
    ['-h', '-n', '127.0.0.1', '-V', '20200101:20200102'],
    /does not vouch for it: it expired at 2020/,
  ],
  [
    'of the future',
    ['-h', '-n', '127.0.0.1', '-V', '20990101:20990102'],
    /does not vouch for it: it is not valid before/,
  ],
]
for (const [what, how, refusal] of hostCertificates) {
  test(`the certificate of a host is refused as by OpenSSH: ${what}`, async () => {
    copied('host-ed25519', 'wrong')
    signed('hosts', 'wrong', ...how)
    const sshd = await startSshd({
      hostKeys: [],
      config: [
        `HostKey ${at('wrong')}`,
        `HostCertificate ${at('wrong-cert.pub')}`,
        `TrustedUserCAKeys ${at('users.pub')}`,
      ],
    })
    try {
      assert.match(await answer(sshd, { privateKey: at('id-ed25519') }), refusal)
      assert.not(await openssh(sshd, at('known'), at('id-ed25519'), 'StrictHostKeyChecking=yes'))
    } finally {
      await sshd.stop()
    }
  })
}

test.run()
