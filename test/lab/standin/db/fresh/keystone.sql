-- The rows of a keystone database that Fuel 5.0 has just deployed; the passwords are node-5's in ../../clouds.json.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

INSERT INTO domain (id, name, enabled, extra) VALUES
  ('default', 'Default', 1, '{"description": "Owns users and tenants (i.e. projects) available on Identity API v2."}');

INSERT INTO project (id, name, extra, description, enabled, domain_id) VALUES
  ('737694a345c987fce2e156deb0f3c925', 'admin', '{}', 'admin tenant', 1, 'default'),
  ('97714e91c3670f4a99137623061153b8', 'services', '{}', 'services tenant', 1, 'default');

INSERT INTO user (id, name, extra, password, enabled, domain_id, default_project_id) VALUES
  ('7500a033c01053b84dd347618baf7af8', 'admin', '{"email": "admin@localhost"}', '$6$rounds=40000$3282f0e248d158c1$Reil7e3zLJ/2vxJ3EkTpC3dwEuGhciN7jkCYYU542oC3fMEHxVgla5neavu0E0u5SyJ.GCekfz5GBy1AaB4qq.', 1, 'default', NULL),
  ('43bc136e6a6cbd292a20ba056c627581', 'glance', '{"email": "glance@localhost"}', '$6$rounds=40000$f4b7b2772e2098e6$6BeK/pBwJFDEgShqlBhB4ogch0Y6HuNQD5FZcdkmf57a//Zsa0PYJ35..LczGJNhxivoS1sOAIVB8LJVJvBxc0', 1, 'default', NULL),
  ('bee9cb0869725f222dfad7789f0e9658', 'nova', '{"email": "nova@localhost"}', '$6$rounds=40000$8d14dd22d4f87861$b4Wjb2XsybjLSXfIMcSAiIMPii/qVam383PjZBjgDnoTluxaltVSzzPOki00rp/zqURmJQ8d0ExoHUpnuBEDQ0', 1, 'default', NULL),
  ('ad3a9460d17309628bf595e3be932f0e', 'neutron', '{"email": "neutron@localhost"}', '$6$rounds=40000$fc52025af52faeb6$5xcOlOupBMyfj8rlzjY6J/dXVTBTKi9x3qhXVddr8awijPrpKesQeMsafegHQyOu6y1/mM9eYqO1SrSYl6Ye3/', 1, 'default', NULL),
  ('36f05917b24e8d9bbe01f9531f5f811f', 'cinder', '{"email": "cinder@localhost"}', '$6$rounds=40000$104ecf2e202edbc7$VE8bta4rPjCAyJGB5keU3yxO5kA8fwS3v0xLHlTBGgCKC3..XqnWagUhfKNJj5i/h5shIN2kkkLvDc3HHfivC/', 1, 'default', NULL),
  ('1c1d5cf8a62351b7cdc6574d1434f790', 'heat', '{"email": "heat@localhost"}', '$6$rounds=40000$07903fde072db260$l2Q49h9tqK1IqFyOcXVRsBc9z4GPC7wrvOmh9zCitgzj.alOeMpt7BM6GM7cCzrvTpyLC8tF610RQPT6gfhad0', 1, 'default', NULL);

INSERT INTO role (id, name, extra) VALUES
  ('9494ff6da5e38eacb893c1df265048aa', 'admin', '{}'),
  ('215afea95b67660b0b249a669f5c52ab', 'Member', '{}'),
  ('9fe2ff9ee4384b1894a90878d3e92bab', '_member_', '{}');

