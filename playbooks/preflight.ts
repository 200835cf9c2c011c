import { play, playbook } from '../lib/index.ts'
import { look } from '../roles/openstack/look.ts'

/** Ends the run for all when something on one host stands in the way, after all have been looked at. */
export const before = play(
  'Look before anything is touched',
  { hosts: 'source:target:compute', anyErrorsFatal: true },
  [look],
)

export default playbook('What the upgrade would meet', [before])
