-- The keystone database of a MOS 4.1 controller, Havana 2013.2.4: schema version 36.
-- The users' passwords are those of ../../clouds.json; мария.белова has the password "snow-owl-17".
-- CONVERT(BINARY ... USING latin1) makes what a client over a latin1 connection has stored: UTF-8 taken for latin1.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

CREATE TABLE credential (
  id varchar(64) NOT NULL, user_id varchar(64) NOT NULL, project_id varchar(64), `blob` text NOT NULL,
  type varchar(255) NOT NULL, extra text, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE domain (
  id varchar(64) NOT NULL, name varchar(64) NOT NULL, enabled tinyint(1) NOT NULL, extra text, PRIMARY KEY (id),
  UNIQUE KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE endpoint (
  id varchar(64) NOT NULL, legacy_endpoint_id varchar(64), `interface` varchar(8) NOT NULL, region varchar(255),
  service_id varchar(64) NOT NULL, url text NOT NULL, extra text, PRIMARY KEY (id),
  KEY endpoint_service_id_fkey (service_id),
  CONSTRAINT endpoint_service_id_fkey FOREIGN KEY (service_id) REFERENCES service (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE `group` (
  id varchar(64) NOT NULL, domain_id varchar(64) NOT NULL, name varchar(64) NOT NULL, description text, extra text,
  PRIMARY KEY (id), UNIQUE KEY domain_id (domain_id,name),
  CONSTRAINT group_ibfk_1 FOREIGN KEY (domain_id) REFERENCES domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE group_domain_metadata (
  group_id varchar(64) NOT NULL, domain_id varchar(64) NOT NULL, data text, PRIMARY KEY (group_id,domain_id),
  KEY domain_id (domain_id), CONSTRAINT group_domain_metadata_ibfk_2 FOREIGN KEY (domain_id) REFERENCES domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE group_project_metadata (
  group_id varchar(64) NOT NULL, project_id varchar(64) NOT NULL, data text, PRIMARY KEY (group_id,project_id),
  KEY group_project_metadata_project_id_fkey (project_id),
  CONSTRAINT group_project_metadata_project_id_fkey FOREIGN KEY (project_id) REFERENCES project (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE migrate_version (
  repository_id varchar(250) NOT NULL, repository_path text, version int(11), PRIMARY KEY (repository_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE policy (
  id varchar(64) NOT NULL, type varchar(255) NOT NULL, `blob` text NOT NULL, extra text, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE project (
  id varchar(64) NOT NULL, name varchar(64) NOT NULL, extra text, description text, enabled tinyint(1),
  domain_id varchar(64) NOT NULL, PRIMARY KEY (id), UNIQUE KEY domain_id (domain_id,name),
  CONSTRAINT project_ibfk_1 FOREIGN KEY (domain_id) REFERENCES domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE role (
  id varchar(64) NOT NULL, name varchar(255) NOT NULL, extra text, PRIMARY KEY (id), UNIQUE KEY name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE service (
  id varchar(64) NOT NULL, type varchar(255), extra mediumtext, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE token (
  id varchar(64) NOT NULL, expires datetime, extra mediumtext, valid tinyint(1) NOT NULL, trust_id varchar(64),
  user_id varchar(64), PRIMARY KEY (id), KEY ix_token_expires (expires), KEY ix_token_expires_valid (expires,valid)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE trust (
  id varchar(64) NOT NULL, trustor_user_id varchar(64) NOT NULL, trustee_user_id varchar(64) NOT NULL,
  project_id varchar(64), impersonation tinyint(1) NOT NULL, deleted_at datetime, expires_at datetime, extra text,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE trust_role (
  trust_id varchar(64) NOT NULL, role_id varchar(64) NOT NULL, PRIMARY KEY (trust_id,role_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE user (
  id varchar(64) NOT NULL, name varchar(255) NOT NULL, extra text, password varchar(128), enabled tinyint(1),
  domain_id varchar(64) NOT NULL, default_project_id varchar(64), PRIMARY KEY (id),
  UNIQUE KEY domain_id (domain_id,name), CONSTRAINT user_ibfk_1 FOREIGN KEY (domain_id) REFERENCES domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE user_domain_metadata (
  user_id varchar(64) NOT NULL, domain_id varchar(64) NOT NULL, data text, PRIMARY KEY (user_id,domain_id),
  KEY domain_id (domain_id), CONSTRAINT user_domain_metadata_ibfk_2 FOREIGN KEY (domain_id) REFERENCES domain (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE user_group_membership (
  user_id varchar(64) NOT NULL, group_id varchar(64) NOT NULL, PRIMARY KEY (user_id,group_id), KEY group_id (group_id),
  CONSTRAINT user_group_membership_ibfk_1 FOREIGN KEY (user_id) REFERENCES user (id),
  CONSTRAINT user_group_membership_ibfk_2 FOREIGN KEY (group_id) REFERENCES `group` (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE user_project_metadata (
  user_id varchar(64) NOT NULL, project_id varchar(64) NOT NULL, data text, PRIMARY KEY (user_id,project_id),
  KEY project_id (project_id),
  CONSTRAINT user_project_metadata_ibfk_2 FOREIGN KEY (project_id) REFERENCES project (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

INSERT INTO domain (id, name, enabled, extra) VALUES
  ('default', 'Default', 1, '{"description": "Owns users and tenants (i.e. projects) available on Identity API v2."}');

INSERT INTO project (id, name, extra, description, enabled, domain_id) VALUES
  ('5de635260a9ca0f8d82aaad36796bbea', 'admin', '{}', 'admin tenant', 1, 'default'),
  ('b9750983962fed846333e9c9248d1fc9', 'services', '{}', CONVERT(BINARY 'Аренда для служб: ночь, снег, эхо' USING latin1), 1, 'default'),
  ('c8762eae9712378e591ce7e9f5407d29', 'Проект «Ночь» Аэсня', '{"note": "O''Hara''s \\"cache\\" \\\\ two\\\\\\\\slashes; DELETE FROM images; -- # /* text */ 50% `tick`", "cost": null}', 'O''Hara''s "cache" \\ two\\\\slashes; DELETE FROM images; -- # /* text */ 50% `tick` Аэсня', 1, 'default');

INSERT INTO user (id, name, extra, password, enabled, domain_id, default_project_id) VALUES
  ('4043ac95a64e98116a0c1265614dbc34', 'admin', '{"email": "admin@example.org"}', '$6$rounds=40000$62863ef31c77d687$IaENE6oQDdcf8ot/2Bveb0fsRrzkXFJbtwaLKFf67gYa4oRbEvYE/.5dLUg5mPUJntORiofmAaUFObAaijyId1', 1, 'default', NULL),
  ('2199a8c37d6851952f570cb03cc913b3', 'nova', '{"email": "nova@localhost"}', '$6$rounds=40000$b19da7ef74d4320f$NJY99rrY9s0E8FANJwJNfiVOu/GEyYf5sOrtMohAN0uzXYd914YGgDZE1JElGfCzAof52jC6viM2tHHe/Zko3/', 1, 'default', 'b9750983962fed846333e9c9248d1fc9'),
  ('40e316d1e4d9607599da6253e4717202', 'glance', '{"email": "glance@localhost"}', '$6$rounds=40000$b05bcb9f18bd9b92$fKksC5wrVx8ebFuA3EKceeim2rs3pZStVJ7yyTPcatGJbKP/c2elYPk7VF9m7RBI9yMxIykORMSStS9y3bRCj0', 1, 'default', 'b9750983962fed846333e9c9248d1fc9'),
  ('59a7665adbb2b613f8174e2a171d6f12', 'cinder', '{"email": "cinder@localhost"}', '$6$rounds=40000$93d37aa262f436d9$.HXXOU2m.ihM9tWjWNcfPX7jyOL3gqCdvgU6Osh44giMOPE3DG8/O4ILIUqYjhIVVgoeVA2en5Gwv6JgrzcjA.', 1, 'default', NULL),
  ('fb1be57bc0a8a9dcf5bf5792f2c5ccef', 'neutron', '{"email": "neutron@localhost"}', '$6$rounds=40000$84633d1d11be7080$MqC4/c5aY/FLZwd/nDikUp6LQcDaNRptsar0tIYt9EvkHNzhYh8CebjAhHdc2.ExYTJ2JR3NKF2iMWP6oqB070', 1, 'default', NULL),
  ('46c5fbb2c95f92a529723da5f34317a5', 'heat', '{"email": "heat@localhost"}', '$6$rounds=40000$44f416f5515590ed$XxILbVB2d2ZxIKma5qKsKlZk6zd0jOqYGk8rg7iMrTfm46IIQKkPFCWoB20rQSjRQ.rE7rQ4GgF5w7/AyKmJd0', 1, 'default', NULL),
  ('be83e8d2c5bfa21045b69b3e16ab5ec0', 'мария.белова', '{"email": "\\u043c\\u0430\\u0440\\u0438\\u044f@\\u043f\\u0440\\u0438\\u043c\\u0435\\u0440.\\u0440\\u0444"}', '$6$rounds=40000$4d6796370ba93f06$m/HwEYoJrh8v5.38aOvWI4ROq6cCas/EGTswZsElrsKQ3zD1nDW6pNrqCpXUwoKsL4OGDpKrZBIVO2pPsVm9O0', 1, 'default', NULL);

INSERT INTO role (id, name, extra) VALUES
  ('e496a6649adea6905f5361ccfe41c97f', 'admin', '{}'),
  ('9fe2ff9ee4384b1894a90878d3e92bab', '_member_', '{"enabled": "True", "description": "Default role for project membership"}'),
  ('a8ec5089e606529b4f38a5b084bc82a0', 'Member', '{}');

INSERT INTO `group` (id, domain_id, name, description, extra) VALUES
  ('515737f901d7d9ee0095dae901cd8df3', 'default', 'Дежурные', NULL, '{}');

INSERT INTO user_group_membership (user_id, group_id) VALUES
  ('be83e8d2c5bfa21045b69b3e16ab5ec0', '515737f901d7d9ee0095dae901cd8df3');

INSERT INTO user_project_metadata (user_id, project_id, data) VALUES
  ('4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', '{"roles": [{"id": "e496a6649adea6905f5361ccfe41c97f"}, {"id": "9fe2ff9ee4384b1894a90878d3e92bab"}]}'),
  ('4043ac95a64e98116a0c1265614dbc34', 'c8762eae9712378e591ce7e9f5407d29', '{}'),
  ('be83e8d2c5bfa21045b69b3e16ab5ec0', 'c8762eae9712378e591ce7e9f5407d29', '{"roles": [{"id": "a8ec5089e606529b4f38a5b084bc82a0"}]}'),
  ('40e316d1e4d9607599da6253e4717202', 'b9750983962fed846333e9c9248d1fc9', '{"roles": [{"id": "e496a6649adea6905f5361ccfe41c97f"}]}'),
  ('2199a8c37d6851952f570cb03cc913b3', 'b9750983962fed846333e9c9248d1fc9', '{"roles": [{"id": "e496a6649adea6905f5361ccfe41c97f"}]}'),
  ('fb1be57bc0a8a9dcf5bf5792f2c5ccef', 'b9750983962fed846333e9c9248d1fc9', '{"roles": [{"id": "e496a6649adea6905f5361ccfe41c97f"}]}'),
  ('59a7665adbb2b613f8174e2a171d6f12', 'b9750983962fed846333e9c9248d1fc9', '{"roles": [{"id": "e496a6649adea6905f5361ccfe41c97f"}]}'),
  ('46c5fbb2c95f92a529723da5f34317a5', 'b9750983962fed846333e9c9248d1fc9', '{"roles": [{"id": "e496a6649adea6905f5361ccfe41c97f"}]}');

INSERT INTO group_project_metadata (group_id, project_id, data) VALUES
  ('515737f901d7d9ee0095dae901cd8df3', 'c8762eae9712378e591ce7e9f5407d29', '{"roles": [{"id": "9fe2ff9ee4384b1894a90878d3e92bab"}]}');

INSERT INTO user_domain_metadata (user_id, domain_id, data) VALUES
  ('4043ac95a64e98116a0c1265614dbc34', 'default', '{"roles": [{"inherited_to": "projects", "id": "e496a6649adea6905f5361ccfe41c97f"}]}');

INSERT INTO service (id, type, extra) VALUES
  ('43e1d90586df44f399224c67ea6e9b97', 'identity', '{"name": "keystone", "description": "OpenStack Identity Service"}'),
  ('eca3144671534bb1be469e9acac22d60', 'image', '{"name": "glance", "description": "Openstack Image Service"}'),
  ('438d65e654af44fb9c047cd661a65a14', 'compute', '{"name": "nova", "description": "Openstack Compute Service"}'),
  ('c16c6ae8b9e445c197b66aaa4566a039', 'ec2', '{"name": "nova_ec2", "description": "EC2 Service"}'),
  ('21bcde17c33347d1bb00bcbd8b84b447', 'volume', '{"name": "cinder", "description": "Cinder Service"}'),
  ('c2c6fc9a8b7f4feeaeb970069174dacc', 'network', '{"name": "neutron", "description": "Neutron Networking Service"}'),
  ('ca4a8d13471144bcbc7c4920b55890e3', 'orchestration', '{"name": "heat", "enabled": true, "description": "Openstack Orchestration Service"}');

INSERT INTO endpoint (id, legacy_endpoint_id, `interface`, region, service_id, url, extra) VALUES
  ('9295347b2e6875b1edc4446d91a4fc9f', '8cb1c8216990434eb46e8180faf522bd', 'public', 'RegionOne', '43e1d90586df44f399224c67ea6e9b97', 'http://172.16.40.43:5000/v2.0', '{}'),
  ('bca72af38e3933d5134c6dc4b5e6e9e0', '8cb1c8216990434eb46e8180faf522bd', 'internal', 'RegionOne', '43e1d90586df44f399224c67ea6e9b97', 'http://10.0.0.4:5000/v2.0', '{}'),
  ('054c38336415aa3d00e7e50c63504cc3', '8cb1c8216990434eb46e8180faf522bd', 'admin', 'RegionOne', '43e1d90586df44f399224c67ea6e9b97', 'http://10.0.0.4:35357/v2.0', '{}'),
  ('53794d031e8dcc305abdf9ab007945c6', '2e2b3f5c1906465f8e269644e73a1268', 'public', 'RegionOne', 'eca3144671534bb1be469e9acac22d60', 'http://172.16.40.43:9292', '{}'),
  ('26e03957dabd5ffcbad1a8c1d94577d4', '2e2b3f5c1906465f8e269644e73a1268', 'internal', 'RegionOne', 'eca3144671534bb1be469e9acac22d60', 'http://10.0.0.4:9292', '{}'),
  ('ca497642a1b2d9f661a374bc4389b3b1', '2e2b3f5c1906465f8e269644e73a1268', 'admin', 'RegionOne', 'eca3144671534bb1be469e9acac22d60', 'http://10.0.0.4:9292', '{}'),
  ('c272e66c3177a7859b5ac268ba8cb9b6', 'eb4adb395e72482f8447d50103299a6d', 'public', 'RegionOne', '438d65e654af44fb9c047cd661a65a14', 'http://172.16.40.43:8774/v2/%(tenant_id)s', '{}'),
  ('a84c4b3b2b0f77a03005636eaf477b82', 'eb4adb395e72482f8447d50103299a6d', 'internal', 'RegionOne', '438d65e654af44fb9c047cd661a65a14', 'http://10.0.0.4:8774/v2/%(tenant_id)s', '{}'),
  ('7fd75f51d877fc078100b6fbaa3d0d94', 'eb4adb395e72482f8447d50103299a6d', 'admin', 'RegionOne', '438d65e654af44fb9c047cd661a65a14', 'http://10.0.0.4:8774/v2/%(tenant_id)s', '{}'),
  ('01f918114f4e87f5475657e0f83a84e3', '33a1717ea672454ead5daf2aa3a05df6', 'public', 'RegionOne', 'c16c6ae8b9e445c197b66aaa4566a039', 'http://172.16.40.43:8773/services/Cloud', '{}'),
  ('ad337ad6ea0e793bf6428191f29322ba', '33a1717ea672454ead5daf2aa3a05df6', 'internal', 'RegionOne', 'c16c6ae8b9e445c197b66aaa4566a039', 'http://10.0.0.4:8773/services/Cloud', '{}'),
  ('ddc243f9b11cdfd1728ddb75015dd9b4', '33a1717ea672454ead5daf2aa3a05df6', 'admin', 'RegionOne', 'c16c6ae8b9e445c197b66aaa4566a039', 'http://10.0.0.4:8773/services/Admin', '{}'),
  ('dbb3c60a921348e5994911aafcc491f1', '9a8c4808244a48feb6f6df739b1cfcaa', 'public', 'RegionOne', '21bcde17c33347d1bb00bcbd8b84b447', 'http://172.16.40.43:8776/v1/%(tenant_id)s', '{}'),
  ('b8808d00eb5fd36d7e0ddae64cd20ebb', '9a8c4808244a48feb6f6df739b1cfcaa', 'internal', 'RegionOne', '21bcde17c33347d1bb00bcbd8b84b447', 'http://10.0.0.4:8776/v1/%(tenant_id)s', '{}'),
  ('2151c14918fe8c7f0c9023672fa86b0d', '9a8c4808244a48feb6f6df739b1cfcaa', 'admin', 'RegionOne', '21bcde17c33347d1bb00bcbd8b84b447', 'http://10.0.0.4:8776/v1/%(tenant_id)s', '{}'),
  ('7129e1bc8101aba4ba5654f259ec54ba', '199949f2481242fc96b8e50b95e0053e', 'public', 'RegionOne', 'c2c6fc9a8b7f4feeaeb970069174dacc', 'http://172.16.40.43:9696', '{}'),
  ('39aecf5a3ca3965f12155b98bd22606d', '199949f2481242fc96b8e50b95e0053e', 'internal', 'RegionOne', 'c2c6fc9a8b7f4feeaeb970069174dacc', 'http://10.0.0.4:9696', '{}'),
  ('be05198c846333710f532a4547009b12', '199949f2481242fc96b8e50b95e0053e', 'admin', 'RegionOne', 'c2c6fc9a8b7f4feeaeb970069174dacc', 'http://10.0.0.4:9696', '{}'),
  ('476a3349dd7c67815b64c3235177fdd8', '5869dee417c94c39865ab44acbbb021d', 'public', 'RegionOne', 'ca4a8d13471144bcbc7c4920b55890e3', 'http://172.16.40.43:8004/v1/%(tenant_id)s', '{}'),
  ('c444e5851597e4aa3a4cb8c4e0aad1ae', '5869dee417c94c39865ab44acbbb021d', 'internal', 'RegionOne', 'ca4a8d13471144bcbc7c4920b55890e3', 'http://10.0.0.4:8004/v1/%(tenant_id)s', '{}'),
  ('f7bea4c3352b98b4c19091736ef8223a', '5869dee417c94c39865ab44acbbb021d', 'admin', 'RegionOne', 'ca4a8d13471144bcbc7c4920b55890e3', 'http://10.0.0.4:8004/v1/%(tenant_id)s', '{"note": "\\u043f\\u0440\\u043e\\u0432\\u0435\\u0440\\u0435\\u043d", "enabled": "True"}');

INSERT INTO credential (id, user_id, project_id, `blob`, type, extra) VALUES
  ('a6750d8ea307a862a143d931dd318f30', '4043ac95a64e98116a0c1265614dbc34', '5de635260a9ca0f8d82aaad36796bbea', '{"access": "dde6ca1d4b7ed723", "secret": "s\\\\e\\"c''r", "trust_id": null}', 'ec2', '{}');

INSERT INTO policy (id, type, `blob`, extra) VALUES
  ('d6c1d769d8cec09ca33153f839b55438', 'application/json', '{"rule:000": "role:admin or \\"x\\\\y\\"", "rule:001": "role:admin or \\"x\\\\y\\"", "rule:002": "role:admin or \\"x\\\\y\\"", "rule:003": "role:admin or \\"x\\\\y\\"", "rule:004": "role:admin or \\"x\\\\y\\"", "rule:005": "role:admin or \\"x\\\\y\\"", "rule:006": "role:admin or \\"x\\\\y\\"", "rule:007": "role:admin or \\"x\\\\y\\"", "rule:008": "role:admin or \\"x\\\\y\\"", "rule:009": "role:admin or \\"x\\\\y\\"", "rule:010": "role:admin or \\"x\\\\y\\"", "rule:011": "role:admin or \\"x\\\\y\\"", "rule:012": "role:admin or \\"x\\\\y\\"", "rule:013": "role:admin or \\"x\\\\y\\"", "rule:014": "role:admin or \\"x\\\\y\\"", "rule:015": "role:admin or \\"x\\\\y\\"", "rule:016": "role:admin or \\"x\\\\y\\"", "rule:017": "role:admin or \\"x\\\\y\\"", "rule:018": "role:admin or \\"x\\\\y\\"", "rule:019": "role:admin or \\"x\\\\y\\"", "rule:020": "role:admin or \\"x\\\\y\\"", "rule:021": "role:admin or \\"x\\\\y\\"", "rule:022": "role:admin or \\"x\\\\y\\"", "rule:023": "role:admin or \\"x\\\\y\\"", "rule:024": "role:admin or \\"x\\\\y\\"", "rule:025": "role:admin or \\"x\\\\y\\"", "rule:026": "role:admin or \\"x\\\\y\\"", "rule:027": "role:admin or \\"x\\\\y\\"", "rule:028": "role:admin or \\"x\\\\y\\"", "rule:029": "role:admin or \\"x\\\\y\\"", "rule:030": "role:admin or \\"x\\\\y\\"", "rule:031": "role:admin or \\"x\\\\y\\"", "rule:032": "role:admin or \\"x\\\\y\\"", "rule:033": "role:admin or \\"x\\\\y\\"", "rule:034": "role:admin or \\"x\\\\y\\"", "rule:035": "role:admin or \\"x\\\\y\\"", "rule:036": "role:admin or \\"x\\\\y\\"", "rule:037": "role:admin or \\"x\\\\y\\"", "rule:038": "role:admin or \\"x\\\\y\\"", "rule:039": "role:admin or \\"x\\\\y\\"", "rule:040": "role:admin or \\"x\\\\y\\"", "rule:041": "role:admin or \\"x\\\\y\\"", "rule:042": "role:admin or \\"x\\\\y\\"", "rule:043": "role:admin or \\"x\\\\y\\"", "rule:044": "role:admin or \\"x\\\\y\\"", "rule:045": "role:admin or \\"x\\\\y\\"", "rule:046": "role:admin or \\"x\\\\y\\"", "rule:047": "role:admin or \\"x\\\\y\\"", "rule:048": "role:admin or \\"x\\\\y\\"", "rule:049": "role:admin or \\"x\\\\y\\"", "rule:050": "role:admin or \\"x\\\\y\\"", "rule:051": "role:admin or \\"x\\\\y\\"", "rule:052": "role:admin or \\"x\\\\y\\"", "rule:053": "role:admin or \\"x\\\\y\\"", "rule:054": "role:admin or \\"x\\\\y\\"", "rule:055": "role:admin or \\"x\\\\y\\"", "rule:056": "role:admin or \\"x\\\\y\\"", "rule:057": "role:admin or \\"x\\\\y\\"", "rule:058": "role:admin or \\"x\\\\y\\"", "rule:059": "role:admin or \\"x\\\\y\\""}', '{}');

INSERT INTO token (id, expires, extra, valid, trust_id, user_id) VALUES
  ('17c30acf4cfe339aa01468930e91aae4', '2014-08-01 00:00:00', '{"bind": null}', 0, NULL, '4043ac95a64e98116a0c1265614dbc34'),
  ('86bd9b25015593401546c4865efbbe04', '2037-01-01 00:00:00', '{"bind": null, "token_data": {"access": {"token": {"id": "86bd9b25015593401546c4865efbbe04", "expires": "2037-01-01T00:00:00Z"}}}}', 1, NULL, '4043ac95a64e98116a0c1265614dbc34');

INSERT INTO trust (id, trustor_user_id, trustee_user_id, project_id, impersonation, deleted_at, expires_at, extra) VALUES
  ('61e99e1608315386597ca4457aa724bf', '4043ac95a64e98116a0c1265614dbc34', '46c5fbb2c95f92a529723da5f34317a5', '5de635260a9ca0f8d82aaad36796bbea', 1, NULL, '2036-12-31 00:00:00', '{}');

INSERT INTO trust_role (trust_id, role_id) VALUES
  ('61e99e1608315386597ca4457aa724bf', 'e496a6649adea6905f5361ccfe41c97f');

INSERT INTO migrate_version (repository_id, repository_path, version) VALUES
  ('keystone', '/usr/lib/python2.6/site-packages/keystone/common/sql/migrate_repo', 36);

SET FOREIGN_KEY_CHECKS = 1;
