import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('floors')
const root = path.resolve(new URL('../..', import.meta.url).pathname)

/** Who may import what; the first line that fits a file says. A file always may import what lies in its own folder. */
const floors: readonly (readonly [file: RegExp, may: readonly RegExp[], what: string])[] = [
  [/^lib\/(cli\.ts|cli\/|run\.cjs|commands\/)/, [/^lib\//], 'cli and commands know everyone in lib'],
  [
    /^lib\/testing\//,
    [/^lib\/(model|kit|engine|inventory)\//],
    'tests of roles run the engine on an inventory, and need nothing else',
  ],
  [
    /^lib\/authored\.ts$/,
    [/^lib\/((modules|kit)\/)?index\.ts$/],
    'what authors write is given their words, and nothing else',
  ],
  [/^lib\/inventory\//, [/^lib\/(model\/|authored\.ts$)/], 'inventories know the model, and may be files of authors'],
  [
    /^lib\/transport\//,
    [/^lib\/((model|kit)\/|authored\.ts$)/],
    'connections know the model and the kit, and may be files of authors',
  ],
  [
    /^lib\/program\//,
    [/^lib\/((model|inventory|engine|report|transport)\/|authored\.ts$)/],
    'a run for programs knows what runs it, and neither terminal nor command line',
  ],
  [/^lib\/model\//, [/^lib\/model\//], 'the model knows nothing but itself'],
  [/^lib\/kit\//, [/^lib\/model\//], 'what modules are made of knows the model'],
  [/^lib\/(engine|report)\//, [/^lib\/model\//], 'siblings know the model and never each other'],
  [/^lib\/facts\//, [/^lib\/(model|kit)\//], 'these speak to hosts, and know the model and the kit'],
  [/^lib\/modules\//, [/^lib\/(model|kit|facts)\//], 'modules know the model and the kit, and may ask facts'],
  [/^lib\/index\.ts$/, [/^lib\/(model|inventory)\//], "the author's words come from the model and the inventory"],
  [
    /^(roles|playbooks|inventory)\//,
    [/^lib\/((modules|kit)\/)?index\.ts$/, /^(roles|playbooks|inventory)\//],
    'authors know the index.ts of lib, lib/modules and lib/kit, and each other',
  ],
  [/^test\/lib\/kit\/outside\.ts$/, [/^lib\/(kit\/)?index\.ts$/], 'who is outside has the faces of the library'],
  [/^test\//, [/^(lib|roles|playbooks|inventory|test)\//], 'tests know everyone'],
]
/** Packages and who may open them: each can be replaced in one place. */
const doors: Readonly<Record<string, RegExp>> = {
  yargs: /^lib\/cli\//,
  cosmiconfig: /^lib\/(cli|inventory)\//,
  typescript: /^lib\/cli\//,
  'node-ssh': /^lib\/transport\//,
  ssh2: /^(lib\/transport|test)\//,
  zx: /^lib\/transport\//,
  mysql2: /^(lib\/modules|test)\//,
  listr2: /^(lib|test\/lib)\/report\//,
  yaml: /^lib\/(inventory|cli)\//,
  uvu: /^test\//,
  'fast-check': /^test\//,
}

/** The breaches of the floors in a source file, a line each that begins with file:line. */
function breaches(file: string, source: string): readonly string[] {
  const [, may = [], what = 'this folder has no floor: give it one'] = floors.find(([fits]) => fits.test(file)) ?? []
  return importsOf(source).flatMap(({ line, from }) => {
    const wrong = (reason: string) => [`${file}:${line}: imports ${from}: ${reason}`]
    if (!from.startsWith('.')) {
      const name = from.startsWith('@') ? from.split('/').slice(0, 2).join('/') : from.split('/')[0]!
      const door = doors[name]
      return !from.startsWith('node:') && door && !door.test(file) ? wrong(`${name} is opened elsewhere`) : []
    }
    const target = path.posix.join(path.posix.dirname(file), from)
    if (!/\.(ts|mjs|json)$/.test(target)) return wrong('the ending is missing')
    const own = /^lib\/[^/]+\//.exec(file)?.[0]
    return (own && target.startsWith(own)) || may.some((fits) => fits.test(target)) ? [] : wrong(what)
  })
}

function importsOf(source: string): readonly { readonly line: number; readonly from: string }[] {
  const found = source.matchAll(
    /^(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*(['"])([^'"]+)\1|\bimport\(\s*(['"])([^'"]+)\3\s*\)/gm,
  )
  return [...found].map((match) => ({
    line: source.slice(0, match.index).split('\n').length,
    from: match[2] ?? match[4] ?? '',
  }))
}

/** What makes a test file lose its tests, or run them under another file's name. */
function carelessness(file: string, source: string): readonly string[] {
  const problems: string[] = []
  const wrong = (index: number, reason: string) =>
    problems.push(`${file}:${source.slice(0, index).split('\n').length}: ${reason}`)
  const suites = [...source.matchAll(/^\s*const (\w+) = suite\b/gm)]
  if (suites.length === 0) wrong(0, 'makes no suite() of uvu: its tests would belong to another file')
  for (const [i, made] of suites.entries()) {
    const name = made[1]!
    // A suite may be made for each shell of a loop: what belongs to it ends where the next one of its name begins.
    const end = suites.slice(i + 1).find((other) => other[1] === name)?.index ?? source.length
    const own = source.slice(made.index, end)
    const run = own.search(new RegExp(`^(?:.*[ ;])?${name}\\.run\\(\\)`, 'm'))
    if (run < 0) wrong(made.index, `the suite ${name} is never run`)
    else if (new RegExp(`^\\s*${name}(?:\\.skip)?\\(`, 'm').test(own.slice(run)))
      wrong(made.index + run, `${name} gets tests after it was run`)
  }
  for (const only of source.matchAll(/^[ \t]*\w+\.only\(/gm)) wrong(only.index, 'runs only one of its tests')
  for (const own of source.matchAll(/\bgetuid\b|\b\w+\.skip\b/g))
    wrong(own.index, 'leaves tests out in silence: needs(), needing() and leftOut() of test/rig/needs.ts say so')
  return problems
}

const sources = ['lib', 'roles', 'playbooks', 'inventory', 'test'].flatMap((top) =>
  readdirSync(path.join(root, top), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs)$/.test(name) && !name.includes('node_modules'))
    .map((name) => path.posix.join(top, name.split(path.sep).join('/'))),
)
const read = (file: string) => readFileSync(path.join(root, file), 'utf8')

test('nobody reaches to a floor that is not theirs', () => {
  assert.ok(sources.length > 100, `${sources.length} files were found`)
  assert.ok(sources.flatMap((file) => importsOf(read(file))).length > 500, 'imports were found')
  assert.equal(
    sources.flatMap((file) => breaches(file, read(file))),
    [],
  )
})

test('every test file has a suite of its own and runs it', () => {
  // The example is a project of its own, with the test runner of Node.
  const tests = sources.filter((file) => file.endsWith('.test.ts') && !file.startsWith('test/package/example/'))
  assert.ok(tests.length > 30, `${tests.length} test files were found`)
  assert.equal(
    tests.flatMap((file) => carelessness(file, read(file))),
    [],
  )
})

test('no line is wider than 120 columns', () => {
  const wide = sources
    .filter((file) => !file.startsWith('test/') && file.endsWith('.ts'))
    .flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, i) => ([...line].length > 120 ? [`${file}:${i + 1}`] : [])),
    )
  assert.equal(wide, [])
})

test('whoever expects a type error says why', () => {
  const expected = sources.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, i) => {
        const reason = /\/\/ @ts-expect-error(.*)$/.exec(line)?.[1]
        return reason === undefined || file === 'test/lib/floors.test.ts'
          ? []
          : [{ place: `${file}:${i + 1}`, reason: reason.trim() }]
      }),
  )
  assert.ok(expected.length > 30, `${expected.length} were found`)
  assert.equal(
    expected.filter(({ reason }) => reason === '').map(({ place }) => place),
    [],
  )
})

for (const [file, source, want] of [
  [
    'lib/model/x.ts',
    "import { run } from '../engine/run.ts'",
    ['lib/model/x.ts:1: imports ../engine/run.ts: the model knows nothing but itself'],
  ],
  ['lib/model/x.ts', "import a from './a.ts'\nimport fs from 'node:fs'", []],
  [
    'lib/engine/x.ts',
    "// why\nimport {\n  a,\n  b,\n} from '../report/index.ts'",
    ['lib/engine/x.ts:2: imports ../report/index.ts: siblings know the model and never each other'],
  ],
  ['lib/engine/x.ts', "import type { a } from '../model/a.ts'\nexport { b } from './b.ts'\nimport '../model/c.ts'", []],
  [
    'lib/modules/x/y.ts',
    "export * from '../../facts/index.ts'\nimport '../../transport/index.ts'",
    ['lib/modules/x/y.ts:2: imports ../../transport/index.ts: modules know the model and the kit, and may ask facts'],
  ],
  [
    'lib/facts/x.ts',
    "export * from '../modules/index.ts'",
    ['lib/facts/x.ts:1: imports ../modules/index.ts: these speak to hosts, and know the model and the kit'],
  ],
  [
    'roles/nova/x.ts',
    "import { ini } from '../../lib/modules/ini.ts'",
    [
      'roles/nova/x.ts:1: imports ../../lib/modules/ini.ts: authors know the index.ts of lib, lib/modules and lib/kit, and each other',
    ],
  ],
  [
    'roles/nova/x.ts',
    "import { ini } from '../../lib/modules/index.ts'\nimport { cloud } from '../openstack/cloud.ts'",
    [],
  ],
  [
    'playbooks/x.ts',
    "const late = await import('../lib/model/secret.ts')",
    [
      'playbooks/x.ts:1: imports ../lib/model/secret.ts: authors know the index.ts of lib, lib/modules and lib/kit, and each other',
    ],
  ],
  ['lib/cli.ts', "import { run } from './engine/run'", ['lib/cli.ts:1: imports ./engine/run: the ending is missing']],
  ['lib/engine/x.ts', "import yargs from 'yargs'", ['lib/engine/x.ts:1: imports yargs: yargs is opened elsewhere']],
  [
    'docs/x.ts',
    "import '../lib/index.ts'",
    ['docs/x.ts:1: imports ../lib/index.ts: this folder has no floor: give it one'],
  ],
] as const) {
  test(`a breach is named by its place: ${file}, ${source.split('\n').at(-1)}`, () =>
    assert.equal(breaches(file, source), want))
}

test('careless test files are named', () => {
  const good = "import { suite } from 'uvu'\nconst test = suite('x')\ntest('y', () => {})\ntest.run()\n"
  const after = '\nfunction later() {}\n'
  const loop = "for (const shell of shells) {\n  const test = suite('x')\n  test('y', () => {})\n  test.run()\n}\n"
  for (const fine of [good, good + after, good + loop, good.replace('test.run', 'if (here) test.run')])
    assert.equal(carelessness('x.test.ts', fine), [])
  assert.equal(carelessness('x.test.ts', good.replace('test.run()\n', '')), [
    'x.test.ts:2: the suite test is never run',
  ])
  assert.equal(carelessness('x.test.ts', good.replace('test.run()\n', '') + loop), [
    'x.test.ts:2: the suite test is never run',
  ])
  assert.equal(carelessness('x.test.ts', `${good}test('z', () => {})\n`), [
    'x.test.ts:4: test gets tests after it was run',
  ])
  assert.equal(carelessness('x.test.ts', good.replace("test('y'", "test.only('y'")), [
    'x.test.ts:3: runs only one of its tests',
  ])
  assert.equal(carelessness('x.test.ts', good.replace("test('y'", `test${'.skip'}('y'`)), [
    'x.test.ts:3: leaves tests out in silence: needs(), needing() and leftOut() of test/rig/needs.ts say so',
  ])
  assert.equal(carelessness('x.test.ts', "import { test } from 'uvu'\ntest.run()\n"), [
    'x.test.ts:1: makes no suite() of uvu: its tests would belong to another file',
  ])
})

test.run()
