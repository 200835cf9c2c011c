import { database, ini } from '../../lib/modules/index.ts'
import { movedAddresses, withMovedAddresses } from '../openstack/addresses.ts'
import { type CloudHost, siteOf } from '../openstack/cloud.ts'
import { rootLogin } from '../openstack/logins.ts'
import { alone, broken, type Finding, some, together } from '../openstack/look/finding.ts'
import { valueOf } from '../openstack/settings.ts'

/** The logins that heat keeps for its users: can they be read on the target, and where do they lead? */
export async function logins(host: CloudHost): Promise<readonly Finding[]> {
  const [conf, [[count] = []], urls] = await together(
    host.run(ini.read('/etc/heat/heat.conf')),
    host.run(database.select('SELECT COUNT(*) FROM heat.user_creds', rootLogin(host))),
    host.run(
      database.select('SELECT DISTINCT auth_url FROM heat.user_creds WHERE auth_url IS NOT NULL', rootLogin(host)),
    ),
  )
  const found: Finding[] = []
  const wrong = wrongWith(valueOf(conf, 'DEFAULT', 'auth_encryption_key'))
  if (wrong !== undefined && count !== '0')
    found.push(
      broken(
        `auth_encryption_key in heat.conf ${wrong}: nobody could read the ${count} logins that heat keeps`,
        `write the key there with which they were encrypted: /etc/heat/heat.conf on ${host.name}`,
      ),
    )
  const addresses = movedAddresses(siteOf(host))
  const others = urls.map(([url]) => url!).filter((url) => withMovedAddresses(url, addresses) === url)
  if (others.length > 0)
    found.push(alone(`heat acts for users at ${some(others)}, which is no address of ${host.name}: as it is`))
  return found
}

/** What is wrong with a key; heat takes its first 32 characters (heat 2014.1.5 heat/common/crypt.py:51). */
function wrongWith(key: string | undefined): string | undefined {
  if (key === undefined || key === '') return 'is not set'
  if (key === '%ENCRYPTION_KEY%') return 'was never filled in'
  return [16, 24, 32].includes(Math.min(key.length, 32)) ? undefined : `has ${key.length} characters, not 16, 24 or 32`
}

/**
 * Templates at which `heat-manage db_sync` ends, for all stacks, without a word on which one it was; those of deleted
 * stacks too.
 */
export async function templates(host: CloudHost): Promise<readonly Finding[]> {
  // In hex, since some are no text that could be read line by line.
  const rows = await host.run(
    database.select(
      `SELECT t.id, IFNULL(s.name, ''), s.deleted_at IS NULL, IFNULL(HEX(t.template), '')
        FROM heat.raw_template t LEFT JOIN heat.stack s ON s.raw_template_id = t.id`,
      rootLogin(host),
    ),
  )
  return rows.flatMap(([id, stack, lives, hex]) => {
    const wrong = wrongIn(Buffer.from(hex!, 'hex').toString())
    if (wrong === undefined) return []
    const whose = stack === '' ? 'of no stack' : `of the ${lives === '1' ? '' : 'deleted '}stack ${stack}`
    return [
      broken(
        `template ${id} ${whose} ${wrong}: heat-manage db_sync would end at it, for all stacks`,
        'keep its text if anybody wants it, then: ' +
          `mysql heat -e "UPDATE raw_template SET template = '{}' WHERE id = ${id}"`,
      ),
    ]
  })
}

/** What migrations 037 and 041 cannot read (heat 2014.1.5 heat/db/sqlalchemy/migrate_repo/versions). */
function wrongIn(text: string): string | undefined {
  if (text === '') return 'is empty'
  let template: unknown
  try {
    template = JSON.parse(text)
  } catch {
    return 'is not JSON'
  }
  if (typeof template !== 'object' || template === null) return `is ${text.slice(0, 20)}`
  if (!('heat_template_version' in template)) return undefined
  const parts = template as Readonly<Record<string, unknown>>
  const empty = ['parameters', 'resources', 'outputs'].find((part) => part in parts && parts[part] === null)
  if (empty !== undefined) return `has nothing in ${empty}`
  const untyped = Object.entries((parts['parameters'] ?? {}) as Record<string, unknown>).find(
    ([, one]) => !Object.keys(one ?? {}).some((key) => key.toLowerCase() === 'type'),
  )
  return untyped === undefined ? undefined : `has a parameter without type (${untyped[0]})`
}
