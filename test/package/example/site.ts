import { play, playbook } from 'switchover'
import { app } from './roles/app.ts'

export default playbook('Put the release out', [
  play('Web', { hosts: 'web' }, [app]),
  play('Boxes', { hosts: 'boxes' }, [app]),
])
