import { debian, migrated } from './debian.ts'

const cap = {
  upgrade_levels: { compute: 'auto' },
  // Epoxy's services end at once where a compute node is older than Caracal's.
  workarounds: { disable_compute_service_check_for_ffu: true },
}

/** Zed to Epoxy, of Debian 12 and 13: one jump for every service. From Victoria there is none. */
export const zedEpoxy = debian({
  from: 'Zed',
  to: 'Epoxy',
  server: {
    file: '/etc/mysql/mariadb.conf.d/99-openstack.cnf',
    variables: [
      {
        name: 'character_set_collations',
        value: '',
        otherwise:
          'tables that a migration adds to a database of utf8_general_ci would be of another collation, and their ' +
          'foreign keys would be refused (errno 150)',
      },
      {
        name: 'innodb_snapshot_isolation',
        value: 'OFF',
        otherwise: 'services that write the same rows would fail with 1020, and none of them tries again',
      },
    ],
  },
  versions: {
    keystone: migrated('keystone', '29e87d24a316,e25ffa003242', '47147121,c88cdce8f248'),
    placement: migrated('placement', '422ece571366', 'a082b8bb98d0'),
    glance: migrated('glance', 'wallaby_contract01', '2024_1_contract01'),
    cinder: migrated('cinder', 'c92a3e68beed', '9c74c1c6971f'),
    neutron: migrated('neutron', '5881373af7f5,5c85685d616d', '5c85685d616d,ad80a9f07c5c'),
    nova_api: migrated('nova_api', 'b30f573d3377', 'cdeec0c85668'),
    nova: migrated('nova', 'ccb0fa1a2252', '2903cd72dc14'),
    nova_cell0: migrated('nova_cell0', 'ccb0fa1a2252', '2903cd72dc14'),
  },
  cap: {
    name: '[upgrade_levels] compute=auto',
    controller: cap,
    compute: cap,
    least: '26.0',
    until: '31.0',
    service: 68,
  },
})
