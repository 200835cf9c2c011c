// sqlalchemy-migrate's run over a database: one migration after another, the version row after each, nothing undone.
import { readFileSync } from 'node:fs'
import { tables } from './connection.mjs'
import * as cinder from './migrations/cinder.mjs'
import * as glance from './migrations/glance.mjs'
import * as heat from './migrations/heat.mjs'
import * as keystone from './migrations/keystone.mjs'
import * as nova from './migrations/nova.mjs'
import { PythonError } from './python.mjs'

/** What each service's repository is called, where its releases end, and how it treats its database. */
export const repositories = {
  keystone: {
    id: 'keystone',
    havana: 36,
    icehouse: 44,
    base: 0,
    steps: keystone.steps,
    charsetCheck: 'all but the version table',
    traditional: true,
    path: 'keystone/common/sql/migrate_repo',
  },
  glance: {
    id: 'Glance Migrations',
    havana: 29,
    icehouse: 34,
    base: 0,
    steps: glance.steps,
    charsetCheck: 'all',
    traditional: true,
    path: 'glance/db/sqlalchemy/migrate_repo',
  },
  nova: {
    id: 'nova',
    havana: 216,
    icehouse: 234,
    base: 215,
    steps: nova.steps,
    traditional: true,
    path: 'nova/db/sqlalchemy/migrate_repo',
  },
  cinder: {
    id: 'cinder',
    havana: 21,
    icehouse: 22,
    base: 0,
    steps: cinder.steps,
    afterwards: cinder.afterwards,
    traditional: false,
    path: 'cinder/db/sqlalchemy/migrate_repo',
  },
  heat: {
    id: 'heat',
    havana: 28,
    icehouse: 43,
    base: 14,
    steps: heat.steps,
    charsetCheck: 'all but the version table',
    traditional: false,
    path: 'heat/db/sqlalchemy/migrate_repo',
  },
}

/** The version of a service's schema; puts an empty database under version control first. */
export async function version(db, service) {
  const { id, base, path } = repositories[service]
  const all = await tables(db)
  if (all.includes('migrate_version')) {
    const [row] = await db.execute('SELECT version FROM migrate_version WHERE repository_id = %s', [id])
    if (row !== undefined) return Number(row.version)
  }
  if (all.length > 0) {
    throw service === 'nova'
      ? new PythonError('NovaException', 'Upgrade DB using Essex release first.')
      : service === 'cinder'
        ? new PythonError('Error', 'Upgrade DB using Essex release first.')
        : new PythonError(
            'DbMigrationError',
            'The database is not under version control, but has tables. ' +
              'Please stamp the current version of the schema manually.',
          )
  }
  await db.execute(
    '\nCREATE TABLE migrate_version (\n\trepository_id VARCHAR(250) NOT NULL,\n\trepository_path TEXT,\n' +
      '\tversion INTEGER,\n\tPRIMARY KEY (repository_id)\n)',
  )
  await db.execute('INSERT INTO migrate_version (repository_id, repository_path, version) VALUES (%s, %s, %s)', [
    id,
    `/usr/lib/python2.6/site-packages/${path}`,
    base,
  ])
  return base
}

/** Takes a database from its version to the release's head, or to `target`. */
export async function sync(db, service, { release, target, charsetCheck = true, log = () => {} }) {
  const repository = repositories[service]
  let current = await version(db, service)
  if (charsetCheck && release === 'icehouse') await refuseOtherCharsets(db, repository)
  const head = target ?? repository[release]
  if (current < repository.havana) {
    if (current !== repository.base) throw new PythonError('KeyError', `<VerNum(${current})>`)
    await createHavana(db, service)
    current = repository.havana
    await db.execute('UPDATE migrate_version SET version=%s WHERE migrate_version.repository_id = %s', [
      current,
      repository.id,
    ])
  }
  for (; current < Math.min(head, repository[release]); current++) {
    log(`${current} -> ${current + 1}... `)
    await repository.steps[current + 1]?.(db)
    await db.execute(
      'UPDATE migrate_version SET version=%s WHERE migrate_version.version = %s' +
        ' AND migrate_version.repository_id = %s',
      [current + 1, current, repository.id],
    )
    log('done')
  }
  if (release === 'icehouse') await repository.afterwards?.(db)
}

/** Makes the tables of Havana in an empty database; those of glance and neutron take the database's character set. */
export async function createHavana(db, service) {
  const existing = await tables(db)
  for (const { name, text } of schema(service)) {
    if (!existing.includes(name)) await db.execute(text)
  }
  await db.execute('SET FOREIGN_KEY_CHECKS = 1')
}

/** The statements that make a service's Havana tables, out of the lab's own database of it. */
function schema(service) {
  const text = readFileSync(new URL(`./seed/${service}.sql`, import.meta.url), 'utf8')
  const found = [...text.matchAll(/^CREATE TABLE (`?)(\w+)\1 \(\n.*?^\) ENGINE=InnoDB DEFAULT CHARSET=\w+;/gms)]
  return [
    { name: '', text: 'SET FOREIGN_KEY_CHECKS = 0' },
    ...found.map((match) => ({ name: match[2], text: match[0].replace(/ DEFAULT CHARSET=latin1;$|;$/, '') })),
  ]
}

async function refuseOtherCharsets(db, { charsetCheck }) {
  if (charsetCheck === undefined) return
  const rows = await db.execute(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s AND TABLE_COLLATION NOT LIKE %s',
    [db.name, '%utf8%'],
  )
  const names = rows
    .map(({ name }) => name)
    .sort()
    .filter((name) => charsetCheck === 'all' || !['migrate_version', 'alembic_version'].includes(name.toLowerCase()))
  if (names.length > 0) {
    throw new PythonError(
      'ValueError',
      `Tables "${names.join(',')}" have non utf8 collation, please make sure all tables are CHARSET=utf8`,
    )
  }
}
