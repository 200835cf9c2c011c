import { readFileSync } from 'node:fs'
import { inventory } from '../../lib/index.ts'

// The passwords of these clouds are no secrets. A real inventory has fromFile or fromEnvironment for each.
interface Node {
  readonly management: string
  readonly storage: string
}
interface Controller extends Node {
  readonly databasePasswords: Readonly<Record<string, string>>
  readonly rabbit: { readonly user: string; readonly password: string }
}
const clouds = JSON.parse(
  readFileSync(new URL('../../test/openstack/host/clouds.json', import.meta.url), 'utf8'),
) as Readonly<Record<'source' | 'target', Controller>> & Readonly<Record<'compute-1' | 'compute-2', Node>>

const door = new URL('../../test/openstack/openstack', import.meta.url).pathname
const { target } = clouds

function node(name: keyof typeof clouds) {
  const { management, storage } = clouds[name]
  return { settings: { address: management }, vars: { fqdn: name, management, storage } }
}

export default inventory({
  settings: {
    user: 'root',
    privateKey: '/run/switchover-openstack/ssh/id_ed25519',
    knownHosts: '/run/switchover-openstack/ssh/known_hosts',
    // These hosts live in a network namespace of their own, and this is the door to it.
    proxyCommand: `${door} dial %h %p`,
  },
  vars: {
    release: 'victoria-zed',
    osFamily: 'debian',
    rabbitUser: target.rabbit.user,
    rabbitPassword: target.rabbit.password,
    databasePasswords: target.databasePasswords,
    proceed: ['computes', 'guests'],
  },
  groups: {
    source: { hosts: { source: node('source') } },
    target: { hosts: { target: node('target') } },
    compute: { hosts: { 'compute-1': node('compute-1'), 'compute-2': node('compute-2') } },
  },
})
