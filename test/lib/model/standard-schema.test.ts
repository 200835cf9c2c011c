import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as v from 'valibot'
import { z } from 'zod'
import { play, playbook, role, Secret, type StandardSchema, text, type VarsOf } from '../../../lib/index.ts'
import { resolveVars, type Schema, told } from '../../../lib/model/vars.ts'
import { probe } from '../../../lib/modules/index.ts'
import { fakeHosts } from '../../../lib/testing/index.ts'
import { rigOf } from '../../rig/hosts.ts'

const test = suite('standard schema')

/** What a schema makes of a variable x of one host: its value, or all problems. */
function made(schema: Schema[string], x?: unknown): unknown {
  const rig = rigOf({ all: ['a'] }, { a: x === undefined ? {} : { x } })
  const { vars, problems } = resolveVars({ x: schema }, rig.inventory.hosts.get('a')!, rig.inventory)
  return problems.length > 0 ? problems.map(({ message }) => message) : (vars as { readonly x: unknown }).x
}

const port = 8080
const isSecret = (value: unknown) => value instanceof Secret
const byZod = z.array(
  z.object({
    name: z.string().min(1),
    port: z.number().int().min(1).max(65535).default(80),
    tls: z.object({ key: z.string() }).optional(),
  }),
)
const byValibot = v.array(
  v.object({
    name: v.pipe(v.string(), v.minLength(1)),
    port: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)), 80),
    tls: v.optional(v.object({ key: v.string() })),
  }),
)

for (const [vendor, schema, wrong] of [
  [
    'zod',
    byZod,
    [
      'a: x[0].name: Invalid input: expected string, received number (hosts:1)',
      'a: x[1].port: Too big: expected number to be <=65535 (hosts:1)',
      'a: x[1].tls.key: Invalid input: expected string, received undefined (hosts:1)',
    ],
  ],
  [
    'valibot',
    byValibot,
    [
      'a: x[0].name: Invalid type: Expected string but received 1 (hosts:1)',
      'a: x[1].port: Invalid value: Expected <=65535 but received 99999 (hosts:1)',
      'a: x[1].tls.key: Invalid key: Expected "key" but received undefined (hosts:1)',
    ],
  ],
] as const) {
  test(`${vendor}: lists of objects, ranges and nested values, each fault with its place`, () => {
    assert.equal(made(schema, [{ name: 'web' }, { name: 'api', port, tls: { key: 'k' } }]), [
      { name: 'web', port: 80 },
      { name: 'api', port, tls: { key: 'k' } },
    ])
    assert.equal(made(schema, [{ name: 1 }, { name: 'api', port: 99999, tls: {} }]), wrong)
    assert.match((made(schema) as string[])[0]!, /^a: x is not set: Invalid /)
  })
}

test('what has a default or may be missing need not be set', () => {
  assert.is(made(z.number().default(4)), 4)
  assert.is(made(z.string().optional()), undefined)
  assert.is(made(v.optional(v.number(), 4)), 4)
  assert.is(made(v.optional(v.string())), undefined)
  assert.is(made(z.coerce.number(), '42'), 42)
  assert.equal(
    made(
      z.string().transform((list) => list.split(',')),
      'a,b',
    ),
    ['a', 'b'],
  )
})

test('a secret stays one, and may be asked for inside of others', () => {
  const login = z.object({ user: z.string(), password: z.custom<Secret>(isSecret, 'must be a secret') })
  const password = Secret.of('correct horse', 'password')
  const { password: found } = made(login, { user: 'nova', password }) as z.infer<typeof login>
  assert.is(found, password)
  assert.equal(made(login, { user: 'nova', password: 'plain' }), ['a: x.password: must be a secret (hosts:1)'])
  assert.is(made(v.custom<Secret>(isSecret), password), password)
})

