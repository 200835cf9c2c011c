// npm run test:openstack: from nothing to a moved cloud and back, on real OpenStack (test/openstack/README.md). What a
// cloud says of itself by its own API is compared before and after, never by queries of the roles.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { browser } from '../rig/browser.ts'

const at = (file: string) => new URL(file, import.meta.url).pathname
const rig = at('openstack')
const { hop, onwards, keep } = parseArgs({
  options: {
    hop: { type: 'string', default: 'victoria-zed' },
    onwards: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
}).values
const [source = '', target = ''] = hop.split('-')
const clouds = JSON.parse(readFileSync(at('host/clouds.json'), 'utf8')) as Record<
  string,
  { readonly management: string }
>
const databases = ['keystone', 'glance', 'placement', 'nova_api', 'nova', 'nova_cell0', 'neutron', 'cinder']
process.chdir(at('../..'))

if (!clouds[source] || !clouds[target]) throw new Error(`--hop ${hop}: there are victoria-zed and zed-epoxy`)
if (process.getuid?.() !== 0) skip('it needs root: namespaces and overlay mounts are made')
const installed = await typed([rig, 'install', ...(target === 'epoxy' ? ['epoxy'] : [])])
if (installed.code !== 0) {
  const reachable = await typed(['apt-get', 'update', '-q', '--error-on=any'])
  if (reachable.code !== 0) skip('no mirror of Debian can be reached')
  throw new Error(`test/openstack/openstack install failed:\n${installed.said}`)
}

try {
  await step('The clouds as they were made', () => must(rig, 'reset'))
  if (source === 'zed') await firstHop()
  const before = await step('What the source says', () => tells(source))
  // What could not be had would be the same on both.
  for (const [name, answer] of Object.entries(before))
    assert.equal(typeof answer, 'object', `${name}: ${String(answer)}`)
  await (onwards ? forGood(before) : thereAndBack(before))
} finally {
  if (!keep) await must(rig, 'down')
}
say(`passed in ${Math.round(performance.now() / 1000)} s`)

/** The target of the first pair becomes the source of the second one: with its compute nodes, and for good. */
async function firstHop(): Promise<void> {
  await step('First, Victoria to Zed', () => must(...runner('playbooks/full-upgrade.ts', 'victoria-zed')))
  await renewed('zed')
  await step('Finalize it', () => must(...runner('playbooks/finalize.ts', 'victoria-zed')))
  await must(rig, 'power', 'victoria', 'off')
  await step('A controller of Epoxy joins', () => must(rig, 'power', 'epoxy', 'on'))
  await step('Mend of its server what preflight names', () =>
    mended(['character_set_collations', 'innodb_snapshot_isolation']),
  )
}

/** Preflight must name what is not as it must be, and what it says then is typed as it stands there. */
async function mended(names: readonly string[]): Promise<void> {
  const { code, said } = await typed(runner('playbooks/preflight.ts', hop))
  const mends = new Set([...said.matchAll(new RegExp(`→ on ${target}: (.*)$`, 'gm'))].map(([, mend]) => mend!))
  assert.equal(code, 2, said)
  assert.equal(mends.size, names.length, said)
  for (const name of names) assert.ok(said.includes(`has ${name}=`), said)
  for (const mend of mends) await must(rig, 'enter', target, 'bash', '-c', mend)
}

/** The upgrade, all that is asked of it, and the way back. */
async function thereAndBack(before: Record<string, unknown>): Promise<void> {
  const token = await asked(source, 'token', clouds[source]!.management)
  const project = (before['projects'] as Record<string, string>)['alpha']!
  const away = watched(project, token)
  await step('Freeze', () => run('full-upgrade', '-t', 'preflight,freeze'))
  const dumps = await sums()
  await step('Upgrade', () => run('full-upgrade'))
  for (const line of (await away()).trim().split('\n')) say(line)
  await step('Verify, by the project itself', () => run('verify'))
  assert.deepEqual(await step('What the target says', () => tells(target)), before)
  say(`the target says the same of ${Object.keys(before).length} things as the source did`)
  await used(token)
  await step('Break it in six ways, and mend it as it says', () => broken(before))
  assert.deepEqual(await sums(), dumps)
  say(`${databases.length} databases of the source are what they were, by the checksums of their dumps`)
  await step('Roll back', () => run('rollback'))
  assert.deepEqual(await tells(source), before)
  say('the source says the same as before')
}

/** The upgrade, killed three times; then the compute nodes go over to the new release too, and the last of the old goes. */
async function forGood(before: Record<string, unknown>): Promise<void> {
  await step('Upgrade, killed before the data', () => killed(/^PLAY \[Move the data\]/m, 0))
  await step('… on, killed in a migration', () => killed(/^TASK \[nova : Upgrade the schema\]/m, 2000, '--resume'))
  await step('… on, killed before the services', () => killed(/^PLAY \[Start the services\]/m, 500, '--resume'))
  await step('… on, to the end', () => run('full-upgrade', '--resume'))
  await renewed(target)
  await step('Verify', () => run('verify'))
  await step('Finalize', () => run('finalize'))
  const status = "su -s /bin/sh -c 'nova-status upgrade check' nova 2>/dev/null"
  const { code, stdout } = await typed([rig, 'enter', target, 'bash', '-c', status])
  for (const line of stdout.match(/(Check|Result): .*?(?= *\|)/g) ?? []) say(line)
  // 1: a warning, of machine types that libvirt would know.
  assert.ok(code === 0 || code === 1, stdout)
  await until(async () => isDeepStrictEqual(await tells(target), before), 'the target says other than the source')
  say('the target says the same as the source did')
  await used(await asked(target, 'token', clouds[target]!.management))
}

/** Each compute node is installed anew with a later release. */
async function renewed(controller: string): Promise<void> {
  for (const node of Object.keys(clouds).filter((name) => name.startsWith('compute-')))
    await step(`${node} of the new release`, () => must(rig, 'renew', node, controller))
}

/** What a user does with the target, with a token of before; and what the dashboard shows. */
async function used(token: string): Promise<void> {
  const done = await step('Use it', () => asked(target, 'use', clouds[target]!.management, token))
  for (const line of done.trim().split('\n')) say(line)
  if ((await typed(['sh', '-c', 'command -v chromium-headless-shell'])).code !== 0)
    return say('no picture of the dashboard: there is no chromium-headless-shell')
  say(await step('A picture of the dashboard', pictured))
}

/** The first page of the dashboard after the login by its form, in a file beside the runs' journals. */
async function pictured(): Promise<string> {
  const { management } = clouds[target]!
  const page = await browser({ program: [rig, 'in', 'chromium-headless-shell'], reaches: management })
  try {
    const login = `document.querySelector('[name=username]').value = 'alice'
      document.querySelector('[name=password]').value = 'a1ice-Pass'
      document.querySelector('[type=submit]').click()`
    await page.ask(new URL(`http://${management}/horizon/auth/login/`), 1280, '0')
    const [at, text] = await page.leave<[string, string]>(login, '[location.href, document.body.innerText]')
    assert.ok(!at.includes('/auth/login') && text.includes('alice'), `${at}: ${text}`)
    const file = `.switchover/dashboard-${target}.png`
    mkdirSync('.switchover', { recursive: true })
    writeFileSync(file, await page.picture())
    return `${at} is in ${file}`
  } finally {
    await page.close()
  }
}

/** Runs the upgrade until it says something, and kills it with all that belongs to it, some milliseconds later. */
async function killed(says: RegExp, later: number, ...options: readonly string[]): Promise<void> {
  const [command, ...words] = runner('playbooks/full-upgrade.ts', hop, ...options)
  const child = spawn(command!, words, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const ended = new Promise<boolean>((resolve) => void child.once('close', () => resolve(false)))
  const heard = new Promise<boolean>((resolve) => {
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString()
      if (says.test(said)) setTimeout(() => resolve(true), later)
    })
  })
  assert.ok(await Promise.race([heard, ended]), `the upgrade ended before it said ${String(says)}:\n${said}`)
  process.kill(-child.pid!, 'SIGKILL')
  await ended
}

