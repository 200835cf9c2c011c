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
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { patchOf as patchOfBytes, writing } from '../../../lib/kit/writing.ts'
import { sha256Of } from '../../../lib/kit/contents.ts'
import { writeFile } from '../../../lib/kit/new-file.ts'
import { Advice, Outdated } from '../../../lib/model/operation.ts'
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
