// Installs what the tests and the demo need and is not there: npm's packages and, as root, Debian's. Tests do without
// the latter, and say what they left out.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19))
  stop(`Node ${process.versions.node} is too old: 20.19 is the oldest that works`)

if (!installed()) run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'])
const forTests = process.argv.includes('--tests')
if (process.getuid?.() === 0) run('test/lab/lab', ['install', ...(forTests ? missingTools() : [])])
else if (!forTests) stop('the lab makes network namespaces and mounts, which only root may: run this as root')
else process.stdout.write('not root: tests that need root or a lab are left out, and named at the end\n')

// What only the tests use: shells and archivers to try the modules with.
function missingTools() {
  const tools = {
    busybox: 'busybox-static',
    csh: 'tcsh',
    fish: 'fish',
    ksh: 'ksh',
    mksh: 'mksh',
    zsh: 'zsh',
    unzip: 'unzip',
    zip: 'zip',
    bzip2: 'bzip2',
    xz: 'xz-utils',
    openssl: 'openssl',
    nginx: 'nginx-light',
    logrotate: 'logrotate',
    rsync: 'rsync',
    iptables: 'iptables',
    nft: 'nftables',
    ufw: 'ufw',
    modprobe: 'kmod',
    zstd: 'zstd',
    gcc: 'gcc',
    git: 'git',
    php: 'php-cli',
    testparm: 'samba-common-bin',
    setfacl: 'acl',
    setfattr: 'attr',
    'chromium-headless-shell': 'chromium-headless-shell',
    curl: 'curl',
    gpg: 'gpg',
    wget: 'wget',
    script: 'bsdutils',
    'oslo-config-validator': 'python3-oslo.config',
    ...(process.argv.includes('--slow')
      ? { createrepo_c: 'createrepo-c', dnf: 'dnf', firewalld: 'firewalld', rpmbuild: 'rpm' }
      : {}),
  }
  return Object.entries(tools)
    .filter(([tool]) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0)
    .map(([, name]) => name)
}

// npm writes its own lock into node_modules when an installation is complete.
function installed() {
  if (!existsSync('node_modules/.package-lock.json')) return false
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
  const there = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
  )
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) stop(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
}

function stop(reason) {
  process.stderr.write(`${reason}\n`)
  process.exit(1)
}
