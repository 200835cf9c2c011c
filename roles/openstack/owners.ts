import { file, probe } from '../../lib/modules/index.ts'
import { type CloudHost, serviceOf } from './cloud.ts'

/**
 * Gives a service its files. Those of rootwrap say what it may do as root, so they stay root's, and so does the folder
 * that they are in: whoever may write there could put others in their place. The article's chown -R would make root of
 * everybody who is the service. Links stay whose they are: what they lead to may lie elsewhere, and belong to others.
 * Its logs too: the tools leave root's behind, and die of them when the service's user runs them.
 */
export async function handOver(host: CloudHost, name: string): Promise<void> {
  const { user, etc, owned = [] } = serviceOf(host, name)
  const own = `${user}:${user}`
  for (const path of owned) {
    if (path !== etc) {
      await host.run(file.owner(path, own))
      continue
    }
    const { stdout } = await host.run(
      probe`cd ${etc} && for e in * .[!.]*; do [ ! -e "$e" ] || [ -L "$e" ] || echo "$e"; done`,
    )
    for (const entry of stdout.split('\n').filter(Boolean)) {
      const whose = entry.startsWith('rootwrap') ? 'root:root' : own
      await host.run(file.owner(`${etc}/${entry}`, whose))
    }
    await host.run(file.owner(etc, `root:${user}`, { recursive: false }))
  }
  const logs = `/var/log/${name}`
  if ((await host.run(file.stat(logs))).exists) await host.run(file.owner(logs, own))
}
