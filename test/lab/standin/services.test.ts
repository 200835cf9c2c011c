import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { leftOut } from '../../rig/needs.ts'

const here = new URL('.', import.meta.url)
// biome-ignore lint/suspicious/noExplicitAny: the stand-ins are plain JavaScript
const load = (name: string): Promise<any> => import(new URL(name, here).href)
const { parseConf, option, parseUrl, connectionNames } = await load('conf.mjs')
const { furnish } = await load('furnish.mjs')
const clouds = JSON.parse(readFileSync(new URL('../clouds.json', here), 'utf8'))

const conf = (...texts: string[]) => ({
  files: texts.map((text, index) => ({ path: `f${index}`, sections: parseConf(text) })),
})

const parsing = suite('stand-in: oslo.config')

parsing('a section of another case is the same section, except DEFAULT', () => {
  const both = conf('[DEFAULT]\na=1\n[DATABASE]\nconnection=x\n[database]\nidle_timeout=5\n[default]\na=2\n')
  assert.is(option(both, 'a'), '1')
  assert.is(option(both, 'database.connection'), 'x')
  assert.is(option(both, 'database.idle_timeout'), '5')
})

parsing('the new spelling wins in one file, the last file wins over all', () => {
  const names = connectionNames.nova
  assert.is(option(conf('[DEFAULT]\nsql_connection=old\n[database]\nconnection=new\n'), names), 'new')
  assert.is(option(conf('[database]\nconnection=new\n', '[DEFAULT]\nsql_connection=old\n'), names), 'old')
  assert.is(option(conf('[sql]\nconnection=ancient\n'), connectionNames.keystone), 'ancient')
  assert.is(option(conf('[sql]\nconnection=ancient\n'), connectionNames.cinder), undefined)
})

parsing('the last of several values counts, quotes fall, lines continue, $ names another option', () => {
  const one = conf('[DEFAULT]\nk = 1\nk = "two"\nlong = a\n  b\nhost=h\nurl=http://$host/\n')
  assert.is(option(one, 'k'), 'two')
  assert.is(option(one, 'long'), 'a\nb')
  assert.is(option(one, 'url'), 'http://h/')
})

for (const [text, words] of [
  ['[DEFAULT] x\n', /at f:1, Invalid section \(must end with \]\)/],
  [' a=1\n', /at f:1, Unexpected continuation line/],
  ['[a]\nnonsense\n', /at f:2, No ':' or '=' found in assignment: 'nonsense'/],
  ['a=1\n', /at f:1, Section must be started before assignment/],
] as const) {
  parsing(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseConf(text, 'f'), words))
}

parsing('a database URL comes apart, with its password decoded', () => {
  assert.equal(parseUrl('mysql://nova:a%40b@10.0.0.4/nova?charset=utf8&read_timeout=60'), {
    user: 'nova',
    password: 'a@b',
    host: '10.0.0.4',
    port: 3306,
    database: 'nova',
    charset: 'utf8',
  })
  assert.is(parseUrl('sqlite:///nova.sqlite'), undefined)
})
parsing.run()

const root = (name: string) => {
  const path = mkdtempSync(join(tmpdir(), 'standin-'))
  furnish(path, name, clouds)
  return path
}
const read = (base: string, path: string) => ({
  files: [{ path, sections: parseConf(readFileSync(join(base, path), 'utf8'), path) }],
})

