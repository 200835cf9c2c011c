import { Advice } from '../../lib/index.ts'
import { look, operation } from '../../lib/kit/index.ts'
import { file, probe, service as daemon } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf, targetOf } from './cloud.ts'
import { daemonsOf } from './daemons.ts'
import { placeNote, ranFile } from './kept.ts'

/** What a daemon did on a controller before it was stopped there. */
export type Ran = {
  readonly name: string
  readonly running: boolean
  /** Was it started when the host boots? */
  readonly enabled: boolean
}

/**
 * Records what of some services runs on a controller and is started at its boot, before anything of it is stopped. What
 * was recorded before stays true: by now it may be stopped. Kept on the target, one file a service.
 */
export async function recordRan(
  host: CloudHost,
  services: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const target = targetOf(host)
  const said: Record<string, string> = {}
  await mustBeTheSamePlace(host)
  await target.run(file.directory(placeNote.replace(/\/[^/]*$/, ''), { mode: '0700' }))
  await target.run(file.content(placeNote, `${target.vars.backups}\n`, { mode: '0600' }))
  for (const service of services) {
    const [known, now] = await Promise.all([
      ranOf(host, service),
      Promise.all(daemonsOf(host, service).map((name) => host.run(daemon.status(name)))),
    ])
    // What the upgrade itself has started on the target by now did not run before.
    if (known.length > 0 && endOf(host) === 'target') continue
    const all = now.map(({ name, running, enabled }): Ran => {
      const was = known.find((one) => one.name === name)
      return { name, running: running || was?.running === true, enabled: enabled || was?.enabled === true }
    })
    const path = ranFile(target, endOf(host), service)
    await target.run(file.directory(path.replace(/\/[^/]*$/, ''), { mode: '0700' }))
    await target.run(file.content(path, all.map(lineOf).join(''), { mode: '0600' }))
    said[service] = all
      .filter(({ running }) => running)
      .map(({ name }) => name)
      .join(' ')
  }
  return said
}

/** What was recorded of a service on a controller, in the order in which its daemons are started; nothing: none. */
export async function ranOf(host: CloudHost, service: string): Promise<readonly Ran[]> {
  const target = targetOf(host)
  const text = await target.run(recorded(ranFile(target, endOf(host), service)))
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => words.length === 3)
    .map(([name, running, enabled]) => ({
      name: name!,
      running: running === 'running',
      enabled: enabled === 'enabled',
    }))
}

// No probe: in check mode it would answer without what the tasks before it would record.
const recorded = operation<string, string, string>((path) => `record ${path}`, {
  foresees: true,
  read: async (connection, path) => (await look(connection, path, { content: 65_536 })).content?.toString() ?? '',
  plan: (text) => ({ result: text }),
})

/** What was recorded of all services on a controller. @throws Advice when it lies elsewhere */
export async function allRan(host: CloudHost): Promise<readonly Ran[]> {
  await mustBeTheSamePlace(host)
  return (await Promise.all(releaseOf(host).services.map(({ name }) => ranOf(host, name)))).flat()
}

/** What an earlier run has kept is only found where it was kept. @throws Advice */
async function mustBeTheSamePlace(host: CloudHost): Promise<void> {
  const target = targetOf(host)
  const { stdout } = await target.run(probe`cat ${placeNote} 2>/dev/null; :`)
  const [place, here] = [stdout.trim(), target.vars.backups]
  if (place === '' || place === here) return
  throw new Advice(
    `an earlier run has kept dumps and copies in ${place} of ${target.name}, and this one would look in ${here}`,
    `go on with the same place: -e backups=${place}`,
  )
}

function lineOf({ name, running, enabled }: Ran): string {
  return `${name} ${running ? 'running' : 'stopped'} ${enabled ? 'enabled' : 'disabled'}\n`
}

function endOf(host: CloudHost): 'source' | 'target' {
  return host.name === host.vars.source.name ? 'source' : 'target'
}
