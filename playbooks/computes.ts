import { play, playbook } from '../lib/index.ts'
import { askBefore, compute } from '../roles/compute/index.ts'

/** The first node alone, and then a quarter at a time. */
export const computes = play('Reconnect the compute nodes', { hosts: 'compute', serial: [1, '25%'] }, [
  askBefore,
  compute,
])

export default playbook('The compute nodes get their new controller', [computes])
