import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  allHosts,
  flag,
  list,
  mapping,
  number,
  oneHost,
  oneOf,
  Secret,
  secret,
  secrets,
  text,
} from '../../../lib/index.ts'
import { resolveVars, type Var } from '../../../lib/model/vars.ts'
import { rigOf } from '../../rig/hosts.ts'

const test = suite('vars')
const { inventory } = rigOf({ all: ['a', 'b', 's'], source: ['s'], both: ['a', 'b'] })
const parse = (kind: Var<unknown>, raw: unknown) => kind.parse(raw, 'x', inventory)

for (const [name, kind, good, bad] of [
  [
    'text',
    text,
    [
      ['', ''],
      ['0123', '0123'],
    ],
    [123, true, null, ['a'], undefined],
  ],
  [
    'number',
    number,
    [
      [5, 5],
      [-1.5, -1.5],
      ['42', 42],
      ['-3.5', -3.5],
      ['08', 8],
    ],
    ['', '1e3', 'five', '0x10', ' 1', true, null, undefined],
  ],
  [
    'flag',
    flag,
    [
      [true, true],
      [false, false],
      ['yes', true],
      ['No', false],
      ['TRUE', true],
      ['off', false],
    ],
    ['y', '1', '', 0, 1, null, undefined],
  ],
  [
    'list',
    list,
    [
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
      ['a, b,,', ['a', 'b']],
      ['', []],
      [[], []],
    ],
    [[1], 5, null, { a: 'b' }, undefined],
  ],
  [
    'mapping',
    mapping,
    [
      [{ a: 'b' }, { a: 'b' }],
      [{}, {}],
    ],
    [['a'], 'a=b', null, { a: 1 }, undefined],
  ],
  ['oneOf', oneOf('sudo', 'su'), [['su', 'su']], ['Su', '', 5, undefined]],
  [
    'oneHost',
    oneHost('source'),
    [
      [undefined, { name: 's' }],
      ['a', { name: 'a' }],
    ],
    ['nobody', 5, ['a']],
  ],
  ['allHosts', allHosts('both'), [[undefined, [{ name: 'a' }, { name: 'b' }]]], ['a', ['a']]],
] as const) {
  test(`takes what is ${kind.expected} and nothing else: ${name}`, () => {
    for (const [raw, want] of good) assert.equal(parse(kind, raw), want, JSON.stringify(raw))
    for (const raw of bad) assert.is(parse(kind, raw), undefined, JSON.stringify(raw))
  })
}

test('does not choose among the hosts of a group, nor of a group that is not there', () => {
  assert.is(parse(oneHost('both'), undefined), undefined)
  assert.is(parse(oneHost('nowhere'), undefined), undefined)
  assert.is(parse(allHosts('nowhere'), undefined), undefined)
})

test('says why a group gives no host', () => {
  const { inventory } = rigOf({ all: ['h', 'i'], both: ['h', 'i'] })
  const empty = { ...inventory, groups: new Map([...inventory.groups, ['empty', inventory.groups.get('both')!]]) }
  const why = (kind: Var<unknown>) => {
    const { vars, problems } = resolveVars({ x: kind }, empty.hosts.get('h')!, empty)
    assert.equal(vars, {})
    return problems.map(({ message, hint }) => `${message.replace(/^.*, and /, '')} - ${hint}`)
  }
  assert.equal(why(oneHost('bothe')), ['there is no group bothe - did you mean both?'])
  assert.equal(why(allHosts('bothe')), ['there is no group bothe - did you mean both?'])
  assert.equal(why(oneHost('both')), ['the group both has 2 hosts - set it to one of them: h, i'])
  assert.equal(why(oneHost('empty')), ['the group empty has no hosts - put one into it, or set the variable'])
})

test('makes a secret of a plain text, and of each text of several', () => {
  const made = parse(secret, 'hunter2!')
  assert.instance(made, Secret)
  assert.is(String(made), '‹x›')
  assert.is((made as Secret).reveal(), 'hunter2!')
  assert.is(parse(secret, made), made)
  assert.is(parse(secret, 5), undefined)
  const several = parse(secrets, { nova: 'nova-password', glance: Secret.of('glance-password', 'g') }) as Record<
    string,
    Secret
  >
  assert.is(JSON.stringify(several), '{"nova":"‹x.nova›","glance":"‹g›"}')
  assert.is(several['nova']?.reveal(), 'nova-password')
  assert.is(parse(secrets, { nova: 5 }), undefined)
  assert.is(parse(secrets, Secret.of('whole', 'w')), undefined)
})

