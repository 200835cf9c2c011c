import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { command, withCommand } from '../rig/command.ts'
import { exit } from '../../lib/model/problem.ts'
import { allPages, anchorsOf, linksOf, type Page, partsOf, withoutCode, writtenBy } from './pages.ts'
import { emptyProject } from './project.ts'
import { allModules, current, steady } from './reference.ts'

const root = path.resolve(import.meta.dirname, '../..')
const pages = allPages()
const [readme] = pages as [Page]
const test = suite('pages')

for (const page of pages) {
  if (partsOf(page).length === 0) continue
  test(`${page.file} says what the code says, and shows what a terminal shows`, () => {
    for (const { kind, argument, content, should } of current(page)) {
      assert.ok(should.trim().split('\n').length > 2, `${kind} ${argument} is empty`)
      assert.is(steady(content), steady(should), `${kind} ${argument} is old: npm run docs writes it anew`)
    }
  })
}

test('README is short enough to be read', () => {
  assert.ok(readme.text.split('\n').length <= 300)
  const [playbook] = partsOf(readme)
  assert.ok(playbook!.content.trim().split('\n').length <= 20, 'and so is its playbook')
})

test('every page can be reached from README, and every link leads to a file or a heading', () => {
  const byFile = new Map(pages.map((page) => [page.file, page]))
  const reached = new Set(['README.md'])
  let links = 0
  for (const file of reached) {
    for (const link of linksOf(byFile.get(file)!)) {
      if (/^https?:/.test(link)) continue
      links++
      const [to = '', anchor] = link.split('#')
      const target = to === '' ? file : path.join(path.dirname(file), to)
      assert.ok(existsSync(path.join(root, target)), `${file}: ${link} leads nowhere`)
      const page = statSync(path.join(root, target)).isDirectory() ? path.join(target, 'README.md') : target
      if (byFile.has(page)) reached.add(page)
      if (anchor) assert.ok(anchorsOf(byFile.get(page)!).has(anchor), `${file}: ${link} names no heading`)
    }
  }
  assert.ok(links > 40, `${links} links were found`)
  assert.equal(
    pages.map(({ file }) => file).filter((file) => !reached.has(file)),
    [],
    'no link leads to these',
  )
})

test('every console is typed by a program, and every code is a file that is compiled', () => {
  for (const page of pages) assert.not.match(writtenBy(page), /^```(?:console|ts)/m, page.file)
})

test('every operation and fact that is named is one', () => {
  const offered = new Map(allModules().map(({ name, offered }) => [name, offered.map((one) => one.name)]))
  const named = pages.flatMap(({ file, text }) =>
    [...withoutCode(text).matchAll(/`([a-zA-Z]+)\.(\w+)[`(]/g)].flatMap(([, module, name]) =>
      offered.has(module!) && !/^(ini|ts|yml|conf)$/.test(name!) ? [{ file, module: module!, name: name! }] : [],
    ),
  )
  assert.ok(named.length > 60, String(named.length))
  for (const { file, module, name } of named)
    assert.ok(offered.get(module)!.includes(name), `${file}: ${module} has no ${name}`)
})

test('the playbook of README changes both hosts, and then nothing', () => {
  const project = emptyProject()
  try {
    for (const name of ['workers.ts', 'hosts.ini'])
      project.save(name, readFileSync(path.join(root, 'test/docs/samples', name), 'utf8'))
    const [first, second] = [project.type('run workers.ts -i hosts.ini'), project.type('run workers.ts -i hosts.ini')]
    assert.is(first.code, exit.ok, first.said)
    assert.is(second.code, exit.ok, second.said)
    assert.is(project.type('cat app-2.ini').said, '[uwsgi]\nworkers = 8\n')
    assert.is(project.type('test -e app-1.reload').code, 0, 'its handler ran')
    assert.is(first.said.match(/^app-\d : ok=3 +changed=2/gm)?.length, 2, first.said)
    assert.is(second.said.match(/^app-\d : ok=2 +changed=0/gm)?.length, 2, second.said)
    assert.is(project.type('run workers.ts -i hosts.ini -e workers=16 --check --diff').code, exit.ok)
    assert.match(project.type('cat app-2.ini').said, 'workers = 8', 'check mode changes nothing')
  } finally {
    project.remove()
  }
})

// Command lines that nobody types for us: those of the upgrade, and those inside of sentences.
const commands = new Set(
  [...pages.find(({ file }) => file === 'lib/commands/README.md')!.text.matchAll(/(?<=`run )[a-z]+/g)].map(String),
)
const typed = new Set(pages.flatMap(commandLines))

for (const line of typed) {
  test(`${line}: its options exist`, () => {
    const words = line.split(/ +/).slice(1)
    const help = said([...(commands.has(words[0]!) ? [words[0]!] : []), '--help'])
    for (const word of words.filter((one) => /^-/.test(one) && one !== '--')) {
      assert.match(help, new RegExp(`(^|[\\s,(])${word.replace(/=.*/, '')}[\\s,]`, 'm'), `there is no ${word}`)
    }
  })
  const [target] = line.split(/ +/).slice(1)
  if (!/^playbooks\/|^[a-z]+ -i inventory/.test(line.slice(4)) || commands.has(target!)) continue
  test(`${line}: selects something`, () => {
    const words = line
      .slice(4)
      .replace('inventory/mine', 'inventory/lab')
      .split(/ +/)
      .map((word) => word.replace(/^'(.*)'$/, '$1'))
    assert.match(said([...words.filter((word) => word !== '--resume'), '--list-hosts']), /^ +(node|compute)-\d$/m)
  })
}

function commandLines(page: Page): readonly string[] {
  return [...writtenBy(page).matchAll(/^(?:npx )?run -?[a-z][^\n]*|`(?:npx )?(run [^`\n]+)`|&& (run [^\n]*)/gm)].map(
    ([line, quoted, after]) => (quoted ?? after ?? line).replace(/^npx /, '').replace(/ +# .*/, ''),
  )
}

test('command lines were found, and npm has the scripts that are named', () => {
  assert.ok(typed.size > 8, [...typed].join('\n'))
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>
  }
  const named = pages.flatMap(({ text }) =>
    [...text.matchAll(/npm (?:run (\w+)|(test))/g)].map(([, script, test]) => script ?? test!),
  )
  assert.ok(named.length > 1)
  for (const script of named) assert.ok(scripts[script], `npm has no script ${script}`)
})

test('the exit codes are those of the code', () => {
  const { text } = pages.find(({ file }) => file === 'lib/commands/README.md')!
  const table = /## Exit codes\n\n[^]*/.exec(text)?.[0] ?? ''
  const codes = [...table.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, list]) => list!.split(', ').map(Number))
  assert.equal(codes, Object.values(exit))
})

const known = new Map<string, string>()

function said(args: readonly string[]): string {
  const line = args.join(' ')
  const text = known.get(line) ?? ask(args)
  known.set(line, text)
  return text
}

function ask(args: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [command, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...withCommand, NO_COLOR: '1', COLUMNS: '110' },
  })
  assert.is(status, exit.ok, stderr)
  return stdout
}

test.run()
