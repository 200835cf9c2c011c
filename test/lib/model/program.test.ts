import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'run-called-'))
const bin = path.join(folder, 'node_modules/.bin')
mkdirSync(bin, { recursive: true })
for (const name of ['run', 'switchover']) symlinkSync(path.join(root, 'lib/run.cjs'), path.join(bin, name))
symlinkSync(path.join(root, 'lib/run.cjs'), path.join(folder, 'run'))
writeFileSync(path.join(folder, 'package.json'), '{ "name": "called", "scripts": { "deploy": "run exec" } }')

const { npm_command: _, PATH = '', ...env } = process.env
const sh = (line: string, more: Readonly<Record<string, string>> = {}) =>
  spawnSync('/bin/sh', ['-c', line], { cwd: folder, encoding: 'utf8', env: { ...env, PATH, ...more } })

const ways: readonly (readonly [typed: string, says: string, path?: string])[] = [
  ['run', 'run', `${bin}:${PATH}`],
  ['switchover', 'switchover', `${bin}:${PATH}`],
  ['npx --offline run', 'npx run'],
  ['npx --offline switchover', 'npx switchover'],
  ['npm run --silent deploy #', 'npx run'],
  ['node_modules/.bin/run', 'node_modules/.bin/run'],
  [`${bin}/run`, 'node_modules/.bin/run'],
  ['./run', './run'],
  [`node ${root}lib/run.cjs`, `${root}lib/run.cjs`],
  [`cd node_modules && ${bin}/../../run`, `${folder}/run`],
]

const test = suite('the program as it was called')
test.after(() => rmSync(folder, { recursive: true, force: true }))

for (const [typed, says, at] of ways) {
  test(`whoever typed ${typed.replace(root, '')} is told what works there`, () => {
    const given: Record<string, string> = at === undefined ? {} : { PATH: at }
    const { stderr } = sh(`${typed} exec`, given)
    assert.is(stderr, `the hosts are missing - name them first, as in ${says} exec all -i inventory/lab -- uptime\n`)
    const where = /^cd \S+ && /.exec(typed)?.[0] ?? ''
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
    assert.is(sh(`${where}${says} --version`, given).stdout, `${version}\n`)
  })
}
test.run()
