import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { command } from '../cli/command.ts'
import { exit, Refused } from '../model/problem.ts'
import { program } from '../model/program.ts'

export const init = command({
  describe: 'Make a project that runs at once: run init [FOLDER]',
  takes: { folder: { describe: 'Where; this folder unless said', completes: 'files' } },
  examples: [['run init cloud', 'Make the folder cloud, and a project in it']],
  async act({ words: { folder = '.' } }) {
    const there = Object.keys(files).filter((name) => existsSync(path.join(folder, name)))
    if (there.length > 0)
      throw new Refused(
        {
          message: `${there.join(', ')} ${there.length === 1 ? 'is' : 'are'} there already, and nothing was written`,
          hint: 'name a new folder',
        },
        exit.load,
      )
    for (const [name, content] of Object.entries({ ...files, ...project(folder) })) {
      const file = path.join(folder, name)
      mkdirSync(path.dirname(file), { recursive: true })
      writeFileSync(file, content, { flag: 'wx' })
    }
    const into = folder === '.' ? '' : `cd ${folder} && `
    process.stdout.write(`Made ${Object.keys(files).join(', ')}.

Next:
  ${into}${program()} site.ts -i inventory.ts --check   say what would change on this machine
  ${into}${program()} site.ts -i inventory.ts           change it
  ${into}npm install && npm test                        test the role without a machine
`)
    return exit.ok
  },
})

/** What npm made before is its owner's. */
function project(folder: string): Readonly<Record<string, string>> {
  if (existsSync(path.join(folder, 'package.json'))) return {}
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
  const made = {
    name: path.basename(path.resolve(folder)).toLowerCase(),
    private: true,
    type: 'module',
    scripts: { test: 'node --import tsx --test roles/*.test.ts' },
    dependencies: { switchover: `^${version}` },
    devDependencies: { tsx: '^4.23.15' },
  }
  return { 'package.json': `${JSON.stringify(made, undefined, 2)}\n` }
}

const files: Readonly<Record<string, string>> = {
  'inventory.ts': `import { inventory } from 'switchover'

export default inventory({
  // This machine; for others, leave settings away and name them under hosts.
  settings: { connection: 'local' },
  groups: { web: { hosts: ['web-1'], vars: { greeting: 'hello', folder: '/tmp/switchover-first' } } },
})
`,
  'site.ts': `import { play, playbook } from 'switchover'
import { greeter } from './roles/greeter.ts'

export default playbook('Site', [play('Web servers', { hosts: 'web' }, [greeter])])
`,
  'roles/greeter.ts': `import { role, text } from 'switchover'
import { file } from 'switchover/modules'

/** Greets whoever comes by. */
export const greeter = role('greeter', { greeting: text, folder: text }, { hosts: 'web' }, ({ ensure }) => {
  ensure('Make the folder', ({ vars }) => file.directory(vars.folder))
  ensure('Write the greeting', ({ vars }) => file.content(\`\${vars.folder}/greeting\`, \`\${vars.greeting}\\n\`))
})
`,
  'roles/greeter.test.ts': `import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeHosts } from 'switchover/testing'
import { greeter } from './greeter.ts'

test('writes the greeting once', async () => {
  const hosts = await fakeHosts({ hosts: ['web-1'], vars: { greeting: 'hi', folder: '/srv/greeter' } })
  assert.equal((await hosts.run(greeter)).outcome, 'ok')
  assert.equal(hosts.host('web-1').files.read('/srv/greeter/greeting'), 'hi\\n')
  assert.deepEqual((await hosts.run(greeter)).recap, ['web-1 ok=2'])
})
`,
  'tsconfig.json': '{\n  "extends": "switchover/tsconfig.json",\n  "include": ["."]\n}\n',
  '.gitignore': 'node_modules/\n.switchover/\n',
}
