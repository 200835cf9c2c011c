import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exit } from '../../lib/model/problem.ts'
import { allModules, partOf, parts, steady } from './reference.ts'
import { misspelt, sampleOf, sampleProject } from './sample.ts'

const root = path.resolve(import.meta.dirname, '../..')
const readme = readFileSync(path.join(root, 'README.md'), 'utf8')
const test = suite('README')

for (const [name, make] of Object.entries(parts)) {
  test(`the part ${name} is what the code says`, () => {
    const part = partOf(readme, name)
    assert.ok(part.trim().split('\n').length > 5, 'it is empty')
    assert.is(steady(part), steady(make(readme)), 'write it anew: node --import tsx test/docs/reference.ts')
  })
}

test('the playbook is short, changes both hosts, and then nothing', () => {
  assert.ok(sampleOf(readme).playbook.trimEnd().split('\n').length <= 15)
  const project = sampleProject(readme)
  try {
    const [first, second] = [project.run('workers.ts', '-i', 'hosts.ini'), project.run('workers.ts', '-i', 'hosts.ini')]
    assert.is(first.code, exit.ok, first.said)
    assert.is(second.code, exit.ok, second.said)
    assert.is(readFileSync(path.join(project.folder, 'app-2.ini'), 'utf8'), '[uwsgi]\nworkers = 8\n')
    assert.ok(existsSync(path.join(project.folder, 'app-1.reload')), 'its handler ran')
    assert.is(first.said.match(/^app-\d : ok=3 +changed=2/gm)?.length, 2, first.said)
    assert.is(second.said.match(/^app-\d : ok=2 +changed=0/gm)?.length, 2, second.said)
    assert.is(project.run('workers.ts', '-i', 'hosts.ini', '-e', 'workers=16', '--check', '--diff').code, exit.ok)
    assert.match(
      readFileSync(path.join(project.folder, 'app-2.ini'), 'utf8'),
      'workers = 8',
      'check mode changes nothing',
    )
  } finally {
    project.remove()
  }
})

test('its types are checked before anything is touched', () => {
  const project = sampleProject(readme, misspelt)
  try {
    const { code, said } = project.run('workers.ts', '-i', 'hosts.ini')
    assert.is(code, exit.load, said)
    assert.match(said, /'wokers' does not exist.*workers\.ts:9/)
    assert.not.ok(existsSync(path.join(project.folder, 'app-1.ini')))
  } finally {
    project.remove()
  }
})

const tables = Object.keys(parts).filter((name) => name !== 'output')
const written = tables.reduce((text, name) => text.replace(partOf(readme, name), ''), readme)
const typed = [
  ...written.matchAll(/^(?:\$ )?(?:npx )?run -?[a-z][^\n]*|`(?:npx )?(run [^`\n]+)`|&& (run [^\n]*)/gm),
].map(([line, quoted, after]) =>
  (quoted ?? after ?? line)
    .replace(/^\$ /, '')
    .replace(/^npx /, '')
    .replace(/ +# .*/, ''),
)
const commands = new Set(partOf(readme, 'commands').match(/(?<=`run )[a-z]+/g))

for (const line of new Set(typed)) {
  test(`${line}: its options exist`, () => {
    const words = line.split(/ +/).slice(1)
    const help = said([...(commands.has(words[0]!) ? [words[0]!] : []), '--help'])
    for (const word of words.filter((one) => /^-/.test(one) && one !== '--')) {
      assert.match(help, new RegExp(`(^|[\\s,(])${word.replace(/=.*/, '')}[\\s,]`, 'm'), `there is no ${word}`)
    }
  })
  const [target] = line.split(/ +/).slice(1)
  if (!/^playbooks\/|^[a-z]+ -i/.test(line.slice(4)) || commands.has(target!)) continue
  test(`${line}: selects something`, () => {
    const words = line
      .slice(4)
      .replace('inventory/mine', 'inventory/lab')
      .split(/ +/)
      .map((word) => word.replace(/^'(.*)'$/, '$1'))
    assert.match(said([...words.filter((word) => word !== '--resume'), '--list-hosts']), /^ +node-\d$/m)
  })
}

