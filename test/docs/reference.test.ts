import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Exported, exportsOf } from './declarations.ts'
import { allModules } from './reference.ts'

const root = path.resolve(import.meta.dirname, '../..')
const test = suite('reference')

/** Something public, as its users write it: `ini.set`. */
type Titled = Exported & { readonly title: string }

const titled = (file: string): readonly Titled[] => exportsOf(file).map((one) => ({ ...one, title: one.name }))
const ofModules: readonly Titled[] = allModules().flatMap(({ offered, prefix }) =>
  offered.map((one) => ({ ...one, title: `${prefix}${one.name}` })),
)
const everything = [...ofModules, ...['lib/index.ts', 'lib/kit/index.ts', 'lib/testing/index.ts'].flatMap(titled)]

test('everything that is public has a sentence, and what is not a type an example', () => {
  const titles = (of: typeof everything) => of.map(({ file, title }) => `${file}: ${title}`)
  assert.ok(everything.length > 150, String(everything.length))
  assert.equal(titles(everything.filter(({ sentence }) => sentence === '')), [], 'without a sentence')
  assert.equal(
    titles(everything.filter(({ kind, examples }) => kind !== 'type' && examples.length === 0)),
    [],
    'without an example',
  )
})

// What an example may take for granted: imports, the words of a role, a host, and what the text around it made.
const words = exportsOf('lib/index.ts')
const imported = (of: readonly Exported[]) =>
  of.map(({ kind, name }) => `${kind === 'type' ? 'type ' : ''}${name}`).join(', ')
const modules = allModules()
  .flatMap(({ prefix, name }) => (prefix ? name : name.split(', ')))
  .join(', ')
const ours = `import assert from 'node:assert/strict'
import { ${imported(words)} } from 'switchover'
`
const given = {
  modules: `${ours}import { ${modules} } from 'switchover/modules'
declare const { task, ensure, handler }: Steps<any>
declare const host: HostContext<any>
declare const restart: Handler
declare const volumes: readonly string[]
declare const login: database.ServiceLogin
declare const password: Secret
declare const [iqn, old, dump, saved, endpoint, formerKey]: readonly [string, string, string, string, string, string]
declare const operators: readonly string[]
`,
  words: `${ours}import { file, ini, probe, shell } from 'switchover/modules'
declare const { ensure }: Steps<any>
declare const host: HostContext<any>
declare const define: () => void
declare const { nginx, mysql, app, keystone, glance, nova }: { readonly [name: string]: any }
declare const [stdout, conf]: readonly [string, string]
`,
  kit: `import { ${imported(exportsOf('lib/kit/index.ts'))} } from 'switchover/kit'
declare const connection: Connection
declare const result: CommandResult
declare const events: readonly Event[]
declare const event: Event
declare const error: unknown
declare const [name, path, folder]: readonly [string, string, string]
`,
  testing: `${ours}import { ${imported(exportsOf('lib/testing/index.ts'))} } from 'switchover/testing'
import { test } from 'node:test'
declare const hosts: FakeHosts
declare const [app, novaCompute]: readonly [Role<any>, Role<any>]
declare const { events }: TestRun
`,
}

const examples: readonly (readonly [name: keyof typeof given, of: readonly Titled[]])[] = [
  ['modules', ofModules],
  ['words', titled('lib/index.ts')],
  ['kit', titled('lib/kit/index.ts')],
  ['testing', titled('lib/testing/index.ts')],
]

test('every example compiles', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'switchover-examples-'))
  try {
    mkdirSync(path.join(folder, 'node_modules'))
    symlinkSync(root, path.join(folder, 'node_modules/switchover'))
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }')
    for (const [name, of] of examples) {
      const code = of.flatMap(({ title, examples }) =>
        examples.map((code) => `// ${title}\nasync () => {\n${code.replace(/^export default /gm, 'void ')}\n}\n`),
      )
      assert.ok(code.length >= 4, `${code.length} examples of ${name}`)
      writeFileSync(path.join(folder, `${name}.ts`), given[name] + code.join(''))
    }
    // One that does not compile shows that the others were looked at.
    writeFileSync(path.join(folder, 'wrong.ts'), `${given.modules}service.begun(1)\n`)
    const options =
      '--noEmit --strict --skipLibCheck --customConditions switchover-source --module nodenext ' +
      '--target es2023 --allowImportingTsExtensions --pretty false --types node --typeRoots'
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        path.join(root, 'node_modules/typescript/bin/tsc'),
        ...options.split(' '),
        path.join(root, 'node_modules/@types'),
        ...examples.map(([name]) => `${name}.ts`),
        'wrong.ts',
      ],
      { cwd: folder, encoding: 'utf8' },
    )
    const wrong = stdout.split('\n').flatMap((line) => {
      const [, file, at] = /^(\w+\.ts)\((\d+)/.exec(line) ?? []
      return file ? [`${line}\n    ${readFileSync(path.join(folder, file), 'utf8').split('\n')[Number(at) - 1]}`] : []
    })
    assert.is(wrong.length, 1, wrong.join('\n') || stdout + stderr)
    assert.match(wrong[0]!, 'begun', stdout)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
