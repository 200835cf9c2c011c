// The commented defaults of the packages' own files, among which Puppet adds what it sets: `option=default | help`.
const common = `
debug=false | Print debugging output (set logging level to DEBUG instead of default WARNING level). (boolean value)
verbose=false | Print more verbose output (set logging level to INFO instead of default WARNING level). (boolean \
value)
log_config=<None> | If this option is specified, the logging configuration file specified is used and overrides any \
other logging options. (string value)
log_date_format=%Y-%m-%d %H:%M:%S | Format string for %%(asctime)s in log records. Default: %(default)s (string value)
log_file=<None> | (Optional) Name of log file to output to. If no default is set, logging will go to stdout. (string \
value)
log_dir=<None> | (Optional) The base directory used for relative --log-file paths (string value)
use_syslog=false | Use syslog for logging. (boolean value)
syslog_log_facility=LOG_USER | syslog facility to receive log lines (string value)
use_stderr=true | Log output to standard error (boolean value)
default_log_levels=amqplib=WARN,sqlalchemy=WARN,boto=WARN,suds=INFO,keystone=INFO,eventlet.wsgi.server=WARN | list \
of logger=LEVEL pairs (list value)
publish_errors=false | publish error events (boolean value)
fatal_deprecations=false | make deprecations fatal (boolean value)`

const rpc = `
rpc_thread_pool_size=64 | Size of RPC thread pool (integer value)
rpc_conn_pool_size=30 | Size of RPC connection pool (integer value)
rpc_response_timeout=60 | Seconds to wait for a response from call or multicall (integer value)
rpc_cast_timeout=30 | Seconds to wait before a cast expires (TTL). Only supported by impl_zmq. (integer value)
fake_rabbit=false | If passed, use a fake RabbitMQ provider (boolean value)
kombu_ssl_version= | If SSL is enabled, the SSL version to use. Valid values are TLSv1, SSLv23 and SSLv3. SSLv2 may \
be available on some distributions. (string value)
kombu_ssl_ca_certs= | SSL certification authority file (valid only if SSL enabled) (string value)
rabbit_host=localhost | The RabbitMQ broker address where a single node is used (string value)
rabbit_port=5672 | The RabbitMQ broker port where a single node is used (integer value)
rabbit_hosts=$rabbit_host:$rabbit_port | RabbitMQ HA cluster host:port pairs (list value)
rabbit_use_ssl=false | connect over SSL for RabbitMQ (boolean value)
rabbit_userid=guest | the RabbitMQ userid (string value)
rabbit_password=guest | the RabbitMQ password (string value)
rabbit_virtual_host=/ | the RabbitMQ virtual host (string value)
rabbit_retry_interval=1 | how frequently to retry connecting with RabbitMQ (integer value)
rabbit_retry_backoff=2 | how long to backoff for between retries when connecting to RabbitMQ (integer value)
rabbit_max_retries=0 | maximum retries with trying to connect to RabbitMQ (the default of 0 implies an infinite \
retry count) (integer value)
rabbit_ha_queues=false | use H/A queues in RabbitMQ (x-ha-policy: all). You need to wipe RabbitMQ database when \
changing this option. (boolean value)`

const token = `
auth_host=127.0.0.1 | Host providing the admin Identity API endpoint (string value)
auth_port=35357 | Port of the admin Identity API endpoint (integer value)
auth_protocol=https | Protocol of the admin Identity API endpoint(http or https) (string value)
auth_uri=<None> | Complete public Identity API endpoint (string value)
admin_user=<None> | Keystone account username (string value)
admin_password=<None> | Keystone account password (string value)
admin_tenant_name=admin | Keystone service account tenant name to validate user tokens (string value)
signing_dir=<None> | Directory used to cache files related to PKI tokens (string value)`

const databaseOld = `
backend=sqlalchemy | The backend to use for db (string value)
connection=sqlite:////var/lib/service.sqlite | The SQLAlchemy connection string used to connect to the database \
(string value)
idle_timeout=3600 | timeout before idle sql connections are reaped (integer value)
min_pool_size=1 | Minimum number of SQL connections to keep open in a pool (integer value)
max_pool_size=<None> | Maximum number of SQL connections to keep open in a pool (integer value)
max_retries=10 | maximum db connection retries during startup. (setting -1 implies an infinite retry count) (integer \
value)
retry_interval=10 | interval between retries of opening a sql connection (integer value)
max_overflow=<None> | If set, use this value for max_overflow with sqlalchemy (integer value)
connection_debug=0 | Verbosity of SQL debugging information. 0=None, 100=Everything (integer value)`

