import { here, type Location } from '../model/location.ts'
import { type Operation, unrun, type Value } from '../model/operation.ts'

/** What an author's function left behind: the commonest slips of whoever writes playbooks. */
export class Forgotten extends Error {
  readonly at: Location
  constructor(message: string, at: Location) {
    super(message)
    this.at = at
  }
}

/**
 * Calls what an author wrote, and waits until all has ended that it began on hosts, however it ends itself: what a
 * task does is done when the task is. When the attempt is over, only that is waited for.
 * @throws Forgotten where it leaves an operation that it made and never ran, or that it ran and did not wait for
 */
export async function mindful<T>(begun: Begun, call: () => T | Promise<T>): Promise<T> {
  const made = new Set<Operation<Value>>()
  let left: { readonly what: string; readonly at: Location } | undefined
  try {
    const result = await unlessAborted(begun.signal, () => unrun.run(made, async () => call()))
    left = begun.unawaited()
    if (!left && made.size === 0) return result
  } finally {
    await begun.ended()
  }
  if (left) throw new Forgotten(`${left.what} was not awaited: write await before it, or return it`, left.at)
  const [never] = made as Set<Operation<Value>>
  throw new Forgotten(`${never!.name} was made but never run: write host.run(...) around it, or return it`, never!.at)
}

async function unlessAborted<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let abort = () => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      abort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', abort, { once: true })
      call().then(resolve, reject)
    })
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

interface Beginning {
  readonly what: string
  readonly at: Location
  readonly work: Promise<unknown>
  readonly face: Face<unknown>
  ended: boolean
}

/** What a body has begun on hosts, and whether it waits for that. */
export class Begun {
  /** Fires when the attempt is over: a body that goes on after its time must not touch the host any more. */
  readonly signal: AbortSignal
  readonly #all: Beginning[] = []
  #over = false

  constructor(signal: AbortSignal) {
    this.signal = signal
  }

  /** Begins something for the author, who gets a promise by which we know whether it is waited for. */
  begin<T>(what: string, begin: () => Promise<T>): Promise<T> {
    const at = here()
    if (this.#over && !this.signal.aborted)
      return Promise.reject(new Forgotten(`${what} came after its task had ended: nobody waits for it`, at))
    const work = begin()
    const face = new Face<T>((resolve, reject) => {
      const end = () => {
        one.ended = true
      }
      work.finally(end).then(resolve, reject)
    })
    const one: Beginning = { what, at, work, face, ended: false }
    this.#all.push(one)
    return face
  }

  /** What nobody has waited for to its end. */
  unawaited(): Beginning | undefined {
    return this.#all.find(({ ended, face }) => !ended || !face.awaited)
  }

  async ended(): Promise<void> {
    for (let left = this.#all; left.length > 0; left = this.#all.filter(({ ended }) => !ended))
      await Promise.allSettled(left.map(({ work }) => work))
    this.#over = true
  }
}

/** A promise of a class of its own is asked by its `then`, by `await` and `Promise.all` too; a plain one is not. */
class Face<T> extends Promise<T> {
  static override get [Symbol.species]() {
    return Promise
  }
  awaited = false

  constructor(begin: (resolve: (value: T) => void, reject: (reason: unknown) => void) => void) {
    super(begin)
    // Where nobody waits, the task fails and says so; the process is not to end for it as well.
    super.then(undefined, () => {})
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise.
  override then<A = T, B = never>(
    resolved?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.awaited = true
    return super.then(resolved, rejected)
  }
}