INSERT INTO service (id, type, extra, enabled) VALUES
  ('c1f9c152ecc0b93430905626b77f9ce7', 'identity', '{"name": "keystone", "description": "OpenStack Identity Service"}', 1),
  ('90f8a578c2ba1634613dec0c6d22be55', 'image', '{"name": "glance", "description": "Openstack Image Service"}', 1),
  ('f5dba95de5732fe40ef934b1d8b36449', 'compute', '{"name": "nova", "description": "Openstack Compute Service"}', 1),
  ('de1f071e45aa1857eb8885394cd86dc4', 'ec2', '{"name": "nova_ec2", "description": "EC2 Service"}', 1),
  ('e9763d2e3dee7789ee54c5e219704a05', 'volume', '{"name": "cinder", "description": "Cinder Service"}', 1),
  ('86e83cd0e0739b9d10f234f8042168ac', 'network', '{"name": "neutron", "description": "Neutron Networking Service"}', 1),
  ('cb59e5addaf2d97f1af3497bbcaa96a0', 'orchestration', '{"name": "heat", "description": "Openstack Orchestration Service"}', 1);

INSERT INTO endpoint (id, legacy_endpoint_id, `interface`, region, service_id, url, extra, enabled) VALUES
  ('875baf9359d45731b4ae68372ae9f43e', 'b9410a2c9f1195e8aa4c45e42ac4fd08', 'public', 'RegionOne', 'c1f9c152ecc0b93430905626b77f9ce7', 'http://172.16.40.44:5000/v2.0', '{}', 1),
  ('a33bdd120d41b2633b1f7a9790fb783b', 'b9410a2c9f1195e8aa4c45e42ac4fd08', 'internal', 'RegionOne', 'c1f9c152ecc0b93430905626b77f9ce7', 'http://10.0.0.14:5000/v2.0', '{}', 1),
  ('84e519cce936ea07a74250c14fa43877', 'b9410a2c9f1195e8aa4c45e42ac4fd08', 'admin', 'RegionOne', 'c1f9c152ecc0b93430905626b77f9ce7', 'http://10.0.0.14:35357/v2.0', '{}', 1),
  ('5b352d9b26ecdcffdaa445a3c81178fe', '1c12061f362afad0d7962ccaa2ab49d5', 'public', 'RegionOne', '90f8a578c2ba1634613dec0c6d22be55', 'http://172.16.40.44:9292', '{}', 1),
  ('b9876ec1c02b273a1a7211a86809f306', '1c12061f362afad0d7962ccaa2ab49d5', 'internal', 'RegionOne', '90f8a578c2ba1634613dec0c6d22be55', 'http://10.0.0.14:9292', '{}', 1),
  ('ae1e0a6f819673797110bb9588199161', '1c12061f362afad0d7962ccaa2ab49d5', 'admin', 'RegionOne', '90f8a578c2ba1634613dec0c6d22be55', 'http://10.0.0.14:9292', '{}', 1),
  ('02f5b76ee2ccd09385c6015c2b5459c2', 'adc0b3893efe929e3714b9cd6bd3ed00', 'public', 'RegionOne', 'f5dba95de5732fe40ef934b1d8b36449', 'http://172.16.40.44:8774/v2/%(tenant_id)s', '{}', 1),
  ('13b5021056b8a5896e78c2d30d6c0443', 'adc0b3893efe929e3714b9cd6bd3ed00', 'internal', 'RegionOne', 'f5dba95de5732fe40ef934b1d8b36449', 'http://10.0.0.14:8774/v2/%(tenant_id)s', '{}', 1),
  ('40e0f2984a05e3d6f31bb30e1c136f1f', 'adc0b3893efe929e3714b9cd6bd3ed00', 'admin', 'RegionOne', 'f5dba95de5732fe40ef934b1d8b36449', 'http://10.0.0.14:8774/v2/%(tenant_id)s', '{}', 1),
  ('16652ce6087925454e57bf794e8d7a60', '2ae310b4fd3bcb717267716267713f26', 'public', 'RegionOne', 'de1f071e45aa1857eb8885394cd86dc4', 'http://172.16.40.44:8773/services/Cloud', '{}', 1),
  ('4cd9a8cd23292668bf015949ff1eabd6', '2ae310b4fd3bcb717267716267713f26', 'internal', 'RegionOne', 'de1f071e45aa1857eb8885394cd86dc4', 'http://10.0.0.14:8773/services/Cloud', '{}', 1),
  ('611adf7a9f31b9196e48d5f74a7ec04d', '2ae310b4fd3bcb717267716267713f26', 'admin', 'RegionOne', 'de1f071e45aa1857eb8885394cd86dc4', 'http://10.0.0.14:8773/services/Admin', '{}', 1),
  ('67ee5867f966a5604a216333cc26946d', 'f1a89d024e3c6933b20afb312ce9a68b', 'public', 'RegionOne', 'e9763d2e3dee7789ee54c5e219704a05', 'http://172.16.40.44:8776/v1/%(tenant_id)s', '{}', 1),
  ('cfcd7e3f6f12a688e359ad6a75968f51', 'f1a89d024e3c6933b20afb312ce9a68b', 'internal', 'RegionOne', 'e9763d2e3dee7789ee54c5e219704a05', 'http://10.0.0.14:8776/v1/%(tenant_id)s', '{}', 1),
  ('8fec8472e8704a20bc0cfbba6deb9c86', 'f1a89d024e3c6933b20afb312ce9a68b', 'admin', 'RegionOne', 'e9763d2e3dee7789ee54c5e219704a05', 'http://10.0.0.14:8776/v1/%(tenant_id)s', '{}', 1),
  ('22d736f5e492652169fc89ce6365f705', 'e2fe06ed826953ed92480914ddf19611', 'public', 'RegionOne', '86e83cd0e0739b9d10f234f8042168ac', 'http://172.16.40.44:9696', '{}', 1),
  ('71de1a200df95f60c3ce6c5f88f15da7', 'e2fe06ed826953ed92480914ddf19611', 'internal', 'RegionOne', '86e83cd0e0739b9d10f234f8042168ac', 'http://10.0.0.14:9696', '{}', 1),
  ('b38e43d30fc6248b0a04e112a535fead', 'e2fe06ed826953ed92480914ddf19611', 'admin', 'RegionOne', '86e83cd0e0739b9d10f234f8042168ac', 'http://10.0.0.14:9696', '{}', 1),
  ('50afe1ac3baaa63d16d4258545fe3c80', '8bf0c21a29ec316fcbc4a48d96e22df9', 'public', 'RegionOne', 'cb59e5addaf2d97f1af3497bbcaa96a0', 'http://172.16.40.44:8004/v1/%(tenant_id)s', '{}', 1),
  ('a37b7a3c418a31a75162e8511874d712', '8bf0c21a29ec316fcbc4a48d96e22df9', 'internal', 'RegionOne', 'cb59e5addaf2d97f1af3497bbcaa96a0', 'http://10.0.0.14:8004/v1/%(tenant_id)s', '{}', 1),
  ('8c22bdd5b153edc46f8183b2a6f48281', '8bf0c21a29ec316fcbc4a48d96e22df9', 'admin', 'RegionOne', 'cb59e5addaf2d97f1af3497bbcaa96a0', 'http://10.0.0.14:8004/v1/%(tenant_id)s', '{}', 1);

