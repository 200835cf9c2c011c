// What an operator reads of a task that failed, whole: who, which task, why, where, and what to do next.
import { execFileSync } from 'node:child_process'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSettings } from '../../lib/model/inventory.ts'
import { type Body, type HostContext, play } from '../../lib/model/playbook.ts'
import { Secret } from '../../lib/model/secret.ts'
import { shell } from '../../lib/modules/index.ts'
import { drawFailure } from '../../lib/report/failure.ts'
import { paints } from '../../lib/report/paint.ts'
import { createTransport } from '../../lib/transport/index.ts'
import { aHost, inventoryOf, reach, rigOf } from '../rig/hosts.ts'
import { needs } from '../rig/needs.ts'
import { runs } from '../rig/runs.ts'
import { freePort, keygen, type Sshd, startSshd } from '../rig/sshd.ts'

needs('sshd')

const bodies = suite('bodies that throw')

/** Thrown by a task of web1, with the line that stands for its place. */
const thrown: readonly (readonly [what: string, body: Body<unknown, never>, told: string])[] = [
  [
    'an error',
    () => {
      throw new Error('it does not add up')
    },
    'it does not add up\n    at HERE',
  ],
  [
    'a text',
    () => {
      throw 'full'
    },
    "something that is no error was thrown: full\n    at HERE\n    try: throw new Error('…') there: it knows its place",
  ],
  [
    'undefined',
    () => {
      throw undefined
    },
    "something that is no error was thrown: undefined\n    at HERE\n    try: throw new Error('…') there: it knows its place",
  ],
  [
    'null',
    () => {
      throw null
    },
    "something that is no error was thrown: null\n    at HERE\n    try: throw new Error('…') there: it knows its place",
  ],
  [
    'an object',
    () => {
      throw { code: 7 }
    },
    "something that is no error was thrown: { code: 7 }\n    at HERE\n    try: throw new Error('…') there: it knows its place",
  ],
  ['a promise that is rejected', () => Promise.reject(new Error('too late')), 'too late\n    at HERE'],
  [
    'an await that is forgotten',
    (async (host: HostContext<unknown>) => void host.run(shell`true`)) as unknown as Body<unknown, never>,
    'host.run(shell: true) was not awaited: write await before it, or return it\n    at HERE',
  ],
  [
    'a host.run that is forgotten',
    (async () => void shell`true`) as unknown as Body<unknown, never>,
    'shell: true was made but never run: write host.run(...) around it, or return it\n    at HERE',
  ],
]
for (const [what, body, told] of thrown)
  bodies(what, async () => {
    const plays = [play('Site', { hosts: 'all' }, ({ task }) => void task('Work', body))]
    assert.equal(await textsOf(rigOf({ web: ['web1'] }), plays), [`✖ web1  Site › Work\n  ${told}`])
  })
bodies.run()

const connections = suite<{ sshd: Sshd; mute: Server; web: Server }>('connections that fail')
connections.before(async (context) => {
  context.sshd = await startSshd()
  context.mute = createServer((socket) => void socket.on('error', () => {}).resume())
  context.web = createServer(
    (socket) =>
      void socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.0 400 Bad\r\n\r\n'),
  )
  for (const server of [context.mute, context.web])
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
})
connections.after(async ({ sshd, mute, web }) => {
  mute.close()
  web.close()
  await sshd.stop()
})

