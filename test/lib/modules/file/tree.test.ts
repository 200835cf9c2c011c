import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { file } from '../../../../lib/modules/index.ts'
import { excluder } from '../../../../lib/modules/file/tree/excluded.ts'
import type { Entry } from '../../../../lib/modules/file/tree/listing.ts'
import { emptyDirectory, here, shells } from '../../../rig/here.ts'
import { needing } from '../../../rig/needs.ts'
import { inPrivateNamespaces } from '../../../rig/private.ts'
import { counting } from '../../../rig/counted.ts'
import { applied, failure, planOf } from '../applied.ts'
import { undoing } from '../undone.ts'

inPrivateNamespaces(import.meta.url)

/** Files by their content, directories by a slash at the end, links by an arrow. */
type Told = Readonly<Record<string, string>>

function grow(root: string, told: Told): string {
  for (const [path, content] of Object.entries(told)) {
    const at = join(root, path)
    mkdirSync(path.endsWith('/') ? at : dirname(at), { recursive: true })
    if (path.endsWith('/')) continue
    if (content.startsWith('->')) symlinkSync(content.slice(2), at)
    else writeFileSync(at, content)
  }
  return root
}

/** The tree as it is, with modes. */
function told(root: string, below = ''): Told {
  return Object.assign(
    {},
    ...readdirSync(join(root, below))
      .sort()
      .map((name): Told => {
        const path = join(below, name)
        const at = join(root, path)
        const found = lstatSync(at)
        if (found.isSymbolicLink()) return { [path]: `->${readlinkSync(at)}` }
        const mode = (found.mode & 0o7777).toString(8)
        if (found.isDirectory()) return { [`${path}/`]: mode, ...told(root, path) }
        return { [path]: `${mode} ${readFileSync(at).toString('latin1')}` }
      }),
  )
}

const odd: Told = {
  'a file.txt': 'plain\n',
  "it's/$HOME/`x`\\y": 'quoted\n',
  empty: '',
  '-rf': 'a name like an option\n',
  'é/日本': 'other alphabets\n',
  'bin/run': '#!/bin/sh\n',
  bytes: Buffer.from([0, 1, 255, 10, 0]).toString('latin1'),
  'no end of line': 'x',
  'deep/er/still/file': 'deep\n',
  'hollow/': '',
  'to file': '->a file.txt',
  'to folder': '->deep',
  'to nowhere': '->/no/such/thing',
}

