import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inventory } from '../../../lib/inventory/define.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { Folder, values } from './folder.ts'

const words = path.resolve(fileURLToPath(import.meta.url), '../../../../lib/index.ts')
const typed = (definition: string) =>
  `import { inventory, fromCommand, fromEnvironment, fromFile, Secret } from '${words}'\n${definition}\n`

const test = suite('typed inventory')

test('settings and variables: inventory, then groups from parent to child, then host', async () => {
  using folder = new Folder({
    'lab/index.ts': typed(`export default inventory({
  settings: { user: 'root', timeout: 10 },
  vars: { a: 'all', b: 'all', c: 'all', d: 'all' },
  groups: {
    compute: {
      settings: { port: 22, user: 'nova' },
      vars: { c: 'compute', d: 'compute' },
      hosts: { 'node-[01:02]': {}, 'node-01': { settings: { port: 2222 }, vars: { d: 'host' } } },
    },
    cloud: {
      settings: { port: 1022, legacy: true },
      vars: { b: 'cloud', c: 'cloud', d: 'cloud' },
      children: ['compute'],
    },
  },
  hosts: ['lone'],
})`),
  })
  const loaded = await folder.load(['lab'])
  assert.equal([...loaded.hosts.keys()], ['lone', 'node-01', 'node-02'])
  assert.equal(loaded.hosts.get('node-01')!.settings, { user: 'nova', timeout: 10, port: 2222, legacy: true })
  assert.equal(loaded.hosts.get('node-02')!.settings, { user: 'nova', timeout: 10, port: 22, legacy: true })
  assert.equal(values(loaded, 'node-01'), { a: 'all', b: 'cloud', c: 'compute', d: 'host' })
  assert.equal(loaded.hosts.get('node-01')!.groups, ['compute', 'cloud'])
  assert.is(loaded.hosts.get('node-01')!.vars['d']!.from, `lab/index.ts:9 groups.compute.hosts['node-01'].vars.d`)
  assert.is(loaded.hosts.get('node-01')!.vars['d']!.overrode![0]!.from, 'lab/index.ts:8 groups.compute.vars.d')
  assert.is(loaded.hosts.get('lone')!.vars['a']!.from, 'lab/index.ts:4 vars.a')
  assert.equal(loaded.groups.get('cloud')!.hosts, ['node-01', 'node-02'])
})

test('a promise, a function, and values that are still on their way', async () => {
  using folder = new Folder({
    'promise.ts': typed(`export default Promise.resolve(inventory({ hosts: ['a'] }))`),
    'function.ts': typed(
      `export default async () => inventory({
        hosts: ['b'],
        vars: { word: fromCommand('echo opensesame'), deep: { list: [fromCommand('echo tief')] } },
        settings: { password: fromCommand('echo opensesame') },
      })`,
    ),
  })
  assert.equal([...(await folder.load(['promise.ts'])).hosts.keys()], ['a'])
  const host = (await folder.load(['function.ts'])).hosts.get('b')!
  assert.instance(host.vars['word']!.value, Secret)
  assert.is((host.vars['deep']!.value as { list: Secret[] }).list[0]!.reveal(), 'tief')
  assert.is(host.settings.password!.reveal(), 'opensesame')
})

test('secrets that cannot be had are told together, with their lines', async () => {
  using folder = new Folder({
    'lab.ts': typed(`export default async () => inventory({
  hosts: ['a'],
  vars: {
    one: fromCommand('echo locked >&2; exit 2'),
    two: fromCommand('true'),
  },
})`),
  })
  assert.equal(await folder.problems(['lab.ts']), [
    'the command echo locked >&2; exit 2 ended with exit code 2: locked - type it yourself and see what it wants (lab.ts:5)',
    'the command true printed nothing, and should print a secret - type it yourself and see what it wants (lab.ts:6)',
  ])
})

test('everything wrong with a definition at once, with lines', async () => {
  using folder = new Folder({
    'lab.js': `export default {
  varz: {},
  settings: { prot: 22, port: 99999,
    password: 'plain', become: 3 },
  groups: {
    compute: { hosts: ['n[1:]'], child: [] },
    cloud: {
      // a comment with a brace }
      children: ['compte'] },
    'a-b': { hosts: { x: 1 } },
  },
}`,
  })
  assert.equal(await folder.problems(['lab.js']), [
    'varz is not known there - did you mean vars? (lab.js:2)',
    'settings.prot is not a connection setting - did you mean port? (lab.js:3)',
    'settings.port must be a port from 1 to 65535, and is 99999 - write port: 22 (lab.js:3)',
    'settings.password must be a secret: fromEnvironment, fromFile, fromCommand or !vault, ' +
      "and is a plain text - write password: fromFile('~/.password') (lab.js:4)",
    'settings.become must be true, false or the name of a user, and is 3 ' +
      "- write become: true, or become: 'NAME' (lab.js:4)",
    'groups.compute.child is not known there - did you mean children? (lab.js:6)',
    'groups.compute.hosts has n[1:]: the range [1:] has no end - write [1:LAST] (lab.js:6)',
    'groups.cloud.children names compte, which is no group - did you mean compute? (lab.js:9)',
    `groups['a-b'].hosts.x must be an object with vars or settings - write { settings: { address: '192.0.2.11' } }, or {} (lab.js:10)`,
  ])
})

