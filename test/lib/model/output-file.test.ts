import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkOutput, replaceFile } from '../../../lib/model/output-file.ts'
import { Refused } from '../../../lib/model/problem.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'output-file-'))
const test = suite('output files')
test.after(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => path.join(folder, name)
const holding = (name: string, text: string, mode = 0o644) => {
  writeFileSync(at(name), text, { mode })
  return at(name)
}
const list = { what: 'a list', isOne: (text: string) => text.startsWith('list ') }
const refusal = (act: () => void): string => {
  try {
    act()
  } catch (error) {
    if (error instanceof Refused) return error.message.replaceAll(folder, '')
    throw error
  }
  return 'nothing'
}

test('what is there and is no such file is not written over; an earlier one, an empty one and a device are', () => {
  mkdirSync(at('folder'))
  symlinkSync('/dev/null', at('device'))
  symlinkSync('notes', at('link'))
  holding('notes', 'mine')
  const said = (name: string) => refusal(() => checkOutput(at(name), list))
  const over = 'nothing is written over it - name another file'
  assert.is(said('notes'), `/notes is there already and is not a list: ${over}`)
  assert.is(said('link'), `/link is there already and is not a list: ${over}`)
  assert.is(said('folder'), `/folder is there already and is a folder: ${over}`)
  holding('earlier', 'list 1')
  holding('empty', '')
  for (const name of ['earlier', 'empty', 'device', 'new']) assert.is(said(name), 'nothing', name)
  assert.match(said('nowhere/new'), /^\/nowhere: there is no such file or folder - see what is there: ls /)
})

test('the file behind a link is replaced, with its mode or the one that is wanted; a device is written to', () => {
  holding('real', 'old', 0o640)
  symlinkSync('real', at('to-real'))
  symlinkSync('/dev/null', at('null'))
  replaceFile(at('to-real'), 'new')
  replaceFile(at('null'), 'gone')
  replaceFile(at('fresh'), 'x')
  const state = (name: string) => [readFileSync(at(name), 'utf8'), (statSync(at(name)).mode & 0o777).toString(8)]
  assert.equal(state('real'), ['new', '640'])
  assert.equal(state('fresh'), ['x', '600'])
  assert.ok(statSync(at('null')).isCharacterDevice())
  replaceFile(at('real'), 'again', 0o600)
  assert.equal(state('real'), ['again', '600'])
})

test('where it cannot be written, the place and the reason are told, and nothing of it stays', () => {
  holding('file', 'x')
  const look = 'see what lies there, and whose it is: ls -ld'
  assert.is(
    refusal(() => replaceFile(at('file/below'), 'y')),
    `cannot write /file/below: a part of this path is no folder - ${look} /file /file/below`,
  )
  assert.is(
    refusal(() => replaceFile(at('none/below'), 'y')),
    'cannot write /none/below: there is no such file or folder - see what is there: ls /none',
  )
  mkdirSync(at('full'))
  assert.is(
    refusal(() => replaceFile(at('full'), 'y')),
    `cannot write /full: it is a folder - ${look}  /full`,
  )
  assert.equal(
    readdirSync(folder).filter((name) => name.endsWith('.new')),
    [],
  )
})

test.run()
