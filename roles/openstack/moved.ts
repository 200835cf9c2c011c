import { Advice } from '../../lib/index.ts'
import { operation } from '../../lib/kit/index.ts'
import { database } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf, serviceOf, targetOf } from './cloud.ts'
import { rootLogin } from './logins.ts'

/** Those of some services whose data is not on the target yet, or not whole. */
export async function unmovedOf(host: CloudHost, services: readonly string[]): Promise<readonly string[]> {
  const target = targetOf(host)
  const stages = await Promise.all(
    services.map((name) =>
      Promise.all(
        serviceOf(host, name).databases.map((one) => target.run(database.standing(one.name, rootLogin(target)))),
      ),
    ),
  )
  return services.filter((_, i) => stages[i]!.some(({ stage }) => stage !== 'migrated'))
}

/** All data must be on the target: `why` says what would happen. @throws Advice when some is not */
export async function mustBeMoved(host: CloudHost, services: readonly string[], why: string): Promise<void> {
  const refusal = await refusalOf(host, services, why)
  if (refusal) throw new Advice(refusal.reason, refusal.hint)
}

/** The same inside a change, where no tag and no journal leaves it out; a check run has moved nothing, and goes on. */
export async function mustBeMovedInEarnest(host: CloudHost, services: readonly string[], why: string): Promise<void> {
  const refusal = await refusalOf(host, services, why)
  if (refusal) await host.run(refused(refusal))
}

type Refusal = { readonly reason: string; readonly hint: string }

async function refusalOf(host: CloudHost, services: readonly string[], why: string): Promise<Refusal | undefined> {
  const unmoved = await unmovedOf(host, services)
  if (unmoved.length === 0) return undefined
  return {
    reason: `the data of ${unmoved.join(', ')} has not been moved to ${host.vars.target.name}: ${why}`,
    hint:
      unmoved.length === 1
        ? `move it: run ${unmoved[0]} -i INVENTORY`
        : 'move it: run playbooks/full-upgrade.ts -i INVENTORY',
  }
}

const refused = operation<Refusal, null, Refusal, null>(() => 'what this needs', {
  read: () => Promise.resolve(null),
  plan: (_, refusal) => ({ result: null, unpredictable: true, change: refusal }),
  apply: (_, { reason, hint }) => Promise.reject(new Advice(reason, hint)),
})

/** The services that have data, in the order in which they are moved. */
export function servicesWithData(host: CloudHost): readonly string[] {
  return releaseOf(host)
    .services.filter(({ databases }) => databases.length > 0)
    .map(({ name }) => name)
}
