import { inventory } from 'switchover'

export default inventory({
  vars: { release: '42', folder: process.env['APP'] ?? '/srv/app' },
  groups: {
    web: { hosts: ['web-1'], settings: { connection: 'local' } },
    boxes: { hosts: ['box-1'], settings: { connection: './connections/clean.ts' } },
  },
})
