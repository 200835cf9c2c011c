import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { state } from './session.ts'

/** A program that runs the workloads. */
export interface Tool {
  readonly name: string
  /** Why it cannot be run here; undefined when it can. */
  readonly missing: string | undefined
  /** Of the workloads those that it can do; all of them unless told. */
  readonly does?: readonly string[]
  /** What it leaves behind differs from what the others do, for the reason that its files tell. */
  readonly differs?: true
  command(
    workload: string,
    inventory: string,
    hosts: number,
  ): { readonly argv: readonly string[]; readonly env: NodeJS.ProcessEnv }
}

const here = (file: string) => new URL(file, import.meta.url).pathname

function checkout(name: string, root: string): Tool {
  return {
    name,
    missing: existsSync(path.join(root, 'node_modules')) ? undefined : `${root} has no node_modules: run npm ci there`,
    command: (workload, inventory) => ({
      argv: [
        process.execPath,
        path.join(root, 'lib/run.cjs'),
        path.join(root, 'test/bench/playbooks', `${workload}.ts`),
        '-i',
        inventory,
        '--no-type-check',
      ],
      env: {},
    }),
  }
}

/** Our own `run`, as it is typed; the type check is apart. */
export const ours = checkout('switchover', here('../..'))

/** Another checkout of this project with its own playbooks, such as the one before a change. */
export const before = (root: string): Tool => checkout('before', path.resolve(root))

const strategies = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy'

function ansible(name: string, settings: (hosts: number) => NodeJS.ProcessEnv, needs: readonly string[]): Tool {
  const missing = needs.find((file) => !existsSync(file))
  return {
    name,
    missing: missing && `${missing} is missing: install the peers with npm run bench -- --install`,
    command: (workload, inventory, hosts) => {
      mkdirSync(path.join(state, 'ansible'), { recursive: true })
      return {
        argv: ['ansible-playbook', '-i', inventory, here(`ansible/${workload}.yml`)],
        env: {
          ANSIBLE_CONFIG: here('ansible/ansible.cfg'),
          ANSIBLE_NOCOLOR: '1',
          ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
          ANSIBLE_DEPRECATION_WARNINGS: 'False',
          ANSIBLE_SSH_CONTROL_PATH_DIR: path.join(state, 'ansible', 'cp'),
          ANSIBLE_LOCAL_TEMP: path.join(state, 'ansible', 'tmp'),
          ANSIBLE_TIMEOUT: '60',
          // OpenSSH's own choice of key exchange costs it ten times the CPU of this one.
          ANSIBLE_SSH_COMMON_ARGS: `-o UserKnownHostsFile=${state}/known_hosts -o KexAlgorithms=curve25519-sha256`,
          ...settings(hosts),
        },
      }
    },
  }
}

const playbook = '/usr/bin/ansible-playbook'
const collections = '/usr/lib/python3/dist-packages/ansible_collections/community/general'
// Compression, which is Ansible's default, is of no use on a machine's own loopback.
const tuned = (hosts: number): NodeJS.ProcessEnv => ({
  ANSIBLE_PIPELINING: 'True',
  ANSIBLE_FORKS: String(hosts),
  ANSIBLE_SSH_ARGS: '-o ControlMaster=auto -o ControlPersist=60s',
})

const counts: Readonly<Record<string, string>> = { w1: '1', w2: '30' }

/** A program that only runs commands, all of them over one connection a host. */
function commands(name: string, program: string, argv: readonly string[]): Tool {
  return {
    name,
    missing: existsSync(program)
      ? undefined
      : `${program} is missing: install the peers with npm run bench -- --install`,
    does: Object.keys(counts),
    command: (workload, inventory, hosts) => ({
      argv: [
        ...argv,
        counts[workload]!,
        inventory,
        path.join(state, 'key'),
        path.join(state, 'known_hosts'),
        path.join(state, 'clush'),
        String(hosts),
      ],
      env: {},
    }),
  }
}

/** What is found on PATH of a program, which this machine's packages need not have. */
function found(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => path.join(folder, program))
    .find((file) => existsSync(file))
}

const pyinfraProgram = found('pyinfra')
const pyinfra: Tool = {
  name: 'pyinfra',
  missing: pyinfraProgram === undefined ? 'it is not on PATH: see https://docs.pyinfra.com' : undefined,
  differs: true,
  command: (workload, inventory) => {
    const addresses = [...readFileSync(inventory, 'utf8').matchAll(/ansible_host=(\S+)/g)].map(([, address]) => address)
    const own = `${inventory}.py`
    writeFileSync(own, `hosts = [${addresses.map((address) => `("${address}", {})`).join(', ')}]\n`)
    const login = ['--user', 'root', '--key', `${state}/key`, '--data', `ssh_known_hosts_file=${state}/known_hosts`]
    return { argv: [pyinfraProgram!, '-y', ...login, own, here(`pyinfra/${workload}.py`)], env: {} }
  },
}

/**
 * Programs that run commands, pyinfra where it is, and Ansible as installed, with pipelining and a fork a host, and
 * that with Mitogen.
 */
export const peers: readonly Tool[] = [
  commands('sshkit', '/usr/lib/ruby/vendor_ruby/sshkit.rb', ['/usr/bin/ruby', here('sshkit/commands.rb')]),
  commands('clush', '/usr/bin/clush', [here('clush/commands')]),
  pyinfra,
  ansible('ansible', () => ({}), [playbook, collections]),
  ansible('ansible tuned', tuned, [playbook, collections]),
  ansible(
    'ansible + mitogen',
    (hosts) => ({ ...tuned(hosts), ANSIBLE_STRATEGY_PLUGINS: strategies, ANSIBLE_STRATEGY: 'mitogen_linear' }),
    [playbook, collections, strategies],
  ),
]
