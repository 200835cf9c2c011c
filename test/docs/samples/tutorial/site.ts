import { play, playbook } from 'switchover'
import { app } from './roles/app.ts'

export default playbook('Roll out the app', [
  // The first server alone, then the others in halves.
  play('Web servers', { hosts: 'web', serial: [1, '50%'] }, [app]),
])