export const samples = {
  nova: {
    DEFAULT: `
# Options defined in nova.availability_zones
internal_service_availability_zone=internal | availability_zone to show internal services under (string value)
default_availability_zone=nova | default compute node availability_zone (string value)
# Options defined in nova.crypto
ca_file=cacert.pem | Filename of root CA (string value)
key_file=private/cakey.pem | Filename of private key (string value)
keys_path=$state_path/keys | Where we keep our keys (string value)
use_project_ca=false | Should we use a CA for each project? (boolean value)
# Options defined in nova.exception
fatal_exception_format_errors=false | make exception message format errors fatal (boolean value)
# Options defined in nova.netconf
my_ip=10.0.0.1 | ip address of this host (string value)
host=nova | Name of this node.  This can be an opaque identifier.  It is not necessarily a hostname, FQDN, or IP \
address. (string value)
use_ipv6=false | use ipv6 (boolean value)
# Options defined in nova.notifications
notify_on_any_change=false | If set, send compute.instance.update notifications on instance state changes. (boolean \
value)
# Options defined in nova.paths
pybasedir=/usr/lib/python/site-packages | Directory where the nova python module is installed (string value)
bindir=/usr/local/bin | Directory where nova binaries are installed (string value)
state_path=$pybasedir | Top-level directory for maintaining nova's state (string value)
# Options defined in nova.quota
quota_instances=10 | number of instances allowed per project (integer value)
quota_cores=20 | number of instance cores allowed per project (integer value)
quota_ram=51200 | megabytes of instance ram allowed per project (integer value)
quota_floating_ips=10 | number of floating ips allowed per project (integer value)
quota_metadata_items=128 | number of metadata items allowed per instance (integer value)
quota_injected_files=5 | number of injected files allowed (integer value)
quota_security_groups=10 | number of security groups per project (integer value)
quota_key_pairs=100 | number of key pairs per user (integer value)
reservation_expire=86400 | number of seconds until a reservation expires (integer value)
# Options defined in nova.service
report_interval=10 | seconds between nodes reporting state to datastore (integer value)
periodic_enable=true | enable periodic tasks (boolean value)
periodic_fuzzy_delay=60 | range of seconds to randomly delay when starting the periodic task scheduler (integer value)
enabled_apis=ec2,osapi_compute,metadata | a list of APIs to enable by default (list value)
enabled_ssl_apis= | a list of APIs with enabled SSL (list value)
ec2_listen=0.0.0.0 | IP address for EC2 API to listen (string value)
ec2_listen_port=8773 | port for ec2 api to listen (integer value)
osapi_compute_listen=0.0.0.0 | IP address for OpenStack API to listen (string value)
osapi_compute_listen_port=8774 | list port for osapi compute (integer value)
metadata_manager=nova.api.manager.MetadataManager | OpenStack metadata service manager (string value)
metadata_listen=0.0.0.0 | IP address for metadata api to listen (string value)
metadata_listen_port=8775 | port for metadata api to listen (integer value)
compute_manager=nova.compute.manager.ComputeManager | full class name for the Manager for compute (string value)
scheduler_manager=nova.scheduler.manager.SchedulerManager | full class name for the Manager for scheduler (string \
value)
service_down_time=60 | maximum time since last check-in for up service (integer value)
# Options defined in nova.api.auth
api_rate_limit=false | whether to use per-user rate limiting for the api. (boolean value)
auth_strategy=noauth | The strategy to use for auth: noauth or keystone. (string value)
# Options defined in nova.api.ec2.cloud
ec2_host=$my_ip | the ip of the ec2 api server (string value)
ec2_dmz_host=$my_ip | the internal ip of the ec2 api server (string value)
keystone_ec2_url=http://localhost:5000/v2.0/ec2tokens | URL to get token from ec2 request. (string value)
# Options defined in nova.api.metadata.handler
service_neutron_metadata_proxy=false | Set flag to indicate Neutron will proxy metadata requests and resolve \
instance ids. (boolean value)
neutron_metadata_proxy_shared_secret= | Shared secret to validate proxies Neutron metadata requests (string value)
# Options defined in nova.compute.manager
instances_path=$state_path/instances | where instances are stored on disk (string value)
running_deleted_instance_action=log | Action to take if a running deleted instance is detected. Valid options are \
'noop', 'log' and 'reap'. (string value)
running_deleted_instance_poll_interval=1800 | Number of seconds to wait between runs of the cleanup task. (integer \
value)
heal_instance_info_cache_interval=60 | Number of seconds between instance info_cache self healing updates (integer \
value)
reclaim_instance_interval=0 | Interval in seconds for reclaiming deleted instances (integer value)
volume_usage_poll_interval=0 | Interval in seconds for gathering volume usages (integer value)
resume_guests_state_on_host_boot=false | Whether to start guests that were running before the host rebooted (boolean \
value)
network_allocate_retries=0 | Number of times to retry network allocation on failures (integer value)
# Options defined in nova.image.glance
glance_host=$my_ip | default glance hostname or ip (string value)
glance_port=9292 | default glance port (integer value)
glance_api_servers=$glance_host:$glance_port | A list of the glance api servers available to nova. (list value)
glance_num_retries=0 | Number retries when downloading an image from glance (integer value)
# Options defined in nova.network
network_api_class=nova.network.api.API | The full class name of the network API class to use (string value)
neutron_url=http://127.0.0.1:9696 | URL for connecting to neutron (string value)
neutron_url_timeout=30 | timeout value for connecting to neutron in seconds (integer value)
neutron_admin_username=<None> | username for connecting to neutron in admin context (string value)
neutron_admin_password=<None> | password for connecting to neutron in admin context (string value)
neutron_admin_tenant_name=<None> | tenant name for connecting to neutron in admin context (string value)
neutron_region_name=<None> | region name for connecting to neutron in admin context (string value)
neutron_admin_auth_url=http://localhost:5000/v2.0 | auth url for connecting to neutron in admin context (string value)
neutron_ovs_bridge=br-int | Name of Integration Bridge used by Open vSwitch (string value)
# Options defined in nova.objectstore.s3server
buckets_path=$state_path/buckets | path to s3 buckets (string value)
s3_listen=0.0.0.0 | IP address for S3 API to listen (string value)
s3_listen_port=3333 | port for s3 api to listen (integer value)
# Options defined in nova.scheduler.filter_scheduler
scheduler_host_subset_size=1 | New instances will be scheduled on a host chosen randomly from a subset of the N best \
hosts. (integer value)
cpu_allocation_ratio=16.0 | Virtual CPU to physical CPU allocation ratio which affects all CPU filters. (floating \
point value)
ram_allocation_ratio=1.5 | virtual ram to physical ram allocation ratio (floating point value)
# Options defined in nova.virt.driver
compute_driver=<None> | Driver to use for controlling virtualization. (string value)
default_ephemeral_format=<None> | The default format an ephemeral_volume will be formatted with on creation. (string \
value)
use_cow_images=true | Whether to use cow images (boolean value)
# Options defined in nova.vnc
novncproxy_base_url=http://127.0.0.1:6080/vnc_auto.html | location of vnc console proxy (string value)
vncserver_listen=127.0.0.1 | IP address on which instance vncservers should listen (string value)
vncserver_proxyclient_address=127.0.0.1 | the address to which proxy clients (like nova-xvpvncproxy) should connect \
(string value)
vnc_enabled=true | enable vnc related features (boolean value)
# Options defined in nova.volume
volume_api_class=nova.volume.cinder.API | The full class name of the volume API class to use (string value)
# Options defined in nova.openstack.common.log${common}
# Options defined in nova.openstack.common.rpc${rpc}`,
    conductor: `
use_local=false | Perform nova-conductor operations locally (boolean value)
topic=conductor | the topic conductor nodes listen on (string value)
manager=nova.conductor.manager.ConductorManager | full class name for the Manager for conductor (string value)
workers=<None> | Number of workers for OpenStack Conductor service (integer value)`,
    database: databaseOld,
    keystone_authtoken: token,
    upgrade_levels: `
compute=<None> | Set a version cap for messages sent to compute services. If you plan to do a live upgrade from \
havana to icehouse, you should set this option to "icehouse-compat" before beginning the live upgrade procedure. \
(string value)
conductor=<None> | Set a version cap for messages sent to conductor services (string value)
network=<None> | Set a version cap for messages sent to network services (string value)
scheduler=<None> | Set a version cap for messages sent to scheduler services (string value)
cert=<None> | Set a version cap for messages sent to cert services (string value)`,
  },
  cinder: {
    DEFAULT: `
# Options defined in cinder.flags
api_paste_config=api-paste.ini | File name for the paste.deploy config for cinder-api (string value)
state_path=/var/lib/cinder | Top-level directory for maintaining cinder's state (string value)
my_ip=10.0.0.1 | ip address of this host (string value)
glance_host=$my_ip | default glance hostname or ip (string value)
glance_api_servers=$glance_host:$glance_port | A list of the glance api servers available to cinder \
([hostname|ip]:port) (list value)
host=cinder | Name of this node.  This can be an opaque identifier.  It is not necessarily a hostname, FQDN, or IP \
address. (string value)
storage_availability_zone=nova | availability zone of this node (string value)
enabled_backends=<None> | A list of backend names to use. (list value)
rootwrap_config=/etc/cinder/rootwrap.conf | Path to the rootwrap configuration file to use for running commands as \
root (string value)
# Options defined in cinder.service
report_interval=10 | seconds between nodes reporting state to datastore (integer value)
service_down_time=60 | maximum time since last check-in for up service (integer value)
osapi_volume_listen=0.0.0.0 | IP address for OpenStack Volume API to listen (string value)
osapi_volume_listen_port=8776 | port for os volume api to listen (integer value)
# Options defined in cinder.volume.driver
num_shell_tries=3 | number of times to attempt to run flakey shell commands (integer value)
iscsi_num_targets=100 | The maximum number of iscsi target ids per host (integer value)
iscsi_target_prefix=iqn.2010-10.org.openstack: | prefix for iscsi volumes (string value)
iscsi_ip_address=$my_ip | The IP address that the iSCSI daemon is listening on (string value)
iscsi_port=3260 | The port that the iSCSI daemon is listening on (integer value)
volume_clear=zero | Method used to wipe old volumes (valid options are: none, zero, shred) (string value)
volume_clear_size=0 | Size in MiB to wipe at start of old volumes. 0 => all (integer value)
iscsi_helper=tgtadm | iscsi target user-land tool to use (string value)
volumes_dir=$state_path/volumes | Volume configuration file storage directory (string value)
iscsi_iotype=fileio | Sets the behavior of the iSCSI target to either perform blockio or fileio (string value)
# Options defined in cinder.volume.drivers.lvm
volume_group=cinder-volumes | Name for the VG that will contain exported volumes (string value)
lvm_mirrors=0 | If set, create lvms with multiple mirrors. (integer value)
volume_driver=cinder.volume.drivers.lvm.LVMISCSIDriver | Driver to use for volume creation (string value)
# Options defined in cinder.openstack.common.log${common}
# Options defined in cinder.openstack.common.rpc${rpc}`,
    database: databaseOld,
    keystone_authtoken: token,
  },
  glance: {
    DEFAULT: `
default_store=file | Which backend scheme should Glance use by default is not specified in a request to add a new \
image to Glance? Known schemes are determined by the known_stores option below.
bind_host=0.0.0.0 | Address to bind the API server
bind_port=9292 | Port the bind the API server to
backlog=4096 | Backlog requests when creating socket
workers=1 | Number of Glance API worker processes to start.
image_size_cap=1099511627776 | Maximum image size (in bytes) that may be uploaded through the Glance API server. \
Defaults to 1 TB.
sql_connection=sqlite:///glance.sqlite | SQLAlchemy connection string for the reference implementation registry \
server.
sql_idle_timeout=3600 | Period in seconds after which SQLAlchemy should reestablish its connection to the database.
enable_v1_api=True | Allow unauthenticated access to the v1 API
registry_port=9191 | Port the registry server is listening on
registry_client_protocol=http | What protocol to use when connecting to the registry server?
notifier_strategy=default | Notifications can be sent when images are create, updated or deleted. There are three \
methods of sending notifications, logging (via the log_file directive), rabbit (via a rabbitmq queue), qpid (via a \
Qpid message queue), or noop (no notifications sent, the default)
rabbit_host=localhost | Configuration options if sending notifications via rabbitmq (these are the defaults)
rabbit_port=5672 | Port of the broker
rabbit_use_ssl=false | Use SSL
rabbit_userid=guest | User of the broker
rabbit_password=guest | Password of the broker
rabbit_virtual_host=/ | Virtual host
filesystem_store_datadir=/var/lib/glance/images/ | Directory that the Filesystem backend store writes image data to
delayed_delete=False | Turn on/off delayed delete
scrub_time=0 | Delayed delete time in seconds
${common.trim()}`,
    keystone_authtoken: token,
    paste_deploy: `
config_file=glance-api-paste.ini | Name of the paste configuration file that defines the available pipelines
flavor= | Partial name of a pipeline in your paste configuration file with the service name removed.`,
  },
  keystone: {
    DEFAULT: `
admin_token=ADMIN | A "shared secret" between keystone and other openstack services
bind_host=0.0.0.0 | The IP address of the network interface to listen on
public_port=5000 | The port number which the public service listens on
admin_port=35357 | The port number which the public admin listens on
public_endpoint=http://localhost:%(public_port)s/ | The base endpoint URLs for keystone that are advertised to clients
compute_port=8774 | The port number which the OpenStack Compute service listens on
policy_file=policy.json | Path to your policy definition containing identity actions
max_param_size=64 | maximum size of a parameter
list_limit=<None> | The maximum number of entities returned in a list response
${common.trim()}`,
    sql: `
connection=sqlite:///keystone.db | The SQLAlchemy connection string used to connect to the database
idle_timeout=200 | the timeout before idle sql connections are reaped`,
    database: databaseOld,
    identity: `
default_domain_id=default | This references the domain to use for all Identity API v2 requests
driver=keystone.identity.backends.sql.Identity | Identity backend`,
    token: `
expiration=86400 | Amount of time a token should remain valid (in seconds)
provider=<None> | Controls the token construction, validation, and revocation operations.
bind=<None> | External auth mechanisms that should add bind information to token`,
    signing: `
token_format=<None> | Deprecated in favor of provider in the [token] section
certfile=/etc/keystone/ssl/certs/signing_cert.pem | Path of the certfile for token signing
keyfile=/etc/keystone/ssl/private/signing_key.pem | Path of the keyfile for token signing`,
    auth: `
methods=external,password,token,oauth1 | Allowed authentication methods`,
  },
  neutron: {
    DEFAULT: `
state_path=/var/lib/neutron | Where to store Neutron state files.  This directory must be writable by the user \
executing the agent.
lock_path=$state_path/lock | Where to store lock files
bind_host=0.0.0.0 | Address to bind the API server
bind_port=9696 | Port the bind the API server to
api_extensions_path= | Path to the extensions.
core_plugin=neutron.plugins.ml2.plugin.Ml2Plugin | Neutron plugin provider module
service_plugins= | Advanced service modules
auth_strategy=keystone | The strategy to be used for auth. Supported values are 'keystone'(default), 'noauth'.
base_mac=fa:16:3e:00:00:00 | Base MAC address.
mac_generation_retries=16 | Maximum amount of retries to generate a unique MAC address
dhcp_lease_duration=86400 | DHCP Lease duration (in seconds)
allow_bulk=True | Enable or disable bulk create/update/delete operations
allow_overlapping_ips=False | Attention: the following parameter MUST be set to False if Neutron is being used in \
conjunction with nova security groups
notification_driver=neutron.openstack.common.notifier.rpc_notifier | Notification driver
agent_down_time=9 | seconds to regard the agent as down; should be at least twice report_interval, to be sure the \
agent is down for good
dhcp_agents_per_network=1 | Number of DHCP agents scheduled to host a network.
${common.trim()}${rpc}`,
    quotas: `
quota_driver=neutron.db.quota_db.DbQuotaDriver | Default driver to use for quota checks
quota_network=10 | number of networks allowed per tenant. A negative value means unlimited.
quota_subnet=10 | number of subnets allowed per tenant. A negative value means unlimited.
quota_port=50 | number of ports allowed per tenant. A negative value means unlimited.`,
    agent: `
root_helper=sudo | Use "sudo neutron-rootwrap /etc/neutron/rootwrap.conf" to use the real root filter facility.
report_interval=4 | seconds between nodes reporting state to server; should be less than agent_down_time, best if it \
is half or less than agent_down_time`,
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
        const [option, help] = line.split(' | ')
        out.push(`# ${help}`, `#${option}`, '')
      }
    }
    for (const [key, value] of Object.entries(settings[set] ?? {}))
      for (const one of [value].flat()) out.push(`${key}=${one}`)
    out.push('')
  }
  return `${out.join('\n')}\n`
}