/**
 * Six faults, each of which its service's own checks must name, and what they say must mend; and which the cloud's own
 * API must show, which knows nothing of these checks.
 */
async function broken(before: Record<string, unknown>): Promise<void> {
  const there = (script: string) => must(rig, 'enter', target, 'bash', '-c', script)
  const cell = (from: string, to: string) => `mariadb -e "UPDATE nova_api.cell_mappings SET database_connection =
      REPLACE(database_connection, '${from}', '${to}') WHERE name = 'cell1'"
    service nova-api restart </dev/null >/dev/null 2>&1`
  const [from, to] = [source, target].map((name) => clouds[name]!.management)
  await there(`
    mariadb -e "UPDATE keystone.endpoint SET url = REPLACE(url, '${to}', '${from}')
      WHERE interface = 'admin' AND url LIKE '%:9292%'"
    truncate -s 1000 "$(ls /var/lib/glance/images/* | head -n 1)"
    rm "$(ls /srv/cinder/volume-* | head -n 1)"
    ${cell('/{path}', '/nova_cell0')}
    service placement-api stop; service neutron-rpc-server stop`)
  const faults = [
    ['neutron', new RegExp(`neutron-rpc-server does not run on ${target}`), 'start'],
    ['keystone', new RegExp(`these rows lead to ${source}.*keystone\\.endpoint`), 'rows'],
    ['glance', /these images cannot be used:\n.*has 1000 bytes/, 'files,permissions'],
    ['cinder', /these files of cinder are missing: \/srv\/cinder\/volume-/, 'files'],
    ['placement', new RegExp(`placement-api does not run on ${target}`), 'start'],
    ['nova', /nova lists no instances/, undefined],
  ] as const
  for (const [role, says] of faults) {
    const { code, said } = await typed(runner(role, hop, '-t', 'verify'))
    assert.equal(code, 2, `${role} was broken, and its checks ended with ${code}:\n${said}`)
    assert.match(said, says)
  }
  const differs = { ...before, ...(await tells(target)) }
  const shown = Object.keys(before).filter((name) => !isDeepStrictEqual(before[name], differs[name]))
  for (const name of ['endpoints', 'bytes of images', 'bytes of volumes', 'servers', 'resource providers', 'agents'])
    assert.ok(shown.includes(name), `the API shows no fault in ${name}, but in ${shown.join(', ')}`)
  for (const [role, , mends] of faults) if (mends) await must(...runner(role, hop, '-t', mends))
  await there(cell('/nova_cell0', '/{path}'))
  await run('verify')
  await until(async () => isDeepStrictEqual(await tells(target), before), 'the target does not say the same again')
  say(`${faults.length} of ${faults.length} faults named by the checks and shown by the API (${shown.join(', ')})`)
}

