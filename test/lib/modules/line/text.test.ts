import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { editLine } from '../../../../lib/modules/line/text.ts'
import type { LineEdit } from '../../../../lib/modules/line/text.ts'

const test = suite('line text')

interface Case {
  readonly id: string
  readonly title: string
  readonly op: 'present' | 'absent'
  readonly input: string | null
  readonly args: {
    readonly line?: string
    readonly regexp?: string
    readonly search_string?: string
    readonly firstmatch?: boolean
    readonly backrefs?: boolean
    readonly insertafter?: string
    readonly insertbefore?: string
    readonly create?: boolean
    readonly validate?: string
  }
  readonly ansible: { readonly changed?: boolean; readonly file: string | null }
}

const data = new URL('../../../cases/lines.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(data, 'utf8')) as { cases: Case[] }

const outOfScope: Record<string, string> = {
  missing: 'whether a missing file is made is decided where files are read',
  'abs-missing': 'a missing file is met where files are read',
}

const ours: Record<string, { readonly file: string; readonly because: string }> = {
  crlf: { file: 'one\r\ntwo\r\nnew\r\n', because: "new lines end as the file's do" },
  'crlf-exact': { file: 'one\r\ntwo\r\n', because: 'the line is there already: its line end is no part of it' },
}

// The pattern does not match the line it puts in place, and matches another one: a second run goes on with that.
const consumesItsMatch = new Set(['regexp-last', 'regexp-first', 'regexp-over-exact'])

function anchor<E extends string>(text: string | undefined, end: E): RegExp | E | undefined {
  return text === undefined ? undefined : text === end ? end : new RegExp(text)
}

function editOf({ op, args }: Case): LineEdit {
  return {
    state: op,
    line: args.backrefs ? args.line?.replaceAll(/\\(\d)/g, '$$$1') : args.line,
    regexp: args.regexp === undefined ? undefined : new RegExp(args.regexp),
    search: args.search_string,
    firstMatch: args.firstmatch,
    backrefs: args.backrefs,
    insertAfter: anchor(args.insertafter, 'EOF'),
    insertBefore: anchor(args.insertbefore, 'BOF'),
  }
}

for (const one of cases) {
  if (one.id in outOfScope) continue
  const { file = one.ansible.file!, because = 'as Ansible' } = ours[one.id] ?? {}
  test(`${one.op} ${one.id}: ${one.title} (${because})`, () => {
    const before = one.input ?? ''
    const after = editLine(before, editOf(one))
    assert.is(after, file)
    if (!ours[one.id]) assert.is(after !== before, one.ansible.changed)
    if (!consumesItsMatch.has(one.id)) assert.is(editLine(after, editOf(one)), after)
  })
}

test('every case is run or listed with a reason', () => {
  const ids = cases.map(({ id }) => id)
  assert.is(new Set(ids).size, 29)
  assert.equal(
    [...Object.keys(outOfScope), ...Object.keys(ours)].filter((id) => !ids.includes(id)),
    [],
  )
  assert.is(cases.filter(({ id }) => !(id in outOfScope)).length, 27)
})

test('keeps a missing line end where the line is right already', () => {
  assert.is(editLine('one\ntwo', { line: 'two' }), 'one\ntwo')
})

test('does not glue a new line to a last line that has no end', () => {
  assert.is(editLine('one\ntwo', { line: 'three' }), 'one\ntwo\nthree\n')
  assert.is(editLine('one\r\ntwo', { line: 'three', insertAfter: /^two/ }), 'one\r\ntwo\r\nthree\r\n')
})

test('keeps the byte order mark first', () => {
  assert.is(editLine('\ufeffone\n', { line: 'zero', insertBefore: 'BOF' }), '\ufeffzero\none\n')
  assert.is(editLine('\ufeffone\n', { line: 'ONE', regexp: /^one$/ }), '\ufeffONE\n')
})

test('replaces the whole line by the expansion, not the matched part', () => {
  const edit: LineEdit = { line: 'exec $<what> "$1" $$', regexp: /(?<what>start)/, backrefs: true }
  assert.is(editLine('now start it\n', edit), 'exec start "start" $$\n')
})

test('leaves a text without a match alone when the line needs the match', () => {
  assert.is(editLine('a\n', { line: '$1', regexp: /^(b)/, backrefs: true }), 'a\n')
})

test('takes $ in a line literally when no back-references are asked for', () => {
  assert.is(editLine('k\n', { line: '$& $1 $$', regexp: /^(k)/ }), '$& $1 $$\n')
})

test('matches a line the same way every time, global and sticky patterns included', () => {
  assert.is(editLine('a\nba\na\n', { state: 'absent', regexp: /a/gy }), '')
})

test('removes by pattern and by literal text', () => {
  assert.is(editLine('a1\nb\na2\n', { state: 'absent', regexp: /^a\d$/ }), 'b\n')
  assert.is(editLine('a.1\nax1\n', { state: 'absent', search: 'a.1' }), 'ax1\n')
  assert.is(editLine('a\nb', { state: 'absent', line: 'b' }), 'a\n')
})

test('refuses a wish that says too little or too much', () => {
  assert.throws(() => editLine('', {}), /give line/)
  assert.throws(() => editLine('', { state: 'absent' }), /say which line/)
  assert.throws(() => editLine('', { line: 'a\nb' }), /write a block/)
  assert.throws(() => editLine('', { line: 'a', regexp: /a/, search: 'a' }), /not both/)
  assert.throws(() => editLine('', { line: 'a', backrefs: true }), /needs a regexp/)
  assert.throws(() => editLine('', { line: 'a', insertAfter: 'EOF', insertBefore: 'BOF' }), /not both/)
})

const line = fc.stringMatching(/^[abk=# .$]{0,6}$/)
const text = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, eol, ended]) => lines.join(eol) + (ended ? eol : ''))
const place = fc.constantFrom<LineEdit>(
  {},
  { insertAfter: /^a/ },
  { insertBefore: /^b/ },
  { insertBefore: 'BOF' },
  { insertAfter: 'EOF' },
)

