import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { paints, wantsColor } from '../../../lib/report/paint.ts'
import { cut, harmless, padded, widthOf } from '../../../lib/report/width.ts'
import { memory } from '../../rig/terminal.ts'

const test = suite('width')

test('counts columns as a terminal does', () => {
  for (const [text, width] of [
    ['plain', 5],
    ['ü', 1],
    ['u\u0308', 1],
    ['日本', 4],
    ['한글', 4],
    ['👍', 2],
    ['👩‍👩‍👧', 2],
    ['\x1b[31mred\x1b[39m', 3],
    ['✔ ›', 3],
    ['', 0],
  ] as const) {
    assert.is(widthOf(text), width, text)
  }
})

test('cuts to a width, between characters', () => {
  assert.is(cut('compute', 7), 'compute')
  assert.is(cut('compute', 6), 'compu…')
  assert.is(cut('日本語', 4), '日…')
  assert.is(cut('\x1b[31mcompute\x1b[39m', 4), '\x1b[31mcom…\x1b[0m')
  assert.is(cut('x', 0), '')
  assert.is(padded('日', 4), '日  ')
})

test('cuts a long text in linear time, whatever it is made of', () => {
  for (const text of ['ночь '.repeat(40_000), '\ud83d\u0000\xff'.repeat(40_000), '\u0301'.repeat(200_000)]) {
    const began = performance.now()
    assert.ok(cut(text, 400).length < 30_000)
    assert.ok(widthOf(text) >= 0)
    harmless('\r'.repeat(200_000) + text)
    assert.ok(performance.now() - began < 2000, `${performance.now() - began} ms`)
  }
  assert.is(cut('ночь'.repeat(40_000), 10), 'ночьночьн…')
})

test('takes away what would move the cursor', () => {
  assert.is(harmless('10%\r20%\r'), '20%')
  assert.is(harmless('\x1b[2J\x1b]0;title\x07a\tb\x08\x9b'), 'a    b')
})

test('FORCE_COLOR decides, then NO_COLOR, then the terminal', () => {
  const pipe = memory()
  const tty = Object.assign(memory(), { isTTY: true })
  for (const [out, env, wanted] of [
    [tty, { TERM: 'xterm' }, true],
    [tty, {}, false],
    [pipe, {}, false],
    [tty, { NO_COLOR: '1', TERM: 'xterm' }, false],
    [tty, { NO_COLOR: '', TERM: 'xterm' }, true],
    [pipe, { FORCE_COLOR: '1' }, true],
    [tty, { FORCE_COLOR: '0' }, false],
    [pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [tty, { TERM: 'dumb' }, false],
  ] as const)
    assert.is(wantsColor(out, env), wanted, JSON.stringify(env))
  assert.is(paints(true)('red', 'x'), '\x1b[31mx\x1b[39m')
  assert.is(paints(false)('red', 'x'), 'x')
})

test.run()
