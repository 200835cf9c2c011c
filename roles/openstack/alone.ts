import { play, playbook, type Role } from '../../lib/index.ts'
import type { cloud } from './cloud.ts'
import { freezeService } from './freeze.ts'

/** `run NAME`: stops one service on the source, and does its roles on the target. */
export function alone(name: string, roles: readonly Role<typeof cloud>[]) {
  return playbook(name, [
    play(`Stop ${name} on the source`, { hosts: 'source' }, [freezeService(name)]),
    play(`Move ${name}`, { hosts: 'target' }, roles),
  ])
}
