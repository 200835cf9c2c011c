import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project } from './project.ts'

const test = suite('local files')

/** A role that brings files of its own to a folder of the host. */
const role = (folder: string) => `import { role } from 'switchover'
import { archive, file, script, templateFile } from 'switchover/modules'
export const web = role('web', {}, ({ task, ensure }) => {
  task('Copy', file.copy('files/page.html', '${folder}/page.html'))
  task('Fill in', (host) => templateFile('./files/site.conf.eta', '${folder}/site.conf', { name: host.name }))
  ensure('Copy, described', () => file.copy('../web/files/page.html', '${folder}/page2.html'))
  task('Run', async (host) => {
    const { stdout } = await host.run(script('files/say.sh', 'hello'))
    host.log(stdout)
  })
  task('Fetch', file.fetch('${folder}/page.html', 'files/fetched.html'))
})
`
const files = {
  'files/page.html': '<p>',
  'files/site.conf.eta': 'server <%= it.name %>\n',
  'files/say.sh': 'echo "$1 from a script"\n',
}
const playbook = (from: string) => `import { play, playbook } from 'switchover'
import { web } from '${from}'
export default playbook('site', [play('Web', { hosts: 'all' }, [web])])
`

for (const { where, folder, from, more } of [
  { where: 'of a role', folder: 'roles/web', from: '../roles/web/index.ts', more: {} },
  {
    where: 'of a role that is a package',
    folder: 'node_modules/web',
    from: 'web',
    more: {
      'node_modules/web/package.json': JSON.stringify({
        name: 'web',
        type: 'module',
        exports: './index.ts',
        peerDependencies: { switchover: '*' },
      }),
    },
  },
]) {
  test(`${where} lie beside it, wherever run was started`, async () => {
    using project = new Project({
      'playbooks/site.ts': playbook(from),
      'package.json': '{ "type": "module" }',
      ...more,
    })
    const to = path.join(project.path, 'host')
    const elsewhere = path.join(project.path, 'elsewhere')
    for (const made of [to, elsewhere]) mkdirSync(made)
    project.write(`${folder}/index.ts`, role(to))
    for (const [name, text] of Object.entries(files)) project.write(`${folder}/${name}`, text)
    const run = ['../playbooks/site.ts', '-i', 'a,', '-c', 'local', '--no-type-check']
    const { code, stdout, stderr } = await project.run(run, { cwd: elsewhere })
    assert.is(code, 0, stdout + stderr)
    assert.match(stdout, 'hello from a script')
    assert.equal(
      ['page.html', 'site.conf', 'page2.html'].map((name) => readFileSync(path.join(to, name), 'utf8')),
      ['<p>', 'server a\n', '<p>'],
    )
    assert.is(readFileSync(path.join(project.path, folder, 'files/fetched.html'), 'utf8'), '<p>')

    const missing = role(to).replace('files/page.html', 'files/none.html')
    project.write(`${folder}/index.ts`, missing)
    for (const check of [[], ['--syntax-check']]) {
      const refused = await project.run([...run, ...check], { cwd: elsewhere })
      assert.is(refused.code, 6)
      const place = path.join(project.path, folder)
      assert.is(
        refused.stderr,
        `file.copy files/none.html to ${to}/page.html: there is no file ${place}/files/none.html - put it there, ` +
          'or correct the path, which begins at the file that says it; if an earlier task makes it, ' +
          `write task('…', () => …), which looks at its turn, and not ensure (${place}/index.ts:4)\n`,
      )
    }
    assert.not.ok(existsSync(path.join(elsewhere, 'files')))
  })
}

test.run()
