import { database, ini } from '../../lib/modules/index.ts'
import { type CloudHost, releaseOf, serviceOf, sourceOf } from './cloud.ts'
import { savedTexts } from './kept.ts'
import { rootLogin } from './logins.ts'
import type { Database } from './release.ts'
import { named } from './settings.ts'

/**
 * Makes texts read on the target what they read on the source. MOS 4.1's services write UTF-8 over connections that
 * their server takes for latin1, and read it back the same way; MOS 5.0's server makes every connection one of utf8
 * (F@5.0 mysql/templates/my.cnf.erb:71), and the same rows would read as rubbish there.
 */
export async function readTexts(host: CloudHost, service: string, { name }: Database): Promise<void> {
  if (!(await readsOtherwise(host, service, name))) return
  await host.run(database.reread({ database: name, save: savedTexts(host, name), login: rootLogin(host) }))
}

/** Do the services of the target read a database over a connection of utf8, and those of the source over latin1? */
export async function readsOtherwise(host: CloudHost, service: string, name: string): Promise<boolean> {
  if (releaseOf(host).connections !== 'latin1' || !(await readsUtf8(host, service, name))) return false
  return !(await readsUtf8(sourceOf(host), service, name))
}

async function readsUtf8(host: CloudHost, service: string, name: string): Promise<boolean> {
  const [[connect = ''] = []] = await host.run(database.select('SELECT @@init_connect', rootLogin(host)))
  if (/utf8/i.test(connect)) return true
  const contents = await host.run(ini.read(named(serviceOf(host, service).config[0]!.path, host)))
  const urls = Object.values(contents)
    .flatMap((keys) => Object.values(keys).flat())
    .filter((value) => value.includes(`/${name}?`))
  return urls.some((url) => /[?&]charset=utf8/.test(url))
}
