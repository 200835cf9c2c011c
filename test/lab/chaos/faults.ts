import { doLab, type HostName, inside, must, root } from '../../rig/lab.ts'

/** A thing that happens to hosts, or to the machine of the runner, when a task begins to change something. */
export interface Fault {
  readonly name: string
  /** role › task */
  readonly during: string
  /** Milliseconds that the change has been going on. */
  readonly after?: number
  /** The run is killed as well. */
  readonly kill?: true
  /** Before the upgrade begins. */
  prepare?(): Promise<unknown>
  begin(): Promise<unknown>
  /** Takes the cause away, as the operator does before going on. */
  end?(): Promise<unknown>
  /** When all is over, before the lab is compared. */
  clear?(): Promise<unknown>
}

const killServer = (host: HostName) => () => inside(host, 'kill -9 $(pidof mariadbd mysqld); :')
const startServer = (host: HostName) => () => inside(host, 'service mysqld restart')
const power = (host: HostName) => ({
  begin: () => doLab('power', host, 'off'),
  end: () => doLab('power', host, 'on'),
})
const server = (host: HostName) => ({ begin: killServer(host), end: startServer(host) })
const cut = (host: HostName) => () => inside(host, 'for p in $(pgrep -f "[s]shd: root"); do kill -9 $p; done; :')

/** A file system of its own for a folder of a host, which is filled to the last byte. */
function full(host: HostName, folder: string, service = '') {
  const stopped = (script: string) =>
    inside(host, service === '' ? script : `service ${service} stop && { ${script}; } && service ${service} start`)
  const over = '/run/chaos'
  return {
    prepare: () =>
      stopped(`mkdir -p ${folder} ${over} && cp -a ${folder}/. ${over}
      mount -t tmpfs -o size=2g,mode=$(stat -c %a ${folder}) small ${folder}
      chown --reference=${over} ${folder}; cp -a ${over}/. ${folder}; rm -rf ${over}`),
    // Less than a page is left.
    begin: () =>
      inside(host, `size=$(df -k --output=used ${folder} | tail -n 1); mount -o remount,size=$((size + 4))k ${folder}`),
    end: () => inside(host, `mount -o remount,size=2g ${folder}`),
    clear: () =>
      stopped(`mkdir -p ${over} && cp -a ${folder}/. ${over} && umount ${folder} && rm -rf ${folder}/* && cp -a ${over}/. ${folder}
      rm -rf ${over}`),
  }
}

/** The folder of the journals, which is a file system of its own (ownLab). */
const journals = `${root}/.switchover/runs`

export const faults: readonly Fault[] = [
  {
    name: 'the source loses its power while it is dumped',
    during: 'nova › Bring the dump of the source database',
    ...power('node-1'),
  },
  {
    name: 'the source loses its power while volumes are copied, and the run is killed',
    during: 'cinder › Copy the volumes',
    kill: true,
    ...power('node-1'),
  },
  {
    name: 'the target loses its power in an import',
    during: 'nova › Replace the target database',
    after: 300,
    ...power('node-5'),
  },
  {
    name: 'the target loses its power while a schema is upgraded',
    during: 'nova › Upgrade the schema',
    ...power('node-5'),
  },
  {
    name: 'a compute node loses its power while it is reconnected',
    during: 'compute › Restart nova-compute',
    ...power('node-3'),
  },
  {
    name: 'mysqld of the source is killed in a dump',
    during: 'cinder › Bring the dump of the source database',
    ...server('node-1'),
  },
  {
    name: 'mysqld of the target is killed in an import',
    during: 'nova › Replace the target database',
    after: 300,
    ...server('node-5'),
  },
  {
    name: 'mysqld of the target is killed in a migration',
    during: 'neutron › Upgrade the schema',
    ...server('node-5'),
  },
  {
    name: 'mysqld of the target is killed while rows are rewritten',
    during: 'nova › Give the rows to the new controller',
    ...server('node-5'),
  },
  { name: 'all connections to the target are cut', during: 'nova › Replace the target database', begin: cut('node-5') },
  { name: 'all connections to the source are cut', during: 'cinder › Copy the volumes', begin: cut('node-1') },
  {
    name: 'the disk for dumps is full',
    during: 'nova › Bring the dump of the source database',
    ...full('node-5', '/var/backups/switchover'),
  },
  {
    name: 'the disk of the databases of the target is full',
    during: 'nova › Replace the target database',
    ...full('node-5', '/var/lib/mysql', 'mysqld'),
  },
  {
    name: 'the disk of the images is full',
    during: 'glance › Bring the folders of data',
    ...full('node-5', '/var/lib/glance'),
  },
  { name: '/tmp of the target is full', during: 'nova › Upgrade the schema', ...full('node-5', '/tmp') },
  { name: '/tmp of the source is full', during: 'freeze › Stop the APIs', ...full('node-1', '/tmp') },
  {
    name: 'the disk of the runner is full',
    during: 'nova › Replace the target database',
    begin: async () => {
      const used = (await must('df', ['-k', '--output=used', journals])).trim().split('\n').at(-1)
      await must('mount', ['-o', `remount,size=${Number(used) + 4}k`, journals])
    },
    end: () => must('mount', ['-o', 'remount,size=1g', journals]),
  },
  {
    name: 'a volume of the source is written to while the copies are made',
    during: 'cinder › Copy the volumes',
    begin: () => scribble('CHANGED!'),
    end: () => scribble(),
  },
  {
    name: 'an operator edits what was configured, before it is gone on with',
    during: 'nova › Upgrade the schema',
    kill: true,
    begin: () =>
      inside(
        'node-5',
        "sed -i 's/^rpc_backend.*/rpc_backend=other/' /etc/nova/nova.conf; echo x >>/etc/glance/glance-api.conf",
      ),
  },
]

/** Other bytes at the very beginning of a volume, or those that were there. */
function scribble(text?: string): Promise<string> {
  const volume = '$(ls -d /var/lib/lvm-standin/cinder/volume-* | head -n 1)'
  return inside(
    'node-1',
    text === undefined
      ? `dd if=/run/chaos.saved of=${volume} bs=8 count=1 conv=notrunc 2>/dev/null; rm /run/chaos.saved`
      : `dd if=${volume} of=/run/chaos.saved bs=8 count=1 2>/dev/null; printf '${text}' | dd of=${volume} conv=notrunc 2>/dev/null`,
  )
}
