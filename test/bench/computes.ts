// npm run test:computes [-- NODES]: 200 compute nodes, each with a real sshd and a stand-in nova-compute, get their new controller by
// playbooks/computes.ts: the first alone, then a quarter at a time. Each must lead to it and report there, in two
// minutes. The controller is a MariaDB server whose databases have been moved; a broker and a conductor are played here.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import path from 'node:path'
import { services } from '../roles/mos.ts'
import { inside, on, serve } from './databases.ts'
import { addressOf, type BenchHost, hostsUp, inSession, knowHosts, measureMore, state } from './session.ts'

const [count = 200] = process.argv.slice(2).map(Number)
const most = 120
const root = new URL('../..', import.meta.url).pathname
const databases = ['keystone', 'glance', 'nova', 'neutron', 'cinder']

if (state === '') inSession(count + 2, import.meta.url, process.argv.slice(2))
else await reconnect()

async function reconnect(): Promise<void> {
  knowHosts()
  const [target, source, ...nodes] = hostsUp() as [BenchHost, BenchHost, ...BenchHost[]]
  serve(target)
  on(target, 'mariadb', moved(nodes))
  on(source, 'service openstack-nova-api stop; service openstack-nova-compute stop')
  for (const name of [...services.keystone, ...services.neutron, ...services.nova])
    install(target, name, '/bin/sleep -- infinity')
  for (const node of nodes) compute(node)
  const stop = conductor(target)
  const { code, output, wall, cpu, hosts, foreign, memory } = await measureMore(
    [
      process.execPath,
      path.join(root, 'lib/run.cjs'),
      path.join(root, 'playbooks/computes.ts'),
      '-i',
      inventory(target, source, nodes),
      ...['-o', 'lines', '--no-type-check'],
    ],
    {},
  )
  stop()
  const faults: string[] = []
  if (code !== 0) faults.push(`it ended with ${code}:\n${output.slice(-3000)}`)
  if (!output.includes(`[${nodes[0]!.name}]`)) faults.push('the first node was not alone')
  const batches = output.match(/^BATCH /gm)?.length ?? 0
  for (const { name, root: at } of nodes) {
    const conf = readFileSync(`${at}/etc/nova/nova.conf`, 'utf8')
    const leads = conf.includes(`rabbit_hosts=${addressOf(target.index, 0)}:5672`)
    if (!leads || !/^compute *= *icehouse-compat$/m.test(conf)) faults.push(`${name} does not lead there:\n${conf}`)
  }
  const silent = on(target, `mariadb -Ne 'SELECT COUNT(*) FROM nova.services WHERE report_count = 0'`)
  if (silent !== '0') faults.push(`${silent} nodes have never reported`)
  process.stdout.write(
    `${count} nodes in ${batches} batches: ${wall.toFixed(1)} s wall (others took ${(foreign * 100).toFixed(0)} % of the machine), ` +
      `${cpu.toFixed(1)} s CPU here, ${hosts.toFixed(1)} s CPU on the hosts, ${memory.toFixed(0)} MB\n`,
  )
  if (wall > most) faults.push(`it took longer than ${most} s`)
  for (const fault of faults) process.stdout.write(`WRONG ${fault}\n`)
  if (faults.length > 0) process.exitCode = 1
}

/** What the target has after the move, as far as a compute node asks for it. */
function moved(nodes: readonly BenchHost[]): string {
  const rows = nodes.map(({ name }) => `('${name}', 'nova-compute', 0, 0, UTC_TIMESTAMP() - INTERVAL 1 DAY)`)
  return `CREATE DATABASE switchover;
    CREATE TABLE switchover.stage (name VARCHAR(64) NOT NULL PRIMARY KEY, stage VARCHAR(16) NOT NULL, since DATETIME NOT NULL,
      dump CHAR(64) NOT NULL DEFAULT '');
    ${databases.map((name) => `CREATE DATABASE ${name}; INSERT INTO switchover.stage VALUES ('${name}', 'migrated', NOW(), '');`).join('\n')}
    CREATE TABLE nova.services (id INT AUTO_INCREMENT PRIMARY KEY, host VARCHAR(255), \`binary\` VARCHAR(255), deleted INT,
      report_count INT, updated_at DATETIME, UNIQUE KEY (host));
    INSERT INTO nova.services (host, \`binary\`, deleted, report_count, updated_at) VALUES ${rows.join(', ')};
    CREATE TABLE nova.instances (uuid VARCHAR(36), host VARCHAR(255), deleted INT);\n`
}

