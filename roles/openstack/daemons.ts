import { Advice } from '../../lib/index.ts'
import { service as daemon } from '../../lib/modules/index.ts'
import { type CloudHost, type CloudView, releaseOf, serviceOf } from './cloud.ts'
import type { Daemon } from './release.ts'

/** Names of daemons, one at least: what the operations of services take. */
export type Names = readonly [string, ...string[]]

/** The daemons of a service under the names that this host has for them, in the order in which they are started. */
export function daemonsOf(host: CloudView, service: string, kind?: Daemon['kind']): Names {
  return namesOf(host, serviceOf(host, service).daemons, kind)
}

/** The daemons of all services that run on a controller, in the order in which they are started. */
export function allDaemons(host: CloudView, kind?: Daemon['kind']): Names {
  const daemons = releaseOf(host).services.flatMap((service) => service.daemons)
  return namesOf(host, daemons, kind)
}

/** All that the releases have for a controller, also what this one does without. */
export function ofRelease(host: CloudView): readonly string[] {
  return releaseOf(host).services.flatMap(({ daemons }) => daemons.flatMap((one) => one[host.vars.osFamily] ?? []))
}

/** From the users inwards: who is turned away first cannot leave half a request behind. */
export function inwards(names: Names): Names {
  return [...names].reverse() as unknown as Names
}

/** Those daemons of a service that run. */
export async function runningOf(host: CloudHost, service: string): Promise<readonly string[]> {
  const states = await Promise.all(daemonsOf(host, service).map((name) => host.run(daemon.status(name))))
  return states.filter(({ running }) => running).map(({ name }) => name)
}

/** No daemon of a service may run: `why` says what would happen, `hint` what to type. @throws Advice when one does */
export async function mustBeStopped(host: CloudHost, service: string, why: string, hint: string): Promise<void> {
  const running = await runningOf(host, service)
  if (running.length === 0) return
  throw new Advice(`${running.join(', ')} still ${running.length === 1 ? 'runs' : 'run'} on ${host.name}: ${why}`, hint)
}

/**
 * Those daemons of all services that run, in the order in which they are started; a host need not have all of them.
 * Each is asked for itself: what the scripts alone say is wrong in both directions.
 */
export async function allRunning(host: CloudHost): Promise<readonly string[]> {
  return (await allStates(host)).flatMap(({ name, running }) => (running ? [name] : []))
}

/** Those daemons of all services that a host does not have. */
export async function allLacking(host: CloudHost): Promise<readonly string[]> {
  return (await allStates(host)).flatMap(({ name, running }) => (running === undefined ? [name] : []))
}

function allStates(
  host: CloudHost,
): Promise<readonly { readonly name: string; readonly running: boolean | undefined }[]> {
  return Promise.all(
    allDaemons(host).map((name) =>
      host.run(daemon.status(name)).catch((error: unknown) => {
        if (error instanceof Advice && error.message.startsWith('there is no service'))
          return { name, running: undefined }
        throw error
      }),
    ),
  )
}

function namesOf({ vars }: CloudView, daemons: readonly Daemon[], kind: Daemon['kind']): Names {
  const wanted = kind === undefined ? daemons : daemons.filter((one) => one.kind === kind)
  const names = wanted.flatMap((one) => one[vars.osFamily] ?? [])
  return names.filter((name) => !vars.without.includes(name)) as unknown as Names
}
