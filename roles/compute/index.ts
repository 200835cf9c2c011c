import { play, playbook } from '../../lib/index.ts'
import { compute } from './compute.ts'

/** `run compute`: reconnects the compute nodes to the target, the first one alone. */
export default playbook('compute', [
  play('Reconnect the compute nodes', { hosts: 'compute', serial: [1, '25%'] }, [compute]),
])
