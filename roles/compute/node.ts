import { type CloudView, releaseOf } from '../openstack/cloud.ts'
import { named } from '../openstack/settings.ts'

/** What a compute node has, under the names of its family. */
export interface Node {
  readonly daemon: string
  readonly agent: string
  readonly log: string
  /** The files that lead to the controller: nova-compute's, and the agent's. */
  readonly files: readonly [daemon: string, agent: string]
}

export function nodeOf(host: CloudView): Node {
  const { daemon, agent, config, log } = releaseOf(host).compute
  return {
    daemon: named(daemon, host),
    agent: named(agent, host),
    log: named(log, host),
    files: [named(config.daemon.path, host), named(config.agent.path, host)],
  }
}

/** Where `file.backup` keeps a file of it. */
export function copyOf(path: string): string {
  const at = path.lastIndexOf('/') + 1
  return `${path.slice(0, at)}.switchover-backup/${path.slice(at)}`
}
