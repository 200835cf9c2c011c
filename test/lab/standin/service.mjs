// One stand-in service: node service.mjs NAME, as its own user, until it is told to stop.
import { createServer } from 'node:net'
import { readConf } from './conf.mjs'
import { die, log, openLog } from './daemon.mjs'
import { services } from './names.mjs'

const name = process.argv[2]
const service = services[name]
if (!service) {
  process.stderr.write(`no such service: ${name}\n`)
  process.exit(2)
}
const logger = name.replace(/^openstack-/, '').split('-')[0]

/** A cache that forgets: it only has to be there. */
function memcached() {
  const items = new Map()
  createServer((socket) => {
    let rest = ''
    let storing
    socket.setEncoding('latin1')
    socket.on('error', () => socket.destroy())
    socket.on('data', (data) => {
      const parts = (rest + data).split('\r\n')
      rest = parts.pop()
      for (const line of parts) {
        const [word, key] = line.split(' ')
        if (storing) {
          items.set(storing, line)
          storing = undefined
          socket.write('STORED\r\n')
        } else if (word === 'set') storing = key
        else if (word === 'get')
          socket.write(
            `${items.has(key) ? `VALUE ${key} 0 ${items.get(key).length}\r\n${items.get(key)}\r\n` : ''}END\r\n`,
          )
        else if (word === 'flush_all') {
          items.clear()
          socket.write('OK\r\n')
        } else if (word === 'version') socket.write('VERSION 1.4.4\r\n')
        else if (word === 'stats') socket.write(`STAT pid ${process.pid}\r\nSTAT curr_items ${items.size}\r\nEND\r\n`)
        else if (word === 'quit') socket.end()
        else socket.write('ERROR\r\n')
      }
    })
  })
    .on('error', (error) => die('memcached', error))
    .listen(11211, process.env.STANDIN_LISTEN ?? '0.0.0.0')
}

const worker = (topic) => async (conf) => (await import('./nova.mjs')).novaWorker(conf, topic)
const agent = async (conf) => (await import('./neutron.mjs')).neutronAgent(conf, name)
const one = (module, face) => async (conf) => (await import(module))[face](conf)

const lives = {
  'rabbitmq-server': one('./broker.mjs', 'broker'),
  memcached,
  'openstack-keystone': one('./keystone.mjs', 'keystone'),
  'openstack-glance-api': one('./glance.mjs', 'glanceApi'),
  'openstack-glance-registry': one('./glance.mjs', 'glanceRegistry'),
  'openstack-nova-api': one('./nova.mjs', 'novaApi'),
  'openstack-nova-metadata-api': one('./nova.mjs', 'novaMetadata'),
  'openstack-nova-cert': worker('cert'),
  'openstack-nova-conductor': worker('conductor'),
  'openstack-nova-consoleauth': worker('consoleauth'),
  'openstack-nova-console': worker('console'),
  'openstack-nova-scheduler': worker('scheduler'),
  'openstack-nova-novncproxy': one('./nova.mjs', 'novncproxy'),
  'openstack-nova-objectstore': one('./nova.mjs', 'objectstore'),
  'openstack-nova-compute': one('./nova.mjs', 'novaCompute'),
  'neutron-server': one('./neutron.mjs', 'neutronServer'),
  'neutron-openvswitch-agent': agent,
  'neutron-dhcp-agent': agent,
  'neutron-l3-agent': agent,
  'neutron-metadata-agent': agent,
  'neutron-ovs-cleanup': one('./neutron.mjs', 'ovsCleanup'),
  'openstack-cinder-api': one('./cinder.mjs', 'cinderApi'),
  'openstack-cinder-scheduler': async (conf) => (await import('./cinder.mjs')).cinderWorker(conf, 'cinder-scheduler'),
  'openstack-heat-engine': one('./heat.mjs', 'heatEngine'),
  'openstack-heat-api': one('./heat.mjs', 'heatApi'),
  'openstack-heat-api-cfn': one('./heat.mjs', 'heatApiCfn'),
  'openstack-heat-api-cloudwatch': one('./heat.mjs', 'heatApiCloudwatch'),
  'openstack-cinder-volume': async (conf) => (await import('./cinder.mjs')).cinderWorker(conf, 'cinder-volume'),
}

process.on('uncaughtException', (error) => die(logger, error))
process.on('unhandledRejection', (error) => die(logger, error))
process.once('SIGTERM', () => process.exit(0))
try {
  openLog(service.log)
  const conf = readConf(service.conf)
  log('INFO', logger, `Starting ${name}`)
  await lives[name](conf)
} catch (error) {
  die(logger, error)
}
