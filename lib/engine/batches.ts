import type { Host } from '../model/inventory.ts'
import type { BatchSize } from '../model/playbook.ts'
import type { PlayNode } from './select.ts'
import { namesOf } from './state.ts'

/** A part of a play's hosts that goes through the whole play together. */
export class Batch {
  readonly play: PlayNode
  readonly hosts: readonly Host[]
  /** How many hosts of the play come after this batch. */
  readonly rest: number
  /** Those that still take part, outside of any block. */
  readonly live: Set<string>
  #stopped = false

  constructor(play: PlayNode, hosts: readonly Host[], rest: number) {
    this.play = play
    this.hosts = hosts
    this.rest = rest
    this.live = new Set(namesOf(hosts))
  }

  get stopped(): boolean {
    return this.#stopped
  }
  /** No host goes on; rescues and clean-ups that have begun do. */
  stop(): void {
    this.#stopped = true
    this.live.clear()
  }
}

/** The hosts of a play in the batches that it wants. */
export function batchesOf(play: PlayNode, hosts: readonly Host[]): readonly Batch[] {
  let rest = hosts.length
  return cut(hosts, play.play.options.serial).map((members) => new Batch(play, members, (rest -= members.length)))
}

/** Cuts hosts into batches: numbers, percentages of all (at least one host), the last size repeated. */
export function cut(
  hosts: readonly Host[],
  serial: BatchSize | readonly BatchSize[] | undefined,
): readonly (readonly Host[])[] {
  const sizes = serial === undefined ? [] : ([serial].flat() as readonly BatchSize[])
  const batches: Host[][] = []
  for (let from = 0; from < hosts.length; ) {
    const size = sizes[Math.min(batches.length, sizes.length - 1)]
    const count =
      size === undefined || size === 0
        ? hosts.length
        : typeof size === 'number'
          ? size
          : Math.max(1, Math.floor((hosts.length * Number.parseFloat(size)) / 100))
    batches.push(hosts.slice(from, from + count))
    from += count
  }
  return batches
}
