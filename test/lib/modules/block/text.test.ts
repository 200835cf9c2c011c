import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { editBlock, MarkerError } from '../../../../lib/modules/block/text.ts'
import type { BlockEdit } from '../../../../lib/modules/block/text.ts'

const test = suite('block text')

interface Case {
  readonly id: string
  readonly title: string
  readonly input: string
  readonly args: {
    readonly block?: string
    readonly marker?: string
    readonly state?: 'absent'
    readonly insertafter?: string
    readonly insertbefore?: string
  }
  readonly ansible: { readonly changed: boolean; readonly file: string }
  readonly want?: string
}

const { blockinfile } = JSON.parse(readFileSync(new URL('../../../cases/lines.json', import.meta.url), 'utf8')) as {
  blockinfile: Case[]
}

function editOf({ args }: Case): BlockEdit {
  const { block, state, insertafter, insertbefore } = args
  return {
    block,
    state,
    marker: args.marker ?? '# {mark} ANSIBLE MANAGED BLOCK',
    insertAfter: insertafter === undefined ? undefined : new RegExp(insertafter),
    insertBefore: insertbefore === undefined ? undefined : insertbefore === 'BOF' ? 'BOF' : new RegExp(insertbefore),
  }
}

for (const one of blockinfile) {
  test(`${one.id}: ${one.title} (${one.want ?? 'as Ansible'})`, () => {
    if (one.want?.startsWith('error')) {
      const inLine2 = (error: unknown): boolean => error instanceof MarkerError && error.line === 2
      assert.throws(() => editBlock(one.input, editOf(one)), inLine2)
      return
    }
    const crlf = one.want?.startsWith('line ends of the file')
    assert.ok(crlf || one.want === undefined, `${one.want} is not told to this test`)
    const expected = crlf ? one.ansible.file.replaceAll(/\r?\n/g, '\r\n') : one.ansible.file
    const after = editBlock(one.input, editOf(one))
    assert.is(after, expected)
    assert.is(after !== one.input, one.ansible.changed)
    assert.is(editBlock(after, editOf(one)), after)
  })
}

test('every case is run', () => {
  assert.is(blockinfile.length, 10)
})

test('has markers of its own', () => {
  assert.is(editBlock('', { block: 'x' }), '# BEGIN switchover managed block\nx\n# END switchover managed block\n')
  const words = { marker: '-- {mark} --', markerBegin: '$& on', markerEnd: 'off' }
  assert.is(editBlock('', { block: 'x', ...words }), '-- $& on --\nx\n-- off --\n')
})

test('stays where it is, whatever the anchor says, once it is there', () => {
  const before = '# BEGIN switchover managed block\nold\n# END switchover managed block\na\n'
  assert.is(editBlock(before, { block: 'new', insertAfter: /^a/ }), before.replace('old', 'new'))
})

test('does not glue its marker to a last line that has no end', () => {
  assert.is(editBlock('a', { block: 'x' }), 'a\n# BEGIN switchover managed block\nx\n# END switchover managed block\n')
})

test('refuses markers that leave the place of the block open', () => {
  const [begin, end] = ['# BEGIN switchover managed block', '# END switchover managed block']
  const lineOf = (text: string): number | undefined => {
    try {
      editBlock(text, { block: 'x' })
    } catch (error) {
      assert.instance(error, MarkerError)
      return (error as MarkerError).line
    }
    return undefined
  }
  assert.is(lineOf(`a\n${begin}\nb\n`), 2)
  assert.is(lineOf(`a\n${end}\n${begin}\n`), 2)
  assert.is(lineOf(`${begin}\n${begin}\n${end}\n`), 2)
  assert.is(lineOf(`${begin}\n${end}\nb\n${begin}\n${end}\n`), 4)
  assert.throws(() => editBlock('', { block: 'x', marker: '# mine' }), /put \{mark\} in the marker/)
  assert.throws(() => editBlock('', { block: `x\n${end}` }), /its own marker/)
})

const line = fc.stringMatching(/^[ab#; ]{0,5}$/)
const text = fc
  .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, eol, ended]) => lines.join(eol) + (ended ? eol : ''))
const block = fc
  .array(line, { minLength: 1, maxLength: 4 })
  .map((lines) => lines.join('\n'))
  .filter((lines) => lines !== '')
const place = fc.constantFrom<BlockEdit>({}, { insertAfter: /^a/ }, { insertBefore: /^b/ }, { insertBefore: 'BOF' })

test('is there after one edit, and a second one changes nothing', () => {
  fc.assert(
    fc.property(text, block, place, (before, content, anchors) => {
      const after = editBlock(before, { block: content, ...anchors })
      assert.is.not(after, before)
      assert.is(editBlock(after, { block: content, ...anchors }), after)
    }),
  )
})

test('what was added, changed and removed again leaves every other byte', () => {
  fc.assert(
    fc.property(text, block, block, place, (before, one, other, anchors) => {
      const after = editBlock(editBlock(before, { block: one, ...anchors }), { block: other })
      const removed = editBlock(after, { state: 'absent' })
      const eol = /\r?\n/.exec(before)?.[0] ?? '\n'
      assert.ok(removed === before || (!before.endsWith('\n') && removed === before + eol), JSON.stringify(removed))
    }),
  )
})

test.run()
