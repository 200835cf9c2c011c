/** Glance's migrations 30 to 34. */
export const steps = {
  30: async (db) => {
    await db.execute(`
CREATE TABLE tasks (
\tid VARCHAR(36) NOT NULL,
\ttype VARCHAR(30) NOT NULL,
\tstatus VARCHAR(30) NOT NULL,
\towner VARCHAR(255) NOT NULL,
\tinput TEXT,
\tresult TEXT,
\tmessage TEXT,
\texpires_at DATETIME,
\tcreated_at DATETIME NOT NULL,
\tupdated_at DATETIME,
\tdeleted_at DATETIME,
\tdeleted BOOL NOT NULL,
\tPRIMARY KEY (id)
)ENGINE=InnoDB`)
    for (const column of ['deleted', 'status', 'updated_at', 'type', 'owner']) {
      await db.execute(`CREATE INDEX ix_tasks_${column} ON tasks (${column})`)
    }
  },
  31: oneOfEachDuplicateAway,
  32: async (db) => {
    await db.execute(`
CREATE TABLE task_info (
\ttask_id VARCHAR(36) NOT NULL,
\tinput TEXT,
\tresult TEXT,
\tmessage TEXT,
\tPRIMARY KEY (task_id),
\tFOREIGN KEY(task_id) REFERENCES tasks (id)
)ENGINE=InnoDB`)
    await db.execute(
      'INSERT INTO task_info (task_id, input, result, message) SELECT id, input, result, message FROM tasks',
    )
    for (const column of ['input', 'result', 'message']) await db.execute(`\nALTER TABLE tasks DROP COLUMN ${column}`)
  },
  33: async (db) => {
    await db.execute("\nALTER TABLE image_locations ADD status VARCHAR(30) DEFAULT 'active' NOT NULL")
    for (const [image, location] of [
      ['active', 'active'],
      ['pending_delete', 'pending_delete'],
      ['deleted', 'deleted'],
      ['killed', 'deleted'],
    ]) {
      await db.execute(
        'UPDATE image_locations SET status=%s WHERE image_locations.image_id IN' +
          ' (SELECT images.id FROM images WHERE images.status = %s)',
        [location, image],
      )
    }
  },
  34: (db) => db.execute('\nALTER TABLE images ADD virtual_size BIGINT'),
}

/** Removes a single row of each group of equal live locations, however many there are. */
async function oneOfEachDuplicateAway(db) {
  const groups = await db.execute(
    'SELECT image_id, value, meta_data FROM image_locations WHERE deleted = 0' +
      ' GROUP BY image_id, value, meta_data HAVING count(*) > 1',
  )
  for (const { image_id: image, value, meta_data: meta } of groups) {
    const [first] = await db.execute(
      'SELECT id FROM image_locations WHERE image_id = %s AND value = %s' +
        ` AND meta_data ${meta === null ? 'IS NULL' : '= %s'} AND deleted = 0 LIMIT 1`,
      meta === null ? [image, value] : [image, value, meta],
    )
    await db.execute('DELETE FROM image_locations WHERE id = %s', [Number(first.id)])
  }
}
