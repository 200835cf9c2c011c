// Files of packages that Puppet leaves (nearly) alone: paste pipelines, policies, rootwrap filters, Horizon's settings.
const filters = (entries) =>
  entries.map(([name, factory]) => `[filter:${name}]\npaste.filter_factory = ${factory}\n`).join('\n')

const keystoneCommon = [
  ['debug', 'keystone.common.wsgi:Debug.factory'],
  ['token_auth', 'keystone.middleware:TokenAuthMiddleware.factory'],
  ['admin_token_auth', 'keystone.middleware:AdminTokenAuthMiddleware.factory'],
  ['xml_body', 'keystone.middleware:XmlBodyMiddleware.factory'],
  ['json_body', 'keystone.middleware:JsonBodyMiddleware.factory'],
  ['user_crud_extension', 'keystone.contrib.user_crud:CrudExtension.factory'],
  ['crud_extension', 'keystone.contrib.admin_crud:CrudExtension.factory'],
  ['ec2_extension', 'keystone.contrib.ec2:Ec2Extension.factory'],
  ['s3_extension', 'keystone.contrib.s3:S3Extension.factory'],
  ['url_normalize', 'keystone.middleware:NormalizingFilter.factory'],
]
const tokens = 'url_normalize token_auth admin_token_auth xml_body json_body'
const keystonePaste = (extra, first) => `${filters([...keystoneCommon, ...extra])}
[app:public_service]
paste.app_factory = keystone.service:public_app_factory

[app:admin_service]
paste.app_factory = keystone.service:admin_app_factory

[pipeline:public_api]
pipeline = ${first} ${tokens} ec2_extension user_crud_extension public_service

[pipeline:admin_api]
pipeline = ${first} ${tokens} ec2_extension s3_extension crud_extension admin_service

[app:public_version_service]
paste.app_factory = keystone.service:public_version_app_factory

[app:admin_version_service]
paste.app_factory = keystone.service:admin_version_app_factory

[composite:main]
use = egg:Paste#urlmap
/v2.0 = public_api
/ = public_version_service

[composite:admin]
use = egg:Paste#urlmap
/v2.0 = admin_api
/ = admin_version_service
`

const chain = 'faultwrap sizelimit authtoken keystonecontext'
const novaPaste = (old) => `[composite:metadata]
use = egg:Paste#urlmap
/: meta

[pipeline:meta]
pipeline = ec2faultwrap logrequest metaapp

[app:metaapp]
paste.app_factory = nova.api.metadata.handler:MetadataRequestHandler.factory

[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/: oscomputeversions
/v1.1: openstack_compute_api_v2
/v2: openstack_compute_api_v2
/v3: openstack_compute_api_v3

[composite:openstack_compute_api_v2]
use = call:nova.api.auth:pipeline_factory
noauth = faultwrap sizelimit noauth ratelimit osapi_compute_app_v2
keystone = faultwrap sizelimit authtoken keystonecontext ratelimit osapi_compute_app_v2
keystone_nolimit = faultwrap sizelimit authtoken keystonecontext osapi_compute_app_v2

[composite:openstack_compute_api_v3]
use = call:nova.api.auth:pipeline_factory_v3
keystone = ${old ? '' : 'request_id '}${chain} ${old ? 'ratelimit_v3 ' : ''}osapi_compute_app_v3

[filter:faultwrap]
paste.filter_factory = nova.api.openstack:FaultWrapper.factory

[filter:sizelimit]
paste.filter_factory = nova.api.sizelimit:RequestBodySizeLimiter.factory

[app:osapi_compute_app_v2]
paste.app_factory = nova.api.openstack.compute:APIRouter.factory

[filter:keystonecontext]
paste.filter_factory = nova.api.auth:NovaKeystoneContext.factory

[filter:authtoken]
paste.filter_factory = keystoneclient.middleware.auth_token:filter_factory
`

