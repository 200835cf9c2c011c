import { readFileSync } from 'node:fs'
import { inventory } from '../../lib/index.ts'

// The lab's passwords are no secrets. A real inventory looks like this one, with fromFile or fromEnvironment for each.
interface Node {
  readonly hostname: string
  readonly management: string
  readonly storage: string
  readonly public?: string
}
interface Controller extends Node {
  readonly databasePasswords: Readonly<Record<string, string>>
  readonly rabbit: { readonly user: string; readonly password: string }
}
const clouds = JSON.parse(readFileSync(new URL('../../test/lab/clouds.json', import.meta.url), 'utf8')) as Readonly<
  Record<'node-1' | 'node-5', Controller>
> &
  Readonly<Record<'node-3' | 'node-4', Node>>

const lab = new URL('../../test/lab/lab', import.meta.url).pathname
const target = clouds['node-5']

function node(name: 'node-1' | 'node-3' | 'node-4' | 'node-5') {
  const { hostname, management, storage } = clouds[name]
  return {
    settings: { address: management },
    vars: { fqdn: hostname, management, storage, public: clouds[name].public ?? '' },
  }
}

export default inventory({
  settings: {
    user: 'root',
    privateKey: '/run/switchover-lab/ssh/id_ed25519',
    knownHosts: '/run/switchover-lab/ssh/known_hosts',
    // The lab's hosts live in a network namespace of their own, and this is the door to it.
    proxyCommand: `${lab} dial %h %p`,
  },
  vars: {
    release: 'havana-icehouse',
    // Of heat there is an endpoint in the catalogue, and nothing that would answer there.
    leave: ['heat'],
    // Nobody mourns the lab: it is asked nothing on the way.
    proceed: ['computes', 'guests'],
    rabbitUser: target.rabbit.user,
    rabbitPassword: target.rabbit.password,
    databasePasswords: target.databasePasswords,
  },
  groups: {
    source: { hosts: { 'node-1': node('node-1') } },
    target: { hosts: { 'node-5': node('node-5') } },
    compute: { hosts: { 'node-3': node('node-3'), 'node-4': node('node-4') } },
  },
})
