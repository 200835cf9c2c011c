-- The glance database of a MOS 4.1 controller, Havana 2013.2.4: schema version 29, latin1 tables.
-- The Cyrillic texts lie as such a glance stores them, UTF-8 bytes in latin1 columns; "Größe fünf €" is true cp1252.
-- Sizes and checksums are those of the files that ../../bytes.mjs makes.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

CREATE TABLE image_locations (
  id int(11) NOT NULL AUTO_INCREMENT, image_id varchar(36) NOT NULL, value text NOT NULL, created_at datetime NOT NULL,
  updated_at datetime, deleted_at datetime, deleted tinyint(1) NOT NULL, meta_data text, PRIMARY KEY (id),
  KEY ix_image_locations_image_id (image_id), KEY ix_image_locations_deleted (deleted),
  CONSTRAINT image_locations_ibfk_1 FOREIGN KEY (image_id) REFERENCES images (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE image_members (
  id int(11) NOT NULL AUTO_INCREMENT, image_id varchar(36) NOT NULL, member varchar(255) NOT NULL,
  can_share tinyint(1) NOT NULL, created_at datetime NOT NULL, updated_at datetime, deleted_at datetime,
  deleted tinyint(1) NOT NULL, status varchar(20), PRIMARY KEY (id),
  UNIQUE KEY image_members_image_id_member_deleted_at_key (image_id,member,deleted_at),
  KEY ix_image_members_image_id_member (image_id,member), KEY ix_image_members_image_id (image_id),
  KEY ix_image_members_deleted (deleted),
  CONSTRAINT image_members_ibfk_1 FOREIGN KEY (image_id) REFERENCES images (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE image_properties (
  id int(11) NOT NULL AUTO_INCREMENT, image_id varchar(36) NOT NULL, name varchar(255) NOT NULL, value text,
  created_at datetime NOT NULL, updated_at datetime, deleted_at datetime, deleted tinyint(1) NOT NULL,
  PRIMARY KEY (id), UNIQUE KEY image_id (image_id,name), UNIQUE KEY ix_image_properties_image_id_name (image_id,name),
  KEY ix_image_properties_deleted (deleted), KEY ix_image_properties_image_id (image_id),
  CONSTRAINT image_properties_ibfk_1 FOREIGN KEY (image_id) REFERENCES images (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE image_tags (
  id int(11) NOT NULL AUTO_INCREMENT, image_id varchar(36) NOT NULL, value varchar(255) NOT NULL,
  created_at datetime NOT NULL, updated_at datetime, deleted_at datetime, deleted tinyint(1) NOT NULL,
  PRIMARY KEY (id), KEY ix_image_tags_image_id_tag_value (image_id,value), KEY ix_image_tags_image_id (image_id),
  CONSTRAINT image_tags_ibfk_1 FOREIGN KEY (image_id) REFERENCES images (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE images (
  id varchar(36) NOT NULL, name varchar(255), size bigint(20), status varchar(30) NOT NULL,
  is_public tinyint(1) NOT NULL, created_at datetime NOT NULL, updated_at datetime, deleted_at datetime,
  deleted tinyint(1) NOT NULL, disk_format varchar(20), container_format varchar(20), checksum varchar(32),
  owner varchar(255), min_disk int(11) NOT NULL, min_ram int(11) NOT NULL, protected tinyint(1), PRIMARY KEY (id),
  KEY ix_images_deleted (deleted), KEY ix_images_is_public (is_public), KEY checksum_image_idx (checksum),
  KEY owner_image_idx (owner)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE migrate_version (
  repository_id varchar(250) NOT NULL, repository_path text, version int(11), PRIMARY KEY (repository_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

INSERT INTO images (id, name, size, status, is_public, created_at, updated_at, deleted_at, deleted, disk_format, container_format, checksum, owner, min_disk, min_ram, protected) VALUES
  ('5bd625a0-cb69-4018-93c8-cf8bf0348f52', 'TestVM', 14811136, 'active', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 'qcow2', 'bare', 'd4112e30bb2f5d214335df4cf64eeaaa', '5de635260a9ca0f8d82aaad36796bbea', 0, 64, 0),
  ('e1d40c5b-7f26-4a98-b3c0-5d8e9a6f1b27', CONVERT(BINARY 'Образ «Ночь» Аэсня' USING latin1), 2883584, 'active', 0, '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 'qcow2', 'bare', 'a94973f7d58f03b478df3d1095f90d8f', 'c8762eae9712378e591ce7e9f5407d29', 0, 64, 1),
  ('70b8e3f4-1c95-4d2a-8e67-f3a2b1c0d9e8', 'Größe fünf €', 1310983, 'active', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 'raw', 'bare', '1843d0bc4a8ef791c9d674faf64b6fed', '5de635260a9ca0f8d82aaad36796bbea', 0, 64, 0),
  ('22fc2936-c869-4f67-86ee-07ea27aad994', 'O''Hara''s "cache" \\ two\\\\slashes; DELETE FROM images; -- # /* text */ 50% `tick`', 1048576, 'deleted', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', 1, 'qcow2', 'bare', '50c1f58be7f5e47e0f53d64c094783c2', '5de635260a9ca0f8d82aaad36796bbea', 0, 64, 0),
  ('cc86be97-42f1-4de9-831d-3e9917459f07', NULL, NULL, 'queued', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, NULL, NULL, NULL, '5de635260a9ca0f8d82aaad36796bbea', 0, 0, 0);

INSERT INTO image_locations (id, image_id, value, created_at, updated_at, deleted_at, deleted, meta_data) VALUES
  (1, '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 'file:///var/lib/glance/images/5bd625a0-cb69-4018-93c8-cf8bf0348f52', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, '{}'),
  (2, '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 'file:///var/lib/glance/images/5bd625a0-cb69-4018-93c8-cf8bf0348f52', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, '{}'),
  (3, 'e1d40c5b-7f26-4a98-b3c0-5d8e9a6f1b27', 'file:///var/lib/glance/images/e1d40c5b-7f26-4a98-b3c0-5d8e9a6f1b27', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, NULL),
  (4, '70b8e3f4-1c95-4d2a-8e67-f3a2b1c0d9e8', 'file:///var/lib/glance/images/70b8e3f4-1c95-4d2a-8e67-f3a2b1c0d9e8', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, '{}'),
  (5, '22fc2936-c869-4f67-86ee-07ea27aad994', 'file:///var/lib/glance/images/22fc2936-c869-4f67-86ee-07ea27aad994', '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', 1, '{}');

INSERT INTO image_members (id, image_id, member, can_share, created_at, updated_at, deleted_at, deleted, status) VALUES
  (1, 'e1d40c5b-7f26-4a98-b3c0-5d8e9a6f1b27', '5de635260a9ca0f8d82aaad36796bbea', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0, 'accepted');

INSERT INTO image_properties (id, image_id, name, value, created_at, updated_at, deleted_at, deleted) VALUES
  (1, '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 'murano_image_info', '{"type": "cirros.demo", "title": "Murano Demo"}', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0),
  (2, '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 'hw_disk_bus', 'virtio', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0),
  (3, '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 'long_note', REPEAT('0123456789abcdef', 3900), '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0),
  (4, 'e1d40c5b-7f26-4a98-b3c0-5d8e9a6f1b27', 'note', CONVERT(BINARY 'Сняла Анна, эталон' USING latin1), '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0),
  (5, '70b8e3f4-1c95-4d2a-8e67-f3a2b1c0d9e8', 'raw', 'line\r\nnext\ttab\0nul\Zctrl-z end\\', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0),
  (6, '70b8e3f4-1c95-4d2a-8e67-f3a2b1c0d9e8', 'empty', '', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0),
  (7, '70b8e3f4-1c95-4d2a-8e67-f3a2b1c0d9e8', 'none', NULL, '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0);

INSERT INTO image_tags (id, image_id, value, created_at, updated_at, deleted_at, deleted) VALUES
  (1, '5bd625a0-cb69-4018-93c8-cf8bf0348f52', 'prod', '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0),
  (2, 'e1d40c5b-7f26-4a98-b3c0-5d8e9a6f1b27', CONVERT(BINARY 'снег' USING latin1), '2014-08-20 10:00:00', '2014-08-20 10:00:00', NULL, 0);

INSERT INTO migrate_version (repository_id, repository_path, version) VALUES
  ('Glance Migrations', '/usr/lib/python2.6/site-packages/glance/db/sqlalchemy/migrate_repo', 29);

SET FOREIGN_KEY_CHECKS = 1;
