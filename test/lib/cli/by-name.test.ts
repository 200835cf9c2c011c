import { mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { inTurn, Project } from './project.ts'

const test = suite('by name')
const root = fileURLToPath(new URL('../../..', import.meta.url))

const site = (port: string) => `import { number, play, playbook } from 'switchover'
import { probe } from 'switchover/modules'
import { operation } from 'switchover/kit'
const one = operation<string, null, null>((name) => name, { read: async () => null, plan: () => ({ result: null }) })
export default playbook('site', [play('p', { hosts: 'all', vars: { port: number } }, ({ task }) => {
  task('Look', probe\`true\`)
  task('Ask', (host) => one(host.vars.port.${port}))
})])
`
const run = ['site.ts', '-i', 'a,', '-c', 'local', '-e', 'port=80']

const linked = { extends: 'switchover/tsconfig.json' }
const compiles = { compilerOptions: { module: 'nodenext', strict: true, types: ['node'], skipLibCheck: true } }

test('a playbook and an inventory behind links import what lies beside the files themselves', async () => {
  using project = new Project({
    'real/site.ts': `import { named } from './named.ts'\n${site('toFixed(0)').replace("playbook('site'", 'playbook(named')}`,
    'real/named.ts': "export const named = 'by its link'\n",
    'real/hosts.ts':
      "import { inventory } from 'switchover'\nimport { named } from './named.ts'\nexport default inventory({ settings: { connection: 'local' }, hosts: { a: { vars: { named } } } })\n",
  })
  for (const name of ['site', 'hosts']) symlinkSync(`real/${name}.ts`, path.join(project.path, `${name}.ts`))
  const { code, stdout, stderr } = await project.run(['site.ts', '-i', 'hosts.ts', '-e', 'port=80'])
  assert.is(code, 0, stdout + stderr)
})

await inTurn(
  [
    { where: 'in a folder where nothing is installed', config: undefined },
    { where: 'in a project that a checkout is linked into', config: linked },
    { where: 'in such a project with settings of its own', config: compiles },
  ],
  async ({ where, config }) => {
    test(`a playbook imports the library by its names ${where}, and its types are checked`, async () => {
      using project = new Project({ 'site.ts': site('toFixed(0)'), 'package.json': '{ "type": "module" }' })
      if (config) {
        project.write('tsconfig.json', JSON.stringify(config))
        mkdirSync(path.join(project.path, 'node_modules/@types'), { recursive: true })
        symlinkSync(root, path.join(project.path, 'node_modules/switchover'))
        symlinkSync(path.join(root, 'node_modules/@types/node'), path.join(project.path, 'node_modules/@types/node'))
      }
      const { code, stdout, stderr } = await project.run(run)
      assert.is(code, 0, stdout + stderr)
      assert.match(stdout, 'ok=2')
      project.write('site.ts', site('length'))
      const wrong = await project.run(run)
      assert.is(wrong.code, 6)
      assert.match(
        wrong.stderr,
        /^Property 'length' does not exist on type 'number'.*\(site\.ts:7\)\n {4}task\('Ask'.*\n +\^\n$/,
      )
    })
  },
)

test.run()
