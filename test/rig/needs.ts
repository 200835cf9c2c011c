import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'uvu'

/** What not every machine has: to be root, namespaces of one's own, a program, or a file. */
export type Need = 'root' | 'namespaces' | keyof typeof programs | `/${string}`

/** Programs, and the Debian packages that bring them. */
const programs = {
  busybox: 'busybox-static',
  gcc: 'gcc',
  my_print_defaults: 'mariadb-server-core',
  php: 'php-cli',
  'systemd-analyze': 'systemd',
  testparm: 'samba-common-bin',
  setfacl: 'acl',
  setfattr: 'attr',
  bash: 'bash',
  bzip2: 'bzip2',
  'chromium-headless-shell': 'chromium-headless-shell',
  csh: 'tcsh',
  curl: 'curl',
  crontab: 'cron',
  fish: 'fish',
  git: 'git',
  createrepo_c: 'createrepo-c',
  dnf: 'dnf',
  firewalld: 'firewalld',
  gpg: 'gpg',
  rpmbuild: 'rpm',
  'debconf-communicate': 'debconf',
  'dpkg-query': 'dpkg',
  iptables: 'iptables',
  nft: 'nftables',
  mariadbd: 'mariadb-server-core',
  ksh: 'ksh',
  logrotate: 'logrotate',
  mksh: 'mksh',
  nginx: 'nginx-light',
  openssl: 'openssl',
  visudo: 'sudo',
  rsync: 'rsync',
  semanage: 'policycoreutils-python-utils',
  script: 'bsdutils',
  'oslo-config-validator': 'python3-oslo.config',
  sshd: 'openssh-server',
  sudo: 'sudo',
  systemctl: 'systemd',
  ufw: 'ufw',
  unzip: 'unzip',
  wget: 'wget',
  xz: 'xz-utils',
  zip: 'zip',
  zsh: 'zsh',
  zstd: 'zstd',
} as const

/** Ends this test file where the machine lacks something, and says so: nothing passes that was not tested. */
export function needs(...needed: readonly Need[]): void {
  if (leftOut('all of it', ...needed)) process.exit(0)
}

/** Makes a test as `test` does, where the machine has what it needs; elsewhere it is left out, and said to be. */
export function needing<T>(test: Test<T>, ...needed: readonly Need[]): (...made: Parameters<Test<T>>) => void {
  return (...made) => {
    if (!leftOut(`«${made[0]}»`, ...needed)) test(...made)
  }
}

/** Whether something cannot be tested here; it is said then. `test/run.mjs` counts these lines and shows them. */
export function leftOut(what: string, ...needed: readonly Need[]): boolean {
  const lacking = needed.filter((need) => !has(need))
  if (lacking.length === 0) return false
  const file = path.relative(process.cwd(), process.argv[1]!)
  const named = lacking.map((need) =>
    need in programs ? `${need} (Debian's ${programs[need as keyof typeof programs]})` : need,
  )
  process.stdout.write(`\nleft out: ${file}: ${what} needs ${named.join(', ')}\n`)
  return true
}

const known = new Map<Need, boolean>()

/** Whether this machine has it. */
export function has(need: Need): boolean {
  const found = known.get(need) ?? look(need)
  known.set(need, found)
  return found
}

function look(need: Need): boolean {
  // Whoever is root in a namespace of their own alone may much less (private.ts).
  if (need === 'root') return process.getuid?.() === 0 && process.env.SWITCHOVER_TEST_PRETENDED_ROOT === undefined
  if (need === 'namespaces') return spawnSync('unshare', [has('root') ? '-mn' : '-rmn', 'true']).status === 0
  if (need.startsWith('/')) return existsSync(need)
  return `${process.env.PATH}:/usr/sbin:/sbin`.split(':').some((folder) => existsSync(path.join(folder, need)))
}
