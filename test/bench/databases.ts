import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Cell, median } from './results.ts'
import { type BenchHost, measure, type Sample, state, writeInventory } from './session.ts'
import { ours } from './tools.ts'

const rows = 400_000
// The quickest that a server writes, for both: the disks are memory here.
const server =
  'mariadbd --no-defaults --user=root --datadir=/srv/db --socket=/run/mysqld/mysqld.sock --skip-networking ' +
  '--innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=512M --max-allowed-packet=64M'

/** w5: a database of some 100 MB from one host's server into another's, by `run` and by a pipe of two ssh. */
export async function databases(
  hosts: readonly BenchHost[],
  rtt: number,
  repeat: number,
  say: (line: string) => void,
): Promise<readonly Cell[]> {
  const [first, second] = hosts
  if (!first || !second || spawnSync('mariadbd', ['--version']).status !== 0) {
    say('w5 is left out: it needs two hosts, and mariadb-server')
    return []
  }
  for (const host of [first, second]) serve(host)
  if (on(first, 'mariadb -Ne \'SHOW DATABASES LIKE "w5"\'') === '') {
    on(
      first,
      `mariadb -e 'CREATE DATABASE w5'; mariadb w5 -e '
      CREATE TABLE instances (id INT PRIMARY KEY, uuid CHAR(36), host VARCHAR(64), info TEXT, KEY (host))
      AS SELECT seq AS id, UUID() AS uuid, CONCAT("node-", seq % 50) AS host, REPEAT(MD5(seq), 6) AS info
      FROM seq_1_to_${rows}'`,
    )
  }
  const inventory = writeInventory(hosts.slice(0, 2), rtt)
  const { argv } = ours.command('w5', inventory, 2)
  const pipe = pipeOf(first, second, 'w5', rtt)
  const cells: Cell[] = []
  const taken = new Map<string, Sample[]>([
    [ours.name, []],
    ['pipe of ssh', []],
  ])
  for (let i = 0; i < repeat; i++) {
    for (const [tool, command] of [
      [ours.name, argv],
      ['pipe of ssh', pipe],
    ] as const) {
      on(
        second,
        'rm -f /srv/w5*.sql; ' +
          "mariadb -e 'DROP DATABASE IF EXISTS w5; DROP DATABASE IF EXISTS switchover; CREATE DATABASE w5'",
      )
      const sample = await measure(command)
      const there = on(second, "mariadb -Ne 'SELECT COUNT(*) FROM w5.instances'")
      if (sample.code !== 0 || Number(there) !== rows)
        throw new Error(
          `${tool} failed at w5 (exit code ${sample.code}, ${there} rows):\n${sample.output.slice(-3000)}`,
        )
      taken.get(tool)!.push(sample)
    }
  }
  for (const [tool, samples] of taken) {
    const of = (pick: (sample: Sample) => number) => median(samples.map(pick))
    cells.push({
      tool,
      workload: 'w5',
      hosts: 2,
      rtt,
      n: samples.length,
      wall: of((s) => s.wall),
      cpu: of((s) => s.cpu),
      hostsCpu: of((s) => s.hosts),
      foreign: of((s) => s.foreign),
      walls: samples.map((s) => Number(s.wall.toFixed(3))),
    })
    say(
      `w5 ${String(rtt).padStart(10)} ms  ${tool.padEnd(12)} ` +
        `${cells.at(-1)!.wall.toFixed(2)} s wall, ${cells.at(-1)!.cpu.toFixed(2)} s CPU`,
    )
  }
  return cells
}

/** The command that brings a database by a pipe of two ssh. */
export function pipeOf(first: BenchHost, second: BenchHost, name: string, rtt = 0): readonly string[] {
  const ssh = ({ index }: BenchHost) =>
    `ssh -q -i ${state}/key -o UserKnownHostsFile=${state}/known_hosts -o KexAlgorithms=curve25519-sha256 ` +
    `root@127.${rtt > 0 ? 78 : 77}.0.${index}`
  const command = `${ssh(first)} mariadb-dump --single-transaction ${name} | ${ssh(second)} mariadb ${name}`
  return ['bash', '-o', 'pipefail', '-c', command]
}

/** Starts a database server on a host, unless one runs there. */
export function serve(host: BenchHost): void {
  on(
    host,
    `mkdir -p /run/mysqld; [ ! -S /run/mysqld/mysqld.sock ] || exit 0
    [ -d /srv/db ] || mariadb-install-db --no-defaults --user=root --datadir=/srv/db \\
      --auth-root-authentication-method=socket --skip-test-db >/dev/null 2>&1
    setsid ${server} >/srv/db.log 2>&1 </dev/null &
    for i in $(seq 200); do mariadb-admin ping >/dev/null 2>&1 && exit 0; sleep 0.1; done; cat /srv/db.log >&2; exit 1`,
  )
}

/** Runs a script on a host, beside all that is measured. */
export function on(host: BenchHost, script: string, input = ''): string {
  const [program = '', ...args] = inside(host, script)
  return execFileSync(program, args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'inherit'] }).trim()
}

/** The command that runs a script on a host. */
export function inside({ name }: BenchHost, script: string): readonly string[] {
  const pid = readFileSync(path.join(state, 'hosts', name, 'pid'), 'utf8').trim()
  return ['nsenter', '--mount', '--uts', '--ipc', '--pid', '--target', pid, 'sh', '-c', script]
}
