import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkExtraVars, checkGates, checkLocalFiles, checkVars } from '../../../lib/engine/preflight.ts'
import { doneIn } from '../../../lib/engine/done.ts'
import { select } from '../../../lib/engine/select.ts'
import { flag, number, oneHost, play, playbook, role, secret, text } from '../../../lib/index.ts'
import { archive, file, script, templateFile } from '../../../lib/modules/index.ts'
import { showProblems } from '../../../lib/model/problem.ts'
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
  ).map((problem) => showProblems([problem]).replace(/ \(test\/lib.*\)$/, ''))

test('names every missing and wrong variable of every host at once, and shows no secret', () => {
  assert.equal(problems(), [
    'a: password must be a secret, and is a number (hosts:1) (role nova) - correct it there',
    'a, b: source must be a host (by default the only host of the group source), and the group source has 2 hosts (role nova) - set it to one of them: s-1, s-2',
    'b: ip must be a text, and is not set (role nova) - did you mean ipp?',
    'b: port must be a number, and is "many" (hosts:1) (role nova) - correct it there',
    'a, b: store must be a text, and is not set (role glance) - set it for them or their groups, or give -e store=…',
  ])
})

test('says once what is wrong with fifty hosts alike', () => {
  const names = Array.from({ length: 50 }, (_, i) => `web-${i}`)
  const { inventory } = rigOf({ all: names })
  const hosts = new Map(
    [...inventory.hosts].map(([name, host]) => [name, { ...host, vars: { port: { value: 'many', from: '-e' } } }]),
  )
  const many = { ...inventory, hosts }
  const ports = role('ports', { port: number }, ({ task }) => void task('Say', look('x')))
  const book = playbook('book', [play('P', { hosts: 'all' }, [ports])])
  const told = checkVars(select(book, many, { tags: [], skipTags: [] }), many).map(({ message, hint }) => [
    message,
    hint,
  ])
  assert.equal(told, [
    [
      'web-0, web-1, web-2, 47 more: port must be a number, and is "many" (-e) (role ports)',
      'give -e port=… of that kind',
    ],
  ])
})

test('asks only for the variables of roles that have something to do', () => {
  assert.equal(problems(['store']), [
    'a, b: store must be a text, and is not set (role glance) - set it for them or their groups, or give -e store=…',
    'b: ip must be a text, and is not set (role glance) - did you mean ipp?',
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
  assert.equal(
    checkExtraVars(book, ['ip', 'sotre', 'zzzzzz']).map((problem) => showProblems([problem])),
    [
      'no role of this playbook has a variable «sotre» (given with -e) - did you mean store?',
      'no role of this playbook has a variable «zzzzzz» (given with -e) - there are: ip, password, port, source, store',
    ],
  )
})

test('names every local file that is missing, by the file that says it, as far as tasks declare it', () => {
  const brings = role('brings', { ip: text.or('x') }, ({ task, ensure, handler, block }) => {
    const tell = handler('Tell', script('none.sh'))
    task('Value', { notify: tell }, file.copy('none.conf', '/x'))
    task('There', file.copy('preflight.test.ts', '/y'))
    ensure('Described', ({ name }) => templateFile(`none-${name}.eta`, '/z'))
    ensure('Lacks what only its turn brings', () => {
      throw new Error('not yet')
    })
    task('Function', () => file.copy('at its turn', '/y'))
    task('Left out', { tags: ['never'] }, file.copy('left out', '/y'))
    task('Perhaps', { when: () => false }, file.copy('perhaps', '/y'))
    block('Perhaps too', { when: () => false, try: () => void task('In a block', file.copy('perhaps', '/y')) })
    block('Tried', {
      try: () => void task('First try', file.copy('none.conf', '/y')),
      rescue: () => void task('Rescue', file.copy('only to rescue', '/y')),
    })
    task('Folder', archive.extract('../engine', '/y', { source: 'controller', format: 'tar' }))
    task('Of the host', archive.extract('/none.tar', '/y'))
    task('Again', file.copy('none.conf', '/w'))
  })
  const plays = select(playbook('book', [play('P', { hosts: 'a,b' }, [brings])]), rig.inventory, {
    tags: [],
    skipTags: [],
  })
  const here = new URL('.', import.meta.url).pathname
  const problems = checkLocalFiles(plays, rig.inventory)
  assert.equal(
    problems.map(({ message }) => message),
    [
      `file.copy none.conf to /x: there is no file ${here}none.conf`,
      `templateFile none-a.eta to /z: there is no file ${here}none-a.eta`,
      `templateFile none-b.eta to /z: there is no file ${here}none-b.eta`,
      `archive.extract ../engine to /y: ${here.slice(0, -1)} is not a file`,
      `script none.sh: there is no file ${here}none.sh`,
    ],
  )
  assert.ok(
    problems.every(({ at, hint }) => at?.file === `${here}preflight.test.ts` && /^put it there/.test(hint ?? '')),
  )
})

test('names the gates that a run will come to, where nobody can answer', () => {
  const asking = role('asking', {}, ({ task, gate, block, parallel }) => {
    gate('First')
    task('Work', look('x'))
    block('Always', {
      try: () => gate('In a block'),
      rescue: () => gate('In a rescue'),
      always: () => gate('In a clean-up'),
    })
    block('Sometimes', { when: () => false, try: () => gate('In a condition') })
    parallel('Both', () => {
      gate('Side by side', { tags: ['tagged'] })
    })
  })
  const gates = (tags: readonly string[], hosts: string, passed: readonly string[] = []) => {
    const plays = select(playbook('book', [play('P', { hosts }, [asking])]), rig.inventory, { tags, skipTags: [] })
    const done = {
      ...doneIn('r', []),
      passed: (id: string) => (passed.includes(id) ? { run: 'r', met: new Map() } : undefined),
    }
    return checkGates(plays, done, rig.inventory).map(({ message }) => /«(.*)»/.exec(message)?.[1])
  }
  assert.equal(gates([], 'a'), ['First', 'In a block', 'In a clean-up', 'Side by side'])
  assert.equal(gates(['tagged'], 'a'), ['Side by side'])
  assert.equal(gates([], 'a', ['P › asking › First']), ['In a block', 'In a clean-up', 'Side by side'])
  assert.equal(gates([], 'a:&source'), [])

  const answering = role('answering', { sure: flag.or(false) }, ({ gate }) =>
    gate('Sure?', { answered: ({ sure }) => sure }),
  )
  const open = (sure: boolean) =>
    checkGates(
      select(playbook('book', [play('P', { hosts: 'a' }, [answering.with({ sure })])]), rig.inventory, {
        tags: [],
        skipTags: [],
      }),
      undefined,
      rig.inventory,
    ).length
  assert.equal([open(false), open(true)], [1, 0])
})

test.run()