INSERT INTO assignment (type, actor_id, target_id, role_id, inherited) VALUES
  ('UserProject', '7500a033c01053b84dd347618baf7af8', '737694a345c987fce2e156deb0f3c925', '9494ff6da5e38eacb893c1df265048aa', 0),
  ('UserProject', '43bc136e6a6cbd292a20ba056c627581', '97714e91c3670f4a99137623061153b8', '9494ff6da5e38eacb893c1df265048aa', 0),
  ('UserProject', 'bee9cb0869725f222dfad7789f0e9658', '97714e91c3670f4a99137623061153b8', '9494ff6da5e38eacb893c1df265048aa', 0),
  ('UserProject', 'ad3a9460d17309628bf595e3be932f0e', '97714e91c3670f4a99137623061153b8', '9494ff6da5e38eacb893c1df265048aa', 0),
  ('UserProject', '36f05917b24e8d9bbe01f9531f5f811f', '97714e91c3670f4a99137623061153b8', '9494ff6da5e38eacb893c1df265048aa', 0),
  ('UserProject', '1c1d5cf8a62351b7cdc6574d1434f790', '97714e91c3670f4a99137623061153b8', '9494ff6da5e38eacb893c1df265048aa', 0);

SET FOREIGN_KEY_CHECKS = 1;
