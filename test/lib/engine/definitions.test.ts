import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { selected } from '../../../lib/engine/select.ts'
import { type Play, type Playbook, play, playbook, role, type Steps } from '../../../lib/model/playbook.ts'
import { probe } from '../../../lib/modules/index.ts'
import { aHost, inventoryOf } from '../../rig/hosts.ts'

const test = suite('what authors define without types')

const inventory = { ...inventoryOf(aHost('n1')), groups: new Map() }
const motd = role('motd', {}, ({ task }) => void task('Ask', probe`true`))
type Words = Steps<Record<never, never>>

/** What is said of a playbook whose values no compiler has seen. */
function faults(...plays: readonly Play[]): readonly (readonly [string, string | undefined])[] {
  const made = playbook('Site', plays)
  return selected(made, inventory, { tags: ['other'], skipTags: [] }).faults.map(({ message, hint, at }) => {
    assert.match(at?.file ?? '', /definitions\.test\.ts$/)
    return [message, hint]
  })
}
const withPlay = (options: object) => faults(play('One', { hosts: 'n1', ...options }, [motd]))
const withTask = (options: object) =>
  faults(play('One', { hosts: 'n1' }, ({ task }) => void task('Ask', options, probe`true`)))

test('an option of a wrong type is told with what to write, whatever holds it', () => {
  assert.equal(withPlay({ tags: 'x' }), [
    ["the play «One»: tags must be a list of texts, and is 'x'", "write tags: ['x']"],
  ])
  assert.equal(withTask({ tags: 'x, y' }), [
    ["«One › Ask»: tags must be a list of texts, and is 'x, y'", "write tags: ['x', 'y']"],
  ])
  const nested = motd.tagged(['x'] as unknown as string)
  assert.equal(faults(play('One', { hosts: 'n1' }, [nested])), [
    ['the role motd: tags must be a list of texts, and is [["x"]]', "write tags: ['x']"],
  ])
  const inner = ({ block, gate, task }: Words) => {
    block('Try', { tags: 'x', when: true, try: () => void task('Ask', probe`true`) } as never)
    gate('Sure?', { tags: 'y', answered: true } as never)
  }
  assert.equal(
    faults(play('One', { hosts: 'n1' }, inner)).map(([message]) => message),
    [
      "«One › Try»: tags must be a list of texts, and is 'x'",
      '«One › Try»: when must be a function, and is true',
      "«One › Sure?»: tags must be a list of texts, and is 'y'",
      '«One › Sure?»: answered must be a function, and is true',
    ],
  )
  for (const [option, value] of [
    ['when', true],
    ['once', 'yes'],
    ['ignoreErrors', 1],
    ['ignoreUnreachable', 'no'],
    ['changedWhen', () => true],
    ['verify', 0],
    ['become', ['root']],
    ['notify', 5],
    ['retries', '3'],
    ['throttle', '1'],
    ['timeout', true],
  ] as const) {
    const [one, ...more] = withTask({ [option]: value })
    assert.equal(more, [], option)
    assert.match(one![1]!, /^(write|keep the handler, .* write) /, option)
  }
  for (const [option, value] of [
    ['strategy', 'fast'],
    ['become', 1],
    ['anyErrorsFatal', 'no'],
    ['maxFailPercentage', '20'],
    ['serial', [{}]],
  ] as const)
    assert.is(withPlay({ [option]: value }).length, 1, option)
  // As they are meant.
  const right = { tags: ['x'], when: () => true, become: 'root', once: true, retries: 3, changedWhen: false }
  assert.equal(withTask(right), [])
})

test('what is no list of roles or plays, or makes no steps, is refused at its place', () => {
  const wrong: readonly (readonly [() => Playbook | Play, RegExp])[] = [
    [() => play('One', { hosts: 'n1' }, motd as never), /the play «One» takes a list of roles .*definitions\.test/],
    [() => play('One', { hosts: 'n1' }, [undefined] as never), /number 1 of it is undefined/],
    [() => playbook('Site', play('One', { hosts: 'n1' }, [motd]) as never), /«Site» takes a list of plays/],
    [() => playbook('Site', [motd] as never), /number 1 of it is a role/],
    [() => play(undefined as never, { hosts: 'n1' }, [motd]), /a play has no name/],
    [
      () => play('One', { hosts: 'n1' }, ({ block }) => block('Try', { try: [] } as never)),
      /try: what «Try» holds is no function/,
    ],
    [
      () => play('One', { hosts: 'n1' }, ({ parallel }) => parallel('Both', [] as never)),
      /what «Both» holds is no function/,
    ],
  ]
  for (const [make, said] of wrong) {
    try {
      make()
    } catch (error) {
      assert.match((error as Error).message, said)
      assert.type((error as { hint?: unknown }).hint, 'string')
      continue
    }
    assert.unreachable(String(said))
  }
})

test.run()
