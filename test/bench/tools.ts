import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { state } from './session.ts'

/** A program that runs the workloads. */
export interface Tool {
  readonly name: string
  /** Why it cannot be run here; undefined when it can. */
  readonly missing: string | undefined
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

/** Ansible as installed, Ansible with pipelining and a fork a host, and that with Mitogen. */
export const peers: readonly Tool[] = [
  ansible('ansible', () => ({}), [playbook, collections]),
  ansible('ansible tuned', tuned, [playbook, collections]),
  ansible(
    'ansible + mitogen',
    (hosts) => ({ ...tuned(hosts), ANSIBLE_STRATEGY_PLUGINS: strategies, ANSIBLE_STRATEGY: 'mitogen_linear' }),
    [playbook, collections, strategies],
  ),
]
