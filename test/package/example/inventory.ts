import { inventory } from 'switchover'

export default inventory({
  settings: { connection: 'local' },
  groups: { web: { hosts: ['web-1'], vars: { release: '42', folder: process.env['APP'] ?? '/srv/app' } } },
})
