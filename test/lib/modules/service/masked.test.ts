import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { service } from '../../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../../rig/here.ts'
import { needs } from '../../../rig/needs.ts'
import { inPrivateNamespaces } from '../../../rig/private.ts'
import { applied, failure, foretold } from '../applied.ts'
import { typed } from '../typed.ts'

needs('root', 'systemctl')
inPrivateNamespaces(import.meta.url)

// The units of nobody; systemctl works on the files itself where systemd does not run.
const units = emptyDirectory()
const bind = (from: string, at: string) => assert.is(spawnSync('mount', ['--bind', from, at]).status, 0)
bind(units, '/etc/systemd/system')
if (existsSync('/run/systemd/system')) bind(emptyDirectory(), '/run/systemd')
const unit = '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n'

const test = suite('service.masked')
const connection = here()

test('a real systemctl takes the mask, and takes it away', async () => {
  const run = await applied(connection, () => service.masked('nobody-knows', 'cron', 'ctrl-alt-del.target'))
  assert.is(readlinkSync(join(units, 'nobody-knows.service')), '/dev/null')
  assert.is(readlinkSync(join(units, 'ctrl-alt-del.target')), '/dev/null')
  assert.equal(run.result.services, ['nobody-knows', 'cron', 'ctrl-alt-del.target'])
  assert.is(run.diff[0]!.before, 'not installed\n')
  const back = await applied(connection, () => service.unmasked('nobody-knows', 'ctrl-alt-del.target'))
  assert.equal(back.result.services, ['nobody-knows', 'ctrl-alt-del.target'])
  assert.not.ok(existsSync(join(units, 'nobody-knows.service')))
})

test('check mode knows what the tasks before it would have masked', async () => {
  const masked = () => service.masked('never')
  await foretold(connection, masked, () => service.unmasked('never.service'))
  await foretold(connection, () => service.unmasked('never'), masked)
  await foretold(connection, masked, masked)
})

test('a unit whose own file is where the mask would be', async () => {
  writeFileSync(join(units, 'ours.service'), unit)
  const said = await failure(connection, service.masked('ours'))
  assert.match(said, "ours cannot be masked: the unit's own file is /etc/systemd/system/ours.service")
})

test('where there is no systemd', async () => {
  const bin = emptyDirectory()
  assert.match(await failure(here({ env: { PATH: bin } }), service.masked('cron')), 'the host has no systemd')
  mkdirSync(join(bin, 'x'))
  assert.throws(() => service.masked('-x'), 'cannot be the name of a unit')
})

for (const [what, operation, state, commands] of [
  ['what is not masked yet', service.masked('a', 'b'), { a: 'masked', b: 'enabled' }, ['systemctl mask b']],
  ['what is masked', service.masked('a'), { a: 'masked-runtime' }, []],
  ['what is to be unmasked', service.unmasked('a', 'b'), { a: 'masked', b: '' }, ['systemctl unmask a']],
  ['the reload', service.daemonReload(), true, ['systemctl daemon-reload']],
  ['no reload without systemd', service.daemonReload(), false, []],
] as const) {
  test(`what is typed: ${what}`, () => assert.equal(typed(operation, state), commands))
}

test.run()
