import { play, playbook } from '../lib/index.ts'
import { guests } from '../roles/nova/guests.ts'

/** One node after the other, and on each one guest after the other. */
export default playbook('Guests with volumes go over', [
  play('Take the guests over', { hosts: 'compute', serial: 1 }, [guests]),
])
