/** Heat's migrations 29 to 43; 30 and 38 to 40 change what no row shows. */
import { dumps, loads, PythonError } from '../python.mjs'

export const steps = {
  29: async (db) => {
    await db.execute('ALTER TABLE event CHANGE id id VARCHAR(36) NOT NULL')
  },
  31: (db) =>
    db.execute(`
CREATE TABLE stack_lock (
\tstack_id VARCHAR(36) NOT NULL,
\tcreated_at DATETIME,
\tupdated_at DATETIME,
\tengine_id VARCHAR(36),
\tPRIMARY KEY (stack_id),
\tFOREIGN KEY(stack_id) REFERENCES stack (id)
)ENGINE=InnoDB CHARSET=utf8`),
  32: async (db) => {
    for (const table of ['user_creds', 'resource_data']) {
      await db.execute(`\nALTER TABLE ${table} ADD decrypt_method VARCHAR(64)`)
      await db.execute(`UPDATE ${table} SET decrypt_method=%s`, ['heat_decrypt'])
    }
  },
  33: async (db) => {
    await db.execute(`
CREATE TABLE software_config (
\tid VARCHAR(36) NOT NULL,
\tcreated_at DATETIME,
\tupdated_at DATETIME,
\tname VARCHAR(255),
\t\`group\` VARCHAR(255),
\tconfig LONGTEXT,
\ttenant VARCHAR(64) NOT NULL,
\tPRIMARY KEY (id),
\tKEY ix_software_config_tenant (tenant)
)ENGINE=InnoDB CHARSET=utf8`)
    await db.execute(`
CREATE TABLE software_deployment (
\tid VARCHAR(36) NOT NULL,
\tcreated_at DATETIME,
\tupdated_at DATETIME,
\tserver_id VARCHAR(36) NOT NULL,
\tconfig_id VARCHAR(36) NOT NULL,
\tinput_values LONGTEXT,
\toutput_values LONGTEXT,
\taction VARCHAR(255),
\tstatus VARCHAR(255),
\tstatus_reason VARCHAR(255),
\ttenant VARCHAR(64) NOT NULL,
\tPRIMARY KEY (id),
\tKEY config_id (config_id),
\tKEY ix_software_deployment_tenant (tenant),
\tKEY ix_software_deployment_created_at (created_at),
\tKEY ix_software_deployment_server_id (server_id),
\tFOREIGN KEY(config_id) REFERENCES software_config (id)
)ENGINE=InnoDB CHARSET=utf8`)
  },
  34: async (db) => {
    await db.execute('\nALTER TABLE raw_template ADD files LONGTEXT')
    await db.execute('UPDATE raw_template SET files=%s', ['{}'])
  },
  35: eventsByTime,
  36: (db) => db.execute('\nALTER TABLE stack ADD stack_user_project_id VARCHAR(64)'),
  37: (db) =>
    templates(db, (template) => {
      if (!template.has('heat_template_version') || !template.has('parameters')) return false
      let changed = false
      for (const [, schema] of entries(template.get('parameters'))) {
        if (renamed(schema, { Type: 'type' })) changed = true
        const type = schema.get('type')
        if (type === undefined) throw new PythonError('KeyError', "'type'")
        const small = type === 'CommaDelimitedList' ? 'comma_delimited_list' : type.toLowerCase()
        if (small === type) continue
        schema.set('type', small)
        changed = true
      }
      return changed
    }),
  39: (db) => db.execute('ALTER TABLE stack CHANGE user_creds_id user_creds_id INTEGER NULL'),
  41: (db) =>
    templates(db, (template) => {
      if (!template.has('heat_template_version')) return false
      let changed = false
      for (const [section, names] of [
        ['resources', inResources],
        ['outputs', { Description: 'description', Value: 'value' }],
      ]) {
        if (!template.has(section)) continue
        for (const [, one] of entries(template.get(section))) if (renamed(one, names)) changed = true
      }
      return changed
    }),
  42: (db) => db.execute('\nALTER TABLE software_deployment ADD stack_user_project_id VARCHAR(64)'),
  43: (db) =>
    templates(db, (template) => {
      for (const [key, right] of [
        ['heat_template_version', '2013-05-23'],
        ['AWSTemplateFormatVersion', '2010-09-09'],
        ['HeatTemplateFormatVersion', '2012-12-12'],
      ]) {
        if (!template.has(key) || template.get(key) === right || template.get(key) > '2014-04-24') continue
        template.set(key, right)
        return true
      }
      return false
    }),
}

const inResources = {
  Type: 'type',
  Properties: 'properties',
  Metadata: 'metadata',
  DependsOn: 'depends_on',
  DeletionPolicy: 'deletion_policy',
  UpdatePolicy: 'update_policy',
}

/** The number of an event follows its time; the one that it had is its name from now on. */
async function eventsByTime(db) {
  const rows = await db.execute('SELECT id FROM event ORDER BY created_at, id + 0')
  await db.execute('ALTER TABLE event CHANGE id uuid VARCHAR(36), DROP PRIMARY KEY, ADD UNIQUE event_uuid_key (uuid)')
  await db.execute('ALTER TABLE event ADD id INTEGER NOT NULL DEFAULT 0')
  for (const [at, { id }] of rows.entries()) await db.execute('UPDATE event SET id=%s WHERE uuid=%s', [at + 1, id])
  await db.execute('ALTER TABLE event CHANGE id id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY')
}

/** Lets all templates be gone through, those of deleted stacks too; one that cannot be read ends it for all. */
async function templates(db, change) {
  for (const { id, template } of await db.execute('SELECT id, template FROM raw_template ORDER BY id')) {
    const parsed = loads(template)
    if (parsed === null) throw new PythonError('TypeError', "argument of type 'NoneType' is not iterable")
    const copy = copied(parsed)
    if (!change(copy)) continue
    await db.execute('UPDATE raw_template SET template=%s, updated_at=UTC_TIMESTAMP() WHERE id=%s', [
      dumps(copy),
      Number(id),
    ])
  }
}

/** copy.deepcopy(), after which keys that share a slot of a dict stand the other way round. */
function copied(value) {
  if (Array.isArray(value)) return value.map(copied)
  if (typeof value?.entries !== 'function') return value
  const copy = loads('{}')
  for (const [key, one] of value.entries()) copy.set(key, copied(one))
  return copy
}

function entries(section) {
  if (section === null) throw new PythonError('AttributeError', "'NoneType' object has no attribute 'iteritems'")
  return section.entries()
}

function renamed(details, names) {
  const old = details.entries().filter(([key]) => names[key] !== undefined)
  for (const [key, value] of old) {
    details.set(names[key], value)
    details.delete(key)
  }
  return old.length > 0
}
