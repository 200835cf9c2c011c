import { type Become, type Gate, startAs, type Started } from './become.ts'
import { endTree, tell } from './ending.ts'
import type { Link } from './program.ts'
import { unlessAborted } from './patience.ts'
import { NotBegun } from '../model/transport.ts'
import { type Raw, type Request, Shell } from './shell.ts'

// Parallel steps of one host; with sshd's MaxSessions of 10 it leaves channels for long commands and streams.
const mostShells = 4

// Each time its shell ended before it had begun: a row of scripts that leave jobs behind can do that a few times.
const mostAttempts = 30

// Milliseconds: what stays then is of no harm.
const mostForTidying = 2000

/**
 * The shells of one user on one machine. Requests of one lane run in the order they were made, in one shell;
 * lanes that are busy at the same time get different shells.
 */
export class Pool {
  readonly #link: Link
  readonly #become: Become | undefined
  readonly #gate: Gate
  readonly #shells = new Set<Promise<Shell>>()
  readonly #ready = new Map<Promise<Shell>, Shell>()
  readonly #waiting = new Map<Promise<Shell>, number>()
  readonly #alone = new Set<number>()
  readonly #later: string[] = []
  readonly #longest: number
  #tidying = Promise.resolve(false)
  readonly #lanes = new WeakMap<object, { shell: Promise<Shell>; running: number }>()

  constructor(link: Link, become: Become | undefined, gate: Gate, tidying = mostForTidying) {
    this.#longest = tidying
    this.#link = link
    this.#become = become
    this.#gate = gate
  }

  /** @throws Unreachable, TimedOut, Advice, the reason of the signal; NotBegun behind others in a row */
  async run(lane: object, request: Request): Promise<Raw> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(lane, request)
      } catch (error) {
        // Elsewhere nobody knows how those before it went.
        if (!(error instanceof NotBegun) || request.row?.behind === true || attempt >= mostAttempts) throw error
      }
    }
  }

  async #attempt(lane: object, request: Request): Promise<Raw> {
    const known = this.#lanes.get(lane)
    const goesOn = known !== undefined && known.running > 0 && this.#usable(known.shell)
    if (request.row?.behind === true && !goesOn) throw new NotBegun('those before it in its row have ended')
    const use = goesOn ? known : { shell: this.#choose(), running: 0 }
    this.#lanes.set(lane, use)
    use.running++
    this.#waiting.set(use.shell, (this.#waiting.get(use.shell) ?? 0) + 1)
    try {
      return await (this.#ready.get(use.shell) ?? (await unlessAborted(use.shell, request.signal))).run(request)
    } finally {
      use.running--
      this.#waiting.set(use.shell, (this.#waiting.get(use.shell) ?? 1) - 1)
    }
  }

  #usable(shell: Promise<Shell>): boolean {
    return this.#shells.has(shell) && this.#ready.get(shell)?.usable !== false
  }

  #choose(): Promise<Shell> {
    const usable = [...this.#shells].filter((shell) => this.#usable(shell))
    const byLoad = usable.sort((a, b) => (this.#waiting.get(a) ?? 0) - (this.#waiting.get(b) ?? 0))
    const [least] = byLoad
    if (least !== undefined && ((this.#waiting.get(least) ?? 0) === 0 || usable.length >= mostShells)) return least
    return this.#open(least)
  }

  #open(otherwise?: Promise<Shell>): Promise<Shell> {
    const opening = this.#start().catch(async (error: unknown) => {
      this.#forget(opening)
      // A server that allows fewer channels than most still has the shells that are open.
      if (otherwise !== undefined && this.#usable(otherwise) && !this.#link.lost) return otherwise
      throw error
    })
    this.#shells.add(opening)
    opening.then(
      (shell) => {
        if (!this.#shells.has(opening)) return
        this.#ready.set(opening, shell)
        shell.changed = () => {
          if (!shell.usable) this.#forget(opening)
          // Not at once: whoever has the answer may go on with the next request.
          else if (this.#link.crowd)
            setImmediate(() => {
              if (this.#link.crowd) this.yield()
            })
        }
        // The request it was opened for may have been given up meanwhile, and then has no end that would free it.
        if (this.#link.crowd)
          setImmediate(() => {
            if (this.#link.crowd) this.yield()
          })
      },
      () => undefined,
    )
    return opening
  }

  #forget(shell: Promise<Shell>): void {
    this.#shells.delete(shell)
    this.#ready.delete(shell)
    this.#waiting.delete(shell)
  }

  async #start(): Promise<Shell> {
    const { program, pid } = await startAs(this.#link, this.#become, this.#gate, 'exec sh')
    const ways = [this.#link, this.#become, this.#gate, pid] as const
    return new Shell(this.#link.name, program, { end: () => endTree(...ways), halt: () => tell(...ways, 'USR2') })
  }

  /** Runs a program of its own here, which ends with the run if not before. */
  note({ program, pid }: Started): void {
    this.#alone.add(pid)
    void program.exited.then(() => this.#alone.delete(pid))
  }

  /** Runs what tidies up, when it disturbs nobody; at the latest when everything ends. */
  leave(script: string): void {
    this.#later.push(script)
    if ([...this.#ready.values()].some((shell) => shell.usable && shell.load === 0)) void this.#tidy()
  }

  #tidy(): Promise<boolean> {
    const scripts = this.#later.splice(0)
    if (scripts.length === 0) return this.#tidying
    // Waited for so long only, and not ended: that would end what another has asked of the same shell meanwhile.
    const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), this.#longest).unref())
    const answered = this.run({}, { script: scripts.join('\n'), tidy: true, keep: 0 }).then(
      () => true,
      () => false,
    )
    const tidied = Promise.race([answered, late])
    return (this.#tidying = Promise.all([this.#tidying, tidied]).then(() => tidied))
  }

  /**
   * Ends everything that still runs: what was asked ahead of its turn, and is no use any more. Gives whether the last
   * thing that was asked for was answered.
   */
  async end(): Promise<boolean> {
    await this.#tidying
    await Promise.all([
      ...[...this.#ready.values()].map((shell) => (shell.load > 0 ? shell.end() : undefined)),
      ...[...this.#alone].map((pid) => endTree(this.#link, this.#become, this.#gate, pid)),
    ])
    return this.#tidy()
  }

  /** Closes a shell that has nothing to do, if there is one, to give its channel to others. */
  yield(): void {
    for (const [opening, shell] of this.#ready) {
      if ((this.#waiting.get(opening) ?? 0) > 0 || shell.load > 0) continue
      this.#forget(opening)
      shell.retire()
      return
    }
  }
}
