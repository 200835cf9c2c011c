import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { allModules } from './reference.ts'

const page = readFileSync(new URL('../../lib/guide/undo.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| ((?:`[\w.]+` ?)+)\| (.+) \|$/gm)].flatMap(([, words, what]) =>
  [...words!.matchAll(/`([\w.]+)`/g)].map(([, word]) => [word!, what!] as const),
)
const operations = allModules().flatMap(({ offered, prefix }) =>
  offered
    .filter(({ kind, signatures }) => kind !== 'type' && signatures.some((one) => /Operation<|: Script\b/.test(one)))
    .map(({ name }) => `${prefix}${name}`),
)

const test = suite('what an undo does')

test('each operation of the modules has a line, and no line is of something else', () => {
  assert.ok(operations.length > 100, String(operations.length))
  assert.equal(rows.map(([word]) => word).sort(), [...operations].sort())
})

test('each line says what is put back, or that nothing is, and why', () => {
  for (const [word, what] of rows)
    assert.match(what, /^(?:puts back|removes|does it once more|has nothing|only looks|cannot: )/, word)
})

test.run()