test('what stands in the wrong place is told with the right one', async () => {
  using folder = new Folder({
    'lab.js': `export default {
  settings: { connetion: 'local' },
  groups: { web: { settings: { ansible_user: 'ops' }, hosts: { 'web-1': { workers: 3 }, 'web-2': { ip: '192.0.2.1' } } } },
}`,
    'site.ts': typed(`export { playbook } from '${words}'\nexport default { kind: 'playbook', plays: [] }`),
  })
  assert.equal(await folder.problems(['lab.js']), [
    'settings.connetion is not a connection setting - did you mean connection? (lab.js:2)',
    'groups.web.settings.ansible_user is not a connection setting - write user (lab.js:3)',
    "groups.web.hosts['web-1'].workers is not known there - write vars: { workers: 3 } (lab.js:3)",
    "groups.web.hosts['web-2'].ip is not known there - write settings: { address: '192.0.2.1' } (lab.js:3)",
  ])
  assert.equal(await folder.problems(['site.ts']), [
    'site.ts exports a playbook, and no inventory - run it on one: run site.ts -i INVENTORY',
  ])
})

test('variables know their lines where they are written out, and their path always', async () => {
  using folder = new Folder({
    'lab.ts': typed(`const shared = { motd: 'hello' }
const text = (word: string) => word
export default async () => inventory({
  vars: {
    ...shared,
    plain: 'a } brace', // and another }
    template: \`\${1 + 1} }\`,
    called: text("x",), /* { */ after: 1,
    'quoted': { deep: 1 },
    shared,
  },
  groups: { compute: { hosts: Object.fromEntries([['made', { vars: { x: 1 } }]]) } },
})`),
  })
  const { vars, at } = (await folder.load(['lab.ts'])).hosts.get('made')!
  assert.equal(Object.fromEntries(Object.entries(vars).map(([name, { from }]) => [name, from])), {
    motd: 'lab.ts vars.motd',
    plain: 'lab.ts:7 vars.plain',
    template: 'lab.ts:8 vars.template',
    called: 'lab.ts:9 vars.called',
    after: 'lab.ts:9 vars.after',
    quoted: 'lab.ts:10 vars.quoted',
    shared: 'lab.ts:11 vars.shared',
    x: 'lab.ts groups.compute.hosts.made.vars.x',
  })
  assert.is(at!.line, 13)
})

test('a file that throws, does not parse, or exports nothing', async () => {
  using folder = new Folder({
    'throws.ts': `const wanted = undefined as unknown as { x: number }\nexport default { vars: { x: wanted.x } }\n`,
    'empty.ts': `export const inventory = 1\n`,
    'broken.ts': `export default {\n  hosts: [\n  vars: }\n`,
  })
  const problems = await folder.problems(['throws.ts', 'empty.ts', 'broken.ts'])
  assert.is(
    problems[2],
    'Expected "]" but found ":" - a bracket, comma or quote is missing there, or before it (broken.ts:3)',
  )
  assert.match(
    problems[0]!,
    /^Cannot read properties of undefined \(reading 'x'\) - it comes up while the inventory is loaded: mend it there \(throws\.ts:2\)$/,
  )
  assert.is(problems[1], 'empty.ts exports no inventory - write export default inventory({ groups: { ... } })')
})

test('the place of a definition is where it was written', () => {
  const definition = inventory({ hosts: ['a'] })
  assert.is(definition.at?.file, fileURLToPath(import.meta.url))
})

test('a child group that is not defined does not compile', () => {
  inventory({ groups: { compute: { hosts: ['a'] }, cloud: { children: ['compute'] } } })
  // @ts-expect-error compte is not a group
  inventory({ groups: { compute: { hosts: ['a'] }, cloud: { children: ['compte'] } } })
  // @ts-expect-error prot is not a setting
  inventory({ settings: { prot: 22 } })
})

test.run()
