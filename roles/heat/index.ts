import assert from 'node:assert/strict'
import { role } from '../../lib/index.ts'
import { database, ini, shell, wait } from '../../lib/modules/index.ts'
import { alone } from '../openstack/alone.ts'
import { type CloudHost, cloud, has, releaseOf, serviceOf } from '../openstack/cloud.ts'
import { rootLogin } from '../openstack/logins.ts'
import { moved } from '../openstack/move.ts'
import { rewrite } from '../openstack/rows.ts'
import { valueOf } from '../openstack/settings.ts'
import { list, start } from '../openstack/start.ts'

/**
 * Heat on the target controller, where `also` names it; the article says nothing of it. Its database and its
 * configuration, and above all the key with which it has encrypted what it does in its users' names.
 */
export const heat = moved('heat')

/** Starts the heat that has been moved, after all that its engine asks. */
export const heatStart = role('heat.start', cloud, (steps) => {
  steps.block('Start heat, where it is moved', { when: has('heat'), try: begin })
  function begin() {
    const { task, ensure } = steps
    start(steps, 'heat', () => {
      // The catalogue may have been moved when this was not yet asked for.
      task('Lead its endpoints to the target', { tags: ['start', 'rows'] }, async (host) => {
        const [first] = releaseOf(host).services
        for (const one of first!.databases)
          for (const rows of one.rows ?? []) await rewrite(host, first!.name, one.name, rows)
      })
      task('Make the role of users that stacks make', { tags: ['start', 'config'] }, stackUserRole)
    })
    ensure('Wait until the API for guests answers', { tags: ['start', 'verify'] }, () =>
      wait.http('http://127.0.0.1:8000/', { status: [300, 401], timeout: 60 }),
    )
    task('Check that it can read every login it keeps', { tags: ['verify'], verify: true }, async (host) => {
      const [[unread] = []] = await host.run(database.select(unreadable, rootLogin(host)))
      assert(unread === '0', `${unread} rows of heat.user_creds do not say how they are encrypted`)
    })
    list(steps, 'heat')
  }
})

/** `run heat`: stops heat on the source and moves it to the target. */
export default alone('heat', [heat, heatStart])

const unreadable = `SELECT COUNT(*) FROM heat.user_creds
  WHERE decrypt_method IS NULL AND (password IS NOT NULL OR trust_id IS NOT NULL)`

/** The role that the users have that stacks make; what the client makes of it is in the release. */
async function stackUserRole(host: CloudHost): Promise<void> {
  const { file, key, fallback, known, command } = serviceOf(host, 'heat').madeRole!
  const name = valueOf(await host.run(ini.read(file)), ...key) ?? fallback
  const there = await host.run(database.select(known, rootLogin(host)))
  if (there.some(([one]) => one === name)) return
  await host.run(shell`
    . ${releaseOf(host).openrc} && unset SERVICE_TOKEN SERVICE_ENDPOINT OS_SERVICE_TOKEN OS_SERVICE_ENDPOINT &&
    ${[...command.split(' '), name]}`)
}
