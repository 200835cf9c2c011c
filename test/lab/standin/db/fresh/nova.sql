-- The rows of a nova database that Fuel 5.0 has just deployed.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

INSERT INTO services (created_at, updated_at, id, host, `binary`, topic, report_count, disabled, deleted) VALUES
  ('2014-08-28 09:00:00', '2014-09-03 15:17:25', 1, 'node-5.domain.tld', 'nova-conductor', 'conductor', 800, 0, 0),
  ('2014-08-28 09:00:00', '2014-09-03 15:17:25', 2, 'node-5.domain.tld', 'nova-cert', 'cert', 801, 0, 0),
  ('2014-08-28 09:00:00', '2014-09-03 15:17:25', 3, 'node-5.domain.tld', 'nova-consoleauth', 'consoleauth', 802, 0, 0),
  ('2014-08-28 09:00:00', '2014-09-03 15:17:25', 4, 'node-5.domain.tld', 'nova-scheduler', 'scheduler', 803, 0, 0),
  ('2014-08-28 09:00:00', '2014-09-03 15:17:25', 5, 'node-5.domain.tld', 'nova-console', 'console', 804, 0, 0);

INSERT INTO instance_types (name, id, memory_mb, vcpus, swap, flavorid, rxtx_factor, root_gb, ephemeral_gb, disabled, is_public, deleted) VALUES
  ('m1.medium', 1, 4096, 2, 0, '3', 1, 40, 0, 0, 1, 0),
  ('m1.tiny', 2, 512, 1, 0, '1', 1, 1, 0, 0, 1, 0),
  ('m1.large', 3, 8192, 4, 0, '4', 1, 80, 0, 0, 1, 0),
  ('m1.xlarge', 4, 16384, 8, 0, '5', 1, 160, 0, 0, 1, 0),
  ('m1.small', 5, 2048, 1, 0, '2', 1, 20, 0, 0, 1, 0);

SET FOREIGN_KEY_CHECKS = 1;
