import { readFileSync } from 'node:fs'
import { inventory } from '../../lib/index.ts'

interface Node {
  readonly management: string
  readonly storage: string
}
interface Controller extends Node {
  readonly databasePasswords: Readonly<Record<string, string>>
  readonly rabbit: { readonly user: string; readonly password: string }
}
type ControllerName = 'victoria' | 'zed' | 'epoxy'
type NodeName = 'compute-1' | 'compute-2'
// The passwords of these clouds are no secrets. A real inventory has fromFile or fromEnvironment for each.
const clouds = JSON.parse(
  readFileSync(new URL('../../test/openstack/host/clouds.json', import.meta.url), 'utf8'),
) as Readonly<Record<ControllerName, Controller> & Record<NodeName, Node>>
const door = new URL('../../test/openstack/openstack', import.meta.url).pathname

/** The inventory of the move from one controller of the clouds of test/openstack to another. */
export function between(source: ControllerName, target: ControllerName) {
  const { rabbit, databasePasswords } = clouds[target]
  return inventory({
    settings: {
      user: 'root',
      privateKey: '/run/switchover-openstack/ssh/id_ed25519',
      knownHosts: '/run/switchover-openstack/ssh/known_hosts',
      // These hosts live in a network namespace of their own, and this is the door to it.
      proxyCommand: `${door} dial %h %p`,
    },
    vars: {
      release: `${source}-${target}`,
      osFamily: 'debian',
      rabbitUser: rabbit.user,
      rabbitPassword: rabbit.password,
      databasePasswords,
      proceed: ['computes', 'guests'],
    },
    groups: {
      source: { hosts: nodes(source) },
      target: { hosts: nodes(target) },
      compute: { hosts: nodes('compute-1', 'compute-2') },
    },
  })
}

function nodes(...names: readonly (keyof typeof clouds)[]) {
  return Object.fromEntries(
    names.map((name) => {
      const { management, storage } = clouds[name]
      return [name, { settings: { address: management }, vars: { fqdn: name, management, storage } }]
    }),
  )
}
