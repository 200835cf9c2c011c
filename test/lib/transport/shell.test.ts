import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Collected } from '../../../lib/transport/output.ts'
import { brief } from '../../../lib/kit/shell.ts'
import { cutter, framed } from '../../../lib/transport/shell.ts'

const token = '0123456789abcdef0123456789abcdef'
const test = suite('shell')

/** What a cutter says about these chunks, neighbouring texts joined. */
function cut(chunks: readonly Buffer[]): string[] {
  const said: string[] = []
  const push = cutter(token, {
    text: (bytes) => {
      if (said.at(-1)?.startsWith('text ') === true) said[said.length - 1] += bytes.toString('latin1')
      else said.push(`text ${bytes.toString('latin1')}`)
    },
    mark: (word) => {
      said.push(`mark ${word}`)
    },
  })
  for (const chunk of chunks) push(chunk)
  return said
}

test('marks are found wherever the chunks end', () => {
  const whole = Buffer.from(`${token}b1;one 0123456789abcdef01\nré${token}e1 0;late${token}b2;${token}e2 255;`)
  const want = [
    'mark b1',
    `text one 0123456789abcdef01\n${Buffer.from('ré').toString('latin1')}`,
    'mark e1 0',
    'text late',
    'mark b2',
    'mark e2 255',
  ]
  assert.equal(cut([whole]), want)
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 40 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), whole.length]
      assert.equal(cut(at.slice(1).map((end, i) => whole.subarray(at[i], end))), want)
    }),
  )
})

test('text that only looks like the beginning of a mark is passed on', () => {
  assert.equal(cut([Buffer.from('012345'), Buffer.from('6789abcdeX')]), ['text 0123456789abcdeX'])
  assert.equal(cut([Buffer.from('00'), Buffer.from(`0${token}b1;`)]), ['text 000', 'mark b1'])
})

test('scripts that may leave something behind get their outputs aside, others do not', () => {
  const aside = (script: string): boolean => framed(token, 1, { script, keep: 1 }).includes('mktemp')
  for (const script of [
    'sleep 9 &',
    'a & b',
    'service mysqld start',
    '/etc/init.d/x restart',
    'initctl reload x',
    'nohup x',
    'mysqld_safe',
    'x >y 2>&1 &',
  ]) {
    assert.ok(aside(script), script)
  }
  for (const script of [
    'true',
    'a && b',
    'x 2>&1',
    'x >&2',
    'x &>/dev/null',
    'exec 3>&-',
    'service x status',
    'cat /etc/started',
  ]) {
    assert.not(aside(script), script)
  }
})

test('a program by its path with plain words takes the place of the shell that would wait for it', () => {
  const replaced = (script: string): boolean => framed(token, 1, { script, keep: 1 }).includes(`eval 'exec ${script}'`)
  for (const script of ['/bin/true', '/usr/bin/nova-manage db version', '/bin/dd if=/dev/zero bs=1'])
    assert.ok(replaced(script), script)
  for (const script of [
    'true',
    'cd /',
    '/bin/true; /bin/false',
    '/bin/true\n/bin/false',
    '/bin/echo $HOME',
    '/bin/a && /bin/b',
    '/bin/ls *',
    '/bin/a > /b',
    '/bin/a &',
  ]) {
    assert.not(replaced(script), script)
  }
})

test('what is collected are the last bytes', () => {
  const all = new Collected(10)
  for (const text of ['abcd', 'efgh', 'ijkl', 'mn']) all.push(Buffer.from(text))
  assert.is(all.total, 14)
  assert.is(all.bytes().toString(), 'efghijklmn')
  assert.is(all.text(), '[the first 4 bytes of this output were left out]\nefghijklmn')
  const one = new Collected(3)
  one.push(Buffer.from('abcdef'))
  assert.is(one.bytes().toString(), 'def')
  const small = new Collected(3)
  small.push(Buffer.from('abc'))
  assert.not(small.cut)
  assert.is(small.text(), 'abc')
  assert.is(new Collected(3).text(), '')
})

test('a script in a few words', () => {
  assert.is(brief('true\n'), '`true`')
  assert.is(brief('one\ntwo'), '`one …`')
  assert.is(brief('x'.repeat(70)), `\`${'x'.repeat(60)}…\``)
})

test.run()
