import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { allModules } from './reference.ts'

const root = path.resolve(import.meta.dirname, '../..')
const test = suite('reference')

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
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        path.join(root, 'node_modules/typescript/bin/tsc'),
        '--noEmit',
        '--strict',
        '--noUncheckedIndexedAccess',
        '--skipLibCheck',
        '--customConditions',
        'switchover-source',
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
    assert.is(wrong.length, 1, stdout + stderr)
    assert.match(wrong[0]!, 'begun', stdout)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test.run()
