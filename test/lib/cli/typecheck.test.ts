import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Project, words } from './project.ts'

// Right or wrong, as the settings have it: strict ones want a type for x.
const loose = (name = 'x', type = '') => `${words}const same = (${name}${type}) => ${name}
export default playbook('s', [play('p', { hosts: 'all' }, ({ task }) => { task(same('T'), shell\`true\`) })])
`
const test = suite('the type check')

test('a verdict holds until the settings change, or anything that they extend', async () => {
  using project = new Project({ 'below/site.ts': loose(), 'package.json': '{}' })
  let turn = 0
  const write = (name: string, settings: string) => project.write(name, `${settings}${' '.repeat(turn++)}`)
  const verdict = async (expected: number, when: string) => {
    const { code, stderr } = await project.run(['below/site.ts', '-i', 'a,', '-c', 'local', '-C'])
    assert.is(code, expected, `${when}: ${stderr}`)
  }
  const strict = (is: boolean) => `{ "compilerOptions": { "strict": ${is}, }, /* and no more */ }`
  await verdict(6, 'without settings of their own')
  write('tsconfig.json', strict(false))
  await verdict(0, 'with settings')
  write('tsconfig.json', strict(true))
  await verdict(6, 'settings changed')
  write('tsconfig.json', '{ "extends": "./base" }')
  write('base.json', '// What all have.\n{ "extends": ["settings-of-ours/loose.json"] }')
  write('node_modules/settings-of-ours/loose.json', strict(false))
  await verdict(0, 'extended settings')
  write('node_modules/settings-of-ours/loose.json', strict(true))
  await verdict(6, 'extended settings changed')
  write('node_modules/settings-of-ours/loose.json', strict(false))
  await verdict(0, 'and back')
  write('base.json', '{}')
  write('tsconfig.json', '{ "extends": "./base.json", "compilerOptions": { "strict": true } }')
  await verdict(6, 'another extension')
  write('below/tsconfig.json', strict(false))
  await verdict(0, 'nearer settings')
})

test('what npm init -y and tsc --init make is good enough', async () => {
  using project = new Project({
    'site.ts': `${words}import { name } from './names.ts'\nexport default playbook('s', [play(name, { hosts: 'all' }, ({ task }) => { task('T', shell\`true\`) })])\n`,
    'names.ts': "export const name = 'p'\n",
    'package.json': '{ "name": "mine", "version": "1.0.0", "main": "index.js", "type": "commonjs" }',
  })
  const run = () => project.run(['site.ts', '-i', 'a,', '-c', 'local'])
  const { code, stderr } = await run()
  assert.is(code, 0, stderr)
  project.write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        module: 'nodenext',
        target: 'esnext',
        strict: true,
        verbatimModuleSyntax: true,
        isolatedModules: true,
        moduleDetection: 'force',
        skipLibCheck: true,
        types: ['node'],
        typeRoots: [new URL('../../../node_modules/@types', import.meta.url).pathname],
      },
    }),
  )
  const again = await run()
  assert.is(again.code, 0, again.stderr)
})

test('where nothing can be kept, types are checked all the same, and what would be recorded is refused', async () => {
  using project = new Project({ 'site.ts': loose('y', ': string'), '.switchover': '' })
  const run = (...args: readonly string[]) => project.run(['site.ts', '-i', 'a,', '-c', 'local', ...args])
  assert.is((await run('-C')).code, 0)
  const { code, stdout, stderr } = await run()
  assert.equal([code, stdout], [6, ''])
  assert.match(
    stderr,
    /^this folder cannot keep the run's lock and journal: .*\.switchover.*: .* - start it from a folder that you may write to\n$/,
  )
  project.write('site.ts', loose('y'))
  assert.match((await run('-C')).stderr, /^Parameter 'y' implicitly has an 'any' type/)
})

test('a project that lies below the folder of the shell has its own settings', async () => {
  using project = new Project({
    'mine/package.json': '{}',
    'mine/tsconfig.json': '{ "compilerOptions": { "strict": false } }',
    'mine/site.ts': loose('y'),
  })
  const { code, stderr } = await project.run(['mine/site.ts', '-i', 'a,', '-c', 'local'])
  assert.is(code, 0, stderr)
})

test.run()
