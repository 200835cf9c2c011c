import { boolFromString, dumps, loads } from '../python.mjs'

/** Keystone's migrations 37 to 44; those without an entry change nothing. */
export const steps = {
  // The real one names no character set either: this table is why a second sync fails on a latin1 database.
  37: (db) =>
    db.execute(`
CREATE TABLE region (
\tid VARCHAR(64) NOT NULL,
\tdescription VARCHAR(255) NOT NULL,
\tparent_region_id VARCHAR(64),
\textra TEXT,
\tPRIMARY KEY (id)
)`),
  38: (db) =>
    db.execute(`
CREATE TABLE assignment (
\ttype ENUM('UserProject','GroupProject','UserDomain','GroupDomain') NOT NULL,
\tactor_id VARCHAR(64) NOT NULL,
\ttarget_id VARCHAR(64) NOT NULL,
\trole_id VARCHAR(64) NOT NULL,
\tinherited BOOL NOT NULL,
\tPRIMARY KEY (type, actor_id, target_id, role_id),
\tFOREIGN KEY(role_id) REFERENCES role (id)
)ENGINE=InnoDB CHARSET=utf8`),
  39: grantsToAssignments,
  40: async (db) => {
    for (const { table } of grants) await db.execute(`\nDROP TABLE ${table}`)
  },
  41: (db) => db.execute('\nALTER TABLE trust ADD remaining_uses INTEGER'),
  42: (db) => enabledToColumn(db, 'endpoint'),
  44: (db) => enabledToColumn(db, 'service'),
}

const grants = [
  { table: 'user_project_metadata', type: 'UserProject', actor: 'user_id', target: 'project_id' },
  { table: 'user_domain_metadata', type: 'UserDomain', actor: 'user_id', target: 'domain_id' },
  { table: 'group_project_metadata', type: 'GroupProject', actor: 'group_id', target: 'project_id' },
  { table: 'group_domain_metadata', type: 'GroupDomain', actor: 'group_id', target: 'domain_id' },
]

async function grantsToAssignments(db) {
  for (const { table, type, actor, target } of grants) {
    for (const row of await db.execute(`SELECT ${actor} AS actor, ${target} AS target, data FROM ${table}`)) {
      const data = loads(row.data)
      const rows = []
      for (const role of data.get('roles') ?? []) {
        const id = role.get('id') ?? null
        if (id === null) break
        rows.push([type, row.actor, row.target, id, role.get('inherited_to') === 'projects'])
      }
      for (const values of rows) {
        await db.execute(
          'INSERT INTO assignment (type, actor_id, target_id, role_id, inherited) VALUES (%s, %s, %s, %s, %s)',
          values,
        )
      }
    }
    await db.execute(`DELETE FROM ${table}`)
  }
}

async function enabledToColumn(db, table) {
  await db.execute(`\nALTER TABLE ${table} ADD enabled BOOL DEFAULT '1' NOT NULL`)
  for (const row of await db.execute(`SELECT id, extra FROM ${table}`)) {
    const extra = loads(row.extra)
    if (!extra.has('enabled')) continue
    const enabled = extra.get('enabled') === null ? true : boolFromString(extra.get('enabled'))
    extra.delete('enabled')
    await db.execute(`UPDATE ${table} SET extra=%s, enabled=%s WHERE ${table}.id = %s`, [dumps(extra), enabled, row.id])
  }
}
