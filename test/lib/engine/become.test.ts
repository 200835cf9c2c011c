import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { ConnectionSettings } from '../../../lib/model/inventory.ts'
import { operation, output, type Reader } from '../../../lib/model/operation.ts'
import { type HostContext, play, role, type TaskOptions } from '../../../lib/model/playbook.ts'
import { copyBetween, probe, shell } from '../../../lib/modules/index.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { emptyDirectory } from '../../rig/here.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needs } from '../../rig/needs.ts'
import { type Running, runs } from '../../rig/runs.ts'
import { type Sshd, startSshd } from '../../rig/sshd.ts'

needs('root', 'sshd', 'sudo')

const test = suite<{ sshds: readonly Sshd[] }>('who acts')

test.before(async (context) => {
  const user = { accounts: { deploy: {} }, sudoers: ['deploy ALL=(ALL) NOPASSWD: ALL'] }
  context.sshds = await Promise.all([startSshd(user), startSshd(user)])
})
test.after(async ({ sshds }) => {
  await Promise.all(sshds.map((sshd) => sshd.stop()))
})

const who = 'id -un'
const [here, there] = [{ name: 'node-5' }, { name: 'node-1' }]

/** Asks a second host from within each part of an operation. */
const besides = operation<null, string, { readonly read: string }, string>(() => 'besides', {
  read: async (connection) => whoOn(await connection.peer(there)),
  plan: (read) => ({ result: read, change: { read } }),
  async apply(connection, { read }) {
    const peer = await connection.peer(there)
    const stream = await peer.stream(who)
    stream.stdin.end()
    let said = ''
    for await (const part of stream.stdout) said += String(part)
    return [read, await whoOn(peer), said.trim(), await whoOn(await peer.peer(here))].join()
  },
})
const whoOn = async (connection: Reader) => (await output(connection, who)).trim()

/** Every way in which a task comes to a host, and who it was there. */
async function everywhere(host: HostContext<object>): Promise<readonly string[]> {
  const said = [
    (await host.run(probe`id -un`)).stdout,
    (await host.run(shell`id -un`)).stdout,
    (await host.on(there).run(probe`id -un`)).stdout,
    await host.run(besides(null)),
    (await host.on(there).on(here).run(probe`id -un`)).stdout,
  ]
  return said.flatMap((text) => text.trim().split(','))
}

interface Wish {
  readonly options?: TaskOptions<object>
  readonly play?: boolean | string
  readonly line?: boolean | string
  readonly settings?: ConnectionSettings
  /** Of the second host. */
  readonly others?: ConnectionSettings
}

async function ran(
  sshds: readonly Sshd[],
  { options = {}, play: around, line, settings = {}, others = settings }: Wish,
  body: (host: HostContext<object>) => Promise<void>,
): Promise<Running> {
  const hosts = [
    aHost('node-5', { ...reach(sshds[0]!), ...settings }),
    aHost('node-1', { ...reach(sshds[1]!), ...others }),
  ]
  const inventory = inventoryOf(...hosts)
  const transport = createTransport({ inventory })
  const work = role('work', {}, ({ task }) => {
    task('Work', options, async (host) => {
      await body(host)
    })
  })
  const play5 = play('P', { hosts: 'node-5', ...(around === undefined ? {} : { become: around }) }, [work])
  try {
    return await runs({ inventory, transport }, [play5], line === undefined ? {} : { become: line })
  } finally {
    await transport.close()
  }
}

const deploy = { user: 'deploy' }
const cases: readonly (readonly [name: string, wish: Wish, user: string, other?: string])[] = [
  ['the play becomes root', { play: true, settings: deploy }, 'root'],
  ['the command line becomes root', { line: true, settings: deploy }, 'root'],
  ['the task becomes root', { options: { become: true }, play: false, settings: deploy }, 'root'],
  ['the play becomes somebody with less', { play: 'nobody' }, 'nobody'],
  ['the task stays who it is', { options: { become: false }, settings: { ...deploy, become: true } }, 'deploy'],
  ['the task wins over the settings of hosts', { play: 'nobody', settings: { become: 'deploy' } }, 'nobody'],
  ['nothing is said', { settings: deploy, others: { ...deploy, become: true } }, 'deploy', 'root'],
]
for (const [name, wish, user, other = user] of cases) {
  test(`is one rule for every host and every way to it: ${name}`, async ({ sshds }) => {
    let said: readonly string[] = []
    const { told } = await ran(sshds, wish, async (host) => {
      said = await everywhere(host)
    })
    assert.equal(said, [user, user, other, other, other, other, user, user], told.join('\n'))
  })
}

/** A directory that only root may enter, with a file that only root may read. */
function guarded(): { readonly directory: string; readonly file: string; readonly to: string } {
  const directory = join(emptyDirectory(), 'root')
  chmodSync(join(directory, '..'), 0o777)
  mkdirSync(directory, { mode: 0o700 })
  const file = join(directory, 'openrc')
  writeFileSync(file, 'export OS_USERNAME=admin\n', { mode: 0o600 })
  return { directory, file, to: join(directory, '../copied') }
}

test('as root, copies from another host what only root may read', async ({ sshds }) => {
  const { directory, file, to } = guarded()
  const { told } = await ran(sshds, { play: true, settings: deploy }, async (host) => {
    await host.run(copyBetween.file({ from: there, path: file, to }))
    await host.run(copyBetween.files({ from: there, path: directory }))
  })
  assert.match(told.join('\n'), 'node-5: changed')
  assert.is(statSync(to).uid, 0)
})

test('as somebody else, does not copy from another host what only root may read', async ({ sshds }) => {
  const { file, to } = guarded()
  chmodSync(join(file, '..'), 0o755)
  const { told } = await ran(sshds, { play: 'nobody' }, async (host) => {
    await host.run(copyBetween.file({ from: there, path: file, to }))
  })
  assert.match(told.join('\n'), /node-5: failed \(.*Permission denied/s)
  assert.not(existsSync(to))
})

test('does not say that something is missing where it may not look', async ({ sshds }) => {
  const { directory, file } = guarded()
  for (const [operation, path] of [
    [copyBetween.file({ from: there, path: file, to: '/tmp/copied' }), file],
    [copyBetween.file({ from: there, path: join(directory, 'a/b'), to: '/tmp/copied' }), join(directory, 'a/b')],
    [copyBetween.files({ from: there, path: directory }), directory],
    [copyBetween.files({ from: there, path: join(directory, 'images') }), join(directory, 'images')],
  ] as const) {
    const { told } = await ran(sshds, { settings: deploy }, async (host) => {
      await host.run(operation)
    })
    assert.match(
      told.join('\n'),
      new RegExp(`^node-5: failed .cannot look at ${path} on node-[15]: permission denied.$`, 'm'),
    )
  }
  rmSync(directory, { recursive: true })
  const { told } = await ran(sshds, { settings: deploy }, async (host) => {
    await host.run(copyBetween.file({ from: there, path: file, to: '/tmp/copied' }))
  })
  assert.match(told.join('\n'), `node-1 has no file ${file}`)
})

test.run()
