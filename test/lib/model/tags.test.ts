import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { selects, splitTags } from '../../../lib/model/tags.ts'

interface Cases {
  readonly tasks: readonly { readonly name: string; readonly tags: readonly string[] }[]
  readonly cases: readonly { readonly args: readonly string[]; readonly run: readonly string[] }[]
}
const { tasks, cases } = (
  JSON.parse(readFileSync(new URL('../../cases/selection.json', import.meta.url), 'utf8')) as { tags: Cases }
).tags

const test = suite('tags')

for (const { args, run } of cases) {
  test(`as Ansible: ${args.length === 0 ? 'no flags' : args.map((arg) => JSON.stringify(arg)).join(' ')}`, () => {
    const given = (flag: string) => splitTags(args.filter((_, i) => args[i - 1] === flag))
    const selected = tasks
      .filter((task) => selects(task.tags, given('-t'), given('--skip-tags')))
      .map(({ name }) => name)
    assert.equal(selected, run)
  })
}

test('the table is whole', () => {
  assert.is(tasks.length, 12)
  assert.ok(cases.length >= 18)
})

// The rule of Ansible's `evaluate_tags` where the table is silent.
test('a skipped `all` spares `always`, whatever else is skipped', () => {
  assert.is(selects(['always', 'a'], [], ['all', 'a']), true)
  assert.is(selects(['always', 'a'], [], ['all', 'always']), false)
})
test('`tagged` wants every tag but never', () => {
  assert.is(selects(['a'], ['tagged'], []), true)
  assert.is(selects([], ['tagged'], []), false)
  assert.is(selects(['a', 'never'], ['tagged'], []), false)
})
test('`untagged` wants what has no tag', () => {
  assert.is(selects([], ['untagged'], []), true)
  assert.is(selects([], [], ['untagged']), false)
  assert.is(selects(['a'], ['untagged'], []), false)
})
test('`tagged` skipped drops always too', () => {
  assert.is(selects(['always'], [], ['tagged']), false)
})

test.run()
