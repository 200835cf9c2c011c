import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { sysctl } from '../../../lib/modules/index.ts'
import { Settled } from '../../../lib/model/operation.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { inPrivateNamespaces } from '../../rig/private.ts'
import { applied, failure, foretold, planOf } from './applied.ts'
import { typed } from './typed.ts'

inPrivateNamespaces(import.meta.url)

const forward = '/proc/sys/net/ipv4/ip_forward'
const live = (path = forward) => readFileSync(path, 'utf8').trim()

function fresh(text: string) {
  const file = join(emptyDirectory(), 'sysctl.conf')
  writeFileSync(file, text)
  return { file, text: () => readFileSync(file, 'utf8') }
}

for (const shell of shells) {
  const test = suite(`sysctl under ${shell.name}`)
  const connection = here({ shell })
  test.before.each(() => writeFileSync(forward, '0\n'))

  test('now and at boot, in one request', async () => {
    const { file, text } = fresh('# routing\nnet.ipv4.ip_forward=0   \n; end\n')
    const run = await applied(connection, () => sysctl.set({ 'net.ipv4.ip_forward': 1 }, { file }))
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.is(text(), '# routing\nnet.ipv4.ip_forward=1   \n; end\n')
    assert.is(live(), '1')
    assert.equal(
      run.diff.map(({ path }) => path),
      [file, 'the running kernel'],
    )
    assert.is(run.diff[1]!.before, 'net.ipv4.ip_forward = 0\n')
    assert.is(run.diff[1]!.after, 'net.ipv4.ip_forward = 1\n')
  })

  test('check mode knows what the tasks before it would have set, and which folder nobody makes', async () => {
    const key = 'net.ipv4.ip_forward'
    for (const [first, second] of [
      [sysctl.set, (at: object) => sysctl.absent(key, at)],
      [sysctl.set, (at: object) => sysctl.set({ [key]: 0 }, at)],
      [sysctl.set, (at: object) => sysctl.set({ 'net/ipv4/ip_forward': 1 }, at)],
    ] as const) {
      writeFileSync(forward, '0\n')
      const { file } = fresh('net.ipv4.ip_forward = 0\n')
      await foretold(
        connection,
        () => first({ [key]: 1 }, { file }),
        () => second({ file }),
      )
    }
    const file = join(emptyDirectory(), 'none/50.conf')
    const error = await planOf(connection, sysctl.set({ [key]: 1 }, { file })).catch((thrown: unknown) => thrown)
    assert.instance(error, Settled)
  })

  test('a plan changes nothing; only what differs is changed', async () => {
    const { file, text } = fresh('')
    await planOf(connection, sysctl.set({ 'net.ipv4.ip_forward': true }, { file }))
    assert.is(live(), '0')
    assert.is(text(), '')
    await applied(connection, () => sysctl.set({ 'net.ipv4.ip_forward': true }, { file, now: false }))
    assert.is(live(), '0')
    assert.is(text(), 'net.ipv4.ip_forward = 1\n')
    const run = await applied(connection, () => sysctl.set({ 'net.ipv4.ip_forward': 1 }, { file }))
    assert.is(live(), '1')
    assert.equal(
      run.diff.map(({ path }) => path),
      ['the running kernel'],
    )
  })

  test('values of several words, names with a dot in them, the line that counts', async () => {
    const range = '/proc/sys/net/ipv4/ip_local_port_range'
    const { file, text } = fresh('net/ipv4/ip_local_port_range = 1 2\n-net.ipv4.ip_local_port_range = 1024\t2048')
    await applied(connection, () =>
      sysctl.set({ 'net.ipv4.ip_local_port_range': '20000 30000', 'net/ipv4/conf/lo/forwarding': 1 }, { file }),
    )
    assert.is(live(range), '20000\t30000')
    assert.is(
      text(),
      'net/ipv4/ip_local_port_range = 1 2\n-net.ipv4.ip_local_port_range = 20000 30000\nnet/ipv4/conf/lo/forwarding = 1\n',
    )
  })

  test('what the kernel refuses does not get into the file', async () => {
    const { file, text } = fresh('a.b = 1\n')
    await failure(connection, sysctl.set({ 'net.ipv4.ip_forward': 'yes please' }, { file }))
    assert.is(text(), 'a.b = 1\n')
    await failure(connection, sysctl.set({ 'net.ipv4.no_such': 1 }, { file }))
    assert.is(text(), 'a.b = 1\n')
    const present = fresh('net.ipv4.no_such = 1\n')
    assert.match(
      await failure(connection, sysctl.set({ 'net.ipv4.no_such': 1 }, { file: present.file })),
      'the kernel knows no setting net.ipv4.no_such: load the module that has it first',
    )
  })

  test('absent removes every line of the name', async () => {
    const { file, text } = fresh('net.ipv4.ip_forward = 1\nx.y = 2\nnet/ipv4/ip_forward=0\n')
    const run = await applied(connection, () => sysctl.absent('net.ipv4.ip_forward', { file }))
    assert.equal(run.requests, { read: 1, apply: 1 })
    assert.is(text(), 'x.y = 2\n')
    assert.is((await planOf(connection, sysctl.absent('x.z', { file: `${file}.none` }))).changed, false)
  })

  test.run()
}

