import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { modules, Project, words } from '../cli/project.ts'

const here = new URL('../../..', import.meta.url).pathname
const project = new Project()
const dir = project.path
const of = (name: string) => `${dir}/${name}`
const read = (name: string) => readFileSync(of(name), 'utf8')
const inventory = (workers: number, more = '') =>
  `[app]\na workers=${workers}\nb workers=8\n[app:vars]\nansible_connection=local\n${more}`

project.write('names.ts', `export const section = 'uwsgi'\n`)
project.write(
  'site.ts',
  `${words}${modules}import { section } from './names.ts'
const { file, ini } = modules
export default playbook('site', [
  play('Set', { hosts: 'app', vars: { workers: number } }, ({ ensure, handler, task }) => {
    const reload = handler('Reload', (host) => shell\`touch ${dir}/\${host.name}.reload\`)
    ensure('Set the number', { notify: reload }, ({ name, vars }) =>
      ini.set(\`${dir}/\${name}.ini\`, { [section]: { workers: vars.workers } }, { create: true }))
    task('Drop what is old', (host) => host.run(file.absent(\`${dir}/\${host.name}.old\`)))
    ensure('Look', { verify: true }, ({ name }) => probe\`test -e ${dir}/\${name}.ini\`)
  }),
])
`,
)
project.write('hosts.ini', inventory(4))
project.write('a.old', '')

const plan = (...args: readonly string[]) => project.run(['plan', ...args])
const apply = (...args: readonly string[]) => project.run(['apply', ...args])
const anew = `run plan site.ts -i hosts.ini -o site.plan`

const test = suite('run plan, run apply')
test.after(() => project[Symbol.dispose]())

test('a plan says what would be done, marks what destroys and what restarts, and changes nothing', async () => {
  const { stdout, stderr, code } = await plan('site.ts', '-i', 'hosts.ini', '-D', '-o', 'first.plan')
  assert.is(stderr, '')
  assert.is(code, 0)
  assert.match(
    stdout,
    /^TASK \[Set the number\]\nchanges: \[a\]\n {2}ini\.set \S+\/a\.ini \[uwsgi\] workers\n--- before/m,
  )
  assert.match(stdout, /^\+workers = 8$/m)
  assert.match(stdout, /^destroys: \[a\]\n {2}file\.absent \S+\/a\.old$/m)
  assert.match(stdout, /^HANDLER \[Reload\]\nchanges: \[a\]\n {2}shell: touch \S+\/a\.reload$/m)
  assert.match(stdout, /^PLAN: 5 changes on 2 hosts, 1 of them destroys something, 2 checks left for the run$/m)
  assert.not(existsSync(of('a.ini')))
  assert.is(statSync(of('first.plan')).mode & 0o777, 0o600)
  assert.not(existsSync(of('.switchover/runs')))
})

test('it is carried out as it is, on the hosts that are as it saw them', async () => {
  const planned = await plan('site.ts', '-i', 'hosts.ini', '-o', 'site.plan')
  assert.is(planned.code, 0)
  // Somebody is faster on one of them.
  writeFileSync(of('b.ini'), '[uwsgi]\nworkers = 2\n')
  const { stdout, stderr, code } = await apply('site.plan')
  assert.is(code, 8)
  assert.match(
    stderr,
    /^b is left out: ini\.set \S+ \[uwsgi\] workers finds another state: .*size.* \(«Set the number», site\.ts:\d+\)$/m,
  )
  assert.ok(stderr.endsWith(`see what would be done there now: ${anew}\n`), stderr)
  assert.match(stdout, /^a : ok=4 {2}changed=3 {2}unreachable=0 {2}failed=0$/m)
  assert.is(read('a.ini'), '[uwsgi]\nworkers = 4\n')
  assert.is(read('b.ini'), '[uwsgi]\nworkers = 2\n')
  assert.ok(existsSync(of('a.reload')))
  assert.not(existsSync(of('a.old')))
  // The next step, as it is said.
  assert.is((await plan('site.ts', '-i', 'hosts.ini', '-o', 'site.plan')).code, 0)
  const again = await apply('site.plan')
  assert.is(again.stderr, '')
  assert.is(again.code, 0)
  assert.is(read('b.ini'), '[uwsgi]\nworkers = 8\n')
})

