// The commented defaults of the packages' own files, among which Puppet adds what it sets: `option=default`.
const common = `
debug=false
verbose=false
log_config=<None>
log_date_format=%Y-%m-%d %H:%M:%S
log_file=<None>
log_dir=<None>
use_syslog=false
syslog_log_facility=LOG_USER
use_stderr=true
default_log_levels=amqplib=WARN,sqlalchemy=WARN,boto=WARN,suds=INFO,keystone=INFO,eventlet.wsgi.server=WARN
publish_errors=false
fatal_deprecations=false`

const rpc = `
rpc_thread_pool_size=64
rpc_conn_pool_size=30
rpc_response_timeout=60
rpc_cast_timeout=30
fake_rabbit=false
kombu_ssl_version=
kombu_ssl_ca_certs=
rabbit_host=localhost
rabbit_port=5672
rabbit_hosts=$rabbit_host:$rabbit_port
rabbit_use_ssl=false
rabbit_userid=guest
rabbit_password=guest
rabbit_virtual_host=/
rabbit_retry_interval=1
rabbit_retry_backoff=2
rabbit_max_retries=0
rabbit_ha_queues=false`

const token = `
auth_host=127.0.0.1
auth_port=35357
auth_protocol=https
auth_uri=<None>
admin_user=<None>
admin_password=<None>
admin_tenant_name=admin
signing_dir=<None>`

const databaseOld = `
backend=sqlalchemy
connection=sqlite:////var/lib/service.sqlite
idle_timeout=3600
min_pool_size=1
max_pool_size=<None>
max_retries=10
retry_interval=10
max_overflow=<None>
connection_debug=0`

