import { spawnSync } from 'node:child_process'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { glob, wildcards } from '../../../lib/model/glob.ts'

const test = suite('glob')

const names = ['web1', 'web12', 'web', 'db-a', 'db.a', 'dbxa', 'a+b(c)', 'a^', '[x]', 'x', ']', '-', 'a\nb', 'Ж1', '']

/** Those of the names that the shell takes for the pattern. */
function shellSays(pattern: string): readonly string[] {
  return names.filter((name) => {
    const script = `case $1 in ${pattern}) exit 0 ;; esac; exit 1`
    return spawnSync('bash', ['--norc', '-c', script, 'sh', name], { env: { LC_ALL: 'C.UTF-8' } }).status === 0
  })
}

for (const pattern of [
  '*',
  'web*',
  'web?',
  'db?a',
  'db.a',
  '*[12]',
  'web[0-9]',
  'web[!2]',
  '[]x]',
  '[!]x]*',
  '*-*',
  '?',
  '[-]',
]) {
  test(`${pattern} means what it means to a shell`, () => {
    const regex = glob(pattern)
    assert.equal(
      names.filter((name) => regex.test(name)),
      shellSays(pattern),
    )
  })
}

test('wildcards know no sets, and nothing else is special', () => {
  const fitting = (pattern: string) => names.filter((name) => wildcards(pattern).test(name))
  assert.equal(fitting('[x]'), ['[x]'])
  assert.equal(fitting('a+b(c)'), ['a+b(c)'])
  assert.equal(fitting('a^'), ['a^'])
  assert.equal(fitting('db.?'), ['db.a'])
  assert.equal(fitting('a*b'), ['a\nb'])
  assert.equal(fitting('*'), [...names])
})

test('a bracket that nobody closes stands for itself', () => {
  assert.ok(glob('a[b').test('a[b'))
  assert.not.ok(glob('a[b').test('ab'))
})

test.run()
