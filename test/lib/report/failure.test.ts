import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '../../../lib/model/event.ts'
import { drawFailure } from '../../../lib/report/failure.ts'
import { paints } from '../../../lib/report/paint.ts'
import { denied, taskOf } from '../../rig/script.ts'

const test = suite('failure')

const draw = (
  failure: Failure,
  more: { readonly color?: boolean; readonly columns?: number; readonly status?: 'failed' | 'ignored' } = {},
) =>
  drawFailure(
    { host: 'compute-2', path: taskOf('Pin it', 'Pin compute RPC'), status: more.status ?? 'failed', failure },
    paints(more.color === true),
    more.columns ?? 80,
    0,
  )

test('says who, what, why, where, how, and what next', () => {
  assert.is(
    draw(denied).join('\n'),
    `✖ compute-2  Reconnect the compute nodes › nova.compute › Pin compute RPC › Pin it
  ini.set /etc/nova/nova.conf: permission denied (exit code 1)
    at roles/nova/compute.ts:22
    ran: sudo -n sh -c 'cat > /etc/nova/.nova.conf.run && mv /etc/nova/.nova.co…
    try: connect as root, or allow sudo without a password`,
  )
})

test('says the exit code once', () => {
  const at = denied.at
  assert.is(draw({ reason: 'no such table (exit code 3)', code: 3, at })[1], '  no such table (exit code 3)')
  assert.equal(draw({ reason: 'dead:\nnova-api XXX', code: 3, at }).slice(1, 3), [
    '  dead: (exit code 3)',
    '    nova-api XXX',
  ])
})

test('marks what was ignored, and colours it less', () => {
  assert.is(
    draw(denied, { status: 'ignored' })[0],
    '⚠ compute-2  Reconnect the compute nodes › nova.compute › Pin compute RPC › Pin it (ignored)',
  )
  assert.is(
    draw(denied, { color: true })[0],
    '\x1b[31m✖\x1b[39m \x1b[1mcompute-2\x1b[22m  Reconnect the compute nodes › nova.compute › Pin compute RPC › Pin it',
  )
})

test('stays readable when a program said too much, or tried to control the terminal', () => {
  const lines = draw({ reason: `${'x'.repeat(5000)}\n\x1b[2Jcleared\n${'more\n'.repeat(100)}why`, at: denied.at })
  assert.is(lines[1], `  ${'x'.repeat(2000)}…`)
  assert.is(lines[2], '    cleared')
  // The cause of a long failure stands at its end.
  assert.is(lines[11], '    … 63 lines …')
  assert.is(lines.at(-2), '    why')
})

test.run()
