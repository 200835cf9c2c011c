import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { job, type Ran } from '../../../lib/modules/index.ts'
import type { Advice } from '../../../lib/model/operation.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { createTransport } from '../../../lib/transport/index.ts'
import { type Here, here, shells } from '../../rig/here.ts'
import { aHost, inventoryOf, reach } from '../../rig/hosts.ts'
import { needing } from '../../rig/needs.ts'
import { startSshd } from '../../rig/sshd.ts'
import { applied, failure, planOf } from './applied.ts'

const jobs = `/tmp/.switchover-jobs-${userInfo().uid}`
const kept = new Set<string>()
/** A name that no other test has. */
const fresh = (word: string) => {
  const name = `${word}-${process.pid}-${kept.size}`
  kept.add(name)
  return name
}
const folderOf = (name: string) => join(jobs, `async.${name}`)
const finished = async (connection: Here, name: string) => {
  const prepared = await planOf(connection, job.finished(name, { poll: 0.02 }))
  assert.equal([prepared.waits, prepared.unpredictable], [true, true])
  return prepared.apply(connection)
}
/** Not one that is over, for which nobody has waited. */
const alive = (pid: string) => {
  const stat = `/proc/${pid.trim()}/stat`
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'))
}

for (const shell of shells) {
  const test = suite(`jobs, under ${shell.name}`)
  const on = () => here({ shell })
  const place = () => mkdtempSync('/tmp/switchover-test-')

  test('run side by side, are started once, and give what they wrote', async () => {
    const dir = place()
    const [one, two] = [fresh('one'), fresh('two')]
    const begin = (name: string, code: number) =>
      job.started(name, { async: 60, cwd: dir, env: { WORD: Secret.of('word-of-mine', 'word') }, stdin: 'in\n' })`
        echo ${name} >>begun; until [ -e go ]; do sleep 0.05; done
        cat; echo "$WORD" | wc -c; pwd; echo err >&2; exit ${code}`
    // Planned again while it runs: unchanged.
    await applied(on(), () => begin(one, 0))
    await applied(on(), () => begin(two, 3))
    assert.is(statSync(jobs).mode & 0o777, 0o700)
    assert.is(statSync(folderOf(one)).mode & 0o777, 0o700)
    assert.not.ok(existsSync(join(folderOf(one), 'in')))
    assert.match(
      await failure(on(), job.started(one, { async: 60 })`another`),
      `another command runs as the job ${one}`,
    )
    writeFileSync(join(dir, 'go'), '')
    const want = { code: 0, stdout: `in\n13\n${dir}\n`, stderr: 'err\n' }
    assert.equal(await finished(on(), one), want)
    // A run that was killed behind it may ask again.
    assert.equal(await finished(on(), one), want)
    // Nobody has waited for this one, so that it is not started anew though it is over.
    while (!existsSync(join(folderOf(two), 'code'))) await new Promise((go) => setTimeout(go, 10))
    assert.is((await planOf(on(), begin(two, 3))).changed, false)
    assert.is(await failure(on(), job.finished(two)), `the job ${two} failed with exit code 3: err`)
    assert.equal(await (await planOf(on(), job.finished(two, { allow: [3] }))).apply(on()), { ...want, code: 3 })
    assert.is(readFileSync(join(dir, 'begun'), 'utf8').split('\n').length, 3)
    await applied(on(), () => begin(one, 0))
    assert.equal(await finished(on(), one), want)
    rmSync(dir, { recursive: true })
  })

  test('end with all that they have started when they take too long, or when somebody ends them', async () => {
    const dir = place()
    const [late, lost] = [fresh('late'), fresh('lost')]
    await applied(on(), () => job.started(late, { async: 0.3, cwd: dir })`sleep 60 & echo $! >child; echo said; wait`)
    try {
      await finished(on(), late)
      assert.unreachable()
    } catch (error) {
      assert.is((error as Error).message, `the job ${late} took longer than it may, and was ended: said`)
      assert.match((error as Advice).hint, '--start-at-task')
    }
    assert.not.ok(alive(readFileSync(join(dir, 'child'), 'utf8')))
    assert.is((await planOf(on(), job.started(late, { async: 0.3, cwd: dir })`sleep 60`)).changed, true)
    await applied(on(), () => job.started(lost, { async: 4 })`sleep 3`)
    process.kill(Number(readFileSync(join(folderOf(lost), 'pid'), 'utf8').split(' ')[0]), 'SIGKILL')
    const said = await failure(on(), job.finished(lost, { poll: 0.02 }))
    assert.is(said, `the job ${lost} was ended by somebody else, or with its host`)
    assert.match(await failure(on(), job.finished('never')), 'no job never of this user was started on here')
    rmSync(dir, { recursive: true })
  })

  test('are over within a second of their end, however long the wait between two requests', async () => {
    const dir = place()
    const name = fresh('seen')
    await applied(
      on(),
      () => job.started(name, { async: 60, cwd: dir })`until [ -e go ]; do sleep 0.05; done; echo done`,
    )
    const connection = on()
    const waiting = (await planOf(connection, job.finished(name, { poll: 3600 }))).apply(connection)
    writeFileSync(join(dir, 'go'), '')
    assert.is(((await waiting) as Ran).stdout, 'done\n')
    rmSync(dir, { recursive: true })
  })

  test('are not started by a plan', async () => {
    const name = fresh('planned')
    const plan = await planOf(on(), job.started(name, { async: 5 })`true`)
    assert.equal([plan.changed, plan.unpredictable, existsSync(folderOf(name))], [true, true, false])
  })

  test.run()
}

const odd = suite('jobs where none can be kept')

needing(odd, 'root')('the reason is that of the host', async () => {
  const host = here({ mounts: { '/tmp': '/proc/sys' } })
  const message = await failure(host, job.started(fresh('odd'), { async: 5 })`true`)
  assert.match(message, /^no job can be kept on the host: mkdir: cannot create directory .\/tmp\/\.switchover-jobs-/)
})
odd.run()

const far = suite('jobs behind a connection')

needing(far, 'sshd')('go on when it is closed, and are found by the next one', async () => {
  const sshd = await startSshd()
  const name = fresh('far')
  const host = aHost('node-1', reach(sshd))
  const go = join(sshd.home, 'go')
  try {
    const first = createTransport({ inventory: inventoryOf(host) })
    const connection = first.connection(host, {})
    const prepared = await job.started(name, { async: 60 })`until [ -e ${go} ]; do sleep 0.05; done; echo done`.prepare(
      connection,
    )
    await prepared.apply(connection)
    await first.close()
    writeFileSync(go, '')
    const second = createTransport({ inventory: inventoryOf(host) })
    const later = second.connection(host, {})
    assert.equal(await (await job.finished(name, { poll: 0.05 }).prepare(later)).apply(later), {
      code: 0,
      stdout: 'done\n',
      stderr: '',
    })
    await second.close()
  } finally {
    await sshd.stop()
  }
})
far.after(() => {
  for (const name of kept) rmSync(folderOf(name), { recursive: true, force: true })
})
far.run()