test('is there after one edit, and a second one changes nothing', () => {
  fc.assert(
    fc.property(text, line, place, fc.boolean(), (before, wanted, anchors, firstMatch) => {
      const edit: LineEdit = { line: wanted, firstMatch, ...anchors }
      const after = editLine(before, edit)
      assert.ok(after.split(/\r?\n/).includes(wanted))
      assert.is(editLine(after, edit), after)
    }),
  )
})

test('adds one line and keeps every other byte, a missing last line end excepted', () => {
  fc.assert(
    fc.property(text, place, (before, anchors) => {
      const after = editLine(before, { line: 'NEW', ...anchors })
      const eol = /\r?\n/.exec(before)?.[0] ?? '\n'
      const without = after.replace(`NEW${eol}`, '')
      assert.ok(without === before || without === before + eol, JSON.stringify(after))
    }),
  )
})

test('what was added and removed again leaves the text as it was', () => {
  fc.assert(
    fc.property(
      text.filter((before) => before === '' || before.endsWith('\n')),
      place,
      (before, anchors) => {
        const after = editLine(before, { line: 'NEW', ...anchors })
        assert.is(editLine(after, { line: 'NEW', state: 'absent' }), before)
      },
    ),
  )
})

test('with backrefs it refuses what each run would change again', () => {
  const again = { regexp: /^(PATH=.*)$/, line: '$1:/opt/bin', backrefs: true }
  assert.throws(() => editLine('PATH=/bin\n', again), 'each run would change it again')
  assert.is(editLine('a=1\n', { regexp: /^a=(\d)$/, line: 'a=$$1', backrefs: true }), 'a=$1\n')
})

test.run()
