import type { Version } from '../release.ts'
import { alembic, debian, migrated } from './debian.ts'

/** Victoria to Zed, of Debian 11 and 12: one jump for every service. */
export const victoriaZed = debian({
  from: 'Victoria',
  to: 'Zed',
  versions: {
    keystone: {
      table: 'migrate_version',
      sql: "SELECT version FROM keystone.migrate_version WHERE repository_id = 'keystone_expand'",
      before: ['78'],
      after: ['29e87d24a316,e25ffa003242'],
      // One head for what is added before the services stop, one for what is taken away after.
      arrived: alembic('keystone'),
    },
    placement: migrated('placement', 'b5c396305c25', '422ece571366'),
    glance: migrated('glance', 'ussuri_contract01', 'wallaby_contract01'),
    cinder: migrateVersion('cinder', '140', 'c92a3e68beed'),
    neutron: migrated('neutron', '5c85685d616d,I38991de2b4', '5881373af7f5,5c85685d616d'),
    nova_api: migrateVersion('nova_api', '77', 'b30f573d3377'),
    nova: migrateVersion('nova', '412', 'ccb0fa1a2252'),
    nova_cell0: migrateVersion('nova_cell0', '412', 'ccb0fa1a2252'),
  },
  cap: {
    name: '[upgrade_levels] compute=auto',
    // Zed's services end at once where a compute node is older than Yoga's
    // (nova.utils.raise_if_old_compute, workaround for fast-forward upgrades).
    controller: { upgrade_levels: { compute: 'auto' }, workarounds: { disable_compute_service_check_for_ffu: true } },
    // A node that is upgraded looks for the oldest service before it writes that it is of Zed itself; Victoria's does
    // not know the setting.
    compute: { upgrade_levels: { compute: 'auto' }, workarounds: { disable_compute_service_check_for_ffu: true } },
    least: '22.0',
    until: '26.0',
    service: 64,
  },
})

/** The old release counts with one tool, the new one with another. */
function migrateVersion(name: string, before: string, after: string): Version {
  const sql = `SELECT version FROM ${name}.migrate_version`
  return { table: 'migrate_version', sql, before: [before], after: [after], arrived: alembic(name) }
}