test('what cannot be known at once is refused with words, and so is what breaks', () => {
  const slow = z.string().refine(async () => true)
  assert.equal(made(slow, 'a'), [
    'a: x: its schema gives no answer at once, since it is asynchronous or throws: check that in a task (hosts:1)',
  ])
  assert.equal(
    made(
      v.pipeAsync(
        v.string(),
        v.checkAsync(async () => false),
      ),
      'a',
    ),
    ['a: x: its schema gives no answer at once, since it is asynchronous or throws: check that in a task (hosts:1)'],
  )
  const broken = v.pipe(
    v.string(),
    v.check(() => {
      throw new Error('a fault of its author')
    }),
  )
  assert.equal(made(broken, 'a'), ['a: x: its schema failed: a fault of its author (hosts:1)'])
})

test('a schema may be a function, and say its places as objects', () => {
  const schema: StandardSchema<string> = Object.assign(() => {}, {
    '~standard': {
      version: 1,
      vendor: 'hand',
      validate: (value: unknown) =>
        typeof value === 'string'
          ? { value }
          : { issues: [{ message: 'no text', path: [{ key: 'a b' }, 'c', 3, Symbol('s')] }] },
    },
  } as const)
  assert.is(made(schema, 'a'), 'a')
  assert.equal(made(schema, 1), ['a: x["a b"].c[3][Symbol(s)]: no text (hosts:1)'])
})

test('run vars tells what a schema wants, as far as it can be known', () => {
  assert.equal(told(byZod), {
    expected: 'a list of { name: a text, port?: a whole number from 1 to 65535, tls?: { key: a text } }',
    optional: false,
  })
  assert.equal(told(z.enum(['a', 'b']).default('a').describe('which one')), {
    expected: 'one of a, b',
    about: 'which one',
    optional: true,
    fallback: 'a',
  })
  for (const [schema, expected] of [
    [z.boolean(), 'true or false'],
    [z.number().min(0), 'a number from 0'],
    [z.union([z.string(), z.number().int()]), 'a text or a whole number'],
    [z.record(z.string(), z.number()), 'names with a number'],
    [z.object({ a: z.custom<Secret>(isSecret), b: z.number().positive() }), '{ a: anything, b: a number above 0 }'],
    [z.number().int().positive().lt(9), 'a whole number from 1 to 8'],
    [byValibot, 'what valibot checks'],
  ] as const)
    assert.is(told(schema).expected, expected)
})

test('a role has its variables with the types of its schemas, and a run is refused for wrong ones', async () => {
  const schema = { listeners: byZod, workers: v.optional(v.number(), 4), name: text }
  const app = role('app', schema, ({ task }) => {
    task('Use', ({ vars }) => {
      const first: { name: string; port: number; tls?: { key: string } | undefined } | undefined = vars.listeners[0]
      const workers: number = vars.workers
      return probe`use ${first?.name ?? ''} ${workers} ${vars.name}`
    })
  })
  // @ts-expect-error a listener has no such key
  const wrong: VarsOf<typeof schema>['listeners'] = [{ nmae: 'x', port: 1 }]
  assert.ok(wrong)
  const hosts = await fakeHosts({ hosts: ['a'], vars: { listeners: [{ name: 'web' }], name: 'x' } })
  await hosts.run(app)
  assert.equal(hosts.commands, ['a: use web 4 x'])
  await hosts.run(app.with({ listeners: [{ name: 'api', port: 1 }] }))
  assert.is(hosts.commands[1], 'a: use api 4 x')
  const bad = await fakeHosts({ hosts: ['a'], vars: { listeners: [{}], name: 'x' } })
  const book = playbook('p', [play('P', { hosts: 'all' }, [app])])
  const refused = await bad.run(book).then(
    () => '',
    (error: Error) => error.message,
  )
  const here = 'test/lib/model/standard-schema.test.ts'
  const problem = 'a: listeners\\[0\\]\\.name: Invalid input: expected string, received undefined'
  assert.match(
    refused,
    new RegExp(`^${problem} \\(${here}\\S* vars\\.listeners\\) \\(role app\\) - correct it there \\(${here}:\\d+\\)$`),
  )
})

test.run()
