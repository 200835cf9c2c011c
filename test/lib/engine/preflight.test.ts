import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkExtraVars, checkVars } from '../../../lib/engine/preflight.ts'
import { select } from '../../../lib/engine/select.ts'
import { number, oneHost, play, playbook, role, secret, text } from '../../../lib/index.ts'
import { showProblem } from '../../../lib/model/problem.ts'
import { look, rigOf } from '../../rig/hosts.ts'

const test = suite('preflight')
const cloud = { ip: text, port: number.or(80), password: secret, source: oneHost('source') }
const nova = role('nova', cloud, ({ task }) => {
  task('Work', { tags: ['work'] }, look('x'))
})
const glance = role(
  'glance',
  { ip: text, store: text },
  ({ task }) => void task('Store', { tags: ['store'] }, look('x')),
)
const rig = rigOf(
  { all: ['a', 'b'], source: ['s-1', 's-2'] },
  {
    a: { ip: '10.0.0.1', password: 1234567, prot: 81 },
    b: { ipp: '10.0.0.2', port: 'many', password: 'of b' },
  },
)
const problems = (tags: readonly string[] = []) =>
  checkVars(
    select(playbook('book', [play('P', { hosts: 'a,b' }, [nova, glance])]), rig.inventory, { tags, skipTags: [] }),
    rig.inventory,
  ).map((problem) => showProblem(problem).replace(/ \(test\/lib.*\)$/, ''))

test('names every missing and wrong variable of every host at once, and shows no secret', () => {
  assert.equal(problems(), [
    'a: password must be a secret, and is a number (hosts:1) (role nova)',
    'a: source must be a host (by default the only host of the group source), and is not set (role nova)',
    'b: ip must be a text, and is not set (role nova) - did you mean ipp?',
    'b: port must be a number, and is "many" (hosts:1) (role nova)',
    'b: source must be a host (by default the only host of the group source), and is not set (role nova)',
    'a: store must be a text, and is not set (role glance)',
    'b: store must be a text, and is not set (role glance)',
  ])
})

test('asks only for the variables of roles that have something to do', () => {
  assert.equal(problems(['store']), [
    'a: store must be a text, and is not set (role glance)',
    'b: ip must be a text, and is not set (role glance) - did you mean ipp?',
    'b: store must be a text, and is not set (role glance)',
  ])
})

test('names the place of the role', () => {
  const [first] = checkVars(
    select(playbook('book', [play('P', { hosts: 'a' }, [nova])]), rig.inventory, { tags: [], skipTags: [] }),
    rig.inventory,
  )
  assert.match(first?.at?.file ?? '', /preflight\.test\.ts$/)
})

test('refuses extra variables that no role has', () => {
  const book = playbook('book', [play('P', { hosts: 'a,b' }, [nova, glance])])
  assert.equal(checkExtraVars(book, ['ip', 'sotre', 'zzzzzz']).map(showProblem), [
    'no role of this playbook has a variable «sotre» (given with -e) - did you mean store?',
    'no role of this playbook has a variable «zzzzzz» (given with -e) - there are: ip, password, port, source, store',
  ])
})

test.run()
