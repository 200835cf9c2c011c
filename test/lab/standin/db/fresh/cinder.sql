-- The rows of a cinder database that Fuel 5.0 has just deployed.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

INSERT INTO services (created_at, updated_at, deleted, id, host, `binary`, topic, report_count, disabled, availability_zone) VALUES
  ('2014-08-28 09:00:00', '2014-09-03 15:17:25', 0, 1, 'node-5.domain.tld', 'cinder-scheduler', 'cinder-scheduler', 800, 0, 'nova'),
  ('2014-08-28 09:00:00', '2014-09-03 15:17:25', 0, 2, 'node-5.domain.tld', 'cinder-volume', 'cinder-volume', 801, 0, 'nova');

INSERT INTO quota_classes (created_at, deleted, id, class_name, resource, hard_limit) VALUES
  ('2014-08-28 09:00:00', 0, 1, 'default', 'volumes', 10),
  ('2014-08-28 09:00:00', 0, 2, 'default', 'snapshots', 10),
  ('2014-08-28 09:00:00', 0, 3, 'default', 'gigabytes', 1000);

SET FOREIGN_KEY_CHECKS = 1;