// For the numeric owners of the files.
if (!leftOut('what Fuel left', 'root')) {
  const files = suite('stand-in: what Fuel left')
  let source = ''
  let target = ''
  let compute = ''
  files.before(() => {
    ;[source, target, compute] = [root('node-1'), root('node-5'), root('node-3')]
  })
  files.after(() => {
    for (const path of [source, target, compute]) rmSync(path, { recursive: true, force: true })
  })

  files('each release spells the database URL in its own way', () => {
    const { databasePasswords: old } = clouds['node-1']
    const { databasePasswords: young } = clouds['node-5']
    assert.is(
      option(read(source, 'etc/keystone/keystone.conf'), 'sql.connection'),
      `mysql://keystone:${old.keystone}@127.0.0.1/keystone?read_timeout=60`,
    )
    assert.is(
      option(read(target, 'etc/keystone/keystone.conf'), 'database.connection'),
      `mysql://keystone:${young.keystone}@127.0.0.1/keystone?read_timeout=60`,
    )
    assert.is(
      option(read(source, 'etc/nova/nova.conf'), 'sql_connection'),
      `mysql://nova:${old.nova}@127.0.0.1/nova?read_timeout=60`,
    )
    assert.is(
      option(read(compute, 'etc/nova/nova.conf'), 'sql_connection'),
      `mysql://nova:${old.nova}@10.0.0.4/nova?read_timeout=60`,
    )
    assert.match(
      readFileSync(join(target, 'etc/nova/nova.conf'), 'utf8'),
      /^\[DATABASE\]$[^[]*^connection=mysql:\/\/nova:/m,
    )
    assert.is(
      option(read(source, 'etc/cinder/cinder.conf'), 'sql_connection'),
      `mysql://cinder:${old.cinder}@10.0.0.4/cinder?charset=utf8&read_timeout=60`,
    )
    assert.is(
      option(read(source, 'etc/neutron/neutron.conf'), 'database.connection'),
      `mysql://neutron:${old.neutron}@10.0.0.4:3306/neutron?read_timeout=60`,
    )
  })

  files('neutron: the plugin by path or alias, and no report_interval beside 15 s on the source', () => {
    const [before, after] = [read(source, 'etc/neutron/neutron.conf'), read(target, 'etc/neutron/neutron.conf')]
    assert.is(option(before, 'core_plugin'), 'neutron.plugins.openvswitch.ovs_neutron_plugin.OVSNeutronPluginV2')
    assert.is(option(after, 'core_plugin'), 'openvswitch')
    assert.equal(
      [before, after].map((one) => option(one, 'agent_down_time')),
      ['15', '15'],
    )
    assert.equal(
      [before, after].map((one) => option(one, 'agent.report_interval')),
      [undefined, '5'],
    )
  })

  files('rabbit in glance-api.conf only on the target, no upgrade_levels anywhere', () => {
    assert.is(option(read(source, 'etc/glance/glance-api.conf'), 'rabbit_password'), undefined)
    assert.is(option(read(target, 'etc/glance/glance-api.conf'), 'rabbit_password'), clouds['node-5'].rabbit.password)
    for (const path of [source, target, compute])
      assert.is(option(read(path, 'etc/nova/nova.conf'), 'upgrade_levels.compute'), undefined)
  })

  files('owners, modes, openrc, images and persist files', () => {
    const of = (path: string) => {
      const { mode, uid } = statSync(join(source, path))
      return `${(mode & 0o777).toString(8)} ${uid}`
    }
    assert.is(of('etc/nova/nova.conf'), '640 162')
    assert.is(of('etc/glance'), '770 161')
    assert.is(of('etc/astute.yaml'), '600 0')
    assert.ok(
      readFileSync(join(source, 'root/openrc'), 'utf8').startsWith(
        '\n  export OS_TENANT_NAME=admin\n  export OS_USERNAME=admin\n  export OS_PASSWORD=',
      ),
    )
    const [image] = clouds.images
    assert.is(statSync(join(source, 'var/lib/glance/images', image.id)).size, image.size)
    const [volume] = clouds.volumes
    assert.match(
      readFileSync(join(source, `etc/cinder/volumes/volume-${volume.id}`), 'utf8'),
      new RegExp(
        `backing-store /dev/cinder/volume-${volume.id}\n +incominguser ${volume.chap.user} ${volume.chap.password}\n`,
      ),
    )
  })
  files.run()

  const talk = suite('stand-in: broker and compute')

  talk('a compute enters with its own password only, and refuses what its release does not know', () => {
    const base = root('node-3')
    const log = join(base, 'var/log/nova/compute.log')
    const users = join(base, 'var/lib/rabbitmq/users.json')
    const password = clouds['node-1'].rabbit.password
    const salt = '00000000'
    const hash =
      salt +
      createHash('sha256')
        .update(salt + password)
        .digest('hex')
    const nova = (hashed: string) =>
      JSON.stringify({ users: { nova: { password: hashed, tags: [], permissions: { '/': ['.*', '.*', '.*'] } } } })
    mkdirSync(join(base, 'var/lib/rabbitmq'), { recursive: true })
    writeFileSync(users, nova(hash))
    const nodeConf = join(base, 'etc/nova/nova.conf')
    writeFileSync(nodeConf, readFileSync(nodeConf, 'utf8').replace('10.0.0.4:5672', '127.0.0.1:5672'))
    writeFileSync(
      join(base, 'asker.mjs'),
      `
      const { bus } = await import(process.argv[2] + 'bus.mjs')
      const { readConf } = await import(process.argv[2] + 'conf.mjs')
      const { openLog } = await import(process.argv[2] + 'daemon.mjs')
      openLog('asker.log')
      const rpc = bus(readConf(['/etc/nova/nova.conf']), 'nova')
      await rpc.connected
      for (const version of ['2.47', '3.0', '3.23']) {
        const args = { name: 'vm', instance: 'i' }
        const said = await rpc.call('compute.here', { method: 'get_console_output', version, args }, 5000)
          .catch((error) => error.message)
        console.log(version, said.trim())
      }
      process.exit(0)
    `,
    )
    const at = (script: string) => new URL(script, here).pathname
    const ran = spawnSync(
      'unshare',
      [
        '--net',
        'sh',
        '-c',
        `
      ip link set lo up
      node ${at('service.mjs')} rabbitmq-server & one=$!
      node ${at('service.mjs')} openstack-nova-compute & two=$!
      node ${base}/asker.mjs ${here.pathname}
      node ${at('rabbitmqctl.mjs')} -q list_users
      node ${at('rabbitmqctl.mjs')} authenticate_user nova wrong || echo refused $?
      node ${at('rabbitmqctl.mjs')} -q change_password nova another
      kill $two; wait $two
      node ${at('service.mjs')} openstack-nova-compute & two=$!
      until grep -q ACCESS_REFUSED ${log}; do sleep 0.05; done
      kill $two $one; wait
    `,
      ],
      { encoding: 'utf8', timeout: 20000, env: { ...process.env, STANDIN_ROOT: base, STANDIN_HOSTNAME: 'here' } },
    )
    const said = readFileSync(log, 'utf8')
    rmSync(base, { recursive: true, force: true })
    assert.is(ran.status, 0, ran.stderr)
    assert.is(
      ran.stdout,
      [
        '2.47 vm login: (console of i on here)',
        '3.0 vm login: (console of i on here)',
        '3.23 UnsupportedRpcVersion: Specified RPC version, 3.23, not supported by this endpoint.',
        'nova\t[]',
        'refused 2',
        '',
      ].join('\n'),
    )
    assert.match(said, /ERROR .*UnsupportedRpcVersion: Specified RPC version, 3\.23/)
    assert.match(said, /AMQP server on 127\.0\.0\.1:5672 is unreachable: ACCESS_REFUSED/)
  })

  talk('what is called while there is no broker is answered once there is one', () => {
    const base = root('node-3')
    const nodeConf = join(base, 'etc/nova/nova.conf')
    writeFileSync(nodeConf, readFileSync(nodeConf, 'utf8').replace('10.0.0.4:5672', '127.0.0.1:5672'))
    writeFileSync(
      join(base, 'late.mjs'),
      `
      import { createServer } from 'node:net'
      const { bus } = await import(process.argv[2] + 'bus.mjs')
      const { readConf } = await import(process.argv[2] + 'conf.mjs')
      const { openLog } = await import(process.argv[2] + 'daemon.mjs')
      openLog('late.log')
      const rpc = bus(readConf(['/etc/nova/nova.conf']), 'nova')
      const asked = rpc.call('conductor', { method: 'any' }, 8000)
      createServer((socket) => {
        let replies
        socket.on('data', (data) => {
          for (const line of String(data).trim().split('\\n')) {
            const { op, queue, body } = JSON.parse(line)
            if (op === 'login') socket.write('{"ok":true}\\n')
            if (op === 'consume') replies ??= queue
            if (op === 'publish') socket.write(JSON.stringify({ queue: replies, body: { id: body.id, result: 'answered' } }) + '\\n')
          }
        })
      }).listen(5672, '127.0.0.1')
      console.log(await asked)
      process.exit(0)
    `,
    )
    const script = `ip link set lo up; node ${base}/late.mjs ${here.pathname}`
    const ran = spawnSync('unshare', ['--net', 'sh', '-c', script], {
      encoding: 'utf8',
      timeout: 20000,
      env: { ...process.env, STANDIN_ROOT: base, STANDIN_HOSTNAME: 'here' },
    })
    rmSync(base, { recursive: true, force: true })
    assert.is(ran.stdout, 'answered\n', ran.stderr)
  })
  talk.run()
}

const init = suite('the init scripts of the stand-ins')

init('a number in a pid file that is that of a stranger by now is not taken for the service', () => {
  const name = `stranger-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'standin-init-'))
  const file = join(folder, 'run.pid')
  const text = readFileSync(new URL('init', import.meta.url), 'utf8').replace(/^pidfile=.*$/m, `pidfile=${file}`)
  writeFileSync(join(folder, 'init'), text)
  writeFileSync(file, `${process.pid}\n`)
  const order = (word: string) =>
    spawnSync('sh', ['-c', `name=${name} user=root once= log=/tmp; set -- ${word}; . ${folder}/init`], {
      encoding: 'utf8',
    })
  assert.is(order('status').stdout, `${name} dead but pid file exists\n`)
  assert.is(order('stop').status, 0)
  assert.is(order('status').stdout, `${name} is stopped\n`)
  rmSync(folder, { recursive: true })
})
init.run()
