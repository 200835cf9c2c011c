// npm run test:openstack: from nothing to a moved cloud and back, on real OpenStack (test/openstack/README.md). What a
// cloud says of itself by its own API is compared before and after, never by queries of the roles.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const at = (file: string) => new URL(file, import.meta.url).pathname
const rig = at('openstack')
const inventory = 'inventory/victoria-zed'
const clouds = JSON.parse(readFileSync(at('host/clouds.json'), 'utf8')) as Record<
  string,
  { readonly management: string }
>
const databases = ['keystone', 'glance', 'placement', 'nova_api', 'nova', 'nova_cell0', 'neutron', 'cinder']
process.chdir(at('../..'))

if (process.getuid?.() !== 0) skip('it needs root: namespaces and overlay mounts are made')
const installed = await typed([rig, 'install'])
if (installed.code !== 0) {
  const reachable = await typed(['apt-get', 'update', '-q', '--error-on=any'])
  if (reachable.code !== 0) skip('no mirror of Debian can be reached')
  throw new Error(`test/openstack/openstack install failed:\n${installed.said}`)
}

try {
  await step('The clouds as they were made', () => must(rig, 'reset'))
  const before = await step('What the source says', () => tells('source'))
  const token = await asked('source', 'token', clouds['source']!.management)
  await step('Freeze', () => run('full-upgrade', '-t', 'preflight,freeze'))
  const dumps = await sums()
  await step('Upgrade', () => run('full-upgrade'))
  await step('Verify, by the project itself', () => run('verify'))
  assert.deepEqual(await tells('target'), before)
  say(`the target says the same of ${Object.keys(before).length} things as the source did`)
  const done = await step('Use it', () => asked('target', 'use', clouds['target']!.management, token))
  for (const line of done.trim().split('\n')) say(line)
  assert.deepEqual(await sums(), dumps)
  say(`${databases.length} databases of the source are what they were, by the checksums of their dumps`)
  await step('Roll back', () => run('rollback'))
  assert.deepEqual(await tells('source'), before)
  say('the source says the same as before')
} finally {
  await must(rig, 'down')
}
say(`passed in ${Math.round(performance.now() / 1000)} s`)

/** What a controller says of itself. The moment at which a service last reported is not asked. */
async function tells(host: string): Promise<Record<string, unknown>> {
  return JSON.parse(await asked(host, 'tell', host)) as Record<string, unknown>
}

/** Runs one of the programs in `check` inside a host, as the admin of its cloud. */
function asked(host: string, program: string, argument: string, stdin = ''): Promise<string> {
  const script = readFileSync(at(`check/${program}`), 'utf8')
  const shell = '. /root/openrc; exec python3 -c "$0" "$@"'
  return must(rig, 'enter', host, 'bash', '-c', shell, script, argument, { stdin })
}

/** The checksum of each table of the source: where one is another than before, its name is what one needs to know. */
async function sums(): Promise<Record<string, string>> {
  const of = async (name: string) => {
    const dump = await must(rig, 'enter', 'source', 'mysqldump', '--skip-dump-date', '--single-transaction', name)
    return dump.split(/^(?=-- Table structure for table )/m).map((part) => {
      const table = /^-- Table structure for table `(\w+)`/.exec(part)?.[1] ?? ''
      return [`${name}.${table}`, createHash('sha256').update(part).digest('hex')] as const
    })
  }
  return Object.fromEntries((await Promise.all(databases.map(of))).flat())
}

function run(playbook: string, ...options: readonly string[]): Promise<string> {
  return must('npx', 'run', `playbooks/${playbook}.ts`, '-i', inventory, '--yes', '-o', 'lines', ...options)
}

async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const result = await work()
  say(`${name}: ${Math.round((performance.now() - began) / 1000)} s`)
  return result
}

type Words = readonly (string | { readonly stdin: string })[]

/** What a command says on stdout. @throws with all that it said, when it fails */
async function must(...words: Words): Promise<string> {
  const input = words.find((word) => typeof word !== 'string')
  const command = words.filter((word) => typeof word === 'string')
  const { code, said, stdout } = await typed(command, input?.stdin)
  if (code !== 0) throw new Error(`${command.slice(0, 3).join(' ')} failed (exit code ${code}):\n${said}`)
  return stdout
}

async function typed(command: readonly string[], stdin = '') {
  const child = spawn(command[0]!, command.slice(1), { stdio: 'pipe' })
  const all: Buffer[] = []
  const out: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => void all.push(part))
  child.stdout.on('data', (part: Buffer) => void out.push(part))
  child.stderr.on('data', (part: Buffer) => void all.push(part))
  child.stdin.on('error', () => {})
  child.stdin.end(stdin)
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject))
  return { code, said: Buffer.concat(all).toString().slice(-20_000), stdout: Buffer.concat(out).toString() }
}

function say(line: string): void {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
}

function skip(why: string): never {
  process.stdout.write(`\nSKIPPED: the proof on real OpenStack was not run: ${why}\n`)
  process.exit(0)
}
