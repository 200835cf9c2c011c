/** Cinder's only migration between the releases. */
export const steps = {
  22: (db) => db.execute('\nALTER TABLE services ADD disabled_reason VARCHAR(255)'),
}

/** What `cinder-manage db sync` does beside the numbered migrations. */
export async function afterwards(db) {
  const found = await db.execute("SHOW INDEX FROM reservations WHERE Key_name = 'reservations_deleted_expire_idx'")
  if (found.length > 0) return
  await db.execute('CREATE INDEX reservations_deleted_expire_idx ON reservations (deleted, expire)')
}
