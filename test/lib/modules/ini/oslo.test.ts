// What OpenStack's own reader makes of files before and after our edits; where it is not installed, its answers are
// those that were written down. More cases: npm run test:owners. To write them down anew:
// SWITCHOVER_RECORD=yes SWITCHOVER_SEED=1 SWITCHOVER_CASES=40 node --import tsx test/lib/modules/ini/oslo.test.ts
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  editIni,
  IniError,
  iniProblems,
  readIni,
  removeSection,
  type IniEdit,
} from '../../../../lib/modules/ini/text.ts'
import { has } from '../../../rig/needs.ts'

const test = suite('ini files as oslo.config reads them')
const runs = Number(process.env['SWITCHOVER_CASES'] ?? 60)
const seed = Number(process.env['SWITCHOVER_SEED'] ?? Date.now() % 1_000_000_000)
const recording = process.env['SWITCHOVER_RECORD'] !== undefined
const record = fileURLToPath(new URL('../../../cases/oslo.json', import.meta.url))

/** What oslo.config says of a file: all values of every key, or that it starts no service with it. */
type Answer = {
  readonly read?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  refused?: string
}
type Wish = IniEdit | { readonly drop: string }

const word = fc.stringMatching(/^[a-z0-9$%=?#:/@"'\\[][a-z0-9$%=?#:;/@"', \\\]]{0,8}$/)
const key = fc.constantFrom('k', 'key', 'j.k', 'K', 'two words')
const name = fc.constantFrom('DEFAULT', 's', 'S', 'filter:x', 'a b')
const value = fc.oneof(
  word,
  fc.constantFrom(
    '',
    '""',
    "'x'",
    '"',
    '"a',
    'a"',
    '""""',
    'x ',
    'ä',
    'a\u2028b',
    'a\x0cb',
    '\x0ca',
    'b\x0b',
    'a\x85b',
  ),
)
const pair = fc
  .tuple(key, fc.constantFrom('=', ' = ', ': ', ':', '\t=\t', ' =', '= '), value)
  .map((parts) => parts.join(''))
const line = fc.oneof(
  { weight: 5, arbitrary: pair },
  fc
    .tuple(fc.constantFrom(' ', '\t', '    ', ' \x0c'), fc.oneof(word, pair, fc.constant('# x')))
    .map((parts) => parts.join('')),
  fc.constantFrom('# note', '; note', '#k = old', '', '  ', '\t', '# [s]'),
  { weight: 1, arbitrary: fc.constantFrom('bare', '= no key', ': x', '[s', '[]', '[s] x', '[s] # x', '[ s ]', ' [s]') },
)
const section = fc.tuple(name, fc.array(line, { maxLength: 6 })).map(([title, lines]) => [`[${title}]`, ...lines])
const file = fc
  .tuple(
    fc.array(fc.constantFrom('# note', '', 'k = 1'), { maxLength: 1 }),
    fc.array(section, { maxLength: 4 }),
    fc.constantFrom('\n', '\n', '\n', '\r\n'),
    fc.boolean(),
  )
  .map(([top, sections, end, ended]) => {
    const text = [...top, ...sections.flat()].join(end)
    return text !== '' && ended ? text + end : text
  })
// The services of that era read bytes, for which these are no blanks; today's Python takes them away at either end.
const blanks = fc.constantFrom('\u00a0a', 'a\u3000', '\x1fa', 'a\x85', 'a\u2028')
const wished = fc.oneof(
  { weight: 9, arbitrary: value },
  blanks,
  fc.tuple(value, value).map((two) => two.join('\n')),
)
const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 1, arbitrary: name.map((drop) => ({ drop })) },
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        name,
        key,
        fc.oneof(
          wished.map((one) => ({ value: one })),
          fc.uniqueArray(wished, { minLength: 1, maxLength: 3 }).map((values) => ({ values })),
          fc.constant({ absent: true }),
        ),
      )
      .map(([s, k, rest]) => ({ section: s, key: k, ...rest })),
  },
)

function edited(text: string, wanted: Wish): string | undefined {
  try {
    return 'drop' in wanted ? removeSection(text, wanted.drop) : editIni(text, [wanted])
  } catch (error) {
    // Refused: what comes of it is nothing at all.
    if (error instanceof IniError) return undefined
    throw error
  }
}