for (const shell of shells) {
  const test = suite(`file.tree under ${shell.name}`)
  const connection = here({ shell })

  test('brings all that is in a folder, and then nothing; only what differs is sent again', async () => {
    const from = grow(emptyDirectory(), odd)
    chmodSync(join(from, 'bin/run'), 0o4755)
    chmodSync(join(from, 'hollow'), 0o2710)
    chmodSync(join(from, 'empty'), 0o400)
    const to = join(emptyDirectory(), 'new', 'place')
    const run = await applied(connection, () => file.tree(`${from}/`, to))
    assert.equal(told(to), told(from))
    assert.is(run.result.files, 9)
    assert.is(run.result.deleted, 0)
    writeFileSync(join(to, 'bin/run'), '#!/bin/SH\n')
    writeFileSync(join(to, 'stays'), 'mine\n')
    rmSync(join(to, 'to file'))
    rmSync(join(to, 'to folder'))
    symlinkSync('elsewhere', join(to, 'to folder'))
    chmodSync(join(to, 'deep/er'), 0o700)
    const again = await applied(connection, () => file.tree(from, to))
    assert.is(again.result.files, 1)
    assert.equal(
      again.diff.map(({ path, before, after }) => [path.slice(to.length), before, after]),
      [
        ['/bin/run', '10 bytes\n', '10 bytes, other content\n'],
        ['/to file', '', 'link to a file.txt\n'],
        ['/to folder', 'link to elsewhere\n', 'link to deep\n'],
        [
          '/deep/er (attributes)',
          'mode 0700\n',
          `mode ${(lstatSync(join(from, 'deep/er')).mode & 0o7777).toString(8).padStart(4, '0')}\n`,
        ],
      ],
    )
    assert.is(readFileSync(join(to, 'stays'), 'utf8'), 'mine\n')
    rmSync(join(to, 'stays'))
    assert.equal(told(to), told(from))
  })

  test('from host to host the same', async () => {
    const from = grow(emptyDirectory(), { ...odd, large: 'x'.repeat(3e6) })
    const to = join(emptyDirectory(), 'there')
    await applied(connection, () => file.tree({ from: { name: 'other' }, path: from }, to))
    assert.equal(told(to), told(from))
  })

  test('delete removes what is extra, but for what is excluded', async () => {
    const from = grow(emptyDirectory(), { a: '1', 'd/b': '2', 'd/x.bak': 'not brought' })
    const to = grow(emptyDirectory(), {
      a: '1',
      old: 'x',
      'd/old': 'x',
      'd/y.bak': 'kept',
      'gone/deep/er': 'x',
      'cache/1': 'kept',
      'd/cache/1': 'x',
    })
    const make = () => file.tree(from, to, { delete: true, exclude: ['*.bak', '/cache'] })
    const run = await applied(connection, make)
    assert.is(run.result.deleted, 4)
    assert.equal(Object.keys(told(to)), ['a', 'cache/', 'cache/1', 'd/', 'd/b', 'd/y.bak'])
  })

  test('what is of another kind is replaced; a directory in the way only with delete', async () => {
    const from = grow(emptyDirectory(), { 'was file/x': '1', 'was link/x': '1', 'was folder': '1', 'now link': '->a' })
    const there = { 'was file': '1', 'was link': '->/etc', 'now link': '1' }
    const to = grow(emptyDirectory(), there)
    grow(to, { 'was folder/y': '1' })
    assert.match(await failure(connection, file.tree(from, to)), 'was folder is a directory, and is to become a file')
    await applied(connection, () => file.tree(from, to, { delete: true }))
    assert.equal(told(to), told(from))
    assert.not.ok(existsSync('/etc/x'))
  })

  test('modes as told: octal gives directories the right to enter, symbolic changes what the folder has', async () => {
    const from = grow(emptyDirectory(), { 'd/run': 'x', 'd/text': 'x' })
    chmodSync(join(from, 'd/run'), 0o700)
    const to = join(emptyDirectory(), 'a')
    await applied(connection, () => file.tree(from, to, { mode: '0640' }))
    assert.equal(told(to), { 'd/': '750', 'd/run': '640 x', 'd/text': '640 x' })
    await applied(connection, () => file.tree(from, to, { mode: 'u=rwX,go=rX' }))
    assert.equal(told(to), { 'd/': '755', 'd/run': '755 x', 'd/text': '644 x' })
  })

  needing(test, 'root')('owners as told; what is there keeps its own unless told', async () => {
    const from = grow(emptyDirectory(), { 'd/a': '1', l: '->d' })
    const to = grow(emptyDirectory(), { 'd/a': 'old' })
    chownSync(join(to, 'd/a'), 1, 1)
    await applied(connection, () => file.tree(from, to))
    const who = (path: string) => [lstatSync(join(to, path)).uid, lstatSync(join(to, path)).gid]
    assert.equal(
      [who('d/a'), who('d'), who('l')],
      [
        [1, 1],
        [0, 0],
        [0, 0],
      ],
    )
    await applied(connection, () => file.tree(from, to, { owner: 'daemon', group: 'bin' }))
    assert.equal(
      [who('d/a'), who('d'), who('l')],
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
    )
  })

  test.run()
}

const test = suite('file.tree: what it refuses')
const connection = here()

test('an empty folder with delete, a missing one, special files, names of several lines', async () => {
  const to = grow(emptyDirectory(), { a: '1' })
  assert.match(
    await failure(connection, file.tree(emptyDirectory(), to, { delete: true })),
    'is empty, and all that is here',
  )
  assert.match(await failure(connection, file.tree('/no/such', to)), '/no/such cannot be brought')
  assert.match(
    await failure(connection, file.tree({ from: { name: 'b' }, path: '/no/such' }, to)),
    '/no/such of b is missing',
  )
  const pipes = emptyDirectory()
  spawnSync('mkfifo', [join(pipes, 'p')])
  assert.match(await failure(connection, file.tree(pipes, to)), /^p of .* is neither a file nor/)
  grow(pipes, { b: '2' })
  await applied(connection, () => file.tree(pipes, to, { exclude: ['p'] }))
  const lines = grow(emptyDirectory(), { 'a\nb': '1' })
  for (const from of [lines, { from: { name: 'b' }, path: lines }])
    assert.match(await failure(connection, file.tree(from, to)), 'has a name that cannot be brought: "a\\nb"')
  assert.match(
    await failure(connection, file.tree(grow(emptyDirectory(), { a: '1' }), lines, { delete: true })),
    'cannot be removed safely',
  )
  assert.throws(() => file.tree('/x', '/etc/', { delete: true }), 'what the host lives of')
  assert.throws(() => file.tree('/x', 'relative'), 'is not an absolute path')
})

