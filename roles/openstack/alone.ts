import { play, playbook, type Role, role } from '../../lib/index.ts'
import { type CloudView, cloud, has, releaseOf, serviceOf } from './cloud.ts'
import { freezeService } from './freeze.ts'
import { mustBeMoved } from './moved.ts'

/** `run NAME`: stops one service on the source, and does its roles on the target. */
export function alone(name: string, roles: readonly Role<typeof cloud>[]) {
  return playbook(name, [
    play('Look whether it can be moved', { hosts: 'target' }, [afterTheFirst(name)]),
    play(`Stop ${name} on the source`, { hosts: 'source' }, [freezeService(name)]),
    play(`Move ${name}`, { hosts: 'target' }, roles),
  ])
}

/** Every service asks the first one, keystone, who is calling: nothing is stopped that could not be started again. */
function afterTheFirst(name: string) {
  return role(`${name}.first`, cloud, ({ task }) => {
    const unasked = { tags: ['always'], when: (host: CloudView) => !has(name)(host) }
    task('Check that it is to be moved', unasked, (host) => serviceOf(host, name).name)
    task('Check that what it asks has been moved', { tags: ['freeze', 'stop', 'start'] }, async (host) => {
      const first = releaseOf(host).services[0]!.name
      if (name !== first) await mustBeMoved(host, [first], `${name} could not be started`)
    })
  })
}
