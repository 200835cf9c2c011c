import { spawnSync } from 'node:child_process'
import { existsSync, statfsSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { addresses, disks, os as osFact, packages, services, time } from '../../../lib/facts/index.ts'
import { parseAddresses } from '../../../lib/facts/addresses.ts'
import { parseDisks } from '../../../lib/facts/disks.ts'
import { parseOs } from '../../../lib/facts/os.ts'
import { parseServices } from '../../../lib/facts/services.ts'
import { emptyDirectory, here, shells } from '../../rig/here.ts'
import { needing } from '../../rig/needs.ts'

const parsing = suite('facts: what old hosts print')

parsing('os', () => {
  const of = (text: string) => {
    const { id, version, family } = parseOs(`2.6.32\nx86_64\n${text}`)
    return `${id} ${version} ${family}`
  }
  assert.is(of('release\nCentOS release 6.5 (Final)\n'), 'centos 6.5 redhat')
  assert.is(of('release\nRed Hat Enterprise Linux Server release 6.4 (Santiago)\n'), 'rhel 6.4 redhat')
  assert.is(
    of('os-release\nNAME="Ubuntu"\nVERSION="12.04.4 LTS"\nID=ubuntu\nID_LIKE=debian\nVERSION_ID="12.04"\n'),
    'ubuntu 12.04 debian',
  )
  assert.is(of("os-release\nID='rocky'\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID='9.3'\n"), 'rocky 9.3 redhat')
  assert.is(of('lsb\nDISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=10.04\n'), 'ubuntu 10.04 debian')
  assert.is(of('none\n'), 'unknown  other')
})

parsing('addresses', () => {
  const { all, gateway } = parseAddresses(`1: lo: <LOOPBACK,UP> mtu 16436
1: lo    inet 127.0.0.1/8 scope host lo
2: eth0    inet 10.0.0.3/24 brd 10.0.0.255 scope global eth0
2: eth0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever
7: veth1@if6    inet 10.1.0.1 peer 10.1.0.2/32 scope global veth1
default via 10.0.0.1 dev eth0  proto static
`)
  assert.equal(
    all.map((one) => `${one.interface} ${one.address}/${one.prefix} ${one.family}`),
    ['lo 127.0.0.1/8 4', 'eth0 10.0.0.3/24 4', 'eth0 fe80::1/64 6', 'veth1 10.1.0.1/32 4'],
  )
  assert.equal(gateway, { address: '10.0.0.1', interface: 'eth0' })
})

parsing('disks', () => {
  assert.equal(
    parseDisks(`Filesystem         1024-blocks      Used Available Capacity Mounted on
/dev/mapper/os-root  10321208   2346700   7450224      24% /
srv:/my share          100        10        90         10% /mnt/a b

major minor  #blocks  name

   8        0   20971520 sda
 253        0   10485760 dm-0
`),
    {
      filesystems: [
        {
          device: '/dev/mapper/os-root',
          mount: '/',
          size: 10321208 * 1024,
          used: 2346700 * 1024,
          available: 7450224 * 1024,
        },
        { device: 'srv:/my share', mount: '/mnt/a b', size: 102400, used: 10240, available: 92160 },
      ],
      devices: { sda: 21474836480, 'dm-0': 10737418240 },
    },
  )
})

parsing('services', () => {
  assert.equal(parseServices('upstart mysql\nupstart nova-api\nrunning mysql\nsysv mysql\nsysv apache2\n'), [
    { name: 'apache2', manager: 'sysv', running: undefined },
    { name: 'mysql', manager: 'upstart', running: true },
    { name: 'nova-api', manager: 'upstart', running: false },
  ])
})

parsing.run()

for (const shell of shells) {
  const test = suite(`facts of this machine under ${shell.name}`)
  const connection = () => here({ shell })

  test('each is one request', async () => {
    const isDebian = spawnSync('dpkg-query', ['--version']).status === 0
    for (const fact of [
      osFact,
      services,
      addresses,
      disks,
      time,
      ...(isDebian && !shell.env ? [packages('bash')] : []),
    ]) {
      const one = connection()
      await fact.read(one)
      assert.is(one.requests, 1, fact.name)
    }
  })

  test('os, time and addresses say what node says', async () => {
    const found = await osFact.read(connection())
    assert.is(found.kernel, os.release())
    assert.is(
      `ID=${found.id}`,
      spawnSync('grep', ['-E', '^ID=', '/etc/os-release'], { encoding: 'utf8' }).stdout.trim().replaceAll('"', ''),
    )
    const { epoch, ahead } = await time.read(connection())
    assert.ok(Math.abs(epoch - Date.now() / 1000) < 30 && Math.abs(ahead) < 15)
    const { all } = await addresses.read(connection())
    const wanted = Object.values(os.networkInterfaces())
      .flat()
      .filter((one) => one!.family === 'IPv4')
      .map((one) => one!.address)
      .sort()
    assert.equal([...new Set(all.filter(({ family }) => family === 4).map(({ address }) => address))].sort(), [
      ...new Set(wanted),
    ])
  })

  test('disks', async () => {
    const { filesystems } = await disks.read(connection())
    const { blocks, bsize } = statfsSync('/')
    assert.is(filesystems.find(({ mount }) => mount === '/')?.size, blocks * bsize)
  })

  // The shells of busybox have its own programs alone.
  const onOwnPath = (name: string, body: () => Promise<void>) => shell.env || needing(test, 'dpkg-query')(name, body)
  onOwnPath('packages', async () => {
    const found = await packages('bash', 'no-such-package').read(connection())
    assert.equal(Object.keys(found), ['bash'])
    assert.is(found.bash, spawnSync('dpkg-query', ['-W', '-f', '${Version}', 'bash'], { encoding: 'utf8' }).stdout)
  })

  onOwnPath('packages of a host with rpm', async () => {
    const bin = emptyDirectory()
    const none = emptyDirectory()
    writeFileSync(
      join(bin, 'rpm'),
      `#!/bin/sh\n[ "$1 $2" = "-q --qf" ] || exit 9\nshift 3\nfor n; do case $n in
  openstack-nova-api) printf 'openstack-nova-api\\tinstalled\\t2013.2.3-fuel4\\n' ;;
  *) echo "package $n is not installed"; bad=1 ;;
esac; done; exit $bad\n`,
      { mode: 0o755 },
    )
    const connection = here({
      shell,
      mounts: existsSync('/var/lib/dpkg') ? { '/var/lib/dpkg': none } : {},
      env: { PATH: `${bin}:/usr/bin:/bin` },
    })
    assert.equal(await packages('openstack-nova-api', 'none').read(connection), {
      'openstack-nova-api': '2013.2.3-fuel4',
    })
  })

  test.run()
}
