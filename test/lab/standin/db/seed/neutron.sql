-- The neutron database of a MOS 4.1 controller, Havana: made by neutron-server itself, so without alembic_version.
-- Plugin openvswitch with GRE; the tunnel ids are a short range (a real one has 65 534 rows).

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

CREATE TABLE agents (
  id varchar(36) NOT NULL, agent_type varchar(255) NOT NULL, `binary` varchar(255) NOT NULL,
  topic varchar(255) NOT NULL, host varchar(255) NOT NULL, admin_state_up tinyint(1) NOT NULL,
  created_at datetime NOT NULL, started_at datetime NOT NULL, heartbeat_timestamp datetime NOT NULL,
  description varchar(255), configurations varchar(4095) NOT NULL, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE allowedaddresspairs (
  port_id varchar(36) NOT NULL, mac_address varchar(32) NOT NULL, ip_address varchar(64) NOT NULL,
  PRIMARY KEY (port_id,mac_address,ip_address),
  CONSTRAINT allowedaddresspairs_ibfk_1 FOREIGN KEY (port_id) REFERENCES ports (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE dnsnameservers (
  address varchar(128) NOT NULL, subnet_id varchar(36) NOT NULL, PRIMARY KEY (address,subnet_id),
  KEY subnet_id (subnet_id),
  CONSTRAINT dnsnameservers_ibfk_1 FOREIGN KEY (subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE externalnetworks (
  network_id varchar(36) NOT NULL, PRIMARY KEY (network_id),
  CONSTRAINT externalnetworks_ibfk_1 FOREIGN KEY (network_id) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE extradhcpopts (
  id varchar(36) NOT NULL, port_id varchar(36) NOT NULL, opt_name varchar(64) NOT NULL,
  opt_value varchar(255) NOT NULL, PRIMARY KEY (id), UNIQUE KEY uidx_portid_optname (port_id,opt_name),
  CONSTRAINT extradhcpopts_ibfk_1 FOREIGN KEY (port_id) REFERENCES ports (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE floatingips (
  tenant_id varchar(255), id varchar(36) NOT NULL, floating_ip_address varchar(64) NOT NULL,
  floating_network_id varchar(36) NOT NULL, floating_port_id varchar(36) NOT NULL, fixed_port_id varchar(36),
  fixed_ip_address varchar(64), router_id varchar(36), PRIMARY KEY (id), KEY floating_port_id (floating_port_id),
  KEY fixed_port_id (fixed_port_id), KEY router_id (router_id),
  CONSTRAINT floatingips_ibfk_1 FOREIGN KEY (floating_port_id) REFERENCES ports (id),
  CONSTRAINT floatingips_ibfk_2 FOREIGN KEY (fixed_port_id) REFERENCES ports (id),
  CONSTRAINT floatingips_ibfk_3 FOREIGN KEY (router_id) REFERENCES routers (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ipallocationpools (
  id varchar(36) NOT NULL, subnet_id varchar(36), first_ip varchar(64) NOT NULL, last_ip varchar(64) NOT NULL,
  PRIMARY KEY (id), KEY subnet_id (subnet_id),
  CONSTRAINT ipallocationpools_ibfk_1 FOREIGN KEY (subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ipallocations (
  port_id varchar(36), ip_address varchar(64) NOT NULL, subnet_id varchar(36) NOT NULL,
  network_id varchar(36) NOT NULL, PRIMARY KEY (ip_address,subnet_id,network_id), KEY port_id (port_id),
  KEY subnet_id (subnet_id), KEY network_id (network_id),
  CONSTRAINT ipallocations_ibfk_1 FOREIGN KEY (port_id) REFERENCES ports (id) ON DELETE CASCADE,
  CONSTRAINT ipallocations_ibfk_2 FOREIGN KEY (subnet_id) REFERENCES subnets (id) ON DELETE CASCADE,
  CONSTRAINT ipallocations_ibfk_3 FOREIGN KEY (network_id) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ipavailabilityranges (
  allocation_pool_id varchar(36) NOT NULL, first_ip varchar(64) NOT NULL, last_ip varchar(64) NOT NULL,
  PRIMARY KEY (allocation_pool_id,first_ip,last_ip),
  CONSTRAINT ipavailabilityranges_ibfk_1 FOREIGN KEY (allocation_pool_id) REFERENCES ipallocationpools (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE networkdhcpagentbindings (
  network_id varchar(36) NOT NULL, dhcp_agent_id varchar(36) NOT NULL, PRIMARY KEY (network_id,dhcp_agent_id),
  KEY dhcp_agent_id (dhcp_agent_id),
  CONSTRAINT networkdhcpagentbindings_ibfk_1 FOREIGN KEY (network_id) REFERENCES networks (id) ON DELETE CASCADE,
  CONSTRAINT networkdhcpagentbindings_ibfk_2 FOREIGN KEY (dhcp_agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE networks (
  tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255), status varchar(16), admin_state_up tinyint(1),
  shared tinyint(1), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ovs_network_bindings (
  network_id varchar(36) NOT NULL, network_type varchar(32) NOT NULL, physical_network varchar(64),
  segmentation_id int(11), PRIMARY KEY (network_id),
  CONSTRAINT ovs_network_bindings_ibfk_1 FOREIGN KEY (network_id) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ovs_tunnel_allocations (
  tunnel_id int(11) NOT NULL, allocated tinyint(1) NOT NULL, PRIMARY KEY (tunnel_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ovs_tunnel_endpoints (
  ip_address varchar(64) NOT NULL, id int(11) NOT NULL, PRIMARY KEY (ip_address),
  UNIQUE KEY uniq_ovs_tunnel_endpoints0id (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ovs_vlan_allocations (
  physical_network varchar(64) NOT NULL, vlan_id int(11) NOT NULL, allocated tinyint(1) NOT NULL,
  PRIMARY KEY (physical_network,vlan_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE portbindingports (
  port_id varchar(36) NOT NULL, host varchar(255) NOT NULL, PRIMARY KEY (port_id),
  CONSTRAINT portbindingports_ibfk_1 FOREIGN KEY (port_id) REFERENCES ports (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE ports (
  tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255), network_id varchar(36) NOT NULL,
  mac_address varchar(32) NOT NULL, admin_state_up tinyint(1) NOT NULL, status varchar(16) NOT NULL,
  device_id varchar(255) NOT NULL, device_owner varchar(255) NOT NULL, PRIMARY KEY (id), KEY network_id (network_id),
  CONSTRAINT ports_ibfk_1 FOREIGN KEY (network_id) REFERENCES networks (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE quotas (
  id varchar(36) NOT NULL, tenant_id varchar(255), resource varchar(255), `limit` int(11), PRIMARY KEY (id),
  KEY ix_quotas_tenant_id (tenant_id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE routerl3agentbindings (
  id varchar(36) NOT NULL, router_id varchar(36), l3_agent_id varchar(36), PRIMARY KEY (id), KEY router_id (router_id),
  KEY l3_agent_id (l3_agent_id),
  CONSTRAINT routerl3agentbindings_ibfk_1 FOREIGN KEY (router_id) REFERENCES routers (id) ON DELETE CASCADE,
  CONSTRAINT routerl3agentbindings_ibfk_2 FOREIGN KEY (l3_agent_id) REFERENCES agents (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE routerroutes (
  destination varchar(64) NOT NULL, nexthop varchar(64) NOT NULL, router_id varchar(36) NOT NULL,
  PRIMARY KEY (destination,nexthop,router_id), KEY router_id (router_id),
  CONSTRAINT routerroutes_ibfk_1 FOREIGN KEY (router_id) REFERENCES routers (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE routers (
  tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255), status varchar(16), admin_state_up tinyint(1),
  gw_port_id varchar(36), enable_snat tinyint(1) NOT NULL, PRIMARY KEY (id), KEY gw_port_id (gw_port_id),
  CONSTRAINT routers_ibfk_1 FOREIGN KEY (gw_port_id) REFERENCES ports (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE securitygroupportbindings (
  port_id varchar(36) NOT NULL, security_group_id varchar(36) NOT NULL, PRIMARY KEY (port_id,security_group_id),
  KEY security_group_id (security_group_id),
  CONSTRAINT securitygroupportbindings_ibfk_1 FOREIGN KEY (port_id) REFERENCES ports (id) ON DELETE CASCADE,
  CONSTRAINT securitygroupportbindings_ibfk_2 FOREIGN KEY (security_group_id) REFERENCES securitygroups (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE securitygrouprules (
  tenant_id varchar(255), id varchar(36) NOT NULL, security_group_id varchar(36) NOT NULL, remote_group_id varchar(36),
  direction enum('ingress','egress'), ethertype varchar(40), protocol varchar(40), port_range_min int(11),
  port_range_max int(11), remote_ip_prefix varchar(255), PRIMARY KEY (id), KEY security_group_id (security_group_id),
  KEY remote_group_id (remote_group_id),
  CONSTRAINT securitygrouprules_ibfk_1 FOREIGN KEY (security_group_id) REFERENCES securitygroups (id) ON DELETE CASCADE,
  CONSTRAINT securitygrouprules_ibfk_2 FOREIGN KEY (remote_group_id) REFERENCES securitygroups (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE securitygroups (
  tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255), description varchar(255), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE subnetroutes (
  destination varchar(64) NOT NULL, nexthop varchar(64) NOT NULL, subnet_id varchar(36) NOT NULL,
  PRIMARY KEY (destination,nexthop,subnet_id), KEY subnet_id (subnet_id),
  CONSTRAINT subnetroutes_ibfk_1 FOREIGN KEY (subnet_id) REFERENCES subnets (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

CREATE TABLE subnets (
  tenant_id varchar(255), id varchar(36) NOT NULL, name varchar(255), network_id varchar(36),
  ip_version int(11) NOT NULL, cidr varchar(64) NOT NULL, gateway_ip varchar(64), enable_dhcp tinyint(1),
  shared tinyint(1), PRIMARY KEY (id), KEY network_id (network_id),
  CONSTRAINT subnets_ibfk_1 FOREIGN KEY (network_id) REFERENCES networks (id)
) ENGINE=InnoDB DEFAULT CHARSET=latin1;

INSERT INTO networks (tenant_id, id, name, status, admin_state_up, shared) VALUES
  ('5de635260a9ca0f8d82aaad36796bbea', '36560f8d-73ee-4f41-8def-8aecf7516417', 'net04', 'ACTIVE', 1, 1),
  ('b9750983962fed846333e9c9248d1fc9', '50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5', 'net04_ext', 'ACTIVE', 1, 0),
  ('5de635260a9ca0f8d82aaad36796bbea', 'a325ff94-6860-400f-a261-b91979138d35', 'net-1', 'ACTIVE', 1, 0);

INSERT INTO externalnetworks (network_id) VALUES
  ('50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5');

INSERT INTO subnets (tenant_id, id, name, network_id, ip_version, cidr, gateway_ip, enable_dhcp, shared) VALUES
  ('5de635260a9ca0f8d82aaad36796bbea', '46009ba8-426b-40ad-bde8-88ad932fb706', 'net04__subnet', '36560f8d-73ee-4f41-8def-8aecf7516417', 4, '192.168.111.0/24', '192.168.111.1', 1, 0),
  ('b9750983962fed846333e9c9248d1fc9', 'b1252005-89f1-49e4-9443-c289602d18ea', 'net04_ext__subnet', '50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5', 4, '172.16.40.32/27', '172.16.40.33', 0, 0),
  ('5de635260a9ca0f8d82aaad36796bbea', 'd4b25a0e-5393-4227-ad76-da00f1a08017', CONVERT(BINARY 'подсеть Аэсня-1' USING latin1), 'a325ff94-6860-400f-a261-b91979138d35', 4, '192.168.100.0/24', '192.168.100.1', 1, 0);

INSERT INTO ipallocationpools (id, subnet_id, first_ip, last_ip) VALUES
  ('7d22fe0b-5ed0-4e08-8ef0-a021a930fde5', '46009ba8-426b-40ad-bde8-88ad932fb706', '192.168.111.2', '192.168.111.254'),
  ('5efcc872-8da2-4ca9-8d80-e09283d62b24', 'b1252005-89f1-49e4-9443-c289602d18ea', '172.16.40.50', '172.16.40.62'),
  ('17d1bed0-2e2e-4cd0-8b73-e7f40ac527c2', 'd4b25a0e-5393-4227-ad76-da00f1a08017', '192.168.100.2', '192.168.100.254');

INSERT INTO ipavailabilityranges (allocation_pool_id, first_ip, last_ip) VALUES
  ('7d22fe0b-5ed0-4e08-8ef0-a021a930fde5', '192.168.111.3', '192.168.111.254'),
  ('5efcc872-8da2-4ca9-8d80-e09283d62b24', '172.16.40.52', '172.16.40.62'),
  ('17d1bed0-2e2e-4cd0-8b73-e7f40ac527c2', '192.168.100.6', '192.168.100.254');

INSERT INTO dnsnameservers (address, subnet_id) VALUES
  ('8.8.4.4', '46009ba8-426b-40ad-bde8-88ad932fb706'),
  ('8.8.8.8', '46009ba8-426b-40ad-bde8-88ad932fb706'),
  ('8.8.4.4', 'd4b25a0e-5393-4227-ad76-da00f1a08017');

INSERT INTO subnetroutes (destination, nexthop, subnet_id) VALUES
  ('10.40.0.0/24', '192.168.111.9', '46009ba8-426b-40ad-bde8-88ad932fb706');

INSERT INTO ports (tenant_id, id, name, network_id, mac_address, admin_state_up, status, device_id, device_owner) VALUES
  ('5de635260a9ca0f8d82aaad36796bbea', '0a683699-995b-492b-8603-a250874a7eef', '', 'a325ff94-6860-400f-a261-b91979138d35', 'fa:16:3e:5c:20:01', 1, 'ACTIVE', '75eee200-5961-4e2e-bc9f-b6c276c68554', 'compute:nova'),
  ('c8762eae9712378e591ce7e9f5407d29', '337a1089-f91b-4f8a-85e9-6661bafbf603', 'O''Hara''s "cache" \\ two\\\\slashes; DELETE FROM images; -- # /* tex', 'a325ff94-6860-400f-a261-b91979138d35', 'fa:16:3e:5c:20:02', 1, 'ACTIVE', 'bc04ec96-21f6-4390-a968-b4a722fa544f', 'compute:nova'),
  ('5de635260a9ca0f8d82aaad36796bbea', 'f46efe36-0377-471e-8a5a-51ee75f6f4bc', '', 'a325ff94-6860-400f-a261-b91979138d35', 'fa:16:3e:5c:20:03', 1, 'ACTIVE', '0244f7f6-5417-4bdd-8c15-049b360e343d', 'compute:nova'),
  ('5de635260a9ca0f8d82aaad36796bbea', '05516e42-94b2-4071-8921-39d601379658', '', 'a325ff94-6860-400f-a261-b91979138d35', 'fa:16:3e:5c:20:04', 1, 'ACTIVE', 'dhcpbd68d150-fa47-5731-af14-182327878895-a325ff94-6860-400f-a261-b91979138d35', 'network:dhcp'),
  ('5de635260a9ca0f8d82aaad36796bbea', '549054e0-b339-4637-82db-dd627ad70467', '', '36560f8d-73ee-4f41-8def-8aecf7516417', 'fa:16:3e:5c:20:05', 1, 'ACTIVE', 'dhcpbd68d150-fa47-5731-af14-182327878895-36560f8d-73ee-4f41-8def-8aecf7516417', 'network:dhcp'),
  ('', 'de221c84-eb4e-457b-8caa-aed6bdf41b56', '', '50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5', 'fa:16:3e:5c:20:06', 1, 'ACTIVE', 'e4d8f0ad-0699-4c83-88ab-22a6e4fc6482', 'network:router_gateway'),
  ('5de635260a9ca0f8d82aaad36796bbea', '63a94ca1-e0ab-4b0e-8772-9af2c1c4dc51', '', 'a325ff94-6860-400f-a261-b91979138d35', 'fa:16:3e:5c:20:07', 1, 'ACTIVE', 'e4d8f0ad-0699-4c83-88ab-22a6e4fc6482', 'network:router_interface'),
  ('', '5ea9fc62-380f-44a4-8af6-421556a3326b', '', '50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5', 'fa:16:3e:5c:20:08', 1, 'ACTIVE', 'c2079808-3e60-4ff7-8835-feb44693097d', 'network:floatingip');

INSERT INTO portbindingports (port_id, host) VALUES
  ('0a683699-995b-492b-8603-a250874a7eef', 'node-3.domain.tld'),
  ('337a1089-f91b-4f8a-85e9-6661bafbf603', 'node-3.domain.tld'),
  ('f46efe36-0377-471e-8a5a-51ee75f6f4bc', 'node-4.domain.tld'),
  ('05516e42-94b2-4071-8921-39d601379658', 'node-1.domain.tld'),
  ('549054e0-b339-4637-82db-dd627ad70467', 'node-1.domain.tld'),
  ('de221c84-eb4e-457b-8caa-aed6bdf41b56', 'node-1.domain.tld'),
  ('63a94ca1-e0ab-4b0e-8772-9af2c1c4dc51', 'node-1.domain.tld');

INSERT INTO ipallocations (port_id, ip_address, subnet_id, network_id) VALUES
  ('0a683699-995b-492b-8603-a250874a7eef', '192.168.100.2', 'd4b25a0e-5393-4227-ad76-da00f1a08017', 'a325ff94-6860-400f-a261-b91979138d35'),
  ('337a1089-f91b-4f8a-85e9-6661bafbf603', '192.168.100.4', 'd4b25a0e-5393-4227-ad76-da00f1a08017', 'a325ff94-6860-400f-a261-b91979138d35'),
  ('f46efe36-0377-471e-8a5a-51ee75f6f4bc', '192.168.100.5', 'd4b25a0e-5393-4227-ad76-da00f1a08017', 'a325ff94-6860-400f-a261-b91979138d35'),
  ('05516e42-94b2-4071-8921-39d601379658', '192.168.100.3', 'd4b25a0e-5393-4227-ad76-da00f1a08017', 'a325ff94-6860-400f-a261-b91979138d35'),
  ('549054e0-b339-4637-82db-dd627ad70467', '192.168.111.2', '46009ba8-426b-40ad-bde8-88ad932fb706', '36560f8d-73ee-4f41-8def-8aecf7516417'),
  ('de221c84-eb4e-457b-8caa-aed6bdf41b56', '172.16.40.50', 'b1252005-89f1-49e4-9443-c289602d18ea', '50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5'),
  ('63a94ca1-e0ab-4b0e-8772-9af2c1c4dc51', '192.168.100.1', 'd4b25a0e-5393-4227-ad76-da00f1a08017', 'a325ff94-6860-400f-a261-b91979138d35'),
  ('5ea9fc62-380f-44a4-8af6-421556a3326b', '172.16.40.51', 'b1252005-89f1-49e4-9443-c289602d18ea', '50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5');

INSERT INTO allowedaddresspairs (port_id, mac_address, ip_address) VALUES
  ('0a683699-995b-492b-8603-a250874a7eef', 'fa:16:3e:5c:20:01', '192.168.100.200');

INSERT INTO extradhcpopts (id, port_id, opt_name, opt_value) VALUES
  ('1f6d4beb-e2a7-4ea9-8711-f77ce43ae6c3', '0a683699-995b-492b-8603-a250874a7eef', 'bootfile-name', 'pxelinux.0');

INSERT INTO routers (tenant_id, id, name, status, admin_state_up, gw_port_id, enable_snat) VALUES
  ('5de635260a9ca0f8d82aaad36796bbea', 'e4d8f0ad-0699-4c83-88ab-22a6e4fc6482', 'router04', 'ACTIVE', 1, 'de221c84-eb4e-457b-8caa-aed6bdf41b56', 1);

INSERT INTO routerroutes (destination, nexthop, router_id) VALUES
  ('10.50.0.0/24', '192.168.100.9', 'e4d8f0ad-0699-4c83-88ab-22a6e4fc6482');

INSERT INTO floatingips (tenant_id, id, floating_ip_address, floating_network_id, floating_port_id, fixed_port_id, fixed_ip_address, router_id) VALUES
  ('5de635260a9ca0f8d82aaad36796bbea', 'c2079808-3e60-4ff7-8835-feb44693097d', '172.16.40.51', '50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5', '5ea9fc62-380f-44a4-8af6-421556a3326b', '0a683699-995b-492b-8603-a250874a7eef', '192.168.100.2', 'e4d8f0ad-0699-4c83-88ab-22a6e4fc6482');

INSERT INTO securitygroups (tenant_id, id, name, description) VALUES
  ('5de635260a9ca0f8d82aaad36796bbea', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc', 'default', 'default'),
  ('c8762eae9712378e591ce7e9f5407d29', '94985d89-f18b-449a-8158-e8620c371321', 'default', CONVERT(BINARY 'по умолчанию, Анна' USING latin1));

INSERT INTO securitygrouprules (tenant_id, id, security_group_id, remote_group_id, direction, ethertype, protocol, port_range_min, port_range_max, remote_ip_prefix) VALUES
  ('5de635260a9ca0f8d82aaad36796bbea', 'dd7f3bf2-d59c-48c5-8c05-1b96ea3befac', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc', NULL, 'egress', 'IPv4', NULL, NULL, NULL, NULL),
  ('5de635260a9ca0f8d82aaad36796bbea', 'b090fd29-f5fd-4c70-83d8-76c407157dd4', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc', NULL, 'egress', 'IPv6', NULL, NULL, NULL, NULL),
  ('5de635260a9ca0f8d82aaad36796bbea', 'b3d7e2ca-2ee3-4d6e-878c-86b01ffe789c', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc', 'ingress', 'IPv4', NULL, NULL, NULL, NULL),
  ('5de635260a9ca0f8d82aaad36796bbea', '4471e77f-78df-4f9f-86e5-155a63872f81', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc', 'ingress', 'IPv6', NULL, NULL, NULL, NULL),
  ('c8762eae9712378e591ce7e9f5407d29', '621cb8d9-285c-4b00-8acb-f402368ed696', '94985d89-f18b-449a-8158-e8620c371321', NULL, 'egress', 'IPv4', NULL, NULL, NULL, NULL),
  ('c8762eae9712378e591ce7e9f5407d29', '252a05c8-ff04-45af-849e-5c4e03d50e34', '94985d89-f18b-449a-8158-e8620c371321', NULL, 'egress', 'IPv6', NULL, NULL, NULL, NULL),
  ('c8762eae9712378e591ce7e9f5407d29', '42a44d7e-c133-4893-89a8-ba4912b3a6ec', '94985d89-f18b-449a-8158-e8620c371321', '94985d89-f18b-449a-8158-e8620c371321', 'ingress', 'IPv4', NULL, NULL, NULL, NULL),
  ('c8762eae9712378e591ce7e9f5407d29', 'a025c59e-848e-4623-8788-5bd53e172b0f', '94985d89-f18b-449a-8158-e8620c371321', '94985d89-f18b-449a-8158-e8620c371321', 'ingress', 'IPv6', NULL, NULL, NULL, NULL);

INSERT INTO securitygroupportbindings (port_id, security_group_id) VALUES
  ('0a683699-995b-492b-8603-a250874a7eef', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc'),
  ('337a1089-f91b-4f8a-85e9-6661bafbf603', '94985d89-f18b-449a-8158-e8620c371321'),
  ('f46efe36-0377-471e-8a5a-51ee75f6f4bc', 'caf2537a-8f45-4e3e-834d-a6d6b88b92dc');

INSERT INTO agents (id, agent_type, `binary`, topic, host, admin_state_up, created_at, started_at, heartbeat_timestamp, description, configurations) VALUES
  ('60e1fd69-6fdb-4254-8138-b4f25b77c8d9', 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'node-1.domain.tld', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, '{"tunnel_types": ["gre"], "tunneling_ip": "10.0.0.4", "bridge_mappings": {"physnet1": "br-ex"}, "l2_population": false, "devices": 5}'),
  ('a49e764d-7e48-4eec-843e-3617533a2430', 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'node-3.domain.tld', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, '{"tunnel_types": ["gre"], "tunneling_ip": "10.0.0.6", "bridge_mappings": {}, "l2_population": false, "devices": 2}'),
  ('3c88fbc4-6b4d-4bd3-872c-19dd129a2457', 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'node-4.domain.tld', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, '{"tunnel_types": ["gre"], "tunneling_ip": "10.0.0.7", "bridge_mappings": {}, "l2_population": false, "devices": 1}'),
  ('e66a35fc-9624-47c3-89ea-2ec6d8feb607', 'DHCP agent', 'neutron-dhcp-agent', 'dhcp_agent', 'node-1.domain.tld', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, '{"subnets": 2, "use_namespaces": true, "dhcp_lease_duration": 120, "dhcp_driver": "neutron.agent.linux.dhcp.Dnsmasq", "networks": 2, "ports": 7}'),
  ('a1fe62bf-224c-4aea-8e25-b6e90afe5e84', 'L3 agent', 'neutron-l3-agent', 'l3_agent', 'node-1.domain.tld', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, '{"router_id": "", "gateway_external_network_id": "", "handle_internal_only_routers": true, "use_namespaces": true, "routers": 1, "interfaces": 1, "floating_ips": 1, "ex_gw_ports": 1, "interface_driver": "neutron.agent.linux.interface.OVSInterfaceDriver"}'),
  ('334b5e67-2cff-420e-8981-c3b2aa442603', 'Metadata agent', 'neutron-metadata-agent', 'N/A', 'node-1.domain.tld', 1, '2014-08-20 10:00:00', '2014-08-20 10:00:00', '2014-09-03 15:17:25', NULL, '{"nova_metadata_ip": "10.0.0.4", "nova_metadata_port": 8775, "metadata_proxy_socket": "/var/lib/neutron/metadata_proxy"}');

INSERT INTO networkdhcpagentbindings (network_id, dhcp_agent_id) VALUES
  ('36560f8d-73ee-4f41-8def-8aecf7516417', 'e66a35fc-9624-47c3-89ea-2ec6d8feb607'),
  ('a325ff94-6860-400f-a261-b91979138d35', 'e66a35fc-9624-47c3-89ea-2ec6d8feb607');

INSERT INTO routerl3agentbindings (id, router_id, l3_agent_id) VALUES
  ('31a86264-7eb5-4512-8fbb-35c6e20bec8b', 'e4d8f0ad-0699-4c83-88ab-22a6e4fc6482', 'a1fe62bf-224c-4aea-8e25-b6e90afe5e84');

INSERT INTO ovs_network_bindings (network_id, network_type, physical_network, segmentation_id) VALUES
  ('36560f8d-73ee-4f41-8def-8aecf7516417', 'gre', NULL, 2),
  ('50b9e0ed-8dd5-4ea8-b4bf-87ef2ca879a5', 'flat', 'physnet1', NULL),
  ('a325ff94-6860-400f-a261-b91979138d35', 'gre', NULL, 3);

INSERT INTO ovs_tunnel_endpoints (ip_address, id) VALUES
  ('10.0.0.4', 1),
  ('10.0.0.6', 2),
  ('10.0.0.7', 3);

INSERT INTO ovs_tunnel_allocations (tunnel_id, allocated) VALUES
  (2, 1), (3, 1), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 0),
  (12, 0), (13, 0), (14, 0), (15, 0), (16, 0), (17, 0), (18, 0), (19, 0), (20, 0), (21, 0),
  (22, 0), (23, 0), (24, 0), (25, 0), (26, 0), (27, 0), (28, 0), (29, 0), (30, 0), (31, 0),
  (32, 0), (33, 0), (34, 0), (35, 0), (36, 0), (37, 0), (38, 0), (39, 0), (40, 0), (41, 0),
  (42, 0), (43, 0), (44, 0), (45, 0), (46, 0), (47, 0), (48, 0), (49, 0), (50, 0), (51, 0),
  (52, 0), (53, 0), (54, 0), (55, 0), (56, 0), (57, 0), (58, 0), (59, 0), (60, 0), (61, 0),
  (62, 0), (63, 0), (64, 0), (65, 0), (66, 0), (67, 0), (68, 0), (69, 0), (70, 0), (71, 0),
  (72, 0), (73, 0), (74, 0), (75, 0), (76, 0), (77, 0), (78, 0), (79, 0), (80, 0), (81, 0),
  (82, 0), (83, 0), (84, 0), (85, 0), (86, 0), (87, 0), (88, 0), (89, 0), (90, 0), (91, 0),
  (92, 0), (93, 0), (94, 0), (95, 0), (96, 0), (97, 0), (98, 0), (99, 0), (100, 0), (101, 0),
  (102, 0), (103, 0), (104, 0), (105, 0), (106, 0), (107, 0), (108, 0), (109, 0), (110, 0), (111, 0),
  (112, 0), (113, 0), (114, 0), (115, 0), (116, 0), (117, 0), (118, 0), (119, 0), (120, 0), (121, 0),
  (122, 0), (123, 0), (124, 0), (125, 0), (126, 0), (127, 0), (128, 0), (129, 0), (130, 0), (131, 0),
  (132, 0), (133, 0), (134, 0), (135, 0), (136, 0), (137, 0), (138, 0), (139, 0), (140, 0), (141, 0),
  (142, 0), (143, 0), (144, 0), (145, 0), (146, 0), (147, 0), (148, 0), (149, 0), (150, 0), (151, 0),
  (152, 0), (153, 0), (154, 0), (155, 0), (156, 0), (157, 0), (158, 0), (159, 0), (160, 0), (161, 0),
  (162, 0), (163, 0), (164, 0), (165, 0), (166, 0), (167, 0), (168, 0), (169, 0), (170, 0), (171, 0),
  (172, 0), (173, 0), (174, 0), (175, 0), (176, 0), (177, 0), (178, 0), (179, 0), (180, 0), (181, 0),
  (182, 0), (183, 0), (184, 0), (185, 0), (186, 0), (187, 0), (188, 0), (189, 0), (190, 0), (191, 0),
  (192, 0), (193, 0), (194, 0), (195, 0), (196, 0), (197, 0), (198, 0), (199, 0), (200, 0), (201, 0);

SET FOREIGN_KEY_CHECKS = 1;
