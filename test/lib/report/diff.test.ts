import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { drawDiff } from '../../../lib/report/diff.ts'
import { paints } from '../../../lib/report/paint.ts'

const test = suite('diff')
const draw = (before: string, after: string, color = false) =>
  drawDiff({ path: '/etc/x', before, after }, paints(color)).join('\n')
const head = '--- before: /etc/x\n+++ after: /etc/x\n'

test('is unified, with three lines around a change', () => {
  const numbers = Array.from({ length: 20 }, (_, i) => `${i}\n`)
  assert.is(
    draw(numbers.join(''), numbers.toSpliced(10, 1, 'ten\n').join('')),
    `${head}@@ -8,7 +8,7 @@
 7
 8
 9
-10
+ten
 11
 12
 13`,
  )
})

test('tells of a file that is new, gone, or without a last line end', () => {
  assert.is(draw('', 'a\n'), `${head}@@ -0,0 +1,1 @@\n+a`)
  assert.is(draw('a\n', ''), `${head}@@ -1,1 +0,0 @@\n-a`)
  assert.is(draw('a\n', 'a'), `${head}@@ -1,1 +1,1 @@\n-a\n+a\n\\ No newline at end of file`)
})

test('shows line ends of Windows, and lets nothing control the terminal', () => {
  assert.is(draw('a\r\n', 'a\n'), `${head}@@ -1,1 +1,1 @@\n-a␍\n+a`)
  assert.is(draw('', '\x1b[31mred\x07\n'), `${head}@@ -0,0 +1,1 @@\n+red`)
})

test('is coloured', () => {
  assert.is(
    draw('a\n', 'b\n', true),
    '\x1b[1m--- before: /etc/x\x1b[22m\n\x1b[1m+++ after: /etc/x\x1b[22m\n' +
      '\x1b[36m@@ -1,1 +1,1 @@\x1b[39m\n\x1b[31m-a\x1b[39m\n\x1b[32m+b\x1b[39m',
  )
})

test('gives only sizes of what is binary or long', () => {
  assert.is(draw('\0\u0001', 'text'), `${head}(binary: 2 bytes before, 4 bytes after)`)
  assert.is(
    draw('x', `${'y'.repeat(1000)}\n`.repeat(263)),
    `${head}(too long to compare here: 1 byte before, 263263 bytes after)`,
  )
})

test('says so when what differs is masked', () => {
  assert.is(draw('password = ‹p›\n', 'password = ‹p›\n'), `${head}(only masked values differ)`)
})

test('gives up in time on texts that have nothing in common', () => {
  const text = (seed: number) => Array.from({ length: 20_000 }, (_, i) => `${(i * seed) % 99_991}`).join('\n')
  const start = process.cpuUsage()
  const drawn = draw(text(7919), text(6007))
  assert.ok(drawn.startsWith(head))
  assert.ok(process.cpuUsage(start).user < 5e6, `${process.cpuUsage(start).user / 1e6} s`)
})

test.run()
