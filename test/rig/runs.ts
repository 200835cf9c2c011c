import type { RunOutcome } from '../../lib/engine/run.ts'
import type { Play } from '../../lib/model/playbook.ts'
import type { FakeNetwork } from '../../lib/testing/fake-hosts.ts'
import { begin as start, type TestOptions, type TestRun } from '../../lib/testing/run.ts'

export { HeldClock } from '../../lib/testing/clock.ts'
export type { TestRun as Running } from '../../lib/testing/run.ts'
export { told } from '../../lib/testing/told.ts'

/** Hosts of a test, fake or real. */
type Hosts = Pick<FakeNetwork, 'inventory' | 'transport'>

/** How a run of a test differs from a plain one. */
export type RunWish = Omit<TestOptions, 'runId'> & { readonly name?: string }

/** Begins to run the plays on the hosts of the rig. */
export function begin(rig: Hosts, plays: readonly Play[], { name = 'run-1', ...wish }: RunWish = {}): TestRun {
  return start(rig, plays, { runId: name, ...wish })
}

/** Runs the plays on the hosts of the rig, to the end. */
export async function runs(
  rig: Hosts,
  plays: readonly Play[],
  wish: RunWish = {},
): Promise<TestRun & { readonly outcome: RunOutcome }> {
  const running = begin(rig, plays, wish)
  return Object.assign(running, { outcome: await running.ended })
}
