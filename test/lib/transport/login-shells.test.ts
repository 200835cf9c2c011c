import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { forAnyShell } from '../../../lib/kit/shell.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { leftOut, type Need, needing } from '../../rig/needs.ts'
import { startSshd } from '../../rig/sshd.ts'

const test = suite('login shells')

// sshd, sudo and su give the command to the login shell of the user as it gives this one.
const loginShells: readonly (readonly [name: string, ...words: readonly string[]])[] = [
  ['sh', '/bin/sh'],
  ['bash', '/bin/bash'],
  ['csh', '/bin/csh'],
  ['fish', '/usr/bin/fish'],
  ['ksh', '/bin/ksh'],
  ['mksh', '/bin/mksh'],
  ['zsh', '/bin/zsh'],
  ['busybox', '/bin/busybox', 'sh'],
]
const found = loginShells.filter(([name]) => name === 'sh' || !leftOut(`what ${name} reads`, name as Need))

for (const [name, shell, ...words] of found) {
  test(`${name} hands any script on as it is`, () => {
    const script = (text: string) => `printf %s '${text.replaceAll("'", `'\\''`)}'; echo " $# $1" # it's!\n`
    const said = (text: string) => {
      const command = `exec ${forAnyShell(script(text))} "$HOME"`
      const { stdout, stderr } = spawnSync(shell!, [...words, '-c', command], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: '/tmp' },
      })
      return stderr + stdout
    }
    for (const text of [
      '!!\n!x\\!',
      "it's \\' \\\\ \\n",
      '`id` $HOME "$*" ~ * {a,b} ^a^b %s @0101',
      'zürich ☃ \u{1F600}',
      '\ta\n\nb',
    ])
      assert.is(said(text), `${text} 1 /tmp\n`)
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'!\\\'"`$@^%#~*?{}()<>|&; \n\t\u0001ü[]-='), maxLength: 30 }),
        (text) => assert.is(said(text), `${text} 1 /tmp\n`),
      ),
      { numRuns: 10 },
    )
  })
}

needing(
  test,
  'root',
  'namespaces',
  'sshd',
  'sudo',
)('a user with any of them can be worked with', async () => {
  const shells = found.filter(([name]) => ['csh', 'fish', 'zsh'].includes(name))
  const sshd = await startSshd({
    accounts: {
      ...Object.fromEntries(shells.map(([name, shell]) => [`zz-${name}`, { shell: shell! }])),
      'zz-target': { password: 'sesame-open', shell: '/bin/csh' },
    },
    sudoers: shells.map(([name]) => `zz-${name} ALL=(ALL) NOPASSWD: ALL`),
    config: ['MaxSessions 20'],
  })
  const hosts = shells.map(([name]) => aHost(name, { ...reach(sshd), user: `zz-${name}` }))
  const never = assert.unreachable
  const claim = {
    run: 'r',
    holder: "run r of «it's!»",
    unlock: () => '',
    own: () => true,
    followed() {},
    refused: never,
    warn: never,
  }
  const password = Secret.of('sesame-open', 'become password')
  const transport = createTransport({ inventory: inventoryOf(...hosts), claim })
  try {
    await Promise.all(
      hosts.map(async (host) => {
        const script = "echo \"$(id -un) it's!\" '\\n'; cat"
        for (const become of [undefined, 'root', 'zz-target']) {
          const connection = transport.connection(host, { become: () => become })
          const want = `${become ?? `zz-${host.name}`} it's! \\n\nin!\n`
          // Dash's echo makes a line of it.
          const plain = (text: string) => text.replaceAll('\\n', '').replaceAll('\n', '')
          for (const long of [false, true])
            assert.is(plain((await connection.exec(script, { stdin: 'in!\n', long })).stdout), plain(want), host.name)
        }
        const settings = { ...host.settings, becomeMethod: 'su' as const, becomePassword: password }
        const bySu = { ...host, settings }
        const su = createTransport({ inventory: inventoryOf(bySu) })
        try {
          const { stdout } = await su
            .connection(bySu, { become: () => 'zz-target' })
            .exec("id -un; echo 'a!'\necho \\\\")
          assert.is(stdout.split('\n')[0], 'zz-target', host.name)
        } finally {
          await su.close()
        }
      }),
    )
  } finally {
    await transport.close()
    await sshd.stop()
  }
})

test.run()
