import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { command } from '../cli/command.ts'
import { version } from '../cli/version.ts'
import { quote } from '../model/quote.ts'
import { makeFolder, onDisk } from '../model/disk.ts'
import { replaceFile } from '../model/output-file.ts'
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
    const { content, added, test } = packageFile(folder)
    const made: string[] = []
    try {
      for (const [name, text] of Object.entries(files)) {
        const file = path.join(folder, name)
        makeFolder(path.dirname(file))
        made.push(file)
        onDisk(file, () => writeFileSync(file, text, { flag: 'wx' }))
      }
      if (added.length > 0) replaceFile(path.join(folder, 'package.json'), content)
    } catch (error) {
      // Half a project would keep the next one out.
      for (const file of made) rmSync(file, { force: true })
      throw error
    }
    const into = folder === '.' ? '' : `cd ${quote(folder)} && `
    const besides = added.length > 0 ? `; added to package.json: ${added.join(', ')}` : ''
    const run = program(folder)
    // npx finds what is installed in the folder itself; a command with a place of its own needs nothing there.
    const installs = run.startsWith('npx ') && !existsSync(path.join(folder, 'node_modules/.bin/run'))
    const next: readonly (readonly [string, string])[] = [
      ...(installs ? ([['npm install', 'install what it needs']] as const) : []),
      [`${run} site.ts -i inventory.ts --check`, 'say what would change on this machine'],
      [`${run} site.ts -i inventory.ts`, 'change it'],
      [installs ? test : `npm install && ${test}`, 'test the role without a machine'],
    ]
    const widest = Math.max(...next.map(([line]) => line.length))
    process.stdout.write(`Made ${Object.keys(files).join(', ')}${besides}.

Next:
${next.map(([line, what]) => `  ${into}${line.padEnd(widest)}   ${what}\n`).join('')}`)
    return exit.ok
  },
})

const home = fileURLToPath(new URL('../..', import.meta.url))
// A checkout, linked or not, has no build: programs and compilers are to use its sources.
const checkout = !home.includes(`${path.sep}node_modules${path.sep}`)
const testing = `node ${checkout ? '--conditions=switchover-source ' : ''}--import tsx --test roles/*.test.ts`

/** The package.json of a folder with what a project needs besides: what is there is its owner's, and stays. */
function packageFile(folder: string): {
  readonly content: string
  readonly added: readonly string[]
  /** What runs the tests. */
  readonly test: string
} {
  const file = path.join(folder, 'package.json')
  const { found, indent } = existsSync(file) ? read(file) : { found: fresh(folder), indent: 2 }
  const { dependencies = {}, devDependencies = {}, scripts = {}, ...others } = found
  const has = (name: string) => ({ ...dependencies, ...devDependencies })[name] !== undefined
  // npm writes a test of its own, which only fails.
  const tested = scripts['test'] !== undefined && !scripts['test'].includes('no test specified')
  const added = [
    ...(tested ? [] : ['scripts.test']),
    ...(has('switchover') ? [] : ['dependencies.switchover']),
    ...(has('tsx') ? [] : ['devDependencies.tsx']),
  ]
  const whole = {
    ...others,
    scripts: tested ? scripts : { ...scripts, test: testing },
    dependencies: has('switchover') ? dependencies : { ...dependencies, switchover: origin(folder) },
    devDependencies: has('tsx') ? devDependencies : { ...devDependencies, tsx: '^4.23.15' },
  }
  return {
    content: `${JSON.stringify(whole, undefined, indent)}\n`,
    added,
    test: tested && scripts['test'] !== testing ? testing : 'npm test',
  }
}

/** What npm can install this library from, as a folder's package.json has it: from where it came here. */
function origin(folder: string): string {
  const from = (place: string) => `file:${path.relative(path.resolve(folder), place) || '.'}`
  if (checkout) return from(home)
  const modules = path.dirname(path.resolve(home))
  try {
    const lock = JSON.parse(readFileSync(path.join(modules, '.package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly resolved?: string }>>
    }
    const resolved = lock.packages['node_modules/switchover']?.resolved ?? ''
    if (/^https?:/.test(resolved)) return `^${version()}`
    const tarball = path.resolve(path.dirname(modules), resolved.replace(/^file:/, ''))
    if (resolved.startsWith('file:') && existsSync(tarball)) return from(tarball)
  } catch {
    // Whoever installed it keeps no such list.
  }
  return from(home)
}

function tsconfig(): string {
  const settings = {
    extends: 'switchover/tsconfig.json',
    ...(checkout ? { compilerOptions: { customConditions: ['switchover-source'] } } : {}),
    include: ['.'],
  }
  return `${JSON.stringify(settings, undefined, 2)}\n`
}

interface PackageFile {
  readonly [key: string]: unknown
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function fresh(folder: string): PackageFile {
  return { name: path.basename(path.resolve(folder)).toLowerCase(), private: true, type: 'module' }
}

function read(file: string): { readonly found: PackageFile; readonly indent: string } {
  const text = readFileSync(file, 'utf8')
  try {
    return { found: JSON.parse(text) as PackageFile, indent: /^[ \t]+(?=")/m.exec(text)?.[0] ?? '  ' }
  } catch (error) {
    throw new Refused(
      { message: `${file} cannot be read: ${(error as Error).message}`, hint: 'mend it, or name a new folder' },
      exit.load,
    )
  }
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
  'tsconfig.json': tsconfig(),
  '.gitignore': 'node_modules/\n.switchover/\n',
}
