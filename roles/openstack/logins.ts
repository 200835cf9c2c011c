import { Advice, type Secret } from '../../lib/index.ts'
import type { database } from '../../lib/modules/index.ts'
import type { Cloud, CloudView } from './cloud.ts'

/** How root logs in to the database server of a host. */
export function rootLogin({ vars }: CloudView): database.Login {
  const { databaseRootPassword } = vars
  return databaseRootPassword ? { user: 'root', password: databaseRootPassword } : {}
}

/** How a service logs in to a database on the target, its own unless said. @throws Advice when it has no password */
export function serviceLogin({ vars }: CloudView, service: string, name = service): database.ServiceLogin {
  return { user: service, password: passwordOf(vars, service), database: name }
}

/** The password of a service for its databases on the target. @throws Advice when the inventory has none */
export function passwordOf({ databasePasswords }: Cloud, service: string): Secret {
  const password = databasePasswords[service]
  if (!password) throw new Advice(`databasePasswords has no ${service}`, `add ${service} to it in the inventory`)
  return password
}
