-- The rows of a neutron database that Fuel 5.0 has just deployed.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

INSERT INTO networks (tenant_id, id, name, status, admin_state_up, shared) VALUES
  ('737694a345c987fce2e156deb0f3c925', '10bbbb53-919a-47aa-88a2-84184573d4d8', 'net04', 'ACTIVE', 1, 1);

INSERT INTO subnets (tenant_id, id, name, network_id, ip_version, cidr, gateway_ip, enable_dhcp, shared) VALUES
  ('737694a345c987fce2e156deb0f3c925', '0bb384b5-ed49-46dc-8c14-f7ff051d4946', 'net04__subnet', '10bbbb53-919a-47aa-88a2-84184573d4d8', 4, '192.168.111.0/24', '192.168.111.1', 1, 0);

INSERT INTO ovs_network_bindings (network_id, network_type, physical_network, segmentation_id) VALUES
  ('10bbbb53-919a-47aa-88a2-84184573d4d8', 'gre', NULL, 2);

INSERT INTO agents (id, agent_type, `binary`, topic, host, admin_state_up, created_at, started_at, heartbeat_timestamp, description, configurations) VALUES
  ('e0cb2009-b1cc-4a98-837b-d26514e3381a', 'Open vSwitch agent', 'neutron-openvswitch-agent', 'N/A', 'node-5.domain.tld', 1, '2014-08-28 09:00:00', '2014-08-28 09:00:00', '2014-09-03 15:17:25', NULL, '{"tunnel_types": ["gre"], "tunneling_ip": "10.0.0.14", "bridge_mappings": {"physnet1": "br-ex"}, "l2_population": false, "devices": 0}'),
  ('5388a542-db23-4a63-8aee-91ffe9480828', 'DHCP agent', 'neutron-dhcp-agent', 'dhcp_agent', 'node-5.domain.tld', 1, '2014-08-28 09:00:00', '2014-08-28 09:00:00', '2014-09-03 15:17:25', NULL, '{"subnets": 1, "use_namespaces": true, "dhcp_lease_duration": 120, "dhcp_driver": "neutron.agent.linux.dhcp.Dnsmasq", "networks": 1, "ports": 0}'),
  ('5c004375-251b-4ced-8e73-d470c343f0bb', 'L3 agent', 'neutron-l3-agent', 'l3_agent', 'node-5.domain.tld', 1, '2014-08-28 09:00:00', '2014-08-28 09:00:00', '2014-09-03 15:17:25', NULL, '{"router_id": "", "gateway_external_network_id": "", "handle_internal_only_routers": false, "use_namespaces": true, "routers": 0, "interfaces": 0, "floating_ips": 0, "ex_gw_ports": 0, "interface_driver": "neutron.agent.linux.interface.OVSInterfaceDriver"}'),
  ('617d4145-2b9c-4e61-87d4-2448219a21d6', 'Metadata agent', 'neutron-metadata-agent', 'N/A', 'node-5.domain.tld', 1, '2014-08-28 09:00:00', '2014-08-28 09:00:00', '2014-09-03 15:17:25', NULL, '{"nova_metadata_ip": "10.0.0.14", "nova_metadata_port": 8775, "metadata_proxy_socket": "/var/lib/neutron/metadata_proxy"}');

INSERT INTO ovs_tunnel_endpoints (ip_address, id) VALUES
  ('10.0.0.14', 1);

SET FOREIGN_KEY_CHECKS = 1;
