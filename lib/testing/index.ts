/// <reference types="node" preserve="true" />
/** Roles and playbooks tested without a machine: fake hosts, and commands held in the hand. */
import { inventory, type InventoryDefinition } from '../inventory/define.ts'
import { inventoryOf } from '../inventory/load.ts'
import type { RunOutcome } from '../engine/run.ts'
import { FakeNetwork } from './fake-hosts.ts'
import { begin, type Tested, type TestOptions, type TestRun } from './run.ts'

export type { Done } from '../engine/done.ts'
export type { RunOutcome } from '../engine/run.ts'
export type { TaskFinished, Timed } from '../model/event.ts'
export { HeldClock } from './clock.ts'
export { FakeFiles, type FakeMeta } from './fake-files.ts'
export { type Answer, FakeHost, type Held, type Pattern, type Recorded } from './fake-host.ts'
export type { Tested, TestOptions, TestRun } from './run.ts'
export { told } from './told.ts'

/**
 * Hosts for a test, with an inventory as its file would say it: they record what is run on them, and answer as the test
 * says. Delays between attempts take no time.
 *
 * ```ts
 * test('restarts nova-compute where its configuration changed', async () => {
 *   const cloud = await fakeHosts({ groups: { compute: { hosts: ['c-1'] } }, vars: { controllerIp: '10.0.0.5' } })
 *   const host = cloud.host('c-1')
 *   host.answer('rpm -q nova', { stdout: '2013.2.3' })
 *   const { outcome } = await cloud.run(novaCompute)
 *   assert.equal(outcome, 'ok')
 *   assert.deepEqual(host.commands, ['rpm -q nova', 'service nova-compute restart'])
 * })
 * ```
 * @throws Refused with every problem of the inventory
 */
export async function fakeHosts<const Name extends string = never>(
  definition: InventoryDefinition<Name>,
): Promise<FakeHosts> {
  return new FakeHosts(await inventoryOf(inventory(definition)))
}

/**
 * The fake hosts of an inventory, and what is run on them.
 *
 * ```ts
 * const hosts = await fakeHosts({ hosts: ['web-1'] })
 * const run = hosts.start(app)
 * const restart = await hosts.host('web-1').next(/restart/)
 * restart.exit(1, 'no such service')
 * assert.equal(await run.ended, 'failed')
 * ```
 */
export class FakeHosts extends FakeNetwork {
  /** Begins a run, for a test that holds commands in its hand. @throws Refused as `run` refuses before it connects */
  start(tested: Tested, options: TestOptions = {}): TestRun {
    return begin(this, tested, options)
  }

  /** Runs to the end. @throws Refused as `run` refuses before it connects */
  async run(tested: Tested, options: TestOptions = {}): Promise<TestRun & { readonly outcome: RunOutcome }> {
    const running = this.start(tested, options)
    return Object.assign(running, { outcome: await running.ended })
  }
}