const host = (vars: Readonly<Record<string, unknown>>) => rigOf({ all: ['h'] }, { h: vars }).inventory.hosts.get('h')!
const resolve = (
  schema: Parameters<typeof resolveVars>[0],
  vars: Readonly<Record<string, unknown>>,
  bound: Readonly<Record<string, unknown>> = {},
) => {
  const { vars: made, problems } = resolveVars(schema, host(vars), inventory, bound)
  return { vars: made, problems: problems.map(({ message, hint }) => (hint ? `${message} - ${hint}` : message)) }
}

test('takes a default where nothing is set, and not where something wrong is', () => {
  assert.equal(resolve({ port: number.or(80), note: text.or(undefined) }, {}), {
    vars: { port: 80, note: undefined },
    problems: [],
  })
  assert.equal(resolve({ port: number.or(80) }, { port: 'many' }).problems, [
    'h: port must be a number, and is "many" (hosts:1) - correct it there',
  ])
  assert.equal(resolve({ port: number.or(80) }, { port: null }).problems, [
    'h: port must be a number, and is null (hosts:1) - correct it there',
  ])
  assert.equal(resolve({ on: flag.or(true) }, { on: false }).vars, { on: false })
})

test('takes the only host of a group before the default', () => {
  assert.equal(resolve({ source: oneHost('source').or(undefined), other: oneHost('both').or(undefined) }, {}).vars, {
    source: { name: 's' },
    other: undefined,
  })
})

test('lets a bound value win over the inventory', () => {
  assert.equal(resolve({ ip: text, port: number }, { ip: '10.0.0.1', port: 1 }, { ip: '10.0.0.2' }).vars, {
    ip: '10.0.0.2',
    port: 1,
  })
  assert.equal(resolve({ ip: text }, { ip: '10.0.0.1' }, { ip: undefined }).vars, { ip: '10.0.0.1' })
})

test('does not take the names that every object has for variables', () => {
  assert.equal(resolve({ constructor: text.or('mine'), toString: text }, {}).problems, [
    'h: toString must be a text, and is not set - set it for h or its groups, or give -e toString=…',
  ])
})

test('says how a number is spelled, and how it is written as a text', () => {
  const [host] = inventory.hosts.values()
  const vars = { release: { value: 8, said: '8.0', from: 'hosts.yml:3' } }
  const { problems } = resolveVars({ release: text }, { ...host!, name: 'h', vars }, inventory)
  assert.equal(problems, [
    {
      message: 'h: release must be a text, and is the number 8.0 (hosts.yml:3)',
      hint: "write it as a text there: release: '8.0' in YAML, release='\"8.0\"' in INI",
    },
  ])
  const found = resolveVars({ release: secret }, { ...host!, name: 'h', vars }, inventory).vars
  assert.is(found.release.reveal(), '8.0')
})

test('suggests a name that is set and that nobody asks for', () => {
  assert.equal(
    resolve({ address: text, adress2: text }, { adress: '10.0.0.1' }).problems[0],
    'h: address must be a text, and is not set - did you mean adress?',
  )
})

test('never shows a value that should have been secret', () => {
  const shown = [12345678, { a: 1 }, ['pass-word'], true, null]
    .flatMap(
      (raw) => resolve({ password: secret, passwords: secrets }, { password: raw, passwords: { nova: raw } }).problems,
    )
    .join('\n')
  assert.match(shown, 'h: password must be a secret, and is a number (hosts:1)')
  assert.match(shown, 'h: password must be a secret, and is a list (hosts:1)')
  assert.match(shown, 'h: passwords must be a mapping of names to secrets, and is a object (hosts:1)')
  assert.not.match(shown, /12345678|pass-word/)
  assert.equal(resolve({ name: text }, { name: [Secret.of('hidden-text', 'label')] }).problems, [
    'h: name must be a text, and is ["‹label›"] (hosts:1) - correct it there',
  ])
  assert.equal(resolve({ name: text }, { name: Secret.of('hidden-text', 'label') }).problems, [
    'h: name must be a text, and is a secret (hosts:1) - correct it there',
  ])
})

test('keeps what a kind says of itself', () => {
  const kind = number.or(5).describe('how many')
  assert.equal([kind.expected, kind.optional, kind.fallback, kind.about], ['a number', true, 5, 'how many'])
})

test.run()
