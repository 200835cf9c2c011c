import { number, play, playbook } from 'switchover'
import { ini, probe, shell } from 'switchover/modules'

export default playbook('Tune the application servers', [
  play('Set the workers', { hosts: 'app', serial: 1, vars: { workers: number } }, ({ ensure, handler }) => {
    const reload = handler('Reload uWSGI', (host) => shell`touch /tmp/${host.name}.reload`)

    ensure('Set the number of workers', { tags: ['config'], notify: reload }, ({ name, vars }) =>
      ini.set(`/tmp/${name}.ini`, { uwsgi: { workers: vars.workers } }, { create: true }),
    )
    ensure(
      'Check what it will read',
      { tags: ['verify'], verify: true },
      ({ name, vars }) => probe`grep -x ${`workers = ${vars.workers}`} /tmp/${name}.ini`,
    )
  }),
])
