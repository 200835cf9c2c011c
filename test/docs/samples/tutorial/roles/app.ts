import { number, role, text } from 'switchover'
import { file, ini, probe, shell } from 'switchover/modules'

export const app = role('app', { folder: text, workers: number }, ({ ensure, handler }) => {
  const reload = handler('Reload the app', ({ vars }) => shell`date >> ${vars.folder}/reloads`)

  ensure('Make the folder', ({ vars }) => file.directory(vars.folder))
  ensure('Set the number of workers', { tags: ['config'], notify: reload }, ({ vars }) =>
    ini.set(`${vars.folder}/app.ini`, { app: { workers: vars.workers } }, { create: true }),
  )
  ensure(
    'Check the number of workers',
    { verify: true },
    ({ vars }) => probe`grep -x ${`workers = ${vars.workers}`} ${vars.folder}/app.ini`,
  )
})