const test = suite('sysctl: names and values')

test('are checked before anything runs', () => {
  assert.throws(() => sysctl.set({ 'net..x': 1 }), /"net..x" cannot be the name of a kernel setting/)
  assert.throws(() => sysctl.set({ '../etc/passwd': 1 }), /cannot be the name/)
  assert.throws(() => sysctl.set({ 'net.x': '' }), 'the kernel setting net.x has no value')
  assert.throws(() => sysctl.set({}), 'say which settings')
})

const told = (key: string, value: string, path: string) =>
  [
    `p=${path} k=${key} v=${value}`,
    `[ -e "$p" ] || no "the kernel knows no setting $k: load the module that has it first, or check the name"`,
    `[ -w "$p" ] || no "$k is closed to this login, or cannot be changed: run the task with become"`,
    `{ printf '%s\\n' "$v" > "$p"; } 2>/dev/null || no "the kernel refuses $k = $v"`,
  ].join('\n')
const ip = told('net.ipv4.ip_forward', '1', '/proc/sys/net/ipv4/ip_forward')
const kept = (text: string | undefined) => ({
  path: '/etc/sysctl.conf',
  exists: text !== undefined,
  link: undefined,
  lacks: undefined,
  content: text === undefined ? undefined : Buffer.from(text),
})
const state = (text: string | undefined, current: string | undefined) => ({
  kept: kept(text),
  current: { 'net.ipv4.ip_forward': current },
})
const forwarding = (options = {}) => sysctl.set({ 'net.ipv4.ip_forward': 1 }, options)

for (const [what, operation, found, commands] of [
  [
    'the line and the kernel, in one go',
    forwarding(),
    state('# a\n', '0'),
    [
      '> /etc/sysctl.conf\n# a\nnet.ipv4.ip_forward = 1\n',
      `checked by: # the running kernel\n: %s\nno() { echo "$1" >&2; exit 1; }\n${ip.replace("'%s", "'%''s")}`,
    ],
  ],
  ['the kernel alone', forwarding(), state('net.ipv4.ip_forward=1\n', '0'), [`no() { echo "$1" >&2; exit 1; }\n${ip}`]],
  [
    'the line alone, with a copy of what was',
    forwarding({ now: false, file: '/etc/sysctl.d/50.conf', backup: true }),
    state(undefined, undefined),
    ['> /etc/sysctl.d/50.conf backup=true\nnet.ipv4.ip_forward = 1\n'],
  ],
  ['what is so', forwarding(), state('net/ipv4/ip_forward = 1\n', '1'), []],
  [
    'every line of a name goes',
    sysctl.absent('net.ipv4.ip_forward'),
    kept('net.ipv4.ip_forward=1\na.b = 1\nnet/ipv4/ip_forward = 0\n'),
    ['> /etc/sysctl.conf\na.b = 1\n'],
  ],
  ['no line of it', sysctl.absent('net.ipv4.ip_forward'), kept('a.b = 1\n'), []],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(operation, found), commands))
}

test.run()
