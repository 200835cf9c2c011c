import { file, shell } from '../../lib/modules/index.ts'
import { type CloudHost, type CloudView, releaseOf } from '../openstack/cloud.ts'
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

/** Forgets what `file.backup` kept of it, and the folder where nothing else is kept there. */
export async function forgetCopy(host: CloudHost, path: string): Promise<void> {
  const copy = copyOf(path)
  const folder = copy.slice(0, copy.lastIndexOf('/'))
  await host.run(file.absent(copy))
  await host.run(shell({ removes: folder, touches: [folder] })`rmdir ${folder} 2>/dev/null || :`)
}