const cinderPaste = (old) => `[composite:osapi_volume]
use = call:cinder.api:root_app_factory
/: apiversions
/v1: openstack_volume_api_v1
/v2: openstack_volume_api_v2

[composite:openstack_volume_api_v1]
use = call:cinder.api.middleware.auth:pipeline_factory
noauth = ${old ? '' : 'request_id '}faultwrap sizelimit noauth apiv1
keystone = ${old ? '' : 'request_id '}faultwrap sizelimit authtoken keystonecontext apiv1

[app:apiv1]
paste.app_factory = cinder.api.v1.router:APIRouter.factory

[filter:keystonecontext]
paste.filter_factory = cinder.api.middleware.auth:CinderKeystoneContext.factory

[filter:authtoken]
paste.filter_factory = keystoneclient.middleware.auth_token:filter_factory
`

const requestId = (release) => (release === 'icehouse' ? 'request_id catch_errors ' : '')

export const paste = {
  keystone: {
    havana: keystonePaste(
      [
        ['access_log', 'keystone.contrib.access:AccessLogMiddleware.factory'],
        ['stats_monitoring', 'keystone.contrib.stats:StatsMiddleware.factory'],
      ],
      'access_log sizelimit stats_monitoring',
    ),
    icehouse: keystonePaste(
      [
        ['build_auth_context', 'keystone.middleware:AuthContextMiddleware.factory'],
        ['simple_cert_extension', 'keystone.contrib.simple_cert:SimpleCertExtension.factory'],
      ],
      'sizelimit',
    ),
  },
  glanceApi: `[pipeline:glance-api-keystone+cachemanagement]
pipeline = versionnegotiation authtoken context cache cachemanage rootapp

[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/: apiversions
/v1: apiv1app
/v2: apiv2app

[app:apiv1app]
paste.app_factory = glance.api.v1.router:API.factory

[filter:authtoken]
paste.filter_factory = keystoneclient.middleware.auth_token:filter_factory
delay_auth_decision = true
`,
  glanceRegistry: Object.fromEntries(
    [
      ['havana', 'glance.registry.api.v1:API.factory'],
      ['icehouse', 'glance.registry.api:API.factory'],
    ].map(([release, factory]) => [
      release,
      `[pipeline:glance-registry-keystone]
pipeline = authtoken context registryapp

[app:registryapp]
paste.app_factory = ${factory}

[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory

[filter:authtoken]
paste.filter_factory = keystoneclient.middleware.auth_token:filter_factory
`,
    ]),
  ),
  nova: { havana: novaPaste(true), icehouse: novaPaste(false) },
  cinder: { havana: cinderPaste(true), icehouse: cinderPaste(false) },
  /** Puppet writes neutron's credentials here as well. */
  neutron: (token, release) => `[composite:neutron]
use = egg:Paste#urlmap
/: neutronversions
/v2.0: neutronapi_v2_0

[composite:neutronapi_v2_0]
use = call:neutron.auth:pipeline_factory
noauth = ${requestId(release)}extensions neutronapiapp_v2_0
keystone = ${requestId(release)}authtoken keystonecontext extensions neutronapiapp_v2_0

[filter:keystonecontext]
paste.filter_factory = neutron.auth:NeutronKeystoneContext.factory

[filter:authtoken]
paste.filter_factory = keystoneclient.middleware.auth_token:filter_factory
${Object.entries(token)
  .map(([key, value]) => `${key}=${value}\n`)
  .join('')}
[filter:extensions]
paste.filter_factory = neutron.api.extensions:plugin_aware_extension_middleware_factory

[app:neutronversions]
paste.app_factory = neutron.api.versions:Versions.factory

[app:neutronapiapp_v2_0]
paste.app_factory = neutron.api.v2.router:APIRouter.factory
`,
}

const rules = {
  keystone: {
    havana: ['identity:list_users', 'identity:create_user', 'identity:list_projects'],
    icehouse: ['identity:revocation_list', 'identity:list_regions'],
  },
  glance: {
    havana: ['get_image', 'get_images', 'add_image', 'delete_image', 'download_image'],
    icehouse: ['get_task', 'get_tasks', 'add_task'],
  },
  nova: {
    havana: ['compute:create', 'compute:get_all', 'compute:unlock_override'],
    icehouse: [
      'compute:start',
      'compute:stop',
      'compute_extension:os-server-external-events:create',
      'compute_extension:server_groups',
    ],
  },
  neutron: {
    havana: ['create_subnet', 'get_network', 'create_port'],
    icehouse: ['get_port:binding:vif_details', 'create_port:binding:vnic_type'],
  },
  cinder: {
    havana: ['volume:create', 'volume:get_all', 'volume:extend'],
    icehouse: ['volume:retype', 'backup:backup-import', 'backup:backup-export'],
  },
}