test('where all is as wanted nothing is to be done, and a plan that was carried out is none any more', async () => {
  assert.match((await apply('site.plan')).stderr, /^b is left out: ini\.set .* has nothing to change any more/m)
  assert.match(
    (await plan('site.ts', '-i', 'hosts.ini', '-o', 'done.plan')).stdout,
    /^PLAN: nothing would be changed$/m,
  )
  const { stdout, code } = await apply('done.plan')
  assert.is(stdout, 'done.plan: nothing is to be changed\n')
  assert.is(code, 0)
})

test('the inventory has moved: the host whose variable it is, is left out, and named with it', async () => {
  project.write('hosts.ini', inventory(5))
  await plan('site.ts', '-i', 'hosts.ini', '-o', 'site.plan')
  project.write('hosts.ini', inventory(6))
  const { stderr, code } = await apply('site.plan')
  assert.match(stderr, /^a is left out: the inventory says otherwise of workers$/m)
  assert.is(code, 8)
  assert.is(read('a.ini'), '[uwsgi]\nworkers = 4\n')
  const given = await apply('site.plan', '-e', 'workers=7')
  assert.match(
    given.stderr,
    /^see what would be done there now: run plan site\.ts -i hosts\.ini -o site\.plan -e workers=7$/m,
  )
})

test('the playbook has moved: the file is named, whether it is its own or one that it imports', async () => {
  project.write('names.ts', `export const section = 'uwsgi2'\n`)
  const { stderr, code } = await apply('site.plan')
  assert.is(
    stderr,
    `the playbook is not the one that was planned: names.ts was changed - see what would be done now: ${anew}\n`,
  )
  assert.is(code, 8)
  project.write('names.ts', `export const section = 'uwsgi'\n`)
})

test('only some of its hosts', async () => {
  project.write('hosts.ini', inventory(5).replace('b workers=8', 'b workers=9'))
  await plan('site.ts', '-i', 'hosts.ini', '-o', 'site.plan')
  assert.is((await apply('site.plan', '-l', 'b')).code, 0)
  assert.is(read('b.ini'), '[uwsgi]\nworkers = 9\n')
  assert.is(read('a.ini'), '[uwsgi]\nworkers = 4\n')
  assert.is((await apply('site.plan', '-l', 'a')).code, 0)
  assert.is(read('a.ini'), '[uwsgi]\nworkers = 5\n')
})

const password = 'pässwörd-"17"'
project.write(
  'secret.ts',
  `${words}${modules}
const { file } = modules
export default playbook('secret', [
  play('Write', { hosts: 'app', vars: { token: secret } }, ({ ensure, task }) => {
    ensure('Write it', ({ name, vars }) => file.content(\`${dir}/\${name}.token\`, vars.token))
    task('Say it', ({ vars }) => shell({ stdin: vars.token })\`cat >/dev/null\`)
  }),
])
`,
)

test('no secret stands in it, and it is taken anew', async () => {
  project.write('token.json', JSON.stringify({ token: password }))
  const { stdout } = await plan('secret.ts', '-i', 'hosts.ini', '-e', '@token.json', '-D', '-o', 'secret.plan')
  const kept = read('secret.plan')
  for (const text of [stdout, kept])
    for (const form of [password, JSON.stringify(password), Buffer.from(password).toString('base64')])
      assert.not(text.includes(form), text)
  assert.match(kept, /‹token›|"\$secret":"token"/)
  project.write('token.json', JSON.stringify({ token: `${password}2` }))
  const moved = await apply('secret.plan')
  assert.match(moved.stderr, /^a is left out: the inventory says otherwise of token$/m)
  project.write('token.json', JSON.stringify({ token: password }))
  assert.is((await apply('secret.plan')).code, 0)
  assert.is(read('a.token'), password)
  // On the command line: it is given again.
  const line = ['secret.ts', '-i', 'hosts.ini', '-e', 'token=typed-here-99', '-o', 'typed.plan'] as const
  await plan(...line)
  assert.not(read('typed.plan').includes('typed-here-99'))
  assert.match((await apply('typed.plan')).stderr, /token/)
  const otherwise = await apply('typed.plan', '-e', 'token=typed-there-77')
  assert.match(otherwise.stderr, /see what would be done there now: .* -e token=/)
  assert.not(otherwise.stderr.includes('typed-there-77'), otherwise.stderr)
  assert.is((await apply('typed.plan', '-e', 'token=typed-here-99')).code, 0)
  assert.is(read('b.token'), 'typed-here-99')
})