test('command lines were found, and npm has the scripts that are named', () => {
  assert.ok(typed.length > 8, typed.join('\n'))
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
  }
  const named = [...readme.matchAll(/npm (?:run (\w+)|(test))/g)].map(([, script, test]) => script ?? test!)
  assert.ok(named.length > 1)
  for (const script of named) assert.ok(scripts[script], `npm has no script ${script}`)
})

test('every link leads to a file or a heading', () => {
  const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!)
  const anchors = new Set(
    [...readme.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
  assert.ok(links.length > 20)
  for (const link of links) {
    assert.ok(
      link.startsWith('#') ? anchors.has(link.slice(1)) : existsSync(path.join(root, link)),
      `${link} leads nowhere`,
    )
  }
})

test('the exit codes are those of the code', () => {
  const table = /### Exit codes\n\n[^]*?\n\n/.exec(readme)?.[0] ?? ''
  const codes = [...table.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, list]) => list!.split(', ').map(Number))
  assert.equal(codes, Object.values(exit))
})

test('every operation and fact has a sentence and an example', () => {
  const operations = allModules().flatMap(({ offered, prefix }) =>
    offered.filter(({ kind }) => kind !== 'type').map((one) => ({ ...one, title: `${prefix}${one.name}` })),
  )
  const titles = (of: typeof operations) => of.map(({ title }) => title)
  assert.ok(operations.length > 60)
  assert.equal(titles(operations.filter(({ sentence }) => sentence === '')), [], 'without a sentence')
  assert.equal(titles(operations.filter(({ examples }) => examples.length === 0)), [], 'without an example')
})

// What an example may take for granted: the words of a role, a host, and what the text around it would have made.
const given = `import assert from 'node:assert/strict'
import { type Handler, type HostContext, masked, type Secret, type Steps } from 'switchover'
import { ${allModules()
  .flatMap(({ prefix, name }) => (prefix ? name : name.split(', ')))
  .join(', ')} } from 'switchover/modules'
declare const { task, handler }: Steps<any>
declare const host: HostContext<any>
declare const restart: Handler
declare const volumes: readonly string[]
declare const login: database.ServiceLogin
declare const password: Secret
declare const [iqn, old, dump, saved, endpoint]: readonly [string, string, string, string, string]
`

test('every example compiles', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchover-examples-'))
  try {
    const examples = allModules().flatMap(({ offered, prefix }) =>
      offered.flatMap(({ name, examples }) =>
        examples.map((code) => `// ${prefix}${name}\nasync () => {\n${code}\n}\n`),
      ),
    )
    assert.ok(examples.length > 60)
    // One that does not compile shows that the others were looked at.
    examples.push('async () => {\nservice.begun(1)\n}\n')
    mkdirSync(path.join(folder, 'node_modules'))
    symlinkSync(root, path.join(folder, 'node_modules/switchover'))
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(path.join(folder, 'examples.ts'), given + examples.join(''))
    const { stdout } = spawnSync(
      process.execPath,
      [
        path.join(root, 'node_modules/typescript/bin/tsc'),
        '--noEmit',
        '--strict',
        '--noUncheckedIndexedAccess',
        '--skipLibCheck',
        '--module',
        'nodenext',
        '--target',
        'es2023',
        '--allowImportingTsExtensions',
        '--pretty',
        'false',
        '--typeRoots',
        path.join(root, 'node_modules/@types'),
        '--types',
        'node',
        'examples.ts',
      ],
      { cwd: folder, encoding: 'utf8' },
    )
    const lines = (given + examples.join('')).split('\n')
    const wrong = stdout
      .split('\n')
      .filter((line) => line.startsWith('examples.ts'))
      .map((line) => `${line}\n    ${lines[Number(/\((\d+)/.exec(line)?.[1]) - 1]}`)
    assert.is(wrong.length, 1, stdout)
    assert.match(wrong[0]!, 'begun', stdout)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

function said(args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['lib/run.cjs', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', COLUMNS: '110' },
  })
  assert.is(status, exit.ok, stderr)
  return stdout
}

test.run()