/** A policy: each release knows more rules, and what it does not know falls to the default. */
export const policy = (service, release) =>
  `${JSON.stringify(
    Object.fromEntries([
      ['context_is_admin', [['role:admin']]],
      ['admin_or_owner', [['is_admin:True'], ['project_id:%(project_id)s']]],
      ['default', [['rule:admin_or_owner']]],
      ...[...rules[service].havana, ...(release === 'icehouse' ? rules[service].icehouse : [])].map((rule) => [
        rule,
        [],
      ]),
    ]),
    null,
    4,
  )}\n`

export const rootwrapConf = (service) => `# Configuration for ${service}-rootwrap
# This file should be owned by (and only-writeable by) the root user

[DEFAULT]
filters_path=/etc/${service}/rootwrap.d,/usr/share/${service}/rootwrap
exec_dirs=/sbin,/usr/sbin,/bin,/usr/bin
use_syslog=False
`

const commandFilters = (names) =>
  `[Filters]\n${names.map((name) => `${name}: CommandFilter, ${name}, root\n`).join('')}`

/** The commands that services may run as root: each release has its own. */
export function rootwrapFilters(service, release) {
  const later = (...names) => (release === 'icehouse' ? names : [])
  return {
    nova: {
      compute: commandFilters([
        'kpartx',
        'tune2fs',
        'mount',
        'umount',
        'iscsiadm',
        'tgtadm',
        ...later('blockdev', 'shred', 'cp', 'sync'),
      ]),
      network: commandFilters(['ip', 'ovs-vsctl', 'dnsmasq']),
    },
    neutron: {
      'openvswitch-plugin': commandFilters(['ovs-vsctl', 'ovs-ofctl', 'xe', ...later('ovsdb-client')]),
      dhcp: commandFilters(['ip', 'dnsmasq']),
      l3: commandFilters(['arping', 'ip', 'iptables-save', 'iptables-restore']),
    },
    cinder: {
      volume: commandFilters(['tgt-admin', 'tgtadm', 'lvcreate', 'lvremove', 'dd', 'vgs', ...later('cinder-rtstool')]),
    },
  }[service]
}

/** Horizon's settings, a template of Puppet. */
export const dashboard = ({ controller, old }) => `import os

from django.utils.translation import ugettext_lazy as _

DEBUG = False
TEMPLATE_DEBUG = DEBUG

ALLOWED_HOSTS = ['*']

# Overrides for OpenStack API versions.
OPENSTACK_API_VERSIONS = {
    "identity": 2.0
}

SECRET_KEY = 'dummy_secret_key'
${old ? '' : "\nSESSION_ENGINE = 'django.contrib.sessions.backends.cache'\nLOGOUT_URL = '/dashboard/auth/logout/'\n"}
CACHES = {
    'default': {
        'BACKEND': 'django.core.cache.backends.memcached.MemcachedCache',
        'LOCATION': "127.0.0.1:11211",
    }
}

EMAIL_BACKEND = 'django.core.mail.backends.console.EmailBackend'

OPENSTACK_HOST = "${controller.management}"
OPENSTACK_KEYSTONE_URL = "http://%s:5000/v2.0" % OPENSTACK_HOST
OPENSTACK_KEYSTONE_DEFAULT_ROLE = "Member"

OPENSTACK_KEYSTONE_BACKEND = {
    'name': 'native',
    'can_edit_user': True,
    'can_edit_project': True
}

API_RESULT_LIMIT = 1000
API_RESULT_PAGE_SIZE = 20
TIME_ZONE = "UTC"

LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {
        'null': {'level': 'DEBUG', 'class': 'django.utils.log.NullHandler'},
        'file': {'level': 'INFO', 'class': 'logging.FileHandler', 'filename': '/var/log/horizon/horizon.log'},
    },
}
`
