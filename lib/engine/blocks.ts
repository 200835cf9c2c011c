import type { Host } from '../model/inventory.ts'
import type { Lane } from './lanes.ts'
import type { Resume } from './resume.ts'
import { type BlockNode, type Node, tasksOf } from './select.ts'
import { namesOf } from './state.ts'
import type { Turns } from './turns.ts'

/** Goes through steps with the hosts of a lane. */
type Walk = (nodes: readonly Node[], hosts: readonly Host[], lane: Lane) => Promise<void>

/** Blocks: a condition before the steps, a rescue where they fail, a clean-up whatever happened. */
export class Blocks {
  readonly #turns: Turns
  readonly #resume: Resume
  readonly #walk: Walk

  constructor(turns: Turns, resume: Resume, walk: Walk) {
    this.#turns = turns
    this.#resume = resume
    this.#walk = walk
  }

  async run(node: BlockNode, all: readonly Host[], lane: Lane): Promise<void> {
    const hosts = await this.#whereHolds(node, all, lane)
    const again = new Set([...lane.again, ...this.#resume.undone(node, hosts, lane.batch)])
    // A rescue of which tags leave nothing would swallow the failure.
    const rescues = hasSelected(node.rescue)
    const inner = lane.inside(hosts, rescues, again)
    await this.#walk(node.try, hosts, inner)
    let lost: ReadonlySet<string> = inner.failed
    if (lost.size > 0 && rescues) {
      const rescue = lane.after(lost, new Set(namesOf(hosts)))
      await this.#walk(node.rescue, hosts, rescue)
      // What a stop keeps from being rescued has failed.
      if (!this.#turns.state.over) lost = rescue.failed
      else this.#left(node, lost)
    }
    if (node.always.length > 0) {
      const always = lane.after(namesOf(hosts), new Set([...again, ...inner.worked]))
      await this.#walk(node.always, hosts, always)
      lost = new Set([...lost, ...always.failed])
    }
    inner.worked.forEach((host) => lane.worked.add(host))
    for (const host of lost) lane.drop(host)
  }

  /** Its failures were told as rescued, since a rescue was to follow. */
  #left({ block: { name } }: BlockNode, hosts: Iterable<string>): void {
    const message = `${[...hosts].join(', ')} failed in «${name}» and was not rescued: the run was ended before`
    this.#turns.state.options.emit({ type: 'warned', message })
  }

  async #whereHolds(node: BlockNode, hosts: readonly Host[], lane: Lane): Promise<readonly Host[]> {
    if (node.block.when === undefined) return hosts
    if (!hasSelected([...node.try, ...node.rescue, ...node.always])) return []
    const held = await Promise.all(
      hosts.map((host) => this.#resume.entered(node, host, lane) || this.#turns.condition(node, host, lane)),
    )
    return hosts.filter((_, i) => held[i])
  }
}

const hasSelected = (nodes: readonly Node[]) => [...tasksOf(nodes)].some(({ selected }) => selected)
