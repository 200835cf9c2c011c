import assert from 'node:assert/strict'
import { role, text } from 'switchover'
import { file, shell } from 'switchover/modules'
import { memory } from '../facts/memory.ts'
import { currentRelease } from '../modules/release.ts'

export const app = role('app', { folder: text, release: text }, ({ task, ensure, handler }) => {
  const restart = handler('Restart the server', ({ vars }) => shell`touch ${`${vars.folder}/restart.txt`}`)

  task('Check that there is room', async (host) => {
    const { megabytes } = await host.fact(memory)
    assert(megabytes > 10, `${host.name} has only ${megabytes} MB of memory`)
    return { megabytes }
  })
  ensure('Make the folder', ({ vars }) => file.directory(`${vars.folder}/releases/${vars.release}`))
  ensure('Make it the current one', { notify: restart }, ({ vars }) => currentRelease(vars))
})
