import { fromFile, inventory } from 'switchover'

export default inventory({
  settings: { connection: 'local' },
  vars: { password: fromFile('app.password') },
  groups: { app: { hosts: ['app-1'] } },
})
