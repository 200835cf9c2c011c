// away SOURCE TARGET PROJECT: asks each API for something of a user's every 0.2 s, on the source and then on the target,
// with a token (the first line of stdin) of before: only a cloud that has this user takes it. Says of each how long it
// was away when it has gone over, and is asked no more then; ends with the last of them, or with its stdin.
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const [source, target, project] = process.argv.slice(2)
const apis = {
  keystone: [5000, '/v3/auth/projects'],
  glance: [9292, '/v2/images?limit=1'],
  placement: [8778, '/resource_providers'],
  nova: [8774, '/v2.1/flavors?limit=1'],
  neutron: [9696, '/v2.0/networks?fields=id'],
  cinder: [8776, `/v3/${project}/types`],
}
const token = await new Promise((resolve) => {
  process.stdin.setEncoding('utf8').once('data', (text) => resolve(text.trim()))
})
process.stdin.on('end', () => process.exit())
await Promise.all(Object.entries(apis).map(([name, [port, path]]) => watch(name, port, path)))
process.exit()

async function watch(name, port, path) {
  let gone
  for (;;) {
    if (!(await answers(source, port, path))) {
      gone ??= performance.now()
      if (await answers(target, port, path)) break
    }
    await pause(200)
  }
  process.stdout.write(`${name} was away for ${((performance.now() - gone) / 1000).toFixed(1)} s\n`)
}

/** Is it answered? That something may not be done by this user (403) is an answer, too. */
function answers(host, port, path) {
  return new Promise((resolve) => {
    const asking = request({ host, port, path, headers: { 'X-Auth-Token': token }, timeout: 10_000 }, (response) => {
      response.resume()
      resolve(response.statusCode < 400 || response.statusCode === 403)
    })
    asking.on('timeout', () => asking.destroy())
    asking.on('error', () => resolve(false))
    asking.end()
  })
}
