import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createJunitReporter } from '../../../lib/report/index.ts'
import { memory } from '../../rig/terminal.ts'
import { Script, taskOf } from '../../rig/script.ts'

const test = suite('junit')

let folder = ''
test.before.each(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'junit-'))
})
test.after.each(() => rm(folder, { recursive: true }))

test('writes a suite for each play and a case for each task on each host', async () => {
  const file = path.join(folder, 'out/report.xml')
  const reporter = createJunitReporter(file, memory())
  const s = new Script((event) => reporter.report(event))
  const task = taskOf('Say "a < b & c"', 'Block')
  s.play('Reconnect the compute nodes', ['a', 'b'])
  s.finish(task, 'a', 'ok')
  s.finish(task, 'b', 'failed', { milliseconds: 1250, failure: { reason: 'no\x07 "x" <y>\nmore', at: s.at } })
  s.finish(task, 'c', 'skipped', { reason: 'when does not hold' })
  s.finish(task, 'd', 'unreachable', { failure: { reason: 'gone', at: s.at } })
  s.finish(task, 'e', 'resumed')
  s.end()
  await reporter.close()
  const place = 'file="roles/nova/compute.ts" line="22"'
  const name = 'nova.compute › Block › Say &quot;a &lt; b &amp; c&quot;'
  const play = 'Reconnect the compute nodes'
  const counts = 'tests="5" failures="1" errors="1" skipped="1" time="2.850"'
  const failed = '<failure message="no\ufffd &quot;x&quot; &lt;y&gt;" type="failed">'
  const skipped = '<skipped message="when does not hold"/>'
  const lost = '<error message="gone" type="unreachable">'
  const resumed = '<system-out>resumed: done in an earlier run</system-out>'
  const drawn = 'Reconnect the compute nodes › nova.compute › Block › Say "a &lt; b &amp; c"'
  assert.is(
    await readFile(file, 'utf8'),
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="5" failures="1" errors="1" skipped="1" time="2.850">
  <testsuite name="${play}" ${counts} timestamp="2030-01-01T00:00:00">
    <testcase classname="${play}" name="[a] ${name}" ${place} time="0.400"/>
    <testcase classname="${play}" name="[b] ${name}" ${place} time="1.250">${failed}✖ b  ${drawn}
  no "x" &lt;y&gt;
    more
    at roles/nova/compute.ts:22</failure></testcase>
    <testcase classname="${play}" name="[c] ${name}" ${place} time="0.400">${skipped}</testcase>
    <testcase classname="${play}" name="[d] ${name}" ${place} time="0.400">${lost}✖ d  ${drawn} (unreachable)
  gone
    at roles/nova/compute.ts:22</error></testcase>
    <testcase classname="${play}" name="[e] ${name}" ${place} time="0.400">${resumed}</testcase>
  </testsuite>
</testsuites>
`,
  )
  assert.equal(await readdir(path.dirname(file)), ['report.xml'])
})

test('has an error for a run that crashed, which belongs to no task', async () => {
  const file = path.join(folder, 'report.xml')
  const reporter = createJunitReporter(file, memory())
  const s = new Script((event) => reporter.report(event))
  s.run(['a'])
  s.play('Reconnect the compute nodes', ['a'])
  s.finish(taskOf('Work'), 'a', 'ok')
  const failure = { reason: 'the timer fails', at: s.at }
  s.say({ type: 'run-finished', run: 'r-1', outcome: 'crashed', milliseconds: 1, owed: [], failure })
  await reporter.close()
  const xml = await readFile(file, 'utf8')
  assert.match(xml, '<testsuites tests="2" failures="0" errors="1" skipped="0"')
  assert.match(
    xml,
    `<testcase classname="run" name="the run as a whole" time="0.000"><error message="the timer fails" type="crashed">`,
  )
})

test('says when the file cannot be written, and ends nothing', async () => {
  await writeFile(path.join(folder, 'taken'), '')
  const said = memory()
  await createJunitReporter(path.join(folder, 'taken/report.xml'), said).close()
  const file = `${folder}/taken/report.xml`
  assert.match(
    said.text,
    `[WARNING]: the JUnit report ${file} broke off, the run goes on: ${folder}/taken: something lies there already - see`,
  )
})

test.run()
