import assert from 'node:assert/strict'
import { play, playbook } from 'switchover'
import { facts } from 'switchover/modules'

export default playbook('Facts', [
  play('Ask before you act', { hosts: 'app' }, ({ task }) => {
    // #region facts
    task('Check that there is room', async (host) => {
      const [{ filesystems }, { family }] = await Promise.all([host.fact(facts.disks), host.fact(facts.os)])
      const root = filesystems.find(({ mount }) => mount === '/')
      assert(root && root.available > 2 ** 20, `${host.name} has no room left on / (family ${family})`)
    })
    // #endregion
  }),
])