connections('each says what to do next', async ({ sshd, mute, web }) => {
  const on = (server: Server) => (server.address() as AddressInfo).port
  const file = (name: string) => join(sshd.home, name)
  const closed = await freePort()
  keygen('ed25519', file('stranger'))
  keygen('ed25519', file('locked'), 'a passphrase')
  writeFileSync(file('nothing'), '')
  writeFileSync(file('broken'), 'no key\n', { mode: 0o600 })
  const { user, port } = sshd
  const self = `${user}@127.0.0.1`
  const print = execFileSync('ssh-keygen', ['-lf', file('host_ed25519.pub')], { encoding: 'utf8' })
  const fingerprint = print.split(' ')[1]
  const cases: readonly (readonly [host: string, settings: ConnectionSettings, told: string])[] = [
    [
      'refused',
      { port: closed },
      `cannot connect to 127.0.0.1:${closed}: connection refused\n    at HERE\n` +
        `    try: start sshd there, or set its port; to see for yourself: ssh -p ${closed} ${self}`,
    ],
    [
      'nameless',
      { address: 'no-such-host.invalid', port: 22 },
      'cannot connect to no-such-host.invalid:22: name not found\n    at HERE\n    try: correct the name, or set address of no-such-host.invalid to its IP address',
    ],
    [
      'mute',
      { port: on(mute), timeout: 0.5 },
      `cannot connect to 127.0.0.1:${on(mute)}: timed out after 0.5 s waiting for its greeting\n    at HERE\n` +
        '    try: see whether sshd is well there, or wait longer: -T 2',
    ],
    [
      'web',
      { port: on(web) },
      `cannot connect to 127.0.0.1:${on(web)}: what answers there is no ssh server\n    at HERE\n` +
        `    try: set its port; see what it says: ssh -v -p ${on(web)} ${self}`,
    ],
    [
      'unknown',
      { knownHosts: file('nothing') },
      `the host key of 127.0.0.1:${port} is unknown: ssh-ed25519 ${fingerprint}\n    at HERE\n` +
        `    try: check it and add it to ${file('nothing')}: ssh-keyscan -p ${port} 127.0.0.1 >>${file('nothing')}; or set hostKeys to accept-new`,
    ],
    [
      'stranger',
      { privateKey: file('stranger') },
      `cannot connect to 127.0.0.1:${port}: authentication refused for ${user} (tried key ${file('stranger')})\n    at HERE\n` +
        `    try: allow one of these keys for ${user} there, or set privateKey or password`,
    ],
    [
      'missing',
      { privateKey: file('no-key') },
      `cannot read the private key ${file('no-key')}: there is no such file\n    at HERE\n    try: check privateKey in the inventory`,
    ],
    [
      'broken',
      { privateKey: file('broken') },
      `cannot use the private key ${file('broken')}: it holds no private key of a kind that is known\n    at HERE\n` +
        `    try: name another, or see what ssh says of it: ssh-keygen -y -f ${file('broken')}`,
    ],
    [
      'locked',
      { privateKey: file('locked') },
      `cannot use the private key ${file('locked')}: it has a passphrase\n    at HERE\n` +
        '    try: set passphrase, or add the key to an ssh agent',
    ],
    [
      'password',
      { privateKey: undefined, password: Secret.of('wrong', 'p') },
      `cannot connect to 127.0.0.1:${port}: nothing to log in with as ${user}; not usable: password: the server takes publickey only\n` +
        '    at HERE\n    try: set privateKey, or start an ssh agent',
    ],
    [
      'behind',
      { proxyJump: 'refused' },
      `cannot connect to 127.0.0.1:${port}: jump host refused: cannot connect to 127.0.0.1:${closed}: connection refused\n    at HERE\n` +
        `    try: start sshd there, or set its port; to see for yourself: ssh -p ${closed} ${self}`,
    ],
    [
      'lost',
      { proxyJump: 'nobody.invalid' },
      `cannot connect to 127.0.0.1:${port}: jump host nobody.invalid: cannot connect to nobody.invalid:22: name not found\n` +
        '    at HERE\n    try: correct the name, or set address of nobody.invalid to its IP address',
    ],
  ]
  const inventory = inventoryOf(...cases.map(([name, settings]) => aHost(name, { ...reach(sshd), user, ...settings })))
  const plays = [play('Site', { hosts: 'all' }, ({ task }) => void task('Work', shell`true`))]
  const transport = createTransport({ inventory, pause: () => Promise.resolve() })
  try {
    const texts = await textsOf({ inventory, transport }, plays)
    assert.equal(
      texts.sort(),
      cases.map(([host, , told]) => `✖ ${host}  Site › Work (unreachable)\n  shell: true: ${told}`).sort(),
    )
  } finally {
    await transport.close()
  }
})
connections.run()

/** What is printed of each host that failed; the place of its task is HERE. */
async function textsOf(of: Parameters<typeof runs>[0], plays: Parameters<typeof runs>[1]): Promise<string[]> {
  const { events } = await runs(of, plays)
  return events.flatMap((event) =>
    event.type === 'task-finished' && event.failure
      ? [
          drawFailure({ ...event, failure: event.failure }, paints(false), 200, 0)
            .join('\n')
            .replaceAll(/test\/lib\/failures\.test\.ts:\d+/g, 'HERE'),
        ]
      : [],
  )
}
