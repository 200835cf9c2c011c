import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patchOf as patchOfBytes, writing } from '../../../lib/kit/writing.ts'
import { sha256Of } from '../../../lib/kit/contents.ts'
import { writeFile } from '../../../lib/kit/new-file.ts'
import { Advice, type Connection, type FileMeta, Outdated } from '../../../lib/model/operation.ts'
import { line } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needing } from '../../rig/needs.ts'

const patchOf = (before: Buffer | undefined, after: Buffer) => patchOfBytes(before, after, sha256Of)
const lines = fc.array(fc.constantFrom('', 'a = 1', "it's", '\\n \\', '  - %s', 'ä', '-n', 'a = 1', 'x'.repeat(300)), {
  maxLength: 40,
})
const text = fc.tuple(lines, fc.boolean()).map(([all, ends]) => all.join('\n') + (ends && all.length > 0 ? '\n' : ''))
// Most edits leave most of a file as it is.
const edit = fc.tuple(text, text, text, text).map(([head, one, other, tail]) => {
  const long = 'k = v\n'.repeat(800)
  return { before: head + long + one + tail, after: head + long + other + tail }
})

for (const shell of shells) {
  const test = suite(`a patch under ${shell.name}`)

  test('makes exactly the new content', async () => {
    const file = join(emptyDirectory(), 'conf')
    const connection = here({ shell })
    let patches = 0
    await fc.assert(
      fc.asyncProperty(fc.oneof(edit, fc.record({ before: text, after: text })), async ({ before, after }) => {
        const made = patchOf(Buffer.from(before), Buffer.from(after))
        if (made === undefined) return
        patches++
        writeFileSync(file, before)
        const script = writing(file, { mode: '0640' }, made)
        const { code, stderr } = await connection.exec(script, { stdin: made.text })
        assert.is(code, 0, stderr)
        assert.is(readFileSync(file, 'utf8'), after)
        assert.is(statSync(file).mode & 0o7777, 0o640)
      }),
      { numRuns: 60 },
    )
    assert.ok(patches >= 10, `${patches} patches`)
  })

  test('starts no more programs than it needs', async () => {
    const folder = emptyDirectory()
    const counted = join(folder, 'bin')
    const log = join(folder, 'log')
    mkdirSync(counted)
    const programs = ['cat', 'chmod', 'chown', 'cp', 'flock', 'head', 'mktemp', 'mv', 'rm', 'sha256sum', 'stat', 'tail']
    for (const name of programs) {
      const text = `#!/bin/sh\necho ${name} >>${log}\nPATH=/usr/bin:/bin exec ${name} "$@"\n`
      writeFileSync(join(counted, name), text, { mode: 0o755 })
    }
    const file = join(folder, 'a \\ conf')
    const before = 'k = v\n'.repeat(2000)
    const after = `k = w\n${before}`
    const made = patchOf(Buffer.from(before), Buffer.from(after))!
    writeFileSync(file, before, { mode: 0o600 })
    const meta = { mode: '0640', ...(statSync(file).uid === 0 ? { owner: 'root', group: 'root' } : {}) }
    const script = writing(file, meta, { ...made, before: sha256Of(Buffer.from(before)) })
    const connection = here({ shell, env: { PATH: `${counted}:/usr/bin:/bin` } })
    const { code, stderr } = await connection.exec(script, { stdin: made.text })
    assert.is(code, 0, stderr)
    assert.is(readFileSync(file, 'utf8'), after)
    // Busybox has programs of its own, and looks for none.
    const started = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').sort() : []
    const most = ['chmod', 'cp', 'flock', 'mv', 'sha256sum', 'stat', 'tail']
    assert.equal(
      started.filter((name, i) => started.indexOf(name) !== i || !most.includes(name)),
      [],
    )
    const again = await connection.exec(script, { stdin: made.text })
    assert.is(again.code, 91)
    assert.is(readFileSync(file, 'utf8'), after)
  })

  test('is refused where something else is there than it was made for', async () => {
    const file = join(emptyDirectory(), 'conf')
    const before = 'k = v\n'.repeat(2000)
    const after = `${before}new = line\n`
    const { patch, text } = patchOf(Buffer.from(before), Buffer.from(after))!
    assert.is(text, 'new = line\n')
    writeFileSync(file, before.replace('v', 'w'))
    const error = await writeFile(here({ shell }), { path: file, content: text, patch }).catch((thrown) => thrown)
    assert.instance(error, Advice)
    assert.is(error.message, `${file} on here was left alone: it is another file now than the one that was looked at`)
    assert.is(readFileSync(file, 'utf8'), before.replace('v', 'w'))
  })

  test('is refused for a small file too, whatever else became of it', async () => {
    const file = join(emptyDirectory(), 'conf')
    const before = sha256Of(Buffer.from('a = 1\n'))
    for (const meanwhile of ['a = 2\n', undefined]) {
      if (meanwhile !== undefined) writeFileSync(file, meanwhile)
      const edit = { path: file, content: 'a = 3\n', patch: { head: 0 }, before }
      assert.instance(await writeFile(here({ shell }), edit).catch((thrown: unknown) => thrown), Outdated)
      if (meanwhile !== undefined) assert.is(readFileSync(file, 'utf8'), meanwhile)
      assert.equal(readdirSync(join(file, '..')), meanwhile === undefined ? [] : ['conf'])
      if (meanwhile !== undefined) rmSync(file)
    }
    const fresh = { path: file, content: 'a = 3', before: null }
    await writeFile(here({ shell }), fresh)
    assert.instance(await writeFile(here({ shell }), fresh).catch((thrown: unknown) => thrown), Outdated)
  })

  test('loses no line of many that are written at the same time', async () => {
    const file = join(emptyDirectory(), 'conf')
    writeFileSync(file, 'first\n')
    const edits = Array.from({ length: 8 }, async (_, i) => {
      const connection = here({ shell })
      const operation = line.present(file, { line: `line ${i}` })
      for (;;) {
        try {
          const prepared = await operation.prepare(connection)
          return await prepared.apply(connection)
        } catch (error) {
          if (!(error instanceof Outdated)) throw error
        }
      }
    })
    await Promise.all(edits)
    const lines = readFileSync(file, 'utf8').split('\n').sort()
    assert.equal(lines, ['', 'first', ...edits.map((_, i) => `line ${i}`)])
  })

  const mounted = needing(test, 'namespaces')
  mounted('goes into a file that is mounted, when that is said', async () => {
    const dir = emptyDirectory()
    for (const name of ['real', 'hosts']) writeFileSync(join(dir, name), 'one\n', { mode: 0o640 })
    const connection = here({ shell, mounts: { [join(dir, 'hosts')]: join(dir, 'real') } })
    const edit = { path: join(dir, 'hosts'), content: 'two\n', before: sha256Of(Buffer.from('one\n')) }
    const error = await writeFile(connection, edit).catch((thrown: unknown) => thrown)
    assert.instance(error, Advice)
    assert.match((error as Advice).message, /cannot write .*hosts on here: .*busy$/)
    assert.match((error as Advice).hint, 'unsafeWrites: true')
    assert.is(readFileSync(join(dir, 'real'), 'utf8'), 'one\n')
    await writeFile(connection, { ...edit, meta: { unsafeWrites: true, mode: '0600' } })
    assert.is(readFileSync(join(dir, 'real'), 'utf8'), 'two\n')
    assert.is(statSync(join(dir, 'real')).mode & 0o777, 0o600)
    assert.equal(readdirSync(dir).sort(), ['hosts', 'real'])
  })

  needing(test, 'root')('goes into a file of a folder that may not be written, when that is said', async () => {
    const dir = emptyDirectory()
    chmodSync(dir, 0o755)
    const path = join(dir, 'conf')
    writeFileSync(path, 'one\n', { mode: 0o600 })
    chownSync(path, 65534, 65534)
    const asNobody = here({
      shell: {
        ...shell,
        argv: ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...shell.argv],
      },
    })
    const edit = { path, content: 'two\n', before: sha256Of(Buffer.from('one\n')) }
    const error = await writeFile(asNobody, edit).catch((thrown: unknown) => thrown)
    assert.instance(error, Advice)
    assert.match((error as Advice).message, `the folder ${dir} cannot be written: Permission denied`)
    assert.match((error as Advice).hint, 'unsafeWrites: true')
    await writeFile(asNobody, { ...edit, meta: { unsafeWrites: true } })
    assert.is(readFileSync(path, 'utf8'), 'two\n')
    assert.is(statSync(path).uid, 65534)
    const late = await writeFile(asNobody, { ...edit, meta: { unsafeWrites: true } }).catch((thrown: unknown) => thrown)
    assert.instance(late, Outdated)
    // Written by its group, or of a group that is not the user's: no new file could be like it.
    for (const [folder, uid, gid] of [
      [0o755, 0, 65534],
      [0o755, 65534, 0],
      [0o777, 65534, 0],
    ] as const) {
      chmodSync(dir, folder)
      writeFileSync(path, 'one\n')
      chmodSync(path, 0o664)
      chownSync(path, uid, gid)
      const { ino } = statSync(path)
      await writeFile(asNobody, { ...edit, meta: { unsafeWrites: true, mode: '0664', validate: 'grep -q two %s' } })
      assert.is(readFileSync(path, 'utf8'), 'two\n')
      const is = statSync(path)
      assert.equal([is.ino, is.uid, is.gid, is.mode & 0o777], [ino, uid, gid, 0o664])
      assert.equal(readdirSync(dir), ['conf'])
    }
  })

  test('has a name of any length', async () => {
    const path = join(emptyDirectory(), 'n'.repeat(255))
    for (const content of ['one\n', 'two\n'])
      await writeFile(here({ shell }), { path, content, meta: { backup: true } })
    assert.is(readFileSync(path, 'utf8'), 'two\n')
    const error = await writeFile(here({ shell }), { path: `${path}n`, content: 'x\n' }).catch(
      (thrown: Advice) => thrown,
    )
    assert.match((error as Advice).message, /: [^:]*name too long/i)
    assert.is((error as Advice).hint, 'give it a shorter name: file systems take 255 bytes')
  })

  needing(test, 'root')('that cannot be says why, and what to do', async () => {
    const dir = emptyDirectory()
    chmodSync(dir, 0o777)
    const path = join(dir, "it's")
    const own = join(dir, 'own')
    for (const file of [path, own]) writeFileSync(file, 'one\n', { mode: 0o644 })
    chownSync(own, 65534, 0)
    const nobody = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    const asNobody = here({ shell: { ...shell, argv: [...nobody, ...shell.argv] } })
    const refused = async (connection: Connection, file: string, meta: FileMeta = {}) => {
      const error = await writeFile(connection, { path: file, content: 'two\n', meta }).catch((thrown) => thrown)
      assert.instance(error, Advice)
      return [error.message.split(' on here: ')[1], error.hint]
    }
    const [who, account] = await refused(here({ shell }), path, { owner: 'zz-none' })
    assert.match(who, /(invalid|unknown) user/)
    assert.is(account, 'make the account first, with user.present or group.present, or correct the name')
    for (const file of [path, own]) {
      const [said, hint] = await refused(asNobody, file)
      assert.match(said, 'Operation not permitted')
      assert.not.match(said, './')
      assert.match(hint, 'become: true')
    }
    const [, kernel] = await refused(here({ shell }), '/proc/sys/kernel/zz-none')
    assert.is(kernel, 'no file can be made there: write into it with a command, or set it with sysctl.set')
    for (const flag of ['i', 'a']) {
      // Not every file system has them.
      if (spawnSync('chattr', [`+${flag}`, path]).status !== 0) continue
      const [said, hint] = await refused(here({ shell }), path)
      spawnSync('chattr', [`-${flag}`, path])
      assert.match(said, 'Operation not permitted')
      assert.match(hint, "belongs to others: lsattr '/")
      assert.is(spawnSync('sh', ['-c', hint.split(': ')[1]]).status === 127, false)
    }
    assert.is(readFileSync(path, 'utf8'), 'one\n')
    assert.equal(readdirSync(dir).sort(), ["it's", 'own'])
  })

  test.run()
}

const test = suite('what a patch sends')

test('is a few lines of a large file, and all of a small one', () => {
  const before = Buffer.from(Array.from({ length: 3000 }, (_, i) => `option_${i} = value\n`).join(''))
  const after = Buffer.from(before.toString().replace('option_1500 = value', 'option_1500 = other'))
  const { patch, text } = patchOf(before, after)!
  assert.is(text, 'option_1500 = other\n')
  assert.is(
    before.subarray(0, patch.head).toString() + text + before.subarray(patch.tail! - 1).toString(),
    after.toString(),
  )
  assert.equal(patchOf(undefined, Buffer.from('a\nb\n')), { patch: { head: 0 }, text: 'a\nb\n' })
})

test('is not made for what is no plain text, or as large as the file', () => {
  assert.is(patchOf(undefined, Buffer.from('a\0b\n')), undefined)
  assert.is(patchOf(undefined, Buffer.from('ä\n')), undefined)
  assert.is(patchOf(undefined, Buffer.from('no newline')), undefined)
  assert.is(patchOf(Buffer.from('a'.repeat(9000)), Buffer.from('b'.repeat(9000))), undefined)
})

test.run()