function ask(texts: readonly string[]): readonly Answer[] {
  const script = fileURLToPath(new URL('oslo.py', import.meta.url))
  const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('')
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', [script], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  assert.is(status, 0, stderr)
  return stdout
    .trimEnd()
    .split('\n')
    .map((answer) => JSON.parse(answer) as Answer)
}

interface Case {
  readonly text: string
  readonly wish: Wish
  readonly after?: string | undefined
  readonly before: Answer
  readonly later?: Answer | undefined
}

const live = has('oslo-config-validator')

function cases(): readonly Case[] {
  if (!live) return JSON.parse(readFileSync(record, 'utf8')) as Case[]
  const made = fc.sample(fc.tuple(file, wish), { numRuns: runs, seed })
  const after = made.map(([text, wanted]) => edited(text, wanted))
  const answers = ask([...made.map(([text]) => text), ...after.map((text) => text ?? '')])
  return made.map(([text, wanted], i) => ({
    text,
    wish: wanted,
    before: answers[i]!,
    ...(after[i] === undefined ? {} : { after: after[i], later: answers[made.length + i]! }),
  }))
}

const all = cases()
if (recording) writeFileSync(record, `[\n${all.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`)
const how = live ? `seed ${seed}, ${all.length} cases` : `${all.length} recorded cases`
const shown = (one: Case) => JSON.stringify({ ...one, seed })

test(`what it refuses, we refuse, and what it reads, we read (${how})`, () => {
  for (const one of all) {
    const refused = iniProblems(one.text).length > 0
    assert.is(refused, one.before.refused !== undefined, shown(one))
    if (refused) continue
    const ours = [...readIni(one.text)].map(([title, keys]) => [title, Object.fromEntries(keys)])
    assert.equal(Object.fromEntries(ours), withoutEmpty(one.before, false), shown(one))
  }
})

test(`after an edit it reads what was wished, and all else as before (${how})`, () => {
  let edits = 0
  for (const one of all) {
    if (!live) assert.is(edited(one.text, one.wish), one.after, shown(one))
    if (one.before.refused !== undefined || one.after === undefined || one.later === undefined) continue
    edits++
    assert.is(one.later.refused, undefined, shown(one))
    const expected: Record<string, Record<string, readonly string[]>> = {}
    for (const [title, keys] of Object.entries(one.before.read!)) expected[title] = { ...keys }
    if ('drop' in one.wish) {
      for (const title of Object.keys(expected)) if (same(title, one.wish.drop)) delete expected[title]
    } else {
      const { section: title, key: k, value: v, values } = one.wish
      const now: string[] = []
      for (const found of Object.keys(one.later.read!))
        if (same(found, title)) now.push(...(one.later.read![found]![k] ?? []))
      const wanted = (values ?? (v === undefined ? [] : [v])).map(String)
      // Quotes are the author's, who keeps blanks with them.
      const read = wanted.map((text) => text.replace(/^(["'])([^\n]*)\1(?=\n|$)/, '$2'))
      assert.equal([...now].sort(), [...read].sort(), shown(one))
      for (const found of Object.keys(expected)) if (same(found, title)) delete expected[found]![k]
      const then = structuredClone(one.later.read!) as typeof expected
      for (const found of Object.keys(then)) if (same(found, title)) delete then[found]![k]
      assert.equal(withoutEmpty({ read: then }), withoutEmpty({ read: expected }), shown(one))
      continue
    }
    assert.equal(withoutEmpty(one.later), withoutEmpty({ read: expected }), shown(one))
  }
  assert.ok(edits > all.length / 6, `${edits} of ${all.length} edits were made`)
})

/** Groups are the same whatever their letter case, but for DEFAULT. */
function same(one: string, other: string): boolean {
  if (one === 'DEFAULT' || other === 'DEFAULT') return one === other
  return one.toLowerCase() === other.toLowerCase()
}

function withoutEmpty({ read = {} }: Answer, drop = true) {
  return Object.fromEntries(Object.entries(read).filter(([, keys]) => !drop || Object.keys(keys).length > 0))
}

test.run()
