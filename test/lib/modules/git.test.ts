import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { git } from '../../../lib/modules/index.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needing, needs } from '../../rig/needs.ts'
import { places } from '../kit/places.ts'
import { applied, failure, planOf } from './applied.ts'
import { typed } from './typed.ts'

needs('git')

// Nobody's own configuration counts; submodules lie on the disk here, which git allows only when told.
const home = emptyDirectory()
const settings = '[user]\nname = a\nemail = a@b\n[init]\ndefaultBranch = main\n[protocol "file"]\nallow = always\n'
writeFileSync(join(home, '.gitconfig'), settings)
const env = { HOME: home, GIT_CONFIG_NOSYSTEM: '1' }
const run = (dir: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('git', args, {
    cwd: dir,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  assert.is(status, 0, `git ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}
const commit = (dir: string, text: string) => {
  appendFileSync(join(dir, 'file'), `${text}\n`)
  run(dir, 'add', '-A')
  run(dir, 'commit', '-qm', text)
  return run(dir, 'rev-parse', 'HEAD')
}

function origin() {
  const dir = emptyDirectory()
  run(dir, 'init', '-q')
  const one = commit(dir, 'one')
  run(dir, 'tag', '-a', 'v1', '-m', 'v1')
  const two = commit(dir, 'two')
  run(dir, 'checkout', '-q', '-b', 'next')
  const three = commit(dir, 'three')
  run(dir, 'checkout', '-q', 'main')
  return { dir, url: `file://${dir}`, one, two, three }
}

for (const shell of shells.filter(({ env }) => !env)) {
  const test = suite(`git.checkout under ${shell.name}`)
  const connection = here({ shell, env })

  test('a branch, a tag, a commit, and back; history is not asked for twice', async () => {
    const { dir, url, one, two, three } = origin()
    const path = join(emptyDirectory(), 'in', 'app')
    const at = () => [run(path, 'rev-parse', 'HEAD'), run(path, 'rev-parse', '--abbrev-ref', 'HEAD')]
    const first = await applied(connection, () => git.checkout(url, path))
    assert.equal([first.result.commit, ...at()], [two, two, 'main'])
    assert.equal(first.diff, [{ path, before: '', after: `${two} main\n` }])
    writeFileSync(join(path, 'untracked'), 'mine')
    await applied(connection, () => git.checkout(url, path, { version: 'v1' }))
    assert.equal(at(), [one, 'HEAD'])
    await applied(connection, () => git.checkout(url, path, { version: 'next' }))
    assert.equal(at(), [three, 'next'])
    await applied(connection, () => git.checkout(url, path, { version: one }))
    const moved = commit(dir, 'four')
    await applied(connection, () => git.checkout(url, path, { version: 'main' }))
    assert.equal(at(), [moved, 'main'])
    assert.is(readFileSync(join(path, 'untracked'), 'utf8'), 'mine')
  })

  test('with little history, any version, one after the other', async () => {
    const { dir, url, one, three } = origin()
    const path = join(emptyDirectory(), 'app')
    for (const version of ['v1', 'next', 'main', 'v1']) {
      await applied(connection, () => git.checkout(url, path, { version, depth: 1 }))
    }
    assert.is(run(path, 'rev-list', '--count', 'HEAD'), '1')
    await applied(connection, () => git.checkout(url, path, { version: three, depth: 1 }))
    commit(dir, 'five')
    await applied(connection, () => git.checkout(url, path, { version: 'main', depth: 1 }))
    await applied(connection, () => git.checkout(url, path, { version: one }))
  })

  test('what would be lost is kept, unless forced', async () => {
    const { dir, url, two } = origin()
    const path = join(emptyDirectory(), 'app')
    await applied(connection, () => git.checkout(url, path))
    appendFileSync(join(path, 'file'), 'edited')
    for (const version of ['main', 'v1'])
      assert.match(
        await failure(connection, git.checkout(url, path, { version })),
        'has changes that are nowhere else: file',
      )
    await applied(connection, () => git.checkout(url, path, { force: true }))
    assert.is(run(path, 'status', '--porcelain'), '')
    const own = commit(path, 'own')
    commit(dir, 'theirs')
    assert.match(await failure(connection, git.checkout(url, path)), `commit ${own} is nowhere else, and would be lost`)
    assert.is(run(path, 'rev-parse', 'HEAD'), own)
    await applied(connection, () => git.checkout(url, path, { force: true }))
    assert.not.equal(run(path, 'rev-parse', 'HEAD'), two)
  })

  test('a look writes nothing', async () => {
    const { url } = origin()
    const path = join(emptyDirectory(), 'app')
    await applied(connection, () => git.checkout(url, path))
    // What is not as the index remembers it is compared, and git would note what came of it.
    utimesSync(join(path, 'file'), 1e9, 1e9)
    const times = () => ['.git', '.git/index'].map((name) => statSync(join(path, name)).mtimeMs)
    const before = times()
    assert.is((await planOf(connection, git.checkout(url, path))).changed, false)
    assert.equal(times(), before)
  })

  test('a repository that was begun and not finished is begun anew', async () => {
    const { url } = origin()
    for (const end of ['echo "No space left on device" >&2; exit 128', 'kill -9 $PPID; sleep 1']) {
      const bin = emptyDirectory()
      const script = `#!/bin/sh\n[ "$1" = init ] || { PATH=/usr/bin:/bin; exec git "$@"; }\nmkdir .git; >.git/description\n`
      writeFileSync(join(bin, 'git'), `${script}${end}\n`, { mode: 0o755 })
      const full = here({ shell, env: { ...env, PATH: `${bin}:/usr/bin:/bin` } })
      const path = join(emptyDirectory(), 'app')
      await failure(full, git.checkout(url, path))
      await applied(connection, () => git.checkout(url, path))
      assert.equal(readdirSync(path).sort(), ['.git', 'file'])
    }
    const half = join(emptyDirectory(), 'half')
    mkdirSync(join(half, '.git'), { recursive: true })
    assert.match(await failure(connection, git.checkout(url, half)), `${half}/.git is no whole repository`)
  })

  test('another repository, and submodules', async () => {
    const [a, b] = [origin(), origin()]
    run(b.dir, 'submodule', '--quiet', 'add', a.url, 'sub')
    run(b.dir, 'commit', '-qam', 'sub')
    const path = join(emptyDirectory(), 'app')
    await applied(connection, () => git.checkout(a.url, path))
    const moved = await applied(connection, () => git.checkout(b.url, path, { force: true }))
    assert.match(moved.diff[0]!.before, `of ${a.url}\n`)
    assert.ok(existsSync(join(path, 'sub/file')))
  })

  test('a submodule that could not be had is still to be had', async () => {
    const [a, b, c] = [origin(), origin(), origin()]
    run(c.dir, 'submodule', '--quiet', 'add', a.url, 'in/deep')
    run(c.dir, 'commit', '-qam', 'deep')
    run(b.dir, 'submodule', '--quiet', 'add', c.url, "it's/sub")
    run(b.dir, 'submodule', '--quiet', 'add', a.url, 'away')
    run(b.dir, 'config', '-f', '.gitmodules', 'submodule.away.update', 'none')
    run(b.dir, 'commit', '-qam', 'sub')
    const path = join(emptyDirectory(), 'app')
    for (const missing of [c.dir, a.dir]) {
      renameSync(missing, `${missing}.gone`)
      for (const force of [false, true])
        assert.match(await failure(connection, git.checkout(b.url, path, { force })), missing)
      renameSync(`${missing}.gone`, missing)
    }
    await applied(connection, () => git.checkout(b.url, path))
    assert.ok(existsSync(join(path, "it's/sub/in/deep/file")))
    // Another commit of it than was committed, and one that is nowhere else.
    const sub = join(path, "it's/sub")
    run(sub, 'checkout', '-q', c.one)
    const { diff } = await applied(connection, () => git.checkout(b.url, path))
    assert.match(diff[0]!.after, "submodule it's/sub\n")
    const own = commit(sub, 'own')
    assert.match(
      await failure(connection, git.checkout(b.url, path)),
      "has changes that are nowhere else: commits of the submodule it's/sub",
    )
    assert.is(run(sub, 'rev-parse', 'HEAD'), own)
    await applied(connection, () => git.checkout(b.url, path, { force: true }))
  })

  test('what is refused has changed nothing', async () => {
    const [a, b] = [origin(), origin()]
    const path = join(emptyDirectory(), 'app')
    run('/', 'clone', '-q', a.url, path)
    const own = commit(path, 'own')
    const all = () => run(path, 'for-each-ref') + run(path, 'config', '-l') + run(path, 'status')
    const before = all()
    for (const [version, depth] of [['main'], ['next', 1], [b.one]] as const) {
      assert.match(
        await failure(connection, git.checkout(b.url, path, { version, depth })),
        `commit ${own} is nowhere else, and would be lost`,
      )
      assert.is(all(), before)
      assert.not(existsSync(join(path, '.git/shallow')))
    }
    // The server has it by now, in a branch that is asked for.
    run(path, 'push', '-q', b.url, '+HEAD:refs/heads/next')
    await applied(connection, () => git.checkout(b.url, path, { version: 'next' }))
    assert.is(run(path, 'rev-parse', 'HEAD'), own)
  })

  test.run()
}

const test = suite('git.checkout')
const connection = here({ env })

test('what cannot be is said', async () => {
  const { url } = origin()
  const dir = emptyDirectory()
  mkdirSync(join(dir, 'full'))
  writeFileSync(join(dir, 'full/x'), '')
  assert.match(await failure(connection, git.checkout(url, join(dir, 'full'))), 'is there and no git repository')
  assert.match(
    await failure(connection, git.checkout(url, join(dir, 'a'), { version: 'nxt' })),
    'has no branch or tag nxt',
  )
  assert.match(await failure(connection, git.checkout('file:///no/such', join(dir, 'a'))), /no.such/)
  const bin = emptyDirectory()
  assert.match(await failure(here({ env: { PATH: bin } }), git.checkout(url, join(dir, 'a'))), 'the host has no git')
  assert.throws(() => git.checkout('--upload-pack=x', '/x'), 'cannot be a repository')
  assert.throws(() => git.checkout('https://me:pw@x/y', '/x'), 'a password in the URL')
  for (const version of ['-f', 'a b', 'a..b', '.x', 'a/'])
    assert.throws(() => git.checkout('x', '/x', { version }), 'cannot be a branch, tag or commit')
})

needing(test, 'root')('where somebody else decides what names mean, root lets no git go', async () => {
  const { url } = origin()
  const { at, plant, untouched } = places()
  const asked = at('svc/app')
  plant('svc/way', at('etc'))
  for (const [path, folder] of [
    [asked, at('svc')],
    [at('svc'), at('svc')],
    [at('svc/way/app'), at('svc')],
  ] as const) {
    assert.is(
      await failure(here({ env }), git.checkout(url, path)),
      `${path} was left alone: nobody decides what lies in ${folder}, and could lead git elsewhere while root runs it`,
    )
  }
  untouched()
  assert.not.ok(existsSync(asked))
})

needing(test, 'root')('a repository of somebody else, whose configuration would run as root', async () => {
  const { url } = origin()
  const path = join(emptyDirectory(), 'app')
  await applied(connection, () => git.checkout(url, path))
  spawnSync('chown', ['-R', 'daemon', path])
  chownSync(path, 1, 1)
  assert.match(await failure(connection, git.checkout(url, path, { version: 'v1' })), 'belongs to another user')
})

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)]
const state = {
  there: 'repository',
  head: a,
  url: 'u',
  modified: [] as string[],
  odd: [],
  own: [],
  commit: b,
  ref: 'refs/tags/v1',
}
for (const [what, options, found, wanted] of [
  ['what is so', {}, { ...state, commit: a }, undefined],
  ['a tag', {}, state, `git fetch -q u +refs/tags/v1:refs/tags/v1`],
  ['a tag alone', { depth: 1 }, state, `git fetch -q --depth 1 u +refs/tags/v1:refs/tags/v1`],
  ['a branch', {}, { ...state, ref: 'refs/heads/x' }, `git branch -f x ${b} >/dev/null; git checkout -q x --`],
  ['forced', { force: true }, { ...state, modified: ['f'] }, `git checkout -q -f ${b} --`],
] as const) {
  test(`what is typed: ${what}`, () => {
    const [script] = typed(git.checkout('u', '/p', { version: 'v1', ...options }), found)
    if (wanted === undefined) assert.is(script, undefined)
    else assert.ok(script!.split('\n').includes(wanted), script)
  })
}

test.run()
