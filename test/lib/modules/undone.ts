import { rmSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { canBePutBack, Keeper } from '../../../lib/commands/undo/keep.ts'
import { type Entry, type Kept, latest } from '../../../lib/commands/undo/manifest.ts'
import { putBack } from '../../../lib/commands/undo/put-back.ts'
import { service } from '../../../lib/modules/index.ts'
import type { Operation, Prepared, Value } from '../../../lib/model/operation.ts'
import type { Here } from '../../rig/here.ts'

/** `npm run test:undo`: each change that a module's test makes is undone as well, and done again. */
export const undoing = process.env.SWITCHOVER_UNDO !== undefined

let runs = 0

/** What is kept of one change. */
export class Undoing {
  readonly #connection: Here
  readonly #notes: Entry[] = []
  readonly #run = `test-${process.pid}-${++runs}`
  readonly #keeper = new Keeper(this.#run, (line) => this.#notes.push(JSON.parse(JSON.stringify(line)) as Entry))

  constructor(connection: Here) {
    this.#connection = connection
  }

  save(operation: Operation<Value>, plan: Prepared<Value>): Promise<() => Promise<void>> {
    const path = { task: operation.name } as never
    return this.#keeper.save({ path, host: 'here', on: 'here', operation, plan, connection: this.#connection })
  }

  /** What was kept, undone from the last to the first; the undo of that is given. */
  async undo(): Promise<Undoing> {
    const other = new Undoing(this.#connection)
    for (const { kept } of [...latest(this.#notes)].reverse())
      for (const one of [...kept].reverse()) {
        const operation = undoes(one)
        if (!operation) continue
        const plan = (await operation.prepare(this.#connection)) as Prepared<Value>
        if (!plan.changed) continue
        const done = await other.save(operation as Operation<Value>, plan)
        await plan.apply(this.#connection)
        await done()
      }
    return other
  }

  /** Why not all of it can be undone. */
  get not(): readonly string[] {
    return latest(this.#notes).flatMap(({ not }) => not ?? [])
  }

  remove(): void {
    rmSync(`/var/lib/switchover/undo/${this.#run}`, { recursive: true, force: true })
    rmSync(`/root/.switchover-undo/${this.#run}`, { recursive: true, force: true })
  }
}

function undoes(one: Kept): Operation<Value> | undefined {
  if (one.kind === 'service') return service[one.was](one.name)
  if (one.kind !== 'file' && one.kind !== 'thing') return undefined
  if (one.kind === 'file' && !canBePutBack(one)) return undefined
  return putBack({ ...one, force: false })
}

/** Undone, the host is as it was: the operation would do the same again. Done again by an undo of that, it is not. */
export async function undoneAndDone<R extends Value>(
  connection: Here,
  make: () => Operation<R>,
  before: Prepared<R>,
  undoing: Undoing,
): Promise<void> {
  const { name } = make()
  if (before.irreversible !== undefined) return undoing.remove()
  // The package managers of some tests do not know all that real ones do; those of repository.test.ts are real.
  if (undoing.not.includes('the packages cannot be looked at')) return undoing.remove()
  // As lib/guide/undo.md says of them.
  if (/^(?:shell|command|script|job\.started)\b/.test(name)) {
    assert.equal(undoing.not, ['it does not say what it changes'], name)
    return undoing.remove()
  }
  assert.equal(undoing.not, [], `${name} is undone whole`)
  const undone = await orRefused(() => undoing.undo())
  if (!undone) return undoing.remove()
  const plan = await make().prepare(connection)
  assert.equal(plan.diff, before.diff, `${name}: after the undo it would do the same`)
  const redone = await orRefused(() => undone.undo())
  if (redone) {
    const after = await make().prepare(connection)
    assert.is(after.changed, false, `${name}: an undo of the undo does it again`)
  } else await done(connection, make)
  for (const one of [undoing, undone, redone]) one?.remove()
}

/** A refusal that says what to do is an answer, too: undefined. */
async function orRefused(undo: () => Promise<Undoing>): Promise<Undoing | undefined> {
  try {
    return await undo()
  } catch (error) {
    if (/by hand|have a repository/.test((error as { hint?: string }).hint ?? '')) return undefined
    throw error
  }
}

/** Does it again where its undo cannot be undone, for the tests that build on it. */
async function done<R extends Value>(connection: Here, make: () => Operation<R>): Promise<void> {
  const again = await make().prepare(connection)
  if (again.changed) await again.apply(connection)
}
