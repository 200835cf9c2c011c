import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { local, Project, words } from './project.ts'

const role = (name: string, options = '') =>
  `role('${name}', { port: number.or(80) }, ${options}({ task }) => { task('Say', (host) => shell\`echo ${name} \${host.vars.port}\`) })`
const project = new Project({
  'inventory.ts': local,
  'roles/web.ts': `${words}export const web = ${role('web', "{ hosts: 'web' }, ")}\n`,
  'roles/db/index.ts': `${words}export default ${role('database', "{ hosts: 'db' }, ")}\n`,
  'roles/cache.ts': `${words}export const cache = ${role('cache')}\n`,
  'roles/two.ts': `${words}export const other = ${role('other')}\nexport const two = ${role('two', "{ hosts: 'db' }, ")}\n`,
  'roles/several.ts': `${words}export const a = ${role('a')}\nexport const b = ${role('b')}\n`,
  'roles/none.ts': 'export const port = 80\n',
  'play.ts': `${words}export default play('p', { hosts: 'all' }, [${role('x')}])\n`,
  'list.ts': `${words}export default [play('p', { hosts: 'all' }, [${role('x')}])]\n`,
  'named.ts': `${words}export const site = playbook('s', [play('p', { hosts: 'all' }, [${role('x')}])])\n`,
  'site.yml': '- hosts: all\n',
})
const on = (target: string, ...args: readonly string[]) => project.run([target, '-i', 'inventory.ts', ...args])
const test = suite('a role by its name')
test.after(() => project[Symbol.dispose]())

test('runs on the hosts that it declares', async () => {
  const { code, stdout, stderr } = await on('web', '-v')
  assert.is(code, 0, stderr)
  assert.match(stdout, /\nPLAY \[web\]\n\nTASK \[Say\]\n/)
  assert.match(stdout, /changed: \[web1, web2\] => .*"web 80\\n"/)
  assert.match(stdout, '\nweb2 : ok=1 ')
  assert.not.match(stdout, 'db1')
  assert.is((await on('roles/web.ts', '--list-hosts')).stdout, 'web  (web): 2\n  web1\n  web2\n')
  assert.is((await on('db', '--list-hosts')).stdout, 'database  (db): 1\n  db1\n')
  assert.is((await on('two', '--list-hosts')).stdout, 'two  (db): 1\n  db1\n')
  assert.is((await on('web', '--list-hosts', '-l', 'web2')).stdout, 'web  (web): 1\n  web2\n')
  assert.match((await project.run(['vars', 'cache'])).stdout, 'port  a number  default 80  cache')
})

test('that declares none is told which by -l, in the words that are advised', async () => {
  const { code, stderr, stdout } = await on('cache', '-e', 'port=1 ')
  assert.equal([code, stdout], [5, ''])
  const [, advised = ''] =
    /^the role cache does not say which hosts it belongs to - (run .* -l HOSTS), or declare it: role\('cache', \{ … \}, \{ hosts: '…' \}, …\) \(roles\/cache\.ts:3\)\n$/.exec(
      stderr,
    ) ?? []
  assert.is(advised, "run cache -i inventory.ts -e 'port=1 ' -l HOSTS")
  const again = await on('cache', '-e', 'port=1', '-l', 'db')
  assert.is(again.code, 0)
  assert.match(again.stdout, /PLAY RECAP\ndb1 : ok=1 /)
})

test('that is not there has a neighbour, be it a role, a playbook or a command', async () => {
  const near = async (target: string) => (await on(target)).stderr
  const none = (target: string) => `there is no role ${target} in roles/, and no playbook of that name - did you mean`
  assert.is(await near('wbe'), `${none('wbe')} web?\n`)
  assert.is(await near('cahce'), `${none('cahce')} cache?\n`)
  for (const [typed, meant] of [
    ['inventry', 'inventory'],
    ['hist', 'history'],
  ] as const) {
    const said = `there is no command ${typed}, and no playbook or role of that name - did you mean ${meant}?\n`
    assert.is(await near(typed), said)
  }
})

test('that cannot be told, or is none, is refused by what the file exports instead', async () => {
  for (const [target, says] of [
    ['several', 'roles/several.ts exports several roles: a, b - export default the one to be run by this name'],
    ['none', "roles/none.ts does not export a playbook - write: export default playbook('…', [play(…), …])"],
    ['play.ts', "play.ts exports a play - write: export default playbook('…', [play(…)])"],
    ['list.ts', "list.ts exports a list - write: export default playbook('…', [play(…), …])"],
    ['named.ts', "named.ts exports the playbook site by its name - write: export default playbook('…', …)"],
  ] as const) {
    const { code, stderr } = await on(target, '--no-type-check')
    assert.equal([stderr, code], [`${says}\n`, 6], target)
  }
  const { stderr } = await on('site.yml')
  assert.match(
    stderr,
    /^site\.yml is not TypeScript, and playbooks are - how to write it: \S+\/lib\/guide\/from-ansible\.md\n$/,
  )
})

test.run()
