import { inventory } from 'switchover'

export default inventory({
  settings: { user: 'deploy', become: true },
  groups: {
    web: {
      vars: { workers: 4, folder: '/srv/app' },
      hosts: {
        'web-1': { settings: { address: '192.0.2.11' } },
        'web-2': { settings: { address: '192.0.2.12' } },
      },
    },
  },
})
