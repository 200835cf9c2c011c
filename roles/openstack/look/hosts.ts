import { facts, ini, probe } from '../../../lib/modules/index.ts'
import { releaseOf, targetOf } from '../cloud.ts'
import { allLacking, daemonsOf, ofRelease } from '../daemons.ts'
import { named } from '../settings.ts'
import { brokerLogin } from './broker.ts'
import { alone, broken, type Finding, type Look, refused, together } from './finding.ts'
import { reaching, refusing } from './reaching.ts'

export const clocks: Look = async (host) => {
  const { ahead } = await host.fact(facts.time)
  if (Math.abs(ahead) <= 5) return []
  const how = `${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`
  return [
    broken(`the clock is ${how}: tokens and heartbeats would count as expired`, `ntpdate -u SERVER on ${host.name}`),
  ]
}

/**
 * Is the host the one that the inventory speaks of? nova-compute destroys guests whose host in the database is not its
 * own name, so the names must agree before it starts; and it is the node that says what it is called.
 */
export const names: Look = async (host) => {
  const { fqdn, management, storage, public: outside } = host.vars
  const conf = named(releaseOf(host).compute.config.daemon.path, host)
  const [{ stdout }, contents, { all }] = await together(
    host.run(probe`uname -n`),
    host.run(ini.read(conf)),
    host.fact(facts.addresses),
  )
  const told = contents['DEFAULT']?.['host']?.at(-1)
  const own = told ?? stdout.trim()
  const found: Finding[] = []
  if (own !== fqdn) {
    found.push(
      refused(
        `OpenStack calls it ${own} (${told === undefined ? 'its host name' : `host= in ${conf}`}), ` +
          `the inventory ${fqdn}` +
          (host.groups.includes('compute') ? ': nova-compute would destroy the guests of the other' : ''),
        `set fqdn of ${host.name} in the inventory to ${own}, or the name on the host to ${fqdn}`,
      ),
    )
  }
  const strange = Object.entries({ management, storage, public: outside }).filter(
    ([, address]) => address !== '' && !all.some((one) => one.address === address),
  )
  for (const [name, address] of strange)
    found.push(
      refused(`has no address ${address}, which is ${name} in the inventory`, `set ${name} of ${host.name} right`),
    )
  return found
}

/**
 * All that is stopped, recorded and started must be there: what is missing would be found with the APIs off. What a
 * controller does without must not run there, or nobody would stop it.
 */
export const daemons: Look = async (host) => {
  const { without } = host.vars
  const known = ofRelease(host)
  const strange = without.filter((name) => !known.includes(name))
  const lacking = strange.length > 0 ? [] : await allLacking(host)
  const bare = releaseOf(host).services.filter(({ name }) => daemonsOf(host, name).length === 0)
  const all = [...without, ...lacking].join(',')
  return [
    ...strange.map((name) =>
      refused(
        `without names ${name}, which is no daemon of a controller`,
        `take it out of without of ${host.name}; there are: ${known.join(', ')}`,
      ),
    ),
    ...bare.map(({ name }) =>
      refused(`without leaves ${name} no daemon`, `take ${without.join(', ')} out of without of ${host.name}`),
    ),
    ...(lacking.length === 0
      ? []
      : [
          broken(
            `has no service ${lacking.join(', ')}, and each controller must have it`,
            `install what it is of on ${host.name}; it need not run: service ${lacking[0]} status; ` +
              `where this cloud does without it, set without of ${host.name} in the inventory to ${all}`,
          ),
        ]),
    ...(without.length === 0 ? [] : [alone(`does without ${without.join(', ')}`)]),
  ]
}

/** The article asks that each compute node reaches the new controller through the storage network. */
export const storageNetwork: Look = async (host) => {
  const { name, vars } = targetOf(host)
  const found: Finding[] = []
  for (const { storage } of releaseOf(host).services) {
    if (!storage) continue
    const why = await host.run(reaching(vars.storage, storage.port))
    if (why === '') continue
    // Whoever is turned away there where the target itself is, too, knows no more than that the network leads there.
    if (why === refusing && (await targetOf(host).run(reaching(vars.storage, storage.port))) === refusing) {
      found.push(
        alone(
          `reaches ${vars.storage} of ${name}, where nothing listens at port ${storage.port} yet: whether it gets to ` +
            `the ${storage.name} is not known`,
        ),
      )
      continue
    }
    found.push(
      broken(
        `does not reach the ${storage.name} of ${name} at ${vars.storage}:${storage.port}: ${why}`,
        `ping ${vars.storage} on ${host.name}; the storage network must lead there, or guests lose their volumes`,
      ),
    )
  }
  return found
}

/** The broker is asked by everyone who will use it, since a password alone does not tell whether the way is open. */
export const broker: Look = async (host) => {
  const { name, vars } = targetOf(host)
  const why = await host.run(
    brokerLogin({ address: vars.management, user: vars.rabbitUser, password: vars.rabbitPassword }),
  )
  if (why === '') return []
  return [
    broken(
      `the broker of ${name} at ${vars.management}:5672 does not let ${vars.rabbitUser} in: ${why}`,
      `set rabbitUser and rabbitPassword right in the inventory, or on ${name}: ` +
        `rabbitmqctl change_password ${vars.rabbitUser} PASSWORD`,
    ),
  ]
}