/** Gives a host a service, and starts it. */
function install(host: BenchHost, name: string, program: string): void {
  const script = readFileSync(new URL('service', import.meta.url), 'utf8')
  const file = `${host.root}/etc/init.d/${name}`
  writeFileSync(file, script.replaceAll('@NAME@', name).replace('/bin/sleep -- infinity', program))
  chmodSync(file, 0o755)
  on(host, `service ${name} stop >/dev/null 2>&1; service ${name} start`)
}

/** Havana's compute node: it reports five seconds after its start, as the real one, and then every ten. */
function compute(host: BenchHost): void {
  const put = (file: string, text: string, mode = 0o644) => {
    mkdirSync(path.dirname(host.root + file), { recursive: true })
    writeFileSync(host.root + file, text)
    chmodSync(host.root + file, mode)
  }
  put('/etc/nova/nova.conf', `[DEFAULT]\nrabbit_hosts=10.0.0.4:5672\nrabbit_password=old\n`)
  put('/etc/neutron/neutron.conf', '[DEFAULT]\nrabbit_hosts=10.0.0.4:5672\n')
  put('/usr/bin/rpm', '#!/bin/sh\necho 2013.2.4\n', 0o755)
  put(
    '/usr/sbin/standin-compute',
    `#!/bin/bash
echo "$(date) Starting compute node" >>/var/log/nova/compute.log
to=$(sed -n 's/^rabbit_hosts *= *//p' /etc/nova/nova.conf)
sleep 5
while :; do
  { exec 3<>/dev/tcp/\${to%:*}/\${to#*:} && hostname >&3 && exec 3>&-; } 2>/dev/null
  sleep 10
done
`,
    0o755,
  )
  mkdirSync(`${host.root}/var/log/nova`, { recursive: true })
  install(host, 'neutron-openvswitch-agent', '/bin/sleep -- infinity')
  install(host, 'openstack-nova-compute', '/usr/sbin/standin-compute')
}

/** Takes the reports of nodes and writes them into nova's database, as broker and conductor do. Gives what ends it. */
function conductor(target: BenchHost): () => void {
  const [program = '', ...args] = inside(target, 'mariadb nova')
  const client = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  const server = createServer((socket) => {
    socket.setEncoding('utf8').on('error', () => socket.destroy())
    socket.on('data', (name) => {
      const host = String(name).trim()
      client.stdin.write(
        `UPDATE services SET updated_at = UTC_TIMESTAMP(), report_count = report_count + 1 WHERE host = '${host}';\n`,
      )
    })
  }).listen(5672, addressOf(target.index, 0))
  return () => {
    server.close()
    client.stdin.end()
  }
}

function inventory(target: BenchHost, source: BenchHost, nodes: readonly BenchHost[]): string {
  const group = (...hosts: readonly BenchHost[]) => ({
    hosts: Object.fromEntries(
      hosts.map(({ name, index }) => {
        const address = addressOf(index, 0)
        return [name, { ansible_host: address, fqdn: name, management: address, storage: address, public: address }]
      }),
    ),
  })
  const vars = {
    ansible_user: 'root',
    ansible_ssh_private_key_file: `${state}/key`,
    proceed: ['computes'],
    rabbitPassword: 'new',
    databasePasswords: Object.fromEntries(databases.map((name) => [name, `password of ${name}`])),
  }
  const file = path.join(state, 'computes.yaml')
  const children = { target: group(target), source: group(source), compute: group(...nodes) }
  writeFileSync(file, JSON.stringify({ all: { vars, children } }))
  return file
}
