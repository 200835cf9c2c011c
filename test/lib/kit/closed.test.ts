import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Operation, Value } from '../../../lib/model/operation.ts'
import {
  archive,
  authorizedKeys,
  block,
  database,
  file,
  find,
  git,
  ini,
  line,
  replace,
  shell as hostCommand,
  wait,
} from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needs } from '../../rig/needs.ts'
import { failure } from '../modules/applied.ts'

needs('root')
const root = emptyDirectory()
const [door, behind, folder] = [join(root, 'door'), join(root, 'door/file'), join(root, 'door/folder')]
mkdirSync(folder, { recursive: true })
writeFileSync(behind, 'there\n')
// Who may not even see that it is there must not hear that it is missing.
chmodSync(root, 0o755)
chmodSync(door, 0o700)
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE9u1c2V6p0KQmIhb1nXhU0B5YgYcTQGmW2cfJ7gqk3V me'

const table: readonly (readonly [string, Operation<Value>])[] = [
  ['archive.create', archive.create('/tmp/a.tgz', 'file', { from: door })],
  ['archive.extract', archive.extract(`${folder}/a.tgz`, '/tmp/into')],
  ['archive.extract, creates', archive.extract('/tmp/a.tgz', '/tmp/into', { creates: behind })],
  ['authorizedKeys', authorizedKeys.present('nobody', key, { path: behind })],
  ['block', block.present(behind, 'b')],
  ['command, creates', hostCommand({ creates: behind })`echo ran`],
  ['database.dump, keep', database.dump({ database: 'a', to: behind, keep: true })],
  ['file.absent', file.absent(behind)],
  ['file.attributes', file.attributes(behind, { mode: '0600' })],
  ['file.backup', file.backup(behind)],
  ['file.content', file.content(behind, 'other\n')],
  ['file.directory', file.directory(folder)],
  ['file.fetch', file.fetch(behind, '/tmp/fetched')],
  ['file.link', file.link(behind, '/etc/passwd')],
  ['file.mode', file.mode(behind, '0600')],
  ['file.owner', file.owner(behind, 'nobody')],
  ['file.restore', file.restore(behind)],
  ['file.stat', file.stat(behind)],
  ['file.tree', file.tree(new URL('.', import.meta.url).pathname, folder)],
  ['find', find.files(folder)],
  ['git', git.checkout('/tmp/none.git', folder, { version: 'a'.repeat(40) })],
  ['ini', ini.set(behind, { a: { b: 'c' } }, { create: true })],
  ['line', line.present(behind, { line: 'x', create: true })],
  ['replace', replace(behind, /a/g, 'b')],
  ['wait.file', wait.file(behind, { timeout: 0.1, delay: 0.02 })],
  ['wait.file, absent', wait.file(behind, { absent: true })],
  ['wait.file, contains', wait.file(behind, { contains: 'there', timeout: 0.1, delay: 0.02 })],
]

const secret = join(root, 'secret')
writeFileSync(secret, 'there\n', { mode: 0o600 })
const unreadable: readonly (readonly [string, Operation<Value>])[] = [
  ['file.content', file.content(secret, 'other\n')],
  ['file.stat, sha256', file.stat(secret, { sha256: true })],
  ['ini', ini.set(secret, { a: { b: 'c' } })],
  ['line', line.present(secret, { line: 'x' })],
  ['replace', replace(secret, /a/g, 'b')],
]

for (const shell of shells) {
  const test = suite(`behind a closed door, under ${shell.name}`)
  const nobody = here({ shell, uid: 65534 })
  for (const [name, operation] of table) {
    test(`${name} says that it may not look`, async () => {
      assert.match(await failure(nobody, operation), /^cannot look at .*: permission denied$/)
    })
  }
  for (const [name, operation] of unreadable) {
    test(`${name} says that it may not read`, async () => {
      assert.match(await failure(nobody, operation), /^cannot look at .*secret on here: permission denied$/)
    })
  }
  test.run()
}
