// Whom a task acts as. Where Ansible can say the same, it was asked: `raw: id -un` by ansible-playbook 2.14 with the same
// variables, keywords and options. The settings of a host are ours alone.
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { actsAs, type Become, type Line, saidBy } from '../../../lib/engine/become.ts'
import type { ConnectionSettings, Host } from '../../../lib/model/inventory.ts'

const test = suite('acts as')

interface Said {
  readonly vars?: Host['become']
  readonly task?: Become
  readonly play?: Become
  readonly settings?: ConnectionSettings['become']
  readonly line?: Line
}
const b: Line = { become: true }
const cases: readonly (readonly [what: string, said: Said, user: string | undefined])[] = [
  ['nothing is said', {}, undefined],
  ['-b', { line: b }, 'root'],
  ['-b --become-user nova', { line: { become: true, becomeUser: 'nova' } }, 'nova'],
  ['--become-user alone becomes nobody', { line: { becomeUser: 'nova' } }, undefined],
  ['--become-user names whom a play becomes', { play: true, line: { becomeUser: 'nova' } }, 'nova'],
  ['a play that does not become is above -b', { play: false, line: b }, undefined],
  [
    'the user of a play is above --become-user',
    { play: 'glance', line: { become: true, becomeUser: 'nova' } },
    'glance',
  ],
  ['ansible_become_user has effect with -b', { vars: { user: 'nova' }, line: b }, 'nova'],
  ['ansible_become_user alone becomes nobody', { vars: { user: 'nova' } }, undefined],
  ['ansible_become_user is above a play', { vars: { user: 'nova' }, play: 'glance' }, 'nova'],
  ['ansible_become_user is above a task', { vars: { user: 'nova' }, task: 'glance' }, 'nova'],
  ['ansible_become is above a task', { vars: { wanted: false }, task: 'glance' }, undefined],
  ['ansible_become and a user of the play', { vars: { wanted: true }, play: 'glance' }, 'glance'],
  ['a task becomes whom its play names', { task: true, play: 'glance' }, 'glance'],
  ['a task that does not become', { task: false, play: 'glance', line: b }, undefined],
  ['the settings of a host are below its plays', { settings: true, play: false }, undefined],
  ['the settings of a host are above -b', { settings: 'deploy', line: b }, 'deploy'],
]
for (const [what, { vars, task, play, settings, line }, user] of cases) {
  test(what, () => {
    const host: Host = {
      name: 'a',
      groups: [],
      vars: {},
      settings: settings === undefined ? {} : { become: settings },
      ...(vars ? { become: vars } : {}),
    }
    assert.is(actsAs(saidBy(task, play), host, line), user)
  })
}

test.run()
