/** Nova's migrations 227 to 234; 217 to 226 are placeholders. */
export const steps = {
  227: async (db) => {
    const [column] = await db.execute(
      'SELECT CHARACTER_MAXIMUM_LENGTH AS length FROM information_schema.COLUMNS' +
        ' WHERE TABLE_SCHEMA = %s AND TABLE_NAME = %s AND COLUMN_NAME = %s',
      [db.name, 'project_user_quotas', 'resource'],
    )
    if (column.length !== '25') return
    await db.execute('\nALTER TABLE project_user_quotas CHANGE COLUMN resource resource VARCHAR(255) NOT NULL')
    await db.execute('UPDATE project_user_quotas SET resource=%s WHERE project_user_quotas.resource = %s', [
      'injected_file_content_bytes',
      'injected_file_content_byt',
    ])
  },
  228: (db) => add(db, ['compute_nodes', 'shadow_compute_nodes'], 'metrics TEXT'),
  229: (db) => add(db, ['compute_nodes', 'shadow_compute_nodes'], 'extra_resources TEXT'),
  230: async (db) => {
    for (const table of ['instance_actions_events', 'shadow_instance_actions_events']) {
      await add(db, [table], 'host VARCHAR(255)')
      await add(db, [table], 'details TEXT')
    }
  },
  231: async (db) => {
    await add(db, ['instances', 'shadow_instances'], 'ephemeral_key_uuid VARCHAR(36)')
    for (const table of ['instances', 'shadow_instances']) {
      await db.execute(`UPDATE ${table} SET ephemeral_key_uuid=%s`, [null])
    }
  },
  232: async (db) => {
    for (const table of ['compute_node_stats', 'compute_nodes', 'instance_actions', 'instance_faults', 'migrations']) {
      await db.execute(`DROP TABLE IF EXISTS dump_${table}`)
    }
  },
  233: async (db) => {
    for (const table of ['compute_node_stats', 'shadow_compute_node_stats']) await db.execute(`\nDROP TABLE ${table}`)
    for (const table of ['compute_nodes', 'shadow_compute_nodes']) {
      await add(db, [table], 'stats TEXT')
      await db.execute(`UPDATE ${table} SET stats=%s`, ['{}'])
    }
  },
  234: (db) => db.execute('CREATE INDEX reservations_deleted_expire_idx ON reservations (deleted, expire)'),
}

async function add(db, tables, column) {
  for (const table of tables) await db.execute(`\nALTER TABLE ${table} ADD ${column}`)
}
