import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Operation, Value } from '../../../lib/model/operation.ts'
import { type Command, perform, performAll } from '../../../lib/kit/command.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { archive, copyBetween, database, file, git, line, mount, templateFile } from '../../../lib/modules/index.ts'
import { emptyDirectory, here } from '../../rig/here.ts'
import { needing, needs } from '../../rig/needs.ts'
import { forSvc, places, svc } from './places.ts'

needs('root')

const source = join(emptyDirectory(), 'source')
writeFileSync(source, 'mine\n')
const large = join(emptyDirectory(), 'large')
writeFileSync(large, 'mine\n'.repeat(400_000))

const race = suite('a folder whose owner changes it while root writes there')

async function racing(...words: readonly string[]): Promise<ChildProcess> {
  const racer = join(emptyDirectory(), 'racer')
  chmodSync(join(racer, '..'), 0o755)
  const { status, stderr } = spawnSync('gcc', ['-O1', '-o', racer, new URL('racer.c', import.meta.url).pathname])
  assert.is(status, 0, String(stderr))
  const child = spawn(racer, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

needing(race, 'gcc')('gives him nothing that was not his', async () => {
  const { at, untouched } = places()
  const child = await racing(at('svc'), at('victim'))
  const connection = here()
  let written = 0
  try {
    for (let n = 0; n < 25; n++) {
      for (const one of [
        file.content(at('svc/app.conf'), `mine ${n}\n`, { ...forSvc, backup: true }),
        line.present(at('svc/app.conf'), { line: `x ${n}`, ...forSvc, create: true }),
        file.attributes(at('svc/app.conf'), { owner: 'nobody', mode: n % 2 ? '0640' : '0644' }),
        file.directory(at('svc/folder'), forSvc),
        file.absent(at('svc/app.conf')),
        templateFile(source, at('svc/app.conf'), {}, forSvc),
      ] as readonly Operation<Value>[]) {
        try {
          const prepared = await one.prepare(connection)
          if (prepared.changed) await prepared.apply(connection)
          written++
        } catch {
          // He may spoil it; what must not be is that he gains by it.
        }
      }
      untouched()
    }
  } finally {
    child.kill('SIGKILL')
  }
  assert.ok(written > 0)
})

needing(race, 'gcc')('nor by what comes in pieces: a large copy, a tree, a copy from another host', async () => {
  const { at, untouched } = places()
  const folder = join(emptyDirectory(), 'tree')
  mkdirSync(folder)
  for (const name of ['app.conf', 'one', 'two']) writeFileSync(join(folder, name), `${name}\n`)
  mkdirSync(join(folder, 'folder'))
  writeFileSync(join(folder, 'folder/app.conf'), 'mine\n')
  const child = await racing(at('svc'), at('victim'))
  const connection = here()
  const other = Object.assign(here(), { host: { name: 'other' } })
  const together = Object.assign(connection, { peer: async () => other })
  try {
    for (let n = 0; n < 6; n++) {
      for (const one of [
        file.copy(large, at('svc/app.conf'), forSvc),
        file.tree(folder, at('svc'), { owner: 'nobody', mode: '0640' }),
        copyBetween.file({ from: { name: 'other' }, path: large, to: at('svc/app.conf') }),
        file.absent(at('svc/app.conf')),
      ] as readonly Operation<Value>[]) {
        try {
          const prepared = await one.prepare(together)
          if (prepared.changed) await prepared.apply(together)
        } catch {
          // As above.
        }
      }
      untouched()
    }
  } finally {
    child.kill('SIGKILL')
  }
})

needing(race, 'gcc')('nor by what is given to a whole tree of his', async () => {
  const { at, untouched } = places()
  for (const folder of ['svc/inner', 'svc/inner/deep']) {
    mkdirSync(at(folder))
    chownSync(at(folder), svc, svc)
    for (let n = 0; n < 40; n++) writeFileSync(at(`${folder}/${n}`), '')
    writeFileSync(at(`${folder}/app.conf`), 'mine\n')
  }
  for (let n = 0; n < 40; n++) writeFileSync(at(`etc/${n}`), '', { mode: 0o600 })
  const child = await racing(at('svc'), at('victim'), at('etc'))
  const connection = here()
  let given = 0
  try {
    for (let n = 0; n < 25; n++) {
      for (const one of [
        file.owner(at('svc'), n % 2 ? 'nobody:daemon' : 'nobody:nogroup'),
        file.mode(at('svc'), n % 2 ? '0640' : '0644', { recursive: true }),
        file.mode(at('svc'), n % 2 ? 'o+r' : 'o-r', { recursive: true }),
        file.directory(at(`svc/inner/new${n}`)),
      ] as readonly Operation<Value>[]) {
        try {
          const prepared = await one.prepare(connection)
          if (prepared.changed) await prepared.apply(connection)
          given++
        } catch {
          // As above.
        }
      }
      for (const one of readdirSync(at('etc'))) {
        const { uid, gid, mode } = statSync(at(`etc/${one}`))
        assert.equal([uid, gid, mode & 0o7777], [0, 0, 0o600], one)
      }
    }
  } finally {
    child.kill('SIGKILL')
  }
  for (const one of readdirSync(at('etc'))) if (one !== 'app.conf') unlinkSync(at(`etc/${one}`))
  untouched()
  assert.ok(given > 0)
})

needing(race, 'gcc')('nor by what is unpacked, brought, saved or noted in a folder of his', async () => {
  const { at, untouched } = places()
  const content = join(emptyDirectory(), 'content')
  mkdirSync(join(content, 'inner/deep'), { recursive: true })
  for (const name of ['app.conf', 'inner/app.conf', 'inner/deep/app.conf', 'inner/deep/one'])
    writeFileSync(join(content, name), 'mine\n')
  const packed = join(emptyDirectory(), 'packed.tgz')
  assert.is(spawnSync('tar', ['-czf', packed, '-C', content, '.']).status, 0)
  const programs = emptyDirectory()
  writeFileSync(join(programs, 'mysqldump'), '#!/bin/sh\necho "-- Dump completed"\n', { mode: 0o755 })
  mkdirSync(at('svc/inner'))
  chownSync(at('svc/inner'), svc, svc)
  const env = { PATH: `${programs}:${process.env.PATH}` }
  const other = Object.assign(here(), { host: { name: 'other' } })
  const connection = Object.assign(here({ env }), { peer: async () => other })
  const rows = (save: string) => {
    const login = { user: 'nova', password: Secret.of('word', 'password of nova'), database: 'nova' }
    const change = () => ({ host: 'b' })
    const one = database.rewrite({ login, table: 'one', key: 'id', columns: ['host'], change, save })
    return (one.plan([{ id: 1, host: 'a' }]).change as { keep: Command }).keep
  }
  const inner = at('svc/inner')
  const swapped = (n: number) => [
    archive.extract(packed, at('svc')),
    archive.extract(packed, inner, { owner: 'nobody' }),
    archive.extract(packed, `${inner}/new${n}`, { source: 'controller' }),
    database.dump({ database: 'nova', to: `${inner}/app.conf` }),
    database.dump({ database: 'nova', to: `${inner}/dumps${n}/app.conf` }),
    git.checkout(`file://${content}`, `${inner}/app`),
    mount.mounted({ device: 'tmpfs', path: `${inner}/app`, type: 'tmpfs' }, { fstab: at('fstab') }),
    rows(`${inner}/rows`),
  ]
  const planted = () => [
    archive.extract(packed, at('svc')),
    archive.extract(packed, at('svc'), { source: 'controller', owner: 'nobody' }),
    database.dump({ database: 'nova', to: at('svc/app.conf') }),
    rows(at('svc/app.conf')),
  ]
  let done = 0
  for (const [words, works] of [
    [[at('svc'), at('victim'), at('etc')], swapped],
    [[at('svc'), at('victim')], planted],
  ] as const) {
    const child = await racing(...words)
    try {
      for (let n = 0; n < 5; n++) {
        for (const work of works(n) as readonly (Operation<Value> | Command)[]) {
          try {
            if ('script' in work) await perform(connection, work)
            else {
              const prepared = await work.prepare(connection)
              if (prepared.changed) await prepared.apply(connection)
            }
            done++
          } catch {
            // As above.
          }
        }
        untouched()
      }
    } finally {
      child.kill('SIGKILL')
    }
  }
  untouched()
  assert.ok(done > 0)
})

needing(race, 'gcc')('nor by the folders of a tree of files that come from another host', async () => {
  const { at, untouched } = places()
  for (const folder of ['svc/inner', 'away']) {
    mkdirSync(at(folder))
    chownSync(at(folder), svc, svc)
  }
  const root = at('svc/inner')
  const child = await racing(at('svc'), at('victim'), at('etc'))
  const connection = here()
  const making = copyBetween.files({ from: { name: 'other' }, path: `${root}/store` }).plan({
    theirs: [
      { path: 'deep', directory: true, mode: '750' },
      { path: 'deep/app.conf', directory: false, mode: '640', size: 1, mtime: 1, blocks: 8 },
    ],
    ours: [],
  }).change as { directories: readonly Command[] }
  try {
    for (let n = 0; n < 25; n++) {
      await performAll(connection, making.directories).catch(() => {})
      untouched()
    }
  } finally {
    child.kill('SIGKILL')
  }
})

race.run()
