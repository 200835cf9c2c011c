import { role } from '../../lib/index.ts'
import { alone } from '../openstack/alone.ts'
import { cloud, serviceOf } from '../openstack/cloud.ts'
import { saved } from '../openstack/kept.ts'
import { configured } from '../openstack/move.ts'
import { recordRan } from '../openstack/ran.ts'
import { start } from '../openstack/start.ts'

/** The dashboard on the target controller: the article's «Upgrade the OpenStack Dashboard UI». */
export const horizon = role('horizon', cloud, (steps) => {
  steps.task('Record what runs here', { tags: ['backup', 'config', 'start'] }, (host) => recordRan(host, ['horizon']))
  steps.ensure('Save the configuration', { tags: ['backup', 'config'] }, (host) =>
    saved(host, serviceOf(host, 'horizon').etc),
  )
  configured(steps, 'horizon')
  steps.flush()
  start(steps, 'horizon')
})

/** `run horizon`: stops the dashboard on the source and sets up the target's. */
export default alone('horizon', [horizon])