async function until(true_: () => Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; !(await true_()); tries++) assert.ok(tries < 4, what)
}

/** Watches the APIs from now on; what it gives ends that, and says how long each was away. */
function watched(project: string, token: string): () => Promise<string> {
  const [from, to] = [source, target].map((name) => clouds[name]!.management)
  const child = spawn(rig, ['in', process.execPath, at('check/away.mjs'), from!, to!, project])
  let said = ''
  child.stdout.on('data', (part: Buffer) => void (said += part.toString()))
  const closed = new Promise((resolve) => void child.once('close', resolve))
  child.stdin.write(token)
  return async () => {
    child.stdin.end()
    await closed
    return said
  }
}

/** What a controller says of itself. The moment at which a service last reported is not asked. */
async function tells(host: string): Promise<Record<string, unknown>> {
  return JSON.parse(await asked(host, 'tell', host)) as Record<string, unknown>
}

/** Runs one of the programs in `check` inside a host; `tell` as the admin of its cloud. */
function asked(host: string, program: string, argument: string, stdin = ''): Promise<string> {
  const script = readFileSync(at(`check/${program}`), 'utf8')
  // The others ask as a user, whom later clients forget for what openrc says.
  const openrc = program === 'tell' ? '. /root/openrc; ' : ''
  const shell = `${openrc}exec timeout 600 python3 -c "$0" "$@"`
  return must(rig, 'enter', host, 'bash', '-c', shell, script, argument, { stdin })
}

/** The checksum of each table of the source: where one is another than before, its name is what one needs to know. */
async function sums(): Promise<Record<string, string>> {
  const of = async (name: string) => {
    const dump = await must(rig, 'enter', source, 'mysqldump', '--skip-dump-date', '--single-transaction', name)
    return dump.split(/^(?=-- Table structure for table )/m).map((part) => {
      const table = /^-- Table structure for table `(\w+)`/.exec(part)?.[1] ?? ''
      return [`${name}.${table}`, createHash('sha256').update(part).digest('hex')] as const
    })
  }
  return Object.fromEntries((await Promise.all(databases.map(of))).flat())
}

function run(playbook: string, ...options: readonly string[]): Promise<string> {
  return must(...runner(`playbooks/${playbook}.ts`, hop, ...options))
}

function runner(what: string, pair: string, ...options: readonly string[]): readonly string[] {
  return ['npx', 'run', what, '-i', `inventory/${pair}`, '--yes', '-o', 'lines', ...options]
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
