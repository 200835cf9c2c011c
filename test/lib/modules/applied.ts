import * as assert from 'uvu/assert'
import { pack, unpack } from '../../../lib/model/change.ts'
import { Foreseen } from '../../../lib/model/foreseen.ts'
import type { Change, Diff, Operation, Prepared, Value } from '../../../lib/model/operation.ts'
import type { Secret } from '../../../lib/model/secret.ts'
import type { Here } from '../../rig/here.ts'
import { Undoing, undoing, undoneAndDone } from './undone.ts'

/** What an operation did and what it cost. */
export interface Applied<R> {
  readonly result: R
  readonly planned: R
  readonly diff: readonly Diff[]
  readonly requests: { readonly read: number; readonly apply: number }
}

/**
 * Plans an operation that must change something, applies its change as it comes back from a file, and proves that planning it
 * again says unchanged.
 */
export async function applied<R extends Value>(connection: Here, make: () => Operation<R>): Promise<Applied<R>> {
  const start = connection.requests
  const prepared = await make().prepare(connection)
  assert.is(prepared.changed, true, 'the plan must see a change')
  const planned = connection.requests
  const undo = undoing ? new Undoing(connection) : undefined
  const saved = await undo?.save(make() as Operation<Value>, prepared as Prepared<Value>)
  const begun = connection.requests
  const result = await prepared.apply(connection, kept(prepared.change))
  const done = connection.requests
  await saved?.()
  const again = await make().prepare(connection)
  assert.is(again.changed, false, 'planning again must say unchanged')
  assert.equal(diffs(again), [], 'nothing to change, nothing to show')
  if (undo) await undoneAndDone(connection, make, prepared, undo)
  return {
    result: result ?? prepared.result,
    planned: prepared.result,
    diff: diffs(prepared),
    requests: { read: planned - start, apply: done - begun },
  }
}

/** What an operation found and would do; nothing is applied. */
export function planOf<R extends Value>(connection: Here, operation: Operation<R>): Promise<Prepared<R>> {
  return operation.prepare(connection)
}

/** Check mode says of the second of two operations what a run says that has carried out the first. */
export async function foretold(
  connection: Here,
  first: () => Operation<Value>,
  second: () => Operation<Value>,
): Promise<void> {
  const foreseen = new Foreseen()
  const before = await first().prepare(connection)
  assert.is(before.changed, true, 'the first must see a change')
  foreseen.add('first', before.leaves, [first().name, before.change])
  const told = await second().prepare({ ...connection, foreseen })
  await before.apply(connection, kept(before.change))
  const is = await second().prepare(connection)
  const paths = (plan: Prepared<Value>) => diffs(plan).map(({ path }) => path)
  assert.equal([told.changed, ...paths(told)], [is.changed, ...paths(is)], second().name)
}

/** The message of the error with which the operation fails. */
export async function failure(connection: Here, operation: Operation<Value>): Promise<string> {
  try {
    const prepared = await operation.prepare(connection)
    if (prepared.changed) await prepared.apply(connection, kept(prepared.change))
  } catch (error) {
    return (error as Error).message
  }
  throw new Error(`${operation.name} did not fail`)
}

/** A change as it comes back from the file that it was written to. */
function kept(change: Change): Change {
  const secrets = new Map<string, Secret>()
  return unpack(JSON.parse(JSON.stringify(pack(change, secrets))), (label) => secrets.get(label))
}

function diffs({ diff }: Prepared<Value>): readonly Diff[] {
  return diff === undefined ? [] : ([diff].flat() as readonly Diff[])
}
