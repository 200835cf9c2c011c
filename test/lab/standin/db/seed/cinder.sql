-- The cinder database of a MOS 4.1 controller, Havana 2013.2.4: schema version 21.
-- vol-1 and vol-2 are attached, vol-3 is available; the targets are those of tgtd on the storage network.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

CREATE TABLE backups (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), id varchar(36) NOT NULL,
  volume_id varchar(36) NOT NULL, user_id varchar(255), project_id varchar(255), host varchar(255),
  availability_zone varchar(255), display_name varchar(255), display_description varchar(255), container varchar(255),
  status varchar(255), fail_reason varchar(255), service_metadata varchar(255), service varchar(255), size int(11),
  object_count int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE encryption (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), cipher varchar(255),
  control_location varchar(255) NOT NULL, key_size int(11), provider varchar(255) NOT NULL,
  volume_type_id varchar(36) NOT NULL, PRIMARY KEY (volume_type_id),
  CONSTRAINT encryption_ibfk_1 FOREIGN KEY (volume_type_id) REFERENCES volume_types (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE iscsi_targets (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, target_num int(11), host varchar(255), volume_id varchar(36), PRIMARY KEY (id),
  KEY volume_id (volume_id), CONSTRAINT iscsi_targets_ibfk_1 FOREIGN KEY (volume_id) REFERENCES volumes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE migrate_version (
  repository_id varchar(250) NOT NULL, repository_path mediumtext, version int(11), PRIMARY KEY (repository_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE quality_of_service_specs (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), id varchar(36) NOT NULL,
  specs_id varchar(36), `key` varchar(255), value varchar(255), PRIMARY KEY (id), KEY specs_id (specs_id),
  CONSTRAINT quality_of_service_specs_ibfk_1 FOREIGN KEY (specs_id) REFERENCES quality_of_service_specs (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE quota_classes (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, class_name varchar(255), resource varchar(255), hard_limit int(11),
  PRIMARY KEY (id), KEY ix_quota_classes_class_name (class_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE quota_usages (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, project_id varchar(255), resource varchar(255), in_use int(11) NOT NULL,
  reserved int(11) NOT NULL, until_refresh int(11), PRIMARY KEY (id), KEY ix_quota_usages_project_id (project_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE quotas (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, deleted_at datetime,
  deleted tinyint(1), project_id varchar(255), resource varchar(255) NOT NULL, hard_limit int(11), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE reservations (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, uuid varchar(36) NOT NULL, usage_id int(11) NOT NULL, project_id varchar(255),
  resource varchar(255), delta int(11) NOT NULL, expire datetime, PRIMARY KEY (id), KEY usage_id (usage_id),
  KEY ix_reservations_project_id (project_id),
  CONSTRAINT reservations_ibfk_1 FOREIGN KEY (usage_id) REFERENCES quota_usages (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE services (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, host varchar(255), `binary` varchar(255), topic varchar(255),
  report_count int(11) NOT NULL, disabled tinyint(1), availability_zone varchar(255), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE snapshot_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, snapshot_id varchar(36) NOT NULL, `key` varchar(255), value varchar(255),
  PRIMARY KEY (id), KEY snapshot_id (snapshot_id),
  CONSTRAINT snapshot_metadata_ibfk_1 FOREIGN KEY (snapshot_id) REFERENCES snapshots (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE snapshots (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), id varchar(36) NOT NULL,
  volume_id varchar(36) NOT NULL, user_id varchar(255), project_id varchar(255), status varchar(255),
  progress varchar(255), volume_size int(11), scheduled_at datetime, display_name varchar(255),
  display_description varchar(255), provider_location varchar(255), encryption_key_id varchar(36),
  volume_type_id varchar(36), PRIMARY KEY (id), KEY snapshots_volume_id_fkey (volume_id),
  CONSTRAINT snapshots_volume_id_fkey FOREIGN KEY (volume_id) REFERENCES volumes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE transfers (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), id varchar(36) NOT NULL,
  volume_id varchar(36) NOT NULL, display_name varchar(255), salt varchar(255), crypt_hash varchar(255),
  expires_at datetime, PRIMARY KEY (id), KEY volume_id (volume_id),
  CONSTRAINT transfers_ibfk_1 FOREIGN KEY (volume_id) REFERENCES volumes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volume_admin_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, volume_id varchar(36) NOT NULL, `key` varchar(255), value varchar(255),
  PRIMARY KEY (id), KEY volume_id (volume_id),
  CONSTRAINT volume_admin_metadata_ibfk_1 FOREIGN KEY (volume_id) REFERENCES volumes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volume_glance_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, volume_id varchar(36), snapshot_id varchar(36), `key` varchar(255), value text,
  PRIMARY KEY (id), KEY volume_id (volume_id), KEY snapshot_id (snapshot_id),
  CONSTRAINT volume_glance_metadata_ibfk_1 FOREIGN KEY (volume_id) REFERENCES volumes (id),
  CONSTRAINT volume_glance_metadata_ibfk_2 FOREIGN KEY (snapshot_id) REFERENCES snapshots (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volume_metadata (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, volume_id varchar(36) NOT NULL, `key` varchar(255), value varchar(255),
  PRIMARY KEY (id), KEY volume_id (volume_id),
  CONSTRAINT volume_metadata_ibfk_1 FOREIGN KEY (volume_id) REFERENCES volumes (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volume_type_extra_specs (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1),
  id int(11) NOT NULL AUTO_INCREMENT, volume_type_id varchar(36) NOT NULL, `key` varchar(255), value varchar(255),
  PRIMARY KEY (id), KEY volume_type_extra_specs_ibfk_1 (volume_type_id),
  CONSTRAINT volume_type_extra_specs_ibfk_1 FOREIGN KEY (volume_type_id) REFERENCES volume_types (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volume_types (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), id varchar(36) NOT NULL,
  name varchar(255), qos_specs_id varchar(36), PRIMARY KEY (id), KEY qos_specs_id (qos_specs_id),
  CONSTRAINT volume_types_ibfk_1 FOREIGN KEY (qos_specs_id) REFERENCES quality_of_service_specs (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE volumes (
  created_at datetime, updated_at datetime, deleted_at datetime, deleted tinyint(1), id varchar(36) NOT NULL,
  ec2_id varchar(255), user_id varchar(255), project_id varchar(255), host varchar(255), size int(11),
  availability_zone varchar(255), instance_uuid varchar(36), mountpoint varchar(255), attach_time varchar(255),
  status varchar(255), attach_status varchar(255), scheduled_at datetime, launched_at datetime, terminated_at datetime,
  display_name varchar(255), display_description varchar(255), provider_location varchar(256),
  provider_auth varchar(256), snapshot_id varchar(36), volume_type_id varchar(36), source_volid varchar(36),
  bootable tinyint(1), attached_host varchar(255), provider_geometry varchar(255), _name_id varchar(36),
  encryption_key_id varchar(36), migration_status varchar(255), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

INSERT INTO volume_types (created_at, deleted, id, name) VALUES
  ('2014-08-20 10:00:00', 0, '9ec9d763-188b-43b6-813d-0e68387405f3', 'lvm «быстрый»');

INSERT INTO volume_type_extra_specs (created_at, deleted, id, volume_type_id, `key`, value) VALUES
  ('2014-08-20 10:00:00', 0, 1, '9ec9d763-188b-43b6-813d-0e68387405f3', 'volume_backend_name', 'LVM_iSCSI');

INSERT INTO volumes (created_at, updated_at, deleted_at, deleted, id, user_id, project_id, host, size, availability_zone, instance_uuid, mountpoint, attach_time, status, attach_status, scheduled_at, launched_at, terminated_at, display_name, display_description, provider_location, provider_auth, volume_type_id, bootable) VALUES
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 'f374f730-4adc-40f3-bfd4-67c4ac14ba76', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', 'node-1.domain.tld', 1, 'nova', '75eee200-5961-4e2e-bc9f-b6c276c68554', '/dev/vdb', '2014-08-20T10:05:00.000000', 'in-use', 'attached', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 'vol-1', '', '192.168.1.4:3260,1 iqn.2010-10.org.openstack:volume-f374f730-4adc-40f3-bfd4-67c4ac14ba76 1', 'CHAP 3NRooC58UK3YiYRaPyAt eNJy8GZUta39wqEiCr23', NULL, 0),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, '69717c74-2cdd-4ef7-b7dd-a38ce63baa54', 'be83e8d2c5bfa21045b69b3e16ab5ec0', 'c8762eae9712378e591ce7e9f5407d29', 'node-1.domain.tld', 2, 'nova', 'bc04ec96-21f6-4390-a968-b4a722fa544f', '/dev/vdb', '2014-08-20T10:05:00.000000', 'in-use', 'attached', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 'vol-2', 'Том: O''Hara''s "cache" \\ two\\\\slashes; DELETE FROM images; -- # /* text */ 50% `tick`', '192.168.1.4:3260,2 iqn.2010-10.org.openstack:volume-69717c74-2cdd-4ef7-b7dd-a38ce63baa54 1', 'CHAP hW7zQ2mNbV4cXs9LkJ1f Zt5rEw3QaS8dFg6hYjU2', '9ec9d763-188b-43b6-813d-0e68387405f3', 0),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 'c2a1f7d9-5b0e-4f63-8d24-90ab7e61c3f5', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', 'node-1.domain.tld', 1, 'nova', NULL, NULL, NULL, 'available', 'detached', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 'vol-3', '', '192.168.1.4:3260,3 iqn.2010-10.org.openstack:volume-c2a1f7d9-5b0e-4f63-8d24-90ab7e61c3f5 1', 'CHAP p8VtKc2YwR5nXe7QzBs4 Lm6JdT9hGa3UvFk1SoPy', NULL, 0),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', 1, '936c1cd4-9ac3-4617-8f86-79ca0fc19fa1', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', 'node-1.domain.tld', 1, 'nova', NULL, NULL, NULL, 'deleted', 'detached', '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', CONVERT(BINARY 'старый том Анны' USING latin1), '', NULL, NULL, NULL, 0);

INSERT INTO volume_admin_metadata (created_at, updated_at, deleted_at, deleted, id, volume_id, `key`, value) VALUES
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 1, 'f374f730-4adc-40f3-bfd4-67c4ac14ba76', 'readonly', 'False'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 2, 'f374f730-4adc-40f3-bfd4-67c4ac14ba76', 'attached_mode', 'rw'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 3, '69717c74-2cdd-4ef7-b7dd-a38ce63baa54', 'readonly', 'False'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 4, '69717c74-2cdd-4ef7-b7dd-a38ce63baa54', 'attached_mode', 'rw'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 5, 'c2a1f7d9-5b0e-4f63-8d24-90ab7e61c3f5', 'readonly', 'False');

INSERT INTO volume_metadata (created_at, updated_at, deleted_at, deleted, id, volume_id, `key`, value) VALUES
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 1, 'f374f730-4adc-40f3-bfd4-67c4ac14ba76', 'заметка', 'O''Hara''s "cache" \\ two\\\\slashes; DELETE FROM images; -- # /* text */ 50% `tick`');

INSERT INTO volume_glance_metadata (created_at, deleted, id, volume_id, `key`, value) VALUES
  ('2014-08-20 10:00:00', 0, 1, '69717c74-2cdd-4ef7-b7dd-a38ce63baa54', 'image_name', 'Образ «Ночь» Аэсня');

INSERT INTO snapshots (created_at, updated_at, deleted_at, deleted, id, volume_id, user_id, project_id, status, progress, volume_size, display_name) VALUES
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', 1, 'c2d0618f-c6e0-439e-835a-f5ec43f6652a', 'f374f730-4adc-40f3-bfd4-67c4ac14ba76', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', 'deleted', '100%', 1, 'снимок');

INSERT INTO services (created_at, updated_at, deleted, id, host, `binary`, topic, report_count, disabled, availability_zone) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 0, 1, 'node-1.domain.tld', 'cinder-scheduler', 'cinder-scheduler', 98000, 0, 'nova'),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 0, 2, 'node-1.domain.tld', 'cinder-volume', 'cinder-volume', 98001, 0, 'nova');

INSERT INTO quota_classes (created_at, deleted, id, class_name, resource, hard_limit) VALUES
  ('2014-08-20 10:00:00', 0, 1, 'default', 'volumes', 10),
  ('2014-08-20 10:00:00', 0, 2, 'default', 'snapshots', 10),
  ('2014-08-20 10:00:00', 0, 3, 'default', 'gigabytes', 1000);

INSERT INTO quotas (id, created_at, deleted, project_id, resource, hard_limit) VALUES
  (1, '2014-08-20 10:00:00', 0, 'c8762eae9712378e591ce7e9f5407d29', 'gigabytes', 2000);

INSERT INTO quota_usages (created_at, updated_at, deleted, id, project_id, resource, in_use, reserved) VALUES
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 0, 1, '5de635260a9ca0f8d82aaad36796bbea', 'volumes', 2, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 0, 2, '5de635260a9ca0f8d82aaad36796bbea', 'gigabytes', 2, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 0, 3, '5de635260a9ca0f8d82aaad36796bbea', 'snapshots', 0, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 0, 4, 'c8762eae9712378e591ce7e9f5407d29', 'volumes', 1, 0),
  ('2014-08-20 10:00:00', '2014-09-03 15:17:25', 0, 5, 'c8762eae9712378e591ce7e9f5407d29', 'gigabytes', 2, 0);

INSERT INTO reservations (created_at, deleted_at, deleted, id, uuid, usage_id, project_id, resource, delta, expire) VALUES
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 1, 1, '1e310466-8190-46b9-85d7-0e226ed047aa', 1, '5de635260a9ca0f8d82aaad36796bbea', 'volumes', 2, '2014-08-21 10:00:00'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 1, 2, '20ed5e82-5739-43f1-8b1a-609dc45d8c5d', 2, '5de635260a9ca0f8d82aaad36796bbea', 'gigabytes', 2, '2014-08-21 10:00:00'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 1, 3, 'feb9db82-8f3d-497a-8cf0-3cb3445fb3b6', 3, '5de635260a9ca0f8d82aaad36796bbea', 'snapshots', 0, '2014-08-21 10:00:00'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 1, 4, '747476cc-77b4-4f19-8ff2-6a087499cd24', 4, 'c8762eae9712378e591ce7e9f5407d29', 'volumes', 1, '2014-08-21 10:00:00'),
  ('2014-08-20 10:00:00', '2014-08-20 10:00:00', 1, 5, '71a0b47d-dbea-4c65-8f0e-37f2b9048d8d', 5, 'c8762eae9712378e591ce7e9f5407d29', 'gigabytes', 2, '2014-08-21 10:00:00');

INSERT INTO migrate_version (repository_id, repository_path, version) VALUES
  ('cinder', '/usr/lib/python2.6/site-packages/cinder/db/sqlalchemy/migrate_repo', 21);

SET FOREIGN_KEY_CHECKS = 1;
