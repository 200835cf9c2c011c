-- The nova database of a MOS 4.1 controller, Havana 2013.2.4: schema version 216.
-- instance-1 and instance-2 run on node-3 with a volume each, instance-3 on node-4 without.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

CREATE TABLE agent_builds (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  hypervisor varchar(255), os varchar(255), architecture varchar(255), version varchar(255), url varchar(255),
  md5hash varchar(255), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_agent_builds0hypervisor0os0architecture0deleted (hypervisor,os,architecture,deleted),
  KEY agent_builds_hypervisor_os_arch_idx (hypervisor,os,architecture)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE aggregate_hosts (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, host varchar(255),
  aggregate_id int(11) NOT NULL, deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_aggregate_hosts0host0aggregate_id0deleted (host,aggregate_id,deleted),
  KEY aggregate_id (aggregate_id),
  CONSTRAINT aggregate_hosts_ibfk_1 FOREIGN KEY (aggregate_id) REFERENCES aggregates (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE aggregate_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  aggregate_id int(11) NOT NULL, `key` varchar(255) NOT NULL, value varchar(255) NOT NULL, deleted int(11),
  PRIMARY KEY (id), UNIQUE KEY uniq_aggregate_metadata0aggregate_id0key0deleted (aggregate_id,`key`,deleted),
  KEY aggregate_metadata_key_idx (`key`),
  CONSTRAINT aggregate_metadata_ibfk_1 FOREIGN KEY (aggregate_id) REFERENCES aggregates (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE aggregates (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, name varchar(255),
  deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE block_device_mapping (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  device_name varchar(255), delete_on_termination tinyint(1), snapshot_id varchar(36), volume_id varchar(36),
  volume_size int(11), no_device tinyint(1), connection_info mediumtext, instance_uuid varchar(36), deleted int(11),
  source_type varchar(255), destination_type varchar(255), guest_format varchar(255), device_type varchar(255),
  disk_bus varchar(255), boot_index int(11), image_id varchar(36), PRIMARY KEY (id), KEY snapshot_id (snapshot_id),
  KEY volume_id (volume_id), KEY block_device_mapping_instance_uuid_idx (instance_uuid),
  KEY block_device_mapping_instance_uuid_device_name_idx (instance_uuid,device_name),
  KEY block_device_mapping_instance_uuid_virtual_name_device_name_idx (instance_uuid,device_name),
  KEY block_device_mapping_instance_uuid_volume_id_idx (instance_uuid,volume_id),
  CONSTRAINT block_device_mapping_instance_uuid_fkey FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE bw_usage_cache (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  start_period datetime NOT NULL, last_refreshed datetime, bw_in bigint(20), bw_out bigint(20), mac varchar(255),
  uuid varchar(36), last_ctr_in bigint(20), last_ctr_out bigint(20), deleted int(11), PRIMARY KEY (id),
  KEY bw_usage_cache_uuid_start_period_idx (uuid,start_period)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE cells (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  api_url varchar(255), weight_offset float, weight_scale float, name varchar(255), is_parent tinyint(1),
  deleted int(11), transport_url varchar(255) NOT NULL, PRIMARY KEY (id),
  UNIQUE KEY uniq_cells0name0deleted (name,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE certificates (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  user_id varchar(255), project_id varchar(255), file_name varchar(255), deleted int(11), PRIMARY KEY (id),
  KEY certificates_project_id_deleted_idx (project_id,deleted), KEY certificates_user_id_deleted_idx (user_id,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE compute_node_stats (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  compute_node_id int(11) NOT NULL, `key` varchar(255) NOT NULL, value varchar(255), deleted int(11), PRIMARY KEY (id),
  KEY ix_compute_node_stats_compute_node_id (compute_node_id),
  KEY compute_node_stats_node_id_and_deleted_idx (compute_node_id,deleted),
  CONSTRAINT fk_compute_node_stats_compute_node_id FOREIGN KEY (compute_node_id) REFERENCES compute_nodes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE compute_nodes (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  service_id int(11) NOT NULL, vcpus int(11) NOT NULL, memory_mb int(11) NOT NULL, local_gb int(11) NOT NULL,
  vcpus_used int(11) NOT NULL, memory_mb_used int(11) NOT NULL, local_gb_used int(11) NOT NULL,
  hypervisor_type mediumtext NOT NULL, hypervisor_version int(11) NOT NULL, cpu_info mediumtext NOT NULL,
  disk_available_least int(11), free_ram_mb int(11), free_disk_gb int(11), current_workload int(11),
  running_vms int(11), hypervisor_hostname varchar(255), deleted int(11), host_ip varchar(39),
  supported_instances text, pci_stats text, PRIMARY KEY (id), KEY fk_compute_nodes_service_id (service_id),
  CONSTRAINT fk_compute_nodes_service_id FOREIGN KEY (service_id) REFERENCES services (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE console_pools (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  address varchar(39), username varchar(255), password varchar(255), console_type varchar(255),
  public_hostname varchar(255), host varchar(255), compute_host varchar(255), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_console_pools0host0console_type0compute_host0deleted (host,console_type,compute_host,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE consoles (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_name varchar(255), password varchar(255), port int(11), pool_id int(11), instance_uuid varchar(36),
  deleted int(11), PRIMARY KEY (id), KEY pool_id (pool_id), KEY consoles_instance_uuid_idx (instance_uuid),
  CONSTRAINT consoles_ibfk_1 FOREIGN KEY (pool_id) REFERENCES console_pools (id),
  CONSTRAINT consoles_instance_uuid_fkey FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE dns_domains (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), domain varchar(255) NOT NULL,
  scope varchar(255), availability_zone varchar(255), project_id varchar(255), PRIMARY KEY (domain),
  KEY project_id (project_id), KEY dns_domains_domain_deleted_idx (domain,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE dump_compute_node_stats (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  compute_node_id int(11) NOT NULL, `key` varchar(255) NOT NULL, value varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE dump_compute_nodes (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  service_id int(11) NOT NULL, vcpus int(11) NOT NULL, memory_mb int(11) NOT NULL, local_gb int(11) NOT NULL,
  vcpus_used int(11) NOT NULL, memory_mb_used int(11) NOT NULL, local_gb_used int(11) NOT NULL,
  hypervisor_type mediumtext NOT NULL, hypervisor_version int(11) NOT NULL, cpu_info mediumtext NOT NULL,
  disk_available_least int(11), free_ram_mb int(11), free_disk_gb int(11), current_workload int(11),
  running_vms int(11), hypervisor_hostname varchar(255), deleted int(11), host_ip varchar(39),
  supported_instances text, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE dump_instance_actions (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  action varchar(255), instance_uuid varchar(36), request_id varchar(255), user_id varchar(255),
  project_id varchar(255), start_time datetime, finish_time datetime, message varchar(255), deleted int(11),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE dump_instance_faults (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_uuid varchar(36), code int(11) NOT NULL, message varchar(255), details mediumtext, host varchar(255),
  deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE dump_migrations (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  source_compute varchar(255), dest_compute varchar(255), dest_host varchar(255), status varchar(255),
  instance_uuid varchar(36), old_instance_type_id int(11), new_instance_type_id int(11), source_node varchar(255),
  dest_node varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE fixed_ips (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  address varchar(39), network_id int(11), allocated tinyint(1), leased tinyint(1), reserved tinyint(1),
  virtual_interface_id int(11), host varchar(255), instance_uuid varchar(36), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_fixed_ips0address0deleted (address,deleted), KEY network_id (network_id),
  KEY fixed_ips_virtual_interface_id_fkey (virtual_interface_id), KEY address (address),
  KEY fixed_ips_instance_uuid_fkey (instance_uuid), KEY fixed_ips_host_idx (host),
  KEY fixed_ips_network_id_host_deleted_idx (network_id,host,deleted),
  KEY fixed_ips_address_reserved_network_id_deleted_idx (address,reserved,network_id,deleted),
  KEY fixed_ips_deleted_allocated_idx (address,deleted,allocated),
  CONSTRAINT fixed_ips_instance_uuid_fkey FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE floating_ips (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  address varchar(39), fixed_ip_id int(11), project_id varchar(255), host varchar(255), auto_assigned tinyint(1),
  pool varchar(255), `interface` varchar(255), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_floating_ips0address0deleted (address,deleted), KEY fixed_ip_id (fixed_ip_id),
  KEY floating_ips_host_idx (host), KEY floating_ips_project_id_idx (project_id),
  KEY floating_ips_pool_deleted_fixed_ip_id_project_id_idx (pool,deleted,fixed_ip_id,project_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_actions (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  action varchar(255), instance_uuid varchar(36), request_id varchar(255), user_id varchar(255),
  project_id varchar(255), start_time datetime, finish_time datetime, message varchar(255), deleted int(11),
  PRIMARY KEY (id), KEY instance_uuid_idx (instance_uuid), KEY request_id_idx (request_id),
  CONSTRAINT fk_instance_actions_instance_uuid FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_actions_events (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  event varchar(255), action_id int(11), start_time datetime, finish_time datetime, result varchar(255),
  traceback text, deleted int(11), PRIMARY KEY (id), KEY action_id (action_id),
  CONSTRAINT instance_actions_events_ibfk_1 FOREIGN KEY (action_id) REFERENCES instance_actions (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_faults (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_uuid varchar(36), code int(11) NOT NULL, message varchar(255), details mediumtext, host varchar(255),
  deleted int(11), PRIMARY KEY (id), KEY instance_faults_host_idx (host),
  KEY instance_faults_instance_uuid_deleted_created_at_idx (instance_uuid,deleted,created_at),
  CONSTRAINT fk_instance_faults_instance_uuid FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_group_member (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  instance_id varchar(255), group_id int(11) NOT NULL, PRIMARY KEY (id), KEY group_id (group_id),
  KEY instance_group_member_instance_idx (instance_id),
  CONSTRAINT instance_group_member_ibfk_1 FOREIGN KEY (group_id) REFERENCES instance_groups (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_group_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  `key` varchar(255), value varchar(255), group_id int(11) NOT NULL, PRIMARY KEY (id), KEY group_id (group_id),
  KEY instance_group_metadata_key_idx (`key`),
  CONSTRAINT instance_group_metadata_ibfk_1 FOREIGN KEY (group_id) REFERENCES instance_groups (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_group_policy (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  policy varchar(255), group_id int(11) NOT NULL, PRIMARY KEY (id), KEY group_id (group_id),
  KEY instance_group_policy_policy_idx (policy),
  CONSTRAINT instance_group_policy_ibfk_1 FOREIGN KEY (group_id) REFERENCES instance_groups (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_groups (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  user_id varchar(255), project_id varchar(255), uuid varchar(36) NOT NULL, name varchar(255), PRIMARY KEY (id),
  UNIQUE KEY uniq_instance_groups0uuid0deleted (uuid,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_id_mappings (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id), KEY ix_instance_id_mappings_uuid (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_info_caches (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  network_info mediumtext, instance_uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_instance_info_caches0instance_uuid (instance_uuid),
  CONSTRAINT instance_info_caches_instance_uuid_fkey FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  `key` varchar(255), value varchar(255), instance_uuid varchar(36), deleted int(11), PRIMARY KEY (id),
  KEY instance_metadata_instance_uuid_idx (instance_uuid),
  CONSTRAINT instance_metadata_instance_uuid_fkey FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_system_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_uuid varchar(36) NOT NULL, `key` varchar(255) NOT NULL, value varchar(255), deleted int(11),
  PRIMARY KEY (id), KEY instance_uuid (instance_uuid),
  CONSTRAINT instance_system_metadata_ibfk_1 FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_type_extra_specs (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_type_id int(11) NOT NULL, `key` varchar(255), value varchar(255), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_instance_type_extra_specs0instance_type_id0key0deleted (instance_type_id,`key`,deleted),
  KEY instance_type_extra_specs_instance_type_id_key_idx (instance_type_id,`key`),
  CONSTRAINT instance_type_extra_specs_ibfk_1 FOREIGN KEY (instance_type_id) REFERENCES instance_types (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_type_projects (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_type_id int(11) NOT NULL, project_id varchar(255), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_instance_type_projects0instance_type_id0project_id0deleted (instance_type_id,project_id,deleted),
  KEY instance_type_id (instance_type_id),
  CONSTRAINT instance_type_projects_ibfk_1 FOREIGN KEY (instance_type_id) REFERENCES instance_types (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instance_types (
  created_at datetime, updated_at datetime, deleted_at datetime, name varchar(255), id int(11) NOT NULL AUTO_INCREMENT,
  memory_mb int(11) NOT NULL, vcpus int(11) NOT NULL, swap int(11) NOT NULL, vcpu_weight int(11),
  flavorid varchar(255), rxtx_factor float, root_gb int(11), ephemeral_gb int(11), disabled tinyint(1),
  is_public tinyint(1), deleted int(11), PRIMARY KEY (id), UNIQUE KEY uniq_instance_types0name0deleted (name,deleted),
  UNIQUE KEY uniq_instance_types0flavorid0deleted (flavorid,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE instances (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  internal_id int(11), user_id varchar(255), project_id varchar(255), image_ref varchar(255), kernel_id varchar(255),
  ramdisk_id varchar(255), launch_index int(11), key_name varchar(255), key_data mediumtext, power_state int(11),
  vm_state varchar(255), memory_mb int(11), vcpus int(11), hostname varchar(255), host varchar(255),
  user_data mediumtext, reservation_id varchar(255), scheduled_at datetime, launched_at datetime,
  terminated_at datetime, display_name varchar(255), display_description varchar(255), availability_zone varchar(255),
  locked tinyint(1), os_type varchar(255), launched_on mediumtext, instance_type_id int(11), vm_mode varchar(255),
  uuid varchar(36), architecture varchar(255), root_device_name varchar(255), access_ip_v4 varchar(39),
  access_ip_v6 varchar(39), config_drive varchar(255), task_state varchar(255), default_ephemeral_device varchar(255),
  default_swap_device varchar(255), progress int(11), auto_disk_config tinyint(1), shutdown_terminate tinyint(1),
  disable_terminate tinyint(1), root_gb int(11), ephemeral_gb int(11), cell_name varchar(255), node varchar(255),
  deleted int(11), locked_by enum('owner','admin'), cleaned int(11), PRIMARY KEY (id), UNIQUE KEY uuid (uuid),
  KEY project_id (project_id), KEY instances_reservation_id_idx (reservation_id),
  KEY instances_terminated_at_launched_at_idx (terminated_at,launched_at),
  KEY instances_task_state_updated_at_idx (task_state,updated_at), KEY instances_host_deleted_idx (host,deleted),
  KEY instances_uuid_deleted_idx (uuid,deleted), KEY instances_host_node_deleted_idx (host,node,deleted),
  KEY instances_host_deleted_cleaned_idx (host,deleted,cleaned)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE iscsi_targets (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  target_num int(11), host varchar(255), volume_id varchar(36), deleted int(11), PRIMARY KEY (id),
  KEY iscsi_targets_volume_id_fkey (volume_id), KEY iscsi_targets_host_idx (host),
  KEY iscsi_targets_host_volume_id_deleted_idx (host,volume_id,deleted),
  CONSTRAINT iscsi_targets_volume_id_fkey FOREIGN KEY (volume_id) REFERENCES volumes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE key_pairs (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, name varchar(255),
  user_id varchar(255), fingerprint varchar(255), public_key mediumtext, deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_key_pairs0user_id0name0deleted (user_id,name,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE migrate_version (
  repository_id varchar(250) NOT NULL, repository_path mediumtext, version int(11), PRIMARY KEY (repository_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE migrations (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  source_compute varchar(255), dest_compute varchar(255), dest_host varchar(255), status varchar(255),
  instance_uuid varchar(36), old_instance_type_id int(11), new_instance_type_id int(11), source_node varchar(255),
  dest_node varchar(255), deleted int(11), PRIMARY KEY (id),
  KEY migrations_by_host_nodes_and_status_idx (deleted,source_compute(100),dest_compute(100),source_node(100),dest_node(100),status),
  KEY migrations_instance_uuid_and_status_idx (deleted,instance_uuid,status),
  KEY fk_migrations_instance_uuid (instance_uuid),
  CONSTRAINT fk_migrations_instance_uuid FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE networks (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  injected tinyint(1), cidr varchar(43), netmask varchar(39), bridge varchar(255), gateway varchar(39),
  broadcast varchar(39), dns1 varchar(39), vlan int(11), vpn_public_address varchar(39), vpn_public_port int(11),
  vpn_private_address varchar(39), dhcp_start varchar(39), project_id varchar(255), host varchar(255),
  cidr_v6 varchar(43), gateway_v6 varchar(39), label varchar(255), netmask_v6 varchar(39),
  bridge_interface varchar(255), multi_host tinyint(1), dns2 varchar(39), uuid varchar(36), priority int(11),
  rxtx_base int(11), deleted int(11), PRIMARY KEY (id), UNIQUE KEY uniq_networks0vlan0deleted (vlan,deleted),
  KEY networks_host_idx (host), KEY networks_cidr_v6_idx (cidr_v6), KEY networks_bridge_deleted_idx (bridge,deleted),
  KEY networks_project_id_deleted_idx (project_id,deleted),
  KEY networks_uuid_project_id_deleted_idx (uuid,project_id,deleted), KEY networks_vlan_deleted_idx (vlan,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE pci_devices (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11) NOT NULL,
  id int(11) NOT NULL AUTO_INCREMENT, compute_node_id int(11) NOT NULL, address varchar(12) NOT NULL,
  product_id varchar(4), vendor_id varchar(4), dev_type varchar(8), dev_id varchar(255), label varchar(255) NOT NULL,
  status varchar(36) NOT NULL, extra_info text, instance_uuid varchar(36), PRIMARY KEY (id),
  UNIQUE KEY uniq_pci_devices0compute_node_id0address0deleted (compute_node_id,address,deleted),
  KEY ix_pci_devices_compute_node_id_deleted (compute_node_id,deleted),
  KEY ix_pci_devices_instance_uuid_deleted (instance_uuid,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE project_user_quotas (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11),
  user_id varchar(255) NOT NULL, project_id varchar(255) NOT NULL, resource varchar(25) NOT NULL, hard_limit int(11),
  PRIMARY KEY (id),
  UNIQUE KEY uniq_project_user_quotas0user_id0project_id0resource0deleted (user_id,project_id,resource,deleted),
  KEY project_user_quotas_project_id_deleted_idx (project_id,deleted),
  KEY project_user_quotas_user_id_deleted_idx (user_id,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE provider_fw_rules (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  protocol varchar(5), from_port int(11), to_port int(11), cidr varchar(43), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE quota_classes (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  class_name varchar(255), resource varchar(255), hard_limit int(11), deleted int(11), PRIMARY KEY (id),
  KEY ix_quota_classes_class_name (class_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE quota_usages (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  project_id varchar(255), resource varchar(255), in_use int(11) NOT NULL, reserved int(11) NOT NULL,
  until_refresh int(11), deleted int(11), user_id varchar(255), PRIMARY KEY (id),
  KEY ix_quota_usages_project_id (project_id), KEY ix_quota_usages_user_id_deleted (user_id,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE quotas (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, deleted_at datetime,
  project_id varchar(255), resource varchar(255) NOT NULL, hard_limit int(11), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_quotas0project_id0resource0deleted (project_id,resource,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE reservations (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, usage_id int(11) NOT NULL, project_id varchar(255), resource varchar(255),
  delta int(11) NOT NULL, expire datetime, deleted int(11), user_id varchar(255), PRIMARY KEY (id),
  KEY usage_id (usage_id), KEY ix_reservations_project_id (project_id),
  KEY ix_reservations_user_id_deleted (user_id,deleted), KEY reservations_uuid_idx (uuid),
  CONSTRAINT reservations_ibfk_1 FOREIGN KEY (usage_id) REFERENCES quota_usages (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE s3_images (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE security_group_default_rules (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  protocol varchar(5), from_port int(11), to_port int(11), cidr varchar(43), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE security_group_instance_association (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  security_group_id int(11), instance_uuid varchar(36), deleted int(11), PRIMARY KEY (id),
  KEY security_group_id (security_group_id), KEY security_group_instance_association_instance_uuid_idx (instance_uuid),
  CONSTRAINT security_group_instance_association_ibfk_1 FOREIGN KEY (security_group_id) REFERENCES security_groups (id),
  CONSTRAINT security_group_instance_association_instance_uuid_fkey FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE security_group_rules (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  parent_group_id int(11), protocol varchar(255), from_port int(11), to_port int(11), cidr varchar(43),
  group_id int(11), deleted int(11), PRIMARY KEY (id), KEY parent_group_id (parent_group_id), KEY group_id (group_id),
  CONSTRAINT security_group_rules_ibfk_1 FOREIGN KEY (parent_group_id) REFERENCES security_groups (id),
  CONSTRAINT security_group_rules_ibfk_2 FOREIGN KEY (group_id) REFERENCES security_groups (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE security_groups (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, name varchar(255),
  description varchar(255), user_id varchar(255), project_id varchar(255), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_security_groups0project_id0name0deleted (project_id,name,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE services (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, host varchar(255),
  `binary` varchar(255), topic varchar(255), report_count int(11) NOT NULL, disabled tinyint(1), deleted int(11),
  disabled_reason varchar(255), PRIMARY KEY (id), UNIQUE KEY uniq_services0host0topic0deleted (host,topic,deleted),
  UNIQUE KEY uniq_services0host0binary0deleted (host,`binary`,deleted)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_agent_builds (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  hypervisor varchar(255), os varchar(255), architecture varchar(255), version varchar(255), url varchar(255),
  md5hash varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_aggregate_hosts (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, host varchar(255),
  aggregate_id int(11) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_aggregate_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  aggregate_id int(11) NOT NULL, `key` varchar(255) NOT NULL, value varchar(255) NOT NULL, deleted int(11),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_aggregates (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, name varchar(255),
  deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_block_device_mapping (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  device_name varchar(255), delete_on_termination tinyint(1), snapshot_id varchar(36), volume_id varchar(36),
  volume_size int(11), no_device tinyint(1), connection_info mediumtext, instance_uuid varchar(36), deleted int(11),
  source_type varchar(255), destination_type varchar(255), guest_format varchar(255), device_type varchar(255),
  disk_bus varchar(255), boot_index int(11), image_id varchar(36), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_bw_usage_cache (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  start_period datetime NOT NULL, last_refreshed datetime, bw_in bigint(20), bw_out bigint(20), mac varchar(255),
  uuid varchar(36), last_ctr_in bigint(20), last_ctr_out bigint(20), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_cells (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  api_url varchar(255), weight_offset float, weight_scale float, name varchar(255), is_parent tinyint(1),
  deleted int(11), transport_url varchar(255) NOT NULL, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_certificates (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  user_id varchar(255), project_id varchar(255), file_name varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_compute_node_stats (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  compute_node_id int(11) NOT NULL, `key` varchar(255) NOT NULL, value varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_compute_nodes (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  service_id int(11) NOT NULL, vcpus int(11) NOT NULL, memory_mb int(11) NOT NULL, local_gb int(11) NOT NULL,
  vcpus_used int(11) NOT NULL, memory_mb_used int(11) NOT NULL, local_gb_used int(11) NOT NULL,
  hypervisor_type mediumtext NOT NULL, hypervisor_version int(11) NOT NULL, cpu_info mediumtext NOT NULL,
  disk_available_least int(11), free_ram_mb int(11), free_disk_gb int(11), current_workload int(11),
  running_vms int(11), hypervisor_hostname varchar(255), deleted int(11), host_ip varchar(39),
  supported_instances text, pci_stats text, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_console_pools (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  address varchar(39), username varchar(255), password varchar(255), console_type varchar(255),
  public_hostname varchar(255), host varchar(255), compute_host varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_consoles (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_name varchar(255), password varchar(255), port int(11), pool_id int(11), instance_uuid varchar(36),
  deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_dns_domains (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), domain varchar(255) NOT NULL,
  scope varchar(255), availability_zone varchar(255), project_id varchar(255), PRIMARY KEY (domain)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_fixed_ips (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  address varchar(39), network_id int(11), allocated tinyint(1), leased tinyint(1), reserved tinyint(1),
  virtual_interface_id int(11), host varchar(255), instance_uuid varchar(36), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_floating_ips (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  address varchar(39), fixed_ip_id int(11), project_id varchar(255), host varchar(255), auto_assigned tinyint(1),
  pool varchar(255), `interface` varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_actions (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  action varchar(255), instance_uuid varchar(36), request_id varchar(255), user_id varchar(255),
  project_id varchar(255), start_time datetime, finish_time datetime, message varchar(255), deleted int(11),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_actions_events (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  event varchar(255), action_id int(11), start_time datetime, finish_time datetime, result varchar(255),
  traceback text, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_faults (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_uuid varchar(36), code int(11) NOT NULL, message varchar(255), details mediumtext, host varchar(255),
  deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_group_member (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  instance_id varchar(255), group_id int(11) NOT NULL, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_group_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  `key` varchar(255), value varchar(255), group_id int(11) NOT NULL, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_group_policy (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  policy varchar(255), group_id int(11) NOT NULL, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_groups (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  user_id varchar(255), project_id varchar(255), uuid varchar(36) NOT NULL, name varchar(255), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_id_mappings (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_info_caches (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  network_info mediumtext, instance_uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  `key` varchar(255), value varchar(255), instance_uuid varchar(36), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_system_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_uuid varchar(36) NOT NULL, `key` varchar(255) NOT NULL, value varchar(255), deleted int(11),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_type_extra_specs (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_type_id int(11) NOT NULL, `key` varchar(255), value varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_type_projects (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  instance_type_id int(11) NOT NULL, project_id varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instance_types (
  created_at datetime, updated_at datetime, deleted_at datetime, name varchar(255), id int(11) NOT NULL AUTO_INCREMENT,
  memory_mb int(11) NOT NULL, vcpus int(11) NOT NULL, swap int(11) NOT NULL, vcpu_weight int(11),
  flavorid varchar(255), rxtx_factor float, root_gb int(11), ephemeral_gb int(11), disabled tinyint(1),
  is_public tinyint(1), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_instances (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  internal_id int(11), user_id varchar(255), project_id varchar(255), image_ref varchar(255), kernel_id varchar(255),
  ramdisk_id varchar(255), launch_index int(11), key_name varchar(255), key_data mediumtext, power_state int(11),
  vm_state varchar(255), memory_mb int(11), vcpus int(11), hostname varchar(255), host varchar(255),
  user_data mediumtext, reservation_id varchar(255), scheduled_at datetime, launched_at datetime,
  terminated_at datetime, display_name varchar(255), display_description varchar(255), availability_zone varchar(255),
  locked tinyint(1), os_type varchar(255), launched_on mediumtext, instance_type_id int(11), vm_mode varchar(255),
  uuid varchar(36), architecture varchar(255), root_device_name varchar(255), access_ip_v4 varchar(39),
  access_ip_v6 varchar(39), config_drive varchar(255), task_state varchar(255), default_ephemeral_device varchar(255),
  default_swap_device varchar(255), progress int(11), auto_disk_config tinyint(1), shutdown_terminate tinyint(1),
  disable_terminate tinyint(1), root_gb int(11), ephemeral_gb int(11), cell_name varchar(255), node varchar(255),
  deleted int(11), locked_by enum('owner','admin'), cleaned int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_iscsi_targets (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  target_num int(11), host varchar(255), volume_id varchar(36), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_key_pairs (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, name varchar(255),
  user_id varchar(255), fingerprint varchar(255), public_key mediumtext, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_migrate_version (
  repository_id varchar(250) NOT NULL, repository_path mediumtext, version int(11), PRIMARY KEY (repository_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_migrations (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  source_compute varchar(255), dest_compute varchar(255), dest_host varchar(255), status varchar(255),
  instance_uuid varchar(36), old_instance_type_id int(11), new_instance_type_id int(11), source_node varchar(255),
  dest_node varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_networks (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  injected tinyint(1), cidr varchar(43), netmask varchar(39), bridge varchar(255), gateway varchar(39),
  broadcast varchar(39), dns1 varchar(39), vlan int(11), vpn_public_address varchar(39), vpn_public_port int(11),
  vpn_private_address varchar(39), dhcp_start varchar(39), project_id varchar(255), host varchar(255),
  cidr_v6 varchar(43), gateway_v6 varchar(39), label varchar(255), netmask_v6 varchar(39),
  bridge_interface varchar(255), multi_host tinyint(1), dns2 varchar(39), uuid varchar(36), priority int(11),
  rxtx_base int(11), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_pci_devices (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11) NOT NULL,
  id int(11) NOT NULL AUTO_INCREMENT, compute_node_id int(11) NOT NULL, address varchar(12) NOT NULL,
  product_id varchar(4), vendor_id varchar(4), dev_type varchar(8), dev_id varchar(255), label varchar(255) NOT NULL,
  status varchar(36) NOT NULL, extra_info text, instance_uuid varchar(36), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_project_user_quotas (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11),
  user_id varchar(255) NOT NULL, project_id varchar(255) NOT NULL, resource varchar(25) NOT NULL, hard_limit int(11),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_provider_fw_rules (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  protocol varchar(5), from_port int(11), to_port int(11), cidr varchar(43), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_quota_classes (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  class_name varchar(255), resource varchar(255), hard_limit int(11), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_quota_usages (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  project_id varchar(255), resource varchar(255), in_use int(11) NOT NULL, reserved int(11) NOT NULL,
  until_refresh int(11), deleted int(11), user_id varchar(255), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_quotas (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, deleted_at datetime,
  project_id varchar(255), resource varchar(255) NOT NULL, hard_limit int(11), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_reservations (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, usage_id int(11) NOT NULL, project_id varchar(255), resource varchar(255),
  delta int(11) NOT NULL, expire datetime, deleted int(11), user_id varchar(255), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_s3_images (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_security_group_default_rules (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted int(11), id int(11) NOT NULL AUTO_INCREMENT,
  protocol varchar(5), from_port int(11), to_port int(11), cidr varchar(43), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_security_group_instance_association (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  security_group_id int(11), instance_uuid varchar(36), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_security_group_rules (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  parent_group_id int(11), protocol varchar(255), from_port int(11), to_port int(11), cidr varchar(43),
  group_id int(11), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_security_groups (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, name varchar(255),
  description varchar(255), user_id varchar(255), project_id varchar(255), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_services (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT, host varchar(255),
  `binary` varchar(255), topic varchar(255), report_count int(11) NOT NULL, disabled tinyint(1), deleted int(11),
  disabled_reason varchar(255), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_snapshot_id_mappings (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_snapshots (
  created_at datetime, updated_at datetime, deleted_at datetime, id varchar(36) NOT NULL,
  volume_id varchar(36) NOT NULL, user_id varchar(255), project_id varchar(255), status varchar(255),
  progress varchar(255), volume_size int(11), scheduled_at datetime, display_name varchar(255),
  display_description varchar(255), deleted varchar(36), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_task_log (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  task_name varchar(255) NOT NULL, state varchar(255) NOT NULL, host varchar(255) NOT NULL,
  period_beginning datetime NOT NULL, period_ending datetime NOT NULL, message varchar(255) NOT NULL,
  task_items int(11), errors int(11), deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_virtual_interfaces (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  address varchar(255), network_id int(11), uuid varchar(36), instance_uuid varchar(36), deleted int(11),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_volume_id_mappings (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_volume_usage_cache (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  volume_id varchar(36) NOT NULL, tot_last_refreshed datetime, tot_reads bigint(20), tot_read_bytes bigint(20),
  tot_writes bigint(20), tot_write_bytes bigint(20), curr_last_refreshed datetime, curr_reads bigint(20),
  curr_read_bytes bigint(20), curr_writes bigint(20), curr_write_bytes bigint(20), deleted int(11),
  instance_uuid varchar(36), project_id varchar(36), user_id varchar(36), availability_zone varchar(255),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE shadow_volumes (
  created_at datetime, updated_at datetime, deleted_at datetime, id varchar(36) NOT NULL, ec2_id varchar(255),
  user_id varchar(255), project_id varchar(255), host varchar(255), size int(11), availability_zone varchar(255),
  mountpoint varchar(255), status varchar(255), attach_status varchar(255), scheduled_at datetime,
  launched_at datetime, terminated_at datetime, display_name varchar(255), display_description varchar(255),
  provider_location varchar(256), provider_auth varchar(256), snapshot_id varchar(36), volume_type_id int(11),
  instance_uuid varchar(36), attach_time datetime, deleted varchar(36), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE snapshot_id_mappings (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE snapshots (
  created_at datetime, updated_at datetime, deleted_at datetime, id varchar(36) NOT NULL,
  volume_id varchar(36) NOT NULL, user_id varchar(255), project_id varchar(255), status varchar(255),
  progress varchar(255), volume_size int(11), scheduled_at datetime, display_name varchar(255),
  display_description varchar(255), deleted varchar(36), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE task_log (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  task_name varchar(255) NOT NULL, state varchar(255) NOT NULL, host varchar(255) NOT NULL,
  period_beginning datetime NOT NULL, period_ending datetime NOT NULL, message varchar(255) NOT NULL,
  task_items int(11), errors int(11), deleted int(11), PRIMARY KEY (id),
  UNIQUE KEY uniq_task_log0task_name0host0period_beginning0period_ending (task_name,host,period_beginning,period_ending),
  KEY ix_task_log_period_beginning (period_beginning), KEY ix_task_log_host (host),
  KEY ix_task_log_period_ending (period_ending)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE virtual_interfaces (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  address varchar(255), network_id int(11), uuid varchar(36), instance_uuid varchar(36), deleted int(11),
  PRIMARY KEY (id), UNIQUE KEY uniq_virtual_interfaces0address0deleted (address,deleted), KEY network_id (network_id),
  KEY virtual_interfaces_instance_uuid_fkey (instance_uuid),
  CONSTRAINT virtual_interfaces_instance_uuid_fkey FOREIGN KEY (instance_uuid) REFERENCES instances (uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volume_id_mappings (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  uuid varchar(36) NOT NULL, deleted int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volume_usage_cache (
  created_at datetime, updated_at datetime, deleted_at datetime, id int(11) NOT NULL AUTO_INCREMENT,
  volume_id varchar(36) NOT NULL, tot_last_refreshed datetime, tot_reads bigint(20), tot_read_bytes bigint(20),
  tot_writes bigint(20), tot_write_bytes bigint(20), curr_last_refreshed datetime, curr_reads bigint(20),
  curr_read_bytes bigint(20), curr_writes bigint(20), curr_write_bytes bigint(20), deleted int(11),
  instance_uuid varchar(36), project_id varchar(36), user_id varchar(36), availability_zone varchar(255),
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volumes (
  created_at datetime, updated_at datetime, deleted_at datetime, id varchar(36) NOT NULL, ec2_id varchar(255),
  user_id varchar(255), project_id varchar(255), host varchar(255), size int(11), availability_zone varchar(255),
  mountpoint varchar(255), status varchar(255), attach_status varchar(255), scheduled_at datetime,
  launched_at datetime, terminated_at datetime, display_name varchar(255), display_description varchar(255),
  provider_location varchar(256), provider_auth varchar(256), snapshot_id varchar(36), volume_type_id int(11),
  instance_uuid varchar(36), attach_time datetime, deleted varchar(36), PRIMARY KEY (id),
  KEY volumes_instance_uuid_idx (instance_uuid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

INSERT INTO instances (created_at, updated_at, deleted_at, id, user_id, project_id, image_ref, kernel_id, ramdisk_id, launch_index, key_name, key_data, power_state, vm_state, memory_mb, vcpus, hostname, host, user_data, reservation_id, scheduled_at, launched_at, terminated_at, display_name, display_description, availability_zone, locked, launched_on, instance_type_id, uuid, root_device_name, config_drive, progress, auto_disk_config, shutdown_terminate, disable_terminate, root_gb, ephemeral_gb, node, deleted, cleaned) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, 1, '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', '5bd625a0-cb69-4018-93c8-cf8bf0348f52', '', '', 0, NULL, NULL, 1, 'active', 512, 1, 'instance-1', 'node-3.domain.tld', NULL, 'r-75eee200', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 'instance-1', 'instance-1', 'nova', 0, 'node-3.domain.tld', 2, '75eee200-5961-4e2e-bc9f-b6c276c68554', '/dev/vda', '', 0, 0, 0, 0, 1, 0, 'node-3.domain.tld', 0, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, 2, 'be83e8d2c5bfa21045b69b3e16ab5ec0', 'c8762eae9712378e591ce7e9f5407d29', '5bd625a0-cb69-4018-93c8-cf8bf0348f52', '', '', 0, 'ключ «1»', 'ssh-rsa AAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2E lab', 1, 'active', 512, 1, 'instance-2', 'node-3.domain.tld', REPEAT('IyEvYmluL3NoCg==', 3000), 'r-bc04ec96', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 'instance-2', CONVERT(BINARY 'Вторая машина Анны: O''Hara''s "cache" \\ two\\\\slashes; DELETE FROM images; -- # /* text */ 50% `tick`' USING latin1), 'nova', 0, 'node-3.domain.tld', 2, 'bc04ec96-21f6-4390-a968-b4a722fa544f', '/dev/vda', '', 0, 0, 0, 0, 1, 0, 'node-3.domain.tld', 0, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, 3, '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', '5bd625a0-cb69-4018-93c8-cf8bf0348f52', '', '', 0, NULL, NULL, 1, 'active', 512, 1, 'instance-3', 'node-4.domain.tld', NULL, 'r-0244f7f6', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 'instance-3', 'instance-3', 'nova', 0, 'node-4.domain.tld', 2, '0244f7f6-5417-4bdd-8c15-049b360e343d', '/dev/vda', '', 0, 0, 0, 0, 1, 0, 'node-4.domain.tld', 0, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', '2014-09-03 15:17:25', 4, '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', '5bd625a0-cb69-4018-93c8-cf8bf0348f52', '', '', 0, NULL, NULL, 0, 'deleted', 512, 1, 'deleted', 'node-3.domain.tld', NULL, 'r-c3e14e16', '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', 'deleted', 'deleted', 'nova', 0, 'node-3.domain.tld', 2, 'c3e14e16-9a99-4815-8128-854bf628dcfa', '/dev/vda', '', 0, 0, 0, 0, 1, 0, 'node-3.domain.tld', 4, 1);

INSERT INTO shadow_instances (created_at, deleted_at, id, display_name, vm_state, uuid, deleted) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 900, 'архив', 'deleted', 'fdd87034-1a44-4fcc-86e3-4a73a77530fe', 900);

INSERT INTO instance_info_caches (created_at, updated_at, id, network_info, instance_uuid, deleted) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 1, '[{"qbg_params": null, "ovs_interfaceid": "0a683699-995b-492b-8603-a250874a7eef", "meta": {}, "network": {"bridge": "br-int", "subnets": [{"ips": [{"meta": {}, "type": "fixed", "version": 4, "address": "192.168.100.2", "floating_ips": []}], "version": 4, "meta": {"dhcp_server": "192.168.100.3"}, "dns": [{"meta": {}, "type": "dns", "version": 4, "address": "8.8.4.4"}], "routes": [], "cidr": "192.168.100.0/24", "gateway": {"meta": {}, "type": "gateway", "version": 4, "address": "192.168.100.1"}}], "meta": {"injected": false, "tenant_id": "5de635260a9ca0f8d82aaad36796bbea"}, "id": "a325ff94-6860-400f-a261-b91979138d35", "label": "net-1"}, "address": "fa:16:3e:5c:20:01", "devname": "tap0a683699-99", "type": "ovs", "qbh_params": null, "id": "0a683699-995b-492b-8603-a250874a7eef"}]', '75eee200-5961-4e2e-bc9f-b6c276c68554', 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 2, '[{"qbg_params": null, "ovs_interfaceid": "337a1089-f91b-4f8a-85e9-6661bafbf603", "meta": {}, "network": {"bridge": "br-int", "subnets": [{"ips": [{"meta": {}, "type": "fixed", "version": 4, "address": "192.168.100.4", "floating_ips": []}], "version": 4, "meta": {"dhcp_server": "192.168.100.3"}, "dns": [{"meta": {}, "type": "dns", "version": 4, "address": "8.8.4.4"}], "routes": [], "cidr": "192.168.100.0/24", "gateway": {"meta": {}, "type": "gateway", "version": 4, "address": "192.168.100.1"}}], "meta": {"injected": false, "tenant_id": "5de635260a9ca0f8d82aaad36796bbea"}, "id": "a325ff94-6860-400f-a261-b91979138d35", "label": "net-1"}, "address": "fa:16:3e:5c:20:02", "devname": "tap337a1089-f9", "type": "ovs", "qbh_params": null, "id": "337a1089-f91b-4f8a-85e9-6661bafbf603"}]', 'bc04ec96-21f6-4390-a968-b4a722fa544f', 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 3, '[{"qbg_params": null, "ovs_interfaceid": "f46efe36-0377-471e-8a5a-51ee75f6f4bc", "meta": {}, "network": {"bridge": "br-int", "subnets": [{"ips": [{"meta": {}, "type": "fixed", "version": 4, "address": "192.168.100.5", "floating_ips": []}], "version": 4, "meta": {"dhcp_server": "192.168.100.3"}, "dns": [{"meta": {}, "type": "dns", "version": 4, "address": "8.8.4.4"}], "routes": [], "cidr": "192.168.100.0/24", "gateway": {"meta": {}, "type": "gateway", "version": 4, "address": "192.168.100.1"}}], "meta": {"injected": false, "tenant_id": "5de635260a9ca0f8d82aaad36796bbea"}, "id": "a325ff94-6860-400f-a261-b91979138d35", "label": "net-1"}, "address": "fa:16:3e:5c:20:03", "devname": "tapf46efe36-03", "type": "ovs", "qbh_params": null, "id": "f46efe36-0377-471e-8a5a-51ee75f6f4bc"}]', '0244f7f6-5417-4bdd-8c15-049b360e343d', 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 4, '[]', 'c3e14e16-9a99-4815-8128-854bf628dcfa', 4);

INSERT INTO block_device_mapping (created_at, updated_at, deleted_at, id, device_name, delete_on_termination, volume_id, connection_info, instance_uuid, deleted, source_type, destination_type, device_type, boot_index, image_id) VALUES
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 1, '/dev/vda', 1, NULL, NULL, '75eee200-5961-4e2e-bc9f-b6c276c68554', 0, 'image', 'local', 'disk', 0, '5bd625a0-cb69-4018-93c8-cf8bf0348f52'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 2, '/dev/vda', 1, NULL, NULL, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 0, 'image', 'local', 'disk', 0, '5bd625a0-cb69-4018-93c8-cf8bf0348f52'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 3, '/dev/vda', 1, NULL, NULL, '0244f7f6-5417-4bdd-8c15-049b360e343d', 0, 'image', 'local', 'disk', 0, '5bd625a0-cb69-4018-93c8-cf8bf0348f52'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', 4, '/dev/vda', 1, NULL, NULL, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 4, 'image', 'local', 'disk', 0, '5bd625a0-cb69-4018-93c8-cf8bf0348f52'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 5, '/dev/vdb', 0, 'f374f730-4adc-40f3-bfd4-67c4ac14ba76', '{"driver_volume_type": "iscsi", "serial": "f374f730-4adc-40f3-bfd4-67c4ac14ba76", "data": {"access_mode": "rw", "target_discovered": false, "encrypted": false, "qos_specs": null, "target_iqn": "iqn.2010-10.org.openstack:volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76", "target_portal": "192.168.1.4:3260", "volume_id": "f374f730-4adc-40f3-bfd4-67c4ac14ba76", "target_lun": 1, "device_path": "/dev/disk/by-path/ip-192.168.1.4:3260-iscsi-iqn.2010-10.org.openstack:volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76-lun-1", "auth_password": "eNJy8GZUta39wqEiCr23", "auth_username": "3NRooC58UK3YiYRaPyAt", "auth_method": "CHAP"}}', '75eee200-5961-4e2e-bc9f-b6c276c68554', 0, 'volume', 'volume', NULL, NULL, NULL),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 6, '/dev/vdb', 0, '69717c74-2cdd-4ef7-b7dd-a38ce63baa54', '{"driver_volume_type": "iscsi", "serial": "69717c74-2cdd-4ef7-b7dd-a38ce63baa54", "data": {"access_mode": "rw", "target_discovered": false, "encrypted": false, "qos_specs": null, "target_iqn": "iqn.2010-10.org.openstack:volume-69717c74-2cdd-4ef7-b7dd-a38ce63baa54", "target_portal": "192.168.1.4:3260", "volume_id": "69717c74-2cdd-4ef7-b7dd-a38ce63baa54", "target_lun": 1, "device_path": "/dev/disk/by-path/ip-192.168.1.4:3260-iscsi-iqn.2010-10.org.openstack:volume-69717c74-2cdd-4ef7-b7dd-a38ce63baa54-lun-1", "auth_password": "Zt5rEw3QaS8dFg6hYjU2", "auth_username": "hW7zQ2mNbV4cXs9LkJ1f", "auth_method": "CHAP"}}', 'bc04ec96-21f6-4390-a968-b4a722fa544f', 0, 'volume', 'volume', NULL, NULL, NULL),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', 7, '/dev/vdb', 0, '936c1cd4-9ac3-4617-8f86-79ca0fc19fa1', '{"driver_volume_type": "iscsi", "serial": "936c1cd4-9ac3-4617-8f86-79ca0fc19fa1", "data": {"access_mode": "rw", "target_discovered": false, "encrypted": false, "qos_specs": null, "target_iqn": "iqn.2010-10.org.openstack:volume-936c1cd4-9ac3-4617-8f86-79ca0fc19fa1", "target_portal": "192.168.1.4:3260", "volume_id": "936c1cd4-9ac3-4617-8f86-79ca0fc19fa1", "target_lun": 1, "device_path": "/dev/disk/by-path/ip-192.168.1.4:3260-iscsi-iqn.2010-10.org.openstack:volume-936c1cd4-9ac3-4617-8f86-79ca0fc19fa1-lun-1", "auth_password": "Lm6JdT9hGa3UvFk1SoPy", "auth_username": "p8VtKc2YwR5nXe7QzBs4", "auth_method": "CHAP"}}', 'c3e14e16-9a99-4815-8128-854bf628dcfa', 7, 'volume', 'volume', NULL, NULL, NULL),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', 8, '/dev/vdb', 0, '936c1cd4-9ac3-4617-8f86-79ca0fc19fa1', NULL, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 8, 'volume', 'volume', NULL, NULL, NULL);

INSERT INTO services (created_at, updated_at, deleted_at, id, host, `binary`, topic, report_count, disabled, deleted, disabled_reason) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, 1, 'node-1.domain.tld', 'nova-conductor', 'conductor', 120000, 0, 0, NULL),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, 2, 'node-1.domain.tld', 'nova-cert', 'cert', 120001, 0, 0, NULL),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, 3, 'node-1.domain.tld', 'nova-consoleauth', 'consoleauth', 120002, 0, 0, NULL),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, 4, 'node-1.domain.tld', 'nova-scheduler', 'scheduler', 120003, 0, 0, NULL),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, 5, 'node-1.domain.tld', 'nova-console', 'console', 120004, 0, 0, NULL),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', NULL, 6, 'node-3.domain.tld', 'nova-compute', 'compute', 120005, 0, 0, NULL),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', NULL, 7, 'node-4.domain.tld', 'nova-compute', 'compute', 120006, 0, 0, NULL),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', '2014-09-03 15:17:25', 8, 'node-2.domain.tld', 'nova-compute', 'compute', 120007, 1, 8, CONVERT(BINARY 'снята, Анна' USING latin1));

INSERT INTO compute_nodes (created_at, updated_at, deleted_at, id, service_id, vcpus, memory_mb, local_gb, vcpus_used, memory_mb_used, local_gb_used, hypervisor_type, hypervisor_version, cpu_info, disk_available_least, free_ram_mb, free_disk_gb, current_workload, running_vms, hypervisor_hostname, deleted, host_ip, supported_instances, pci_stats) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', NULL, 1, 6, 8, 32080, 411, 2, 1536, 2, 'QEMU', 12001, '{"arch": "x86_64", "model": "Westmere", "vendor": "Intel", "features": ["rdtscp", "x2apic", "vme"], "topology": {"cores": 4, "threads": 2, "sockets": 1}}', 398, 30544, 409, 0, 2, 'node-3.domain.tld', 0, '192.168.1.6', '[["x86_64", "kvm", "hvm"], ["i686", "kvm", "hvm"]]', '[]'),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', NULL, 2, 7, 8, 32080, 411, 1, 1024, 1, 'QEMU', 12001, '{"arch": "x86_64", "model": "Westmere", "vendor": "Intel", "features": ["rdtscp", "x2apic", "vme"], "topology": {"cores": 4, "threads": 2, "sockets": 1}}', 398, 31056, 410, 0, 1, 'node-4.domain.tld', 0, '192.168.1.7', '[["x86_64", "kvm", "hvm"], ["i686", "kvm", "hvm"]]', '[]');

INSERT INTO compute_node_stats (created_at, updated_at, id, compute_node_id, `key`, value, deleted) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', 1, 1, 'num_instances', 2, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', 2, 1, 'num_vm_active', 2, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', 3, 1, 'num_task_None', 2, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', 4, 1, 'io_workload', 0, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', 5, 2, 'num_instances', 1, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', 6, 2, 'num_vm_active', 1, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', 7, 2, 'num_task_None', 1, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:31', 8, 2, 'io_workload', 0, 0);

INSERT INTO shadow_compute_node_stats (created_at, id, compute_node_id, `key`, value, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 99, 'num_instances', '0', 1);

INSERT INTO dump_instance_faults (id, instance_uuid, code, message, deleted) VALUES
  (1, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 500, 'dup', 1);

INSERT INTO instance_system_metadata (created_at, deleted_at, id, instance_uuid, `key`, value, deleted) VALUES
  ('2014-08-20 10:00:00', NULL, 1, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_id', '2', 0),
  ('2014-08-20 10:00:00', NULL, 2, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_name', 'm1.tiny', 0),
  ('2014-08-20 10:00:00', NULL, 3, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_memory_mb', '512', 0),
  ('2014-08-20 10:00:00', NULL, 4, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_vcpus', '1', 0),
  ('2014-08-20 10:00:00', NULL, 5, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_root_gb', '1', 0),
  ('2014-08-20 10:00:00', NULL, 6, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_ephemeral_gb', '0', 0),
  ('2014-08-20 10:00:00', NULL, 7, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_flavorid', '1', 0),
  ('2014-08-20 10:00:00', NULL, 8, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_swap', '0', 0),
  ('2014-08-20 10:00:00', NULL, 9, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_rxtx_factor', '1.0', 0),
  ('2014-08-20 10:00:00', NULL, 10, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'instance_type_vcpu_weight', NULL, 0),
  ('2014-08-20 10:00:00', NULL, 11, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'image_container_format', 'bare', 0),
  ('2014-08-20 10:00:00', NULL, 12, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'image_disk_format', 'qcow2', 0),
  ('2014-08-20 10:00:00', NULL, 13, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'image_min_ram', '64', 0),
  ('2014-08-20 10:00:00', NULL, 14, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'image_min_disk', '1', 0),
  ('2014-08-20 10:00:00', NULL, 15, '75eee200-5961-4e2e-bc9f-b6c276c68554', 'image_base_image_ref', '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 0),
  ('2014-08-20 10:00:00', NULL, 16, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_id', '2', 0),
  ('2014-08-20 10:00:00', NULL, 17, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_name', 'm1.tiny', 0),
  ('2014-08-20 10:00:00', NULL, 18, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_memory_mb', '512', 0),
  ('2014-08-20 10:00:00', NULL, 19, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_vcpus', '1', 0),
  ('2014-08-20 10:00:00', NULL, 20, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_root_gb', '1', 0),
  ('2014-08-20 10:00:00', NULL, 21, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_ephemeral_gb', '0', 0),
  ('2014-08-20 10:00:00', NULL, 22, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_flavorid', '1', 0),
  ('2014-08-20 10:00:00', NULL, 23, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_swap', '0', 0),
  ('2014-08-20 10:00:00', NULL, 24, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_rxtx_factor', '1.0', 0),
  ('2014-08-20 10:00:00', NULL, 25, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'instance_type_vcpu_weight', NULL, 0),
  ('2014-08-20 10:00:00', NULL, 26, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'image_container_format', 'bare', 0),
  ('2014-08-20 10:00:00', NULL, 27, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'image_disk_format', 'qcow2', 0),
  ('2014-08-20 10:00:00', NULL, 28, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'image_min_ram', '64', 0),
  ('2014-08-20 10:00:00', NULL, 29, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'image_min_disk', '1', 0),
  ('2014-08-20 10:00:00', NULL, 30, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'image_base_image_ref', '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 0),
  ('2014-08-20 10:00:00', NULL, 31, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_id', '2', 0),
  ('2014-08-20 10:00:00', NULL, 32, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_name', 'm1.tiny', 0),
  ('2014-08-20 10:00:00', NULL, 33, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_memory_mb', '512', 0),
  ('2014-08-20 10:00:00', NULL, 34, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_vcpus', '1', 0),
  ('2014-08-20 10:00:00', NULL, 35, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_root_gb', '1', 0),
  ('2014-08-20 10:00:00', NULL, 36, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_ephemeral_gb', '0', 0),
  ('2014-08-20 10:00:00', NULL, 37, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_flavorid', '1', 0),
  ('2014-08-20 10:00:00', NULL, 38, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_swap', '0', 0),
  ('2014-08-20 10:00:00', NULL, 39, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_rxtx_factor', '1.0', 0),
  ('2014-08-20 10:00:00', NULL, 40, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'instance_type_vcpu_weight', NULL, 0),
  ('2014-08-20 10:00:00', NULL, 41, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'image_container_format', 'bare', 0),
  ('2014-08-20 10:00:00', NULL, 42, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'image_disk_format', 'qcow2', 0),
  ('2014-08-20 10:00:00', NULL, 43, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'image_min_ram', '64', 0),
  ('2014-08-20 10:00:00', NULL, 44, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'image_min_disk', '1', 0),
  ('2014-08-20 10:00:00', NULL, 45, '0244f7f6-5417-4bdd-8c15-049b360e343d', 'image_base_image_ref', '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 46, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_id', '2', 46),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 47, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_name', 'm1.tiny', 47),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 48, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_memory_mb', '512', 48),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 49, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_vcpus', '1', 49),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 50, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_root_gb', '1', 50),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 51, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_ephemeral_gb', '0', 51),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 52, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_flavorid', '1', 52),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 53, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_swap', '0', 53),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 54, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_rxtx_factor', '1.0', 54),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 55, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'instance_type_vcpu_weight', NULL, 55),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 56, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'image_container_format', 'bare', 56),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 57, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'image_disk_format', 'qcow2', 57),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 58, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'image_min_ram', '64', 58),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 59, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'image_min_disk', '1', 59),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 60, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'image_base_image_ref', '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 60);

INSERT INTO instance_metadata (created_at, id, `key`, value, instance_uuid, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'owner', 'Анна', 'bc04ec96-21f6-4390-a968-b4a722fa544f', 0);

INSERT INTO instance_actions (created_at, id, action, instance_uuid, request_id, user_id, project_id, start_time, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'create', '75eee200-5961-4e2e-bc9f-b6c276c68554', 'req-32ad5b72-3ca3-4070-8ea2-d4b389e77b78', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', '2014-08-20 10:00:00', 0),
  ('2014-08-20 10:00:00', 2, 'create', 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'req-cd655839-df82-492c-85fc-9f35d4da4e3f', 'be83e8d2c5bfa21045b69b3e16ab5ec0', 'c8762eae9712378e591ce7e9f5407d29', '2014-08-20 10:00:00', 0),
  ('2014-08-20 10:00:00', 3, 'create', '0244f7f6-5417-4bdd-8c15-049b360e343d', 'req-29a7260a-abf2-42fe-8726-2c075e2a852b', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', '2014-08-20 10:00:00', 0),
  ('2014-08-20 10:00:00', 4, 'create', 'c3e14e16-9a99-4815-8128-854bf628dcfa', 'req-c3f7740f-c70d-4231-8976-e0a53e00a142', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', '2014-08-20 10:00:00', 0);

INSERT INTO instance_actions_events (created_at, id, event, action_id, start_time, finish_time, result, traceback, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'compute_run_instance', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', 'Success', NULL, 0),
  ('2014-08-20 10:00:00', 2, 'compute_run_instance', 2, '2014-08-20 10:00:00', '2014-08-20 10:00:00', 'Success', NULL, 0),
  ('2014-08-20 10:00:00', 3, 'compute_run_instance', 3, '2014-08-20 10:00:00', '2014-08-20 10:00:00', 'Success', NULL, 0),
  ('2014-08-20 10:00:00', 4, 'compute_run_instance', 4, '2014-08-20 10:00:00', '2014-08-20 10:00:00', 'Error', 'Traceback (most recent call last):\n  File "x.py"\nline1\r\nline2\ttab\Zctrl-z\0nul end\\', 0);

INSERT INTO instance_faults (created_at, id, instance_uuid, code, message, details, host, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 500, 'NoValidHost', REPEAT('Traceback: \\n', 5500), 'node-3.domain.tld', 0);

INSERT INTO instance_id_mappings (created_at, id, uuid, deleted) VALUES
  ('2014-08-20 10:00:00', 1, '75eee200-5961-4e2e-bc9f-b6c276c68554', 0),
  ('2014-08-20 10:00:00', 2, 'bc04ec96-21f6-4390-a968-b4a722fa544f', 0),
  ('2014-08-20 10:00:00', 3, '0244f7f6-5417-4bdd-8c15-049b360e343d', 0),
  ('2014-08-20 10:00:00', 4, 'c3e14e16-9a99-4815-8128-854bf628dcfa', 0);

INSERT INTO volume_id_mappings (created_at, id, uuid, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'f374f730-4adc-40f3-bfd4-67c4ac14ba76', 0),
  ('2014-08-20 10:00:00', 2, '69717c74-2cdd-4ef7-b7dd-a38ce63baa54', 0);

INSERT INTO s3_images (created_at, id, uuid, deleted) VALUES
  ('2014-08-20 10:00:00', 1, '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 0);

INSERT INTO instance_types (name, id, memory_mb, vcpus, swap, flavorid, rxtx_factor, root_gb, ephemeral_gb, disabled, is_public, deleted) VALUES
  ('m1.medium', 1, 4096, 2, 0, '3', 1, 40, 0, 0, 1, 0),
  ('m1.tiny', 2, 512, 1, 0, '1', 1, 1, 0, 0, 1, 0),
  ('m1.large', 3, 8192, 4, 0, '4', 1, 80, 0, 0, 1, 0),
  ('m1.xlarge', 4, 16384, 8, 0, '5', 1, 160, 0, 0, 1, 0),
  ('m1.small', 5, 2048, 1, 0, '2', 1, 20, 0, 0, 1, 0);

INSERT INTO key_pairs (created_at, id, name, user_id, fingerprint, public_key, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'ключ «1»', 'be83e8d2c5bfa21045b69b3e16ab5ec0', '1a:2b:3c:4d:5e:6f:70:81:92:a3:b4:c5:d6:e7:f8:09', 'ssh-rsa AAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2EAAAAB3NzaC1yc2E lab', 0);

INSERT INTO aggregates (created_at, id, name, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'стойка 1', 0);

INSERT INTO security_groups (created_at, id, name, description, user_id, project_id, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'default', 'default', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', 0);

INSERT INTO security_group_instance_association (created_at, id, security_group_id, instance_uuid, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 1, '75eee200-5961-4e2e-bc9f-b6c276c68554', 0),
  ('2014-08-20 10:00:00', 2, 1, '0244f7f6-5417-4bdd-8c15-049b360e343d', 0);

INSERT INTO quota_classes (created_at, id, class_name, resource, hard_limit, deleted) VALUES
  ('2014-08-20 10:00:00', 1, 'default', 'cores', 40, 0);

INSERT INTO quotas (id, created_at, project_id, resource, hard_limit, deleted) VALUES
  (1, '2014-08-20 10:00:00', 'c8762eae9712378e591ce7e9f5407d29', 'instances', 20, 0);

INSERT INTO project_user_quotas (id, created_at, deleted, user_id, project_id, resource, hard_limit) VALUES
  (1, '2014-08-20 10:00:00', 0, 'be83e8d2c5bfa21045b69b3e16ab5ec0', 'c8762eae9712378e591ce7e9f5407d29', 'instances', 5),
  (2, '2014-08-20 10:00:00', 0, 'be83e8d2c5bfa21045b69b3e16ab5ec0', 'c8762eae9712378e591ce7e9f5407d29', 'injected_file_content_byt', 10240);

INSERT INTO quota_usages (created_at, updated_at, id, project_id, resource, in_use, reserved, deleted, user_id) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 1, '5de635260a9ca0f8d82aaad36796bbea', 'instances', 2, 0, 0, '4043ac95a64e98116a0c1265614dbc34'),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 2, '5de635260a9ca0f8d82aaad36796bbea', 'cores', 2, 0, 0, '4043ac95a64e98116a0c1265614dbc34'),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 3, '5de635260a9ca0f8d82aaad36796bbea', 'ram', 1024, 0, 0, '4043ac95a64e98116a0c1265614dbc34'),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 4, 'c8762eae9712378e591ce7e9f5407d29', 'instances', 1, 0, 0, 'be83e8d2c5bfa21045b69b3e16ab5ec0'),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 5, 'c8762eae9712378e591ce7e9f5407d29', 'cores', 1, 0, 0, 'be83e8d2c5bfa21045b69b3e16ab5ec0'),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 6, 'c8762eae9712378e591ce7e9f5407d29', 'ram', 512, 0, 0, 'be83e8d2c5bfa21045b69b3e16ab5ec0');

INSERT INTO reservations (created_at, deleted_at, id, uuid, usage_id, project_id, resource, delta, expire, deleted, user_id) VALUES
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 1, '32ee6b7b-40f8-46e5-816a-d6487b680968', 1, '5de635260a9ca0f8d82aaad36796bbea', 'instances', 2, '2014-08-21 10:00:00', 1, '4043ac95a64e98116a0c1265614dbc34'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 2, '827a8688-6731-47c0-8031-747259de53ed', 2, '5de635260a9ca0f8d82aaad36796bbea', 'cores', 2, '2014-08-21 10:00:00', 2, '4043ac95a64e98116a0c1265614dbc34'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 3, 'b636e336-612f-4a4e-8d51-05121b5aa475', 3, '5de635260a9ca0f8d82aaad36796bbea', 'ram', 1024, '2014-08-21 10:00:00', 3, '4043ac95a64e98116a0c1265614dbc34'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 4, 'b0510cd2-799f-4e68-8bab-b2e3f3c245bf', 4, 'c8762eae9712378e591ce7e9f5407d29', 'instances', 1, '2014-08-21 10:00:00', 4, 'be83e8d2c5bfa21045b69b3e16ab5ec0'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 5, 'd8f821a4-aa2c-4a2c-8818-9ec8b05f094a', 5, 'c8762eae9712378e591ce7e9f5407d29', 'cores', 1, '2014-08-21 10:00:00', 5, 'be83e8d2c5bfa21045b69b3e16ab5ec0'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 6, 'eff5c026-c655-4065-8b4c-37d9809414cd', 6, 'c8762eae9712378e591ce7e9f5407d29', 'ram', 512, '2014-08-21 10:00:00', 6, 'be83e8d2c5bfa21045b69b3e16ab5ec0');

INSERT INTO migrate_version (repository_id, repository_path, version) VALUES
  ('nova', '/usr/lib/python2.6/site-packages/nova/db/sqlalchemy/migrate_repo', 216);

SET FOREIGN_KEY_CHECKS = 1;
