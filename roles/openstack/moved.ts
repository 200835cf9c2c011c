import { Advice } from '../../lib/index.ts'
import { operation } from '../../lib/kit/index.ts'
import { database } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf, serviceOf, targetOf } from './cloud.ts'
import { rootLogin } from './logins.ts'

/** Those of some services whose data is not on the target yet, or not whole. */
export async function unmovedOf(host: CloudHost, services: readonly string[]): Promise<readonly string[]> {
  const target = targetOf(host)
  const of = (name: string) => serviceOf(host, name).databases.map((one) => one.name)
  const stages = await target.run(database.stages(services.flatMap(of), rootLogin(target)))
  return services.filter((name) => of(name).some((one) => stages[one] !== 'migrated'))
}

/** All data must be on the target: `why` says what would happen. @throws Advice when some is not */
export async function mustBeMoved(host: CloudHost, services: readonly string[], why: string): Promise<void> {
  const unmoved = await unmovedOf(host, services)
  if (unmoved.length === 0) return
  throw new Advice(
    `the data of ${unmoved.join(', ')} has not been moved to ${host.vars.target.name}: ${why}`,
    unmoved.length === 1
      ? `move it: run ${unmoved[0]} -i INVENTORY`
      : 'move it: run playbooks/full-upgrade.ts -i INVENTORY',
  )
}

/** The services that have data, in the order in which they are moved. */
export function servicesWithData(host: CloudHost): readonly string[] {
  return releaseOf(host)
    .services.filter(({ databases }) => databases.length > 0)
    .map(({ name }) => name)
}

/**
 * A condition asked inside a change, where no tag and no journal leaves it out. A check run, in which what would have
 * brought it about has changed nothing, goes on. @throws Advice when it does not hold
 */
export async function inEarnest(host: CloudHost, condition: Promise<void>): Promise<void> {
  try {
    await condition
  } catch (error) {
    if (!(error instanceof Advice)) throw error
    await host.run(refused({ reason: error.message, hint: error.hint }))
  }
}

type Refusal = { readonly reason: string; readonly hint: string }

const refused = operation<Refusal, null, Refusal, null>(() => 'what this needs', {
  read: () => Promise.resolve(null),
  plan: (_, refusal) => ({ result: null, unpredictable: true, change: refusal }),
  apply: (_, { reason, hint }) => Promise.reject(new Advice(reason, hint)),
})
