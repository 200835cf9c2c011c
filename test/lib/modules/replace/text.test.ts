import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { replaceText } from '../../../../lib/modules/replace/text.ts'

const test = suite('replace text')

test('replaces every match, line by line, with what the groups found', () => {
  const hosts = '10.0.0.2 ctl\n10.0.0.3 cmp\n# 10.0.0.2\n'
  const moved = replaceText(hosts, { regexp: /^10\.0\.0\.(\d)/, replace: '10.1.0.$1' })
  assert.is(moved, '10.1.0.2 ctl\n10.1.0.3 cmp\n# 10.0.0.2\n')
})

test('means by $ what is documented, and itself everywhere else', () => {
  const made = (replace: string, regexp = /(b)(?<name>c)?/) => replaceText('abcd', { regexp, replace })
  assert.is(made('$$x'), 'a$$xd')
  assert.is(made("$`$'"), "a$`$'d")
  assert.is(made('$& $1 $2 $<name> $3 $0 $12'), 'abc b c c $3 $0 b2d')
  assert.is(made('$<other>|'), 'a|d')
  assert.is(made('$<name>', /b/), 'a$<name>cd')
  assert.is(replaceText('pass=x', { regexp: /pass=.*/, replace: 'pass=a$$b' }), 'pass=a$$b')
})

test('keeps CRLF', () => {
  assert.is(replaceText('a=1\r\nb=1\r\n', { regexp: /=1$/, replace: '=2' }), 'a=2\r\nb=2\r\n')
})

test('touches only what stands between after and before', () => {
  const text = '[a]\nk=1\n[b]\nk=1\n[c]\nk=1\n'
  const both = { regexp: /k=1/, replace: 'k=2', after: /^\[b\]/, before: /^\[c\]/ }
  assert.is(replaceText(text, both), '[a]\nk=1\n[b]\nk=2\n[c]\nk=1\n')
  assert.is(replaceText(text, { regexp: /k=1/, replace: 'k=2', after: /^\[b\]/ }), '[a]\nk=1\n[b]\nk=2\n[c]\nk=2\n')
  assert.is(replaceText(text, { regexp: /k=1/, replace: 'k=2', before: /^\[b\]/ }), '[a]\nk=2\n[b]\nk=1\n[c]\nk=1\n')
})

test('changes nothing when after or before is not there', () => {
  const text = 'k=1\n'
  assert.is(replaceText(text, { regexp: /k=1/, replace: 'k=2', after: /nowhere/ }), text)
  assert.is(replaceText(text, { regexp: /k=1/, replace: 'k=2', before: /nowhere/ }), text)
})

test('gives the same for the same text, however often the pattern was used', () => {
  const regexp = /a/gy
  regexp.lastIndex = 1
  assert.is(replaceText('aba', { regexp, replace: 'x' }), 'xbx')
  assert.is(regexp.lastIndex, 1)
})

test('literal text: a second run finds nothing, and the rest is as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('old', 'ol', 'd', '\n', '\r\n', ' '), { maxLength: 20 }), (pieces) => {
      const before = pieces.join('')
      const after = replaceText(before, { regexp: /old/, replace: 'new' })
      assert.is(after, before.split('old').join('new'))
      assert.is(replaceText(after, { regexp: /old/, replace: 'new' }), after)
    }),
  )
})

test.run()