test('to remove what something is mounted on', async () => {
  const from = grow(emptyDirectory(), { a: '1' })
  const to = grow(emptyDirectory(), { 'old/in/': '' })
  assert.is(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', join(to, 'old/in')]).status, 0)
  assert.match(
    await failure(connection, file.tree(from, to, { delete: true })),
    'old is not removed: something is mounted on',
  )
  await applied(connection, () => file.tree(from, to, { delete: true, exclude: ['/old'] }))
})

test('a file that changes between plan and change', async () => {
  const from = grow(emptyDirectory(), { a: '1', b: '2' })
  for (const source of [from, { from: { name: 'b' }, path: from }]) {
    const to = join(emptyDirectory(), 'x')
    const prepared = await planOf(connection, file.tree(source, to))
    writeFileSync(join(from, 'a'), readFileSync(join(from, 'a'), 'utf8') + 'more')
    const message = await prepared.apply(connection).then(
      () => 'it worked',
      (error: Error) => error.message,
    )
    assert.match(message, /\/a.* changed while it was brought/)
    assert.equal(readdirSync(to), [])
  }
})

test('what is sent and breaks off in a file leaves no part of it', async () => {
  const from = grow(emptyDirectory(), { a: 'x'.repeat(1000) })
  const to = grow(emptyDirectory(), { a: 'old' })
  const prepared = await planOf(connection, file.tree(from, to))
  const { exec } = connection
  const cut = Object.assign(Object.create(connection) as typeof connection, {
    exec: (script: string, options: { stdin?: Uint8Array } = {}) =>
      exec(script, { ...options, ...(options.stdin ? { stdin: options.stdin.subarray(0, 500) } : {}) }),
  })
  const message = await prepared.apply(cut).then(
    () => 'it worked',
    (error: Error) => error.message,
  )
  assert.match(message, 'not complete')
  assert.equal(told(to), { a: '644 old' })
})

test('many small files are brought by a few processes', async () => {
  const names = Array.from({ length: 120 }, (_, i) => [`d/f ${i}`, `content ${i}\n`] as const)
  const files = { ...Object.fromEntries(names), [`d/${'ä'.repeat(60)}`]: 'a long name\n', 'd/-x': '', 'd/.y': 'z' }
  const from = grow(emptyDirectory(), files)
  const to = grow(emptyDirectory(), { 'd/f 7': 'other' })
  const { connection, started } = counting(['dd', 'tar', 'mv', 'chmod', 'chown', 'mkdir', 'stat', 'rm', 'sha256sum'])
  const { mode, uid, gid } = statSync(join(to, 'd/f 7'))
  await applied(connection, () => file.tree(from, to))
  assert.equal(told(to), told(from))
  assert.equal([statSync(join(to, 'd/f 7')).uid, statSync(join(to, 'd/f 7')).gid], [uid, gid])
  assert.is(statSync(join(to, 'd/f 7')).mode, mode)
  // An undo looks at each and puts each back.
  assert.ok(undoing || started().length < 40, `${started().length} processes`)
})

test('a host without tar gets them one by one', async () => {
  const files = { a: '1', b: '2', c: '3', 'd/e': '4' }
  const from = grow(emptyDirectory(), files)
  const to = emptyDirectory()
  const bare = here({ env: { PATH: withoutTar() } })
  await applied(bare, () => file.tree(from, to))
  assert.equal(told(to), told(from))
})

function withoutTar(): string {
  const bin = emptyDirectory()
  for (const name of [
    'stat',
    'find',
    'mkdir',
    'dd',
    'chmod',
    'mv',
    'rm',
    'rmdir',
    'chown',
    'readlink',
    'id',
    'sh',
    'sha256sum',
  ])
    symlinkSync(spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim(), join(bin, name))
  return bin
}

test('what cannot be said in lines of UTF-8 is refused by its name, and can be left out', async () => {
  const from = grow(emptyDirectory(), { 'd/a': '1' })
  writeFileSync(Buffer.concat([Buffer.from(`${from}/d/inv`), Buffer.of(0xff)]), 'x')
  const refusal = 'has a name that cannot be brought: "d/inv\ufffd"'
  for (const folder of [from, { from: { name: 'other' }, path: from }]) {
    assert.match(await failure(here(), file.tree(folder, emptyDirectory())), refusal)
    const to = join(emptyDirectory(), 't')
    await applied(here(), () => file.tree(folder, to, { exclude: ['/d/inv?'] }))
    assert.equal(Object.keys(told(to)), ['d/', 'd/a'])
  }
  // Its second line would be an order to the script that makes it.
  const linked = grow(emptyDirectory(), { l: '->a\n\nx\n./b\n', b: '' })
  for (const folder of [linked, { from: { name: 'other' }, path: linked }])
    assert.match(
      await failure(here(), file.tree(folder, emptyDirectory())),
      'has a link that cannot be brought: l to "a',
    )
})

const entry = (path: string, more: Partial<Entry> = {}): Entry => ({
  ...{ path, kind: 'file', size: 1, mode: '0644', owner: 'root', group: 'root', uid: '0', gid: '0', stamp: '1 1' },
  ...more,
})
const listing = (...entries: Entry[]) => ({
  root: entry('', { kind: 'directory', mode: '0755' }),
  entries,
  mounts: [],
  odd: [],
})
const nothing = { root: [], remove: [], directories: [], files: [], links: [], attributes: [] }

for (const [what, options, state, change] of [
  [
    'nothing where all is the same',
    {},
    { theirs: listing(entry('a')), ours: listing(entry('a')), same: ['a'] },
    undefined,
  ],
  [
    'the directory, where it is missing',
    {},
    { theirs: listing(entry('a')), ours: undefined, same: [] },
    {
      ...nothing,
      root: ['/t'],
      files: [{ path: 'a', bytes: 1, stamp: '1 1', mode: '0644', owner: undefined }],
      attributes: [{ path: '', mode: '0755', owner: undefined, directory: true }],
    },
  ],
  [
    'of removed trees the top alone',
    { delete: true },
    {
      theirs: listing(entry('a')),
      ours: listing(entry('a'), entry('d', { kind: 'directory' }), entry('d/x'), entry('d-e')),
      same: ['a'],
    },
    { ...nothing, remove: ['d-e', 'd'] },
  ],
  [
    'owners as numbers where they are kept',
    {},
    { theirs: listing(entry('a')), ours: listing(entry('a', { uid: '7', gid: '8' })), same: [] },
    { ...nothing, files: [{ path: 'a', bytes: 1, stamp: '1 1', mode: '0644', owner: '7:8' }] },
  ],
] as const) {
  test(`what is carried: ${what}`, () => {
    assert.equal(file.tree('/f', '/t', options).plan(state).change, change)
  })
}

const names = ['a', 'b.bak', 'cache', 'x y', 'a[1]', 'ab']
needing(test, 'rsync')('patterns leave out what rsync leaves out', () => {
  const deep = names.flatMap((one) => [one, ...names.map((two) => `d/${one}-d/${two}`)])
  const from = grow(
    emptyDirectory(),
    Object.fromEntries([...deep.map((path) => [path, 'x']), ['d/cache/in', 'x'], ['cached/cache/', '']]),
  )
  const all = Object.keys(told(from))
  const patterns = [
    '*.bak',
    'cache',
    '/cache',
    'cache/',
    'd/cache',
    '/d/*/a',
    'd/**/ab',
    '?',
    'a[[]1]',
    'x*',
    '**/cache',
    '[!a]',
    'b.bak',
    'd/**',
    '/d/',
    'x\\ y',
  ]
  for (const pattern of patterns.filter((one) => !one.includes('\\'))) {
    const to = emptyDirectory()
    // Of rsync a pattern with a slash matches the end of a path; here, as in a .gitignore, all of it.
    const theirs =
      pattern.includes('/') && !pattern.startsWith('/') && !/^[^/]*\/$/.test(pattern) && !pattern.startsWith('**')
        ? `/${pattern}`
        : pattern
    assert.is(spawnSync('rsync', ['-a', `--exclude=${theirs}`, `${from}/`, to]).status, 0)
    const excluded = excluder([pattern])
    const ours = all.filter((path) => !excluded(path.replace(/\/$/, ''), path.endsWith('/')))
    assert.equal(ours, Object.keys(told(to)), pattern)
  }
})

test.run()
