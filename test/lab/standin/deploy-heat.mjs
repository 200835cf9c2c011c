// deploy-heat.mjs: what Fuel does for heat on the controller that it runs on. MOS has it always; the lab on request.
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { deployHeat } from './db/load.mjs'
import { furnishHeat } from './furnish.mjs'
import { installed } from './names.mjs'

const name = hostname().split('.')[0]
const clouds = JSON.parse(readFileSync(new URL('clouds.json', import.meta.url), 'utf8'))

if (!/^heat:/m.test(readFileSync('/etc/passwd', 'utf8'))) {
  appendFileSync('/etc/passwd', 'heat:x:187:187::/var/lib/heat:/usr/sbin/nologin\n')
  appendFileSync('/etc/group', 'heat:x:187:\n')
  appendFileSync('/etc/shadow', 'heat:*:16000:0:99999:7:::\n')
}
furnishHeat('/', name, clouds)
await deployHeat(clouds[name])
for (const service of installed.heat) {
  if (existsSync(`/etc/rc3.d/S80${service}`)) continue
  for (const [program, ...args] of [
    ['ln', '-s', `../init.d/${service}`, `/etc/rc3.d/S80${service}`],
    ['service', service, 'start'],
  ]) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] })
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
  }
}
