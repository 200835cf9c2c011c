import { inventory } from 'switchover'

export default inventory({
  // Three pretended servers on this machine. Leave it out for real ones, which are reached by ssh.
  settings: { connection: 'local' },
  groups: {
    web: {
      vars: { workers: 4 },
      hosts: {
        'web-1': { vars: { folder: '/tmp/web-1' } },
        'web-2': { vars: { folder: '/tmp/web-2' } },
        'web-3': { vars: { folder: '/tmp/web-3', workers: 8 } },
      },
    },
  },
})