export const samples = {
  nova: {
    DEFAULT: `
# nova.availability_zones
internal_service_availability_zone=internal
default_availability_zone=nova
# nova.crypto
ca_file=cacert.pem
key_file=private/cakey.pem
keys_path=$state_path/keys
use_project_ca=false
# nova.exception
fatal_exception_format_errors=false
# nova.netconf
my_ip=10.0.0.1
host=nova
use_ipv6=false
# nova.notifications
notify_on_any_change=false
# nova.paths
pybasedir=/usr/lib/python/site-packages
bindir=/usr/local/bin
state_path=$pybasedir
# nova.quota
quota_instances=10
quota_cores=20
quota_ram=51200
quota_floating_ips=10
quota_metadata_items=128
quota_injected_files=5
quota_security_groups=10
quota_key_pairs=100
reservation_expire=86400
# nova.service
report_interval=10
periodic_enable=true
periodic_fuzzy_delay=60
enabled_apis=ec2,osapi_compute,metadata
enabled_ssl_apis=
ec2_listen=0.0.0.0
ec2_listen_port=8773
osapi_compute_listen=0.0.0.0
osapi_compute_listen_port=8774
metadata_manager=nova.api.manager.MetadataManager
metadata_listen=0.0.0.0
metadata_listen_port=8775
compute_manager=nova.compute.manager.ComputeManager
scheduler_manager=nova.scheduler.manager.SchedulerManager
service_down_time=60
# nova.api.auth
api_rate_limit=false
auth_strategy=noauth
# nova.api.ec2.cloud
ec2_host=$my_ip
ec2_dmz_host=$my_ip
keystone_ec2_url=http://localhost:5000/v2.0/ec2tokens
# nova.api.metadata.handler
service_neutron_metadata_proxy=false
neutron_metadata_proxy_shared_secret=
# nova.compute.manager
instances_path=$state_path/instances
running_deleted_instance_action=log
running_deleted_instance_poll_interval=1800
heal_instance_info_cache_interval=60
reclaim_instance_interval=0
volume_usage_poll_interval=0
resume_guests_state_on_host_boot=false
network_allocate_retries=0
# nova.image.glance
glance_host=$my_ip
glance_port=9292
glance_api_servers=$glance_host:$glance_port
glance_num_retries=0
# nova.network
network_api_class=nova.network.api.API
neutron_url=http://127.0.0.1:9696
neutron_url_timeout=30
neutron_admin_username=<None>
neutron_admin_password=<None>
neutron_admin_tenant_name=<None>
neutron_region_name=<None>
neutron_admin_auth_url=http://localhost:5000/v2.0
neutron_ovs_bridge=br-int
# nova.objectstore.s3server
buckets_path=$state_path/buckets
s3_listen=0.0.0.0
s3_listen_port=3333
# nova.scheduler.filter_scheduler
scheduler_host_subset_size=1
cpu_allocation_ratio=16.0
ram_allocation_ratio=1.5
# nova.virt.driver
compute_driver=<None>
default_ephemeral_format=<None>
use_cow_images=true
# nova.vnc
novncproxy_base_url=http://127.0.0.1:6080/vnc_auto.html
vncserver_listen=127.0.0.1
vncserver_proxyclient_address=127.0.0.1
vnc_enabled=true
# nova.volume
volume_api_class=nova.volume.cinder.API
# nova.openstack.common.log${common}
# nova.openstack.common.rpc${rpc}`,
    conductor: `
use_local=false
topic=conductor
manager=nova.conductor.manager.ConductorManager
workers=<None>`,
    database: databaseOld,
    keystone_authtoken: token,
    upgrade_levels: `
compute=<None>
conductor=<None>
network=<None>
scheduler=<None>
cert=<None>`,
  },
  cinder: {
    DEFAULT: `
# cinder.flags
api_paste_config=api-paste.ini
state_path=/var/lib/cinder
my_ip=10.0.0.1
glance_host=$my_ip
glance_api_servers=$glance_host:$glance_port
host=cinder
storage_availability_zone=nova
enabled_backends=<None>
rootwrap_config=/etc/cinder/rootwrap.conf
# cinder.service
report_interval=10
service_down_time=60
osapi_volume_listen=0.0.0.0
osapi_volume_listen_port=8776
# cinder.volume.driver
num_shell_tries=3
iscsi_num_targets=100
iscsi_target_prefix=iqn.2010-10.org.openstack:
iscsi_ip_address=$my_ip
iscsi_port=3260
volume_clear=zero
volume_clear_size=0
iscsi_helper=tgtadm
volumes_dir=$state_path/volumes
iscsi_iotype=fileio
# cinder.volume.drivers.lvm
volume_group=cinder-volumes
lvm_mirrors=0
volume_driver=cinder.volume.drivers.lvm.LVMISCSIDriver
# cinder.openstack.common.log${common}
# cinder.openstack.common.rpc${rpc}`,
    database: databaseOld,
    keystone_authtoken: token,
  },
  glance: {
    DEFAULT: `
default_store=file
bind_host=0.0.0.0
bind_port=9292
backlog=4096
workers=1
image_size_cap=1099511627776
sql_connection=sqlite:///glance.sqlite
sql_idle_timeout=3600
enable_v1_api=True
registry_port=9191
registry_client_protocol=http
notifier_strategy=default
rabbit_host=localhost
rabbit_port=5672
rabbit_use_ssl=false
rabbit_userid=guest
rabbit_password=guest
rabbit_virtual_host=/
filesystem_store_datadir=/var/lib/glance/images/
delayed_delete=False
scrub_time=0
${common.trim()}`,
    keystone_authtoken: token,
    paste_deploy: `
config_file=glance-api-paste.ini
flavor=`,
  },
  keystone: {
    DEFAULT: `
admin_token=ADMIN
bind_host=0.0.0.0
public_port=5000
admin_port=35357
public_endpoint=http://localhost:%(public_port)s/
compute_port=8774
policy_file=policy.json
max_param_size=64
list_limit=<None>
${common.trim()}`,
    sql: `
connection=sqlite:///keystone.db
idle_timeout=200`,
    database: databaseOld,
    identity: `
default_domain_id=default
driver=keystone.identity.backends.sql.Identity`,
    token: `
expiration=86400
provider=<None>
bind=<None>`,
    signing: `
token_format=<None>
certfile=/etc/keystone/ssl/certs/signing_cert.pem
keyfile=/etc/keystone/ssl/private/signing_key.pem`,
    auth: `
methods=external,password,token,oauth1`,
  },
  neutron: {
    DEFAULT: `
state_path=/var/lib/neutron
lock_path=$state_path/lock
bind_host=0.0.0.0
bind_port=9696
api_extensions_path=
core_plugin=neutron.plugins.ml2.plugin.Ml2Plugin
service_plugins=
auth_strategy=keystone
base_mac=fa:16:3e:00:00:00
mac_generation_retries=16
dhcp_lease_duration=86400
allow_bulk=True
allow_overlapping_ips=False
notification_driver=neutron.openstack.common.notifier.rpc_notifier
agent_down_time=9
dhcp_agents_per_network=1
${common.trim()}${rpc}`,
    quotas: `
quota_driver=neutron.db.quota_db.DbQuotaDriver
quota_network=10
quota_subnet=10
quota_port=50`,
    agent: `
root_helper=sudo
report_interval=4`,
    keystone_authtoken: token,
    database: databaseOld,
  },
}

/** Changes of the packaged defaults from Havana to Icehouse. */
const icehouse = [
  ['agent_down_time=9 |', 'agent_down_time=75 |'],
  ['report_interval=4 |', 'report_interval=30 |'],
  ['expiration=86400 |', 'expiration=3600 |'],
  ['running_deleted_instance_action=log |', 'running_deleted_instance_action=reap |'],
]

/** A whole file: the package's commented sample, and at the end of each section what Puppet added. */
export function compose(sample, settings, release) {
  const names = [...new Set([...Object.keys(sample), ...Object.keys(settings)])]
  const folded = (name) => Object.keys(settings).find((other) => other === name || other.toLowerCase() === name)
  const out = []
  for (const name of names) {
    if (
      sample[name] === undefined &&
      Object.keys(sample).some((other) => other !== 'DEFAULT' && other === name.toLowerCase())
    ) {
      continue
    }
    const set = folded(name)
    out.push(`[${set ?? name}]`, '')
    let text = sample[name] ?? ''
    if (release === 'icehouse') for (const [from, to] of icehouse) text = text.replace(from, to)
    for (const line of text.split('\n').filter(Boolean)) {
      if (line.startsWith('# ')) out.push('', '#', line, '#', '')
      else {
        out.push(`# default of ${line.slice(0, line.indexOf('='))}`, `#${line}`, '')
      }
    }
    for (const [key, value] of Object.entries(settings[set] ?? {}))
      for (const one of [value].flat()) out.push(`${key}=${one}`)
    out.push('')
  }
  return `${out.join('\n')}\n`
}
