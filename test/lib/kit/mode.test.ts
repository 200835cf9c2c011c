import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkedMode, modeAfter } from '../../../lib/kit/mode.ts'
import { emptyDirectory } from '../../rig/here.ts'

const test = suite('modes')

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
let state = seed
const random = (below: number) => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
  return (state >> 8) % below
}
const some = (letters: string, most: number) =>
  Array.from({ length: random(most + 1) }, () => letters[random(letters.length)]).join('')

function symbolic(): string {
  const clause = () =>
    some('ugoa', 2) +
    Array.from(
      { length: 1 + random(2) },
      () => '-+='[random(3)]! + (random(4) ? some('rwxXst', 3) : some('ugo', 1)),
    ).join('')
  return Array.from({ length: 1 + random(3) }, clause).join(',')
}

test(`are what chmod makes of them (seed ${seed})`, () => {
  const dir = emptyDirectory()
  const cases = Array.from({ length: 400 }, (_, i) => {
    const before = random(0o10000)
    const directory = random(2) === 1
    const path = join(dir, String(i))
    if (directory) mkdirSync(path)
    else writeFileSync(path, '')
    chmodSync(path, before)
    return { mode: symbolic(), before: before.toString(8).padStart(4, '0'), directory, path }
  })
  const script = cases.map(({ mode, path }) => `chmod -- '${mode}' ${path}`).join('\n')
  assert.is(spawnSync('sh', ['-ec', `umask 022\n${script}`]).status, 0)
  for (const { mode, before, directory, path } of cases) {
    const by = (statSync(path).mode & 0o7777).toString(8).padStart(4, '0')
    assert.is(modeAfter(mode, before, directory), by, `${mode} on ${before}${directory ? ' of a directory' : ''}`)
  }
})

test('an octal one is itself; what is neither is refused', () => {
  assert.is(modeAfter('644', '0777'), '0644')
  assert.is(modeAfter('2755', '0000', true), '2755')
  for (const wrong of ['', '8', '0888', '64', 'u', 'z+x', 'u+x;rm', 'u+x,', 'rw-r--r--'])
    assert.throws(() => checkedMode(wrong), /neither octal nor symbolic/, wrong)
})

test.run()