project.write(
  'unknown.ts',
  `${words}${modules}
const { file } = modules
export default playbook('unknown', [
  play('Ask', { hosts: 'a' }, ({ task, ensure }) => {
    const asked = task('Ask', async (host) => (await host.run(shell\`date >>${dir}/asked; echo 7\`)).stdout.trim())
    task('Write it', (host) => file.content('${dir}/answer', host.result(asked)))
  }),
])
`,
)

test('what only a real run can tell is done where that is allowed, and refused before anything is done', async () => {
  const planned = await plan('unknown.ts', '-i', 'hosts.ini', '-o', 'unknown.plan')
  assert.match(planned.stdout, /^unknown: \[a\] \(it needs the result of «Ask», which only a real run has\)$/m)
  assert.match(planned.stdout, /^PLAN: 1 change on 1 host, 1 unknown$/m)
  const refused = await apply('unknown.plan')
  assert.match(refused.stderr, /^the plan cannot say what these do: «Write it» - .*--unknown/)
  assert.is(refused.code, 8)
  assert.not(existsSync(of('asked')))
  assert.is((await apply('unknown.plan', '--unknown')).code, 0)
  assert.is(read('answer'), '7')
})

project.write(
  'between.ts',
  `${words}${modules}
const { file, ini } = modules
export default playbook('between', [
  play('Between', { hosts: 'a' }, ({ task, ensure, block }) => {
    task('Do more than it says', shell({ touches: [] })\`printf '[x]\\ny = 0\\n[z]\\n' >${dir}/between.ini\`)
    block('Set', {
      try() { ensure('Set it', ini.set('${dir}/between.ini', { x: { y: 1 } })) },
      rescue() { task('Tell', file.content('${dir}/rescued', '1')) },
    })
  }),
])
`,
)

test('a change that is another one at its turn is not made; the rescue of what fails then is its author’s', async () => {
  project.write('between.ini', '[x]\ny = 0\n')
  await plan('between.ts', '-i', 'hosts.ini', '-o', 'between.plan')
  const { stdout } = await apply('between.plan')
  assert.match(stdout, /ini\.set \S+ \[x\] y would make another change than the plan says/)
  assert.match(stdout, /see what would be done now: \S+ plan between\.ts -i hosts\.ini -o between\.plan/)
  assert.is(read('between.ini'), '[x]\ny = 0\n[z]\n')
  assert.is(read('rescued'), '1')
})

test('what is no plan, and another folder than its own', async () => {
  const none = await apply('hosts.ini')
  // Typed as it stands, the advice must not write over what was taken for a plan.
  assert.match(none.stderr, /^hosts\.ini is no plan - make one: \S+ plan PLAYBOOK -i INVENTORY -o site\.plan$/m)
  assert.is(none.code, 6)
  const over = await project.run(['plan', 'site.ts', '-i', 'hosts.ini', '-o', 'site.ts', '--no-type-check'])
  assert.match(over.stderr, /^site\.ts is there already and is not a plan: nothing is written over it - name another/)
  assert.equal([over.code, over.stdout], [5, ''])
  const missing = await apply('none.plan')
  assert.match(missing.stderr, /^there is no plan none\.plan - /m)
  const elsewhere = await project.run(['apply', `${dir}/site.plan`], { cwd: here })
  assert.match(elsewhere.stderr, new RegExp(`the plan was made in ${dir}.* - go there: cd ${dir} && `))
  assert.is(elsewhere.code, 8)
})

test.run()
