// Runs all tests: types, format and lint first, then every *.test.ts in a process of its own, those of the lab one after
// the other. Arguments: parts of file names, to run only those. The last line is `N passed, N failed`, and `, N skipped`
// where the machine lacks something that tests need; what they are is said above it.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
// What takes longest has a command of its own, npm run test:slow, so that npm test stays short.
const slow = [
  'test/lab/db/migrations.test.ts',
  'test/lab/upgrade/broken.test.ts',
  'test/lab/upgrade/killed.test.ts',
  'test/lab/upgrade/preflight.test.ts',
  'test/lib/cli/watch.test.ts',
  'test/lib/kit/race.test.ts',
  'test/lib/kit/tree-attributes.test.ts',
  'test/lib/kit/writing.test.ts',
  'test/lib/cli/hostile-ground.test.ts',
  'test/lib/cli/interruption.test.ts',
  'test/lib/commands/undo-host.test.ts',
  'test/lib/modules/firewall/firewalld.test.ts',
  'test/lib/modules/hostile.test.ts',
  'test/lib/modules/packages/dnf.test.ts',
  'test/lib/transport/certificates.test.ts',
  'test/roles/look.test.ts',
]
const only = process.argv[2] === '--slow' ? slow : process.argv.slice(2)
// A test file that takes longer hangs; the way back from everywhere is long, and so are thousands of cases, and changes
// that are undone and done again.
const many = process.env.SWITCHOVER_CASES !== undefined || process.env.SWITCHOVER_UNDO !== undefined
const long = (name) => name.startsWith('test/upgrade/') || many
const limitOf = (name) => (long(name) ? 3_600_000 : 420_000)

const files = readdirSync('test', { recursive: true })
  .map((file) => path.join('test', file))
  .filter(
    (file) =>
      file.endsWith('.test.ts') &&
      !file.includes('node_modules') &&
      // A project of its own, which package.test.ts installs.
      !file.startsWith('test/package/example/') &&
      // The package has a command of its own, npm run test:package: it installs from the registry.
      // Neither has the way back from everywhere, npm run test:upgrade: it takes its time.
      (only.length === 0
        ? !file.startsWith('test/package/') && !file.startsWith('test/upgrade/') && !slow.includes(file)
        : only.some((part) => file.includes(part))),
  )
  .sort()
const inLab = files.filter((file) => /^test\/(lab\/)?upgrade\//.test(file))
const began = Date.now()
const total = { passed: 0, failed: 0 }
const leftOut = []

if (only.length === 0) {
  await checked('types', 'node_modules/typescript/bin/tsc', ['-p', '.', '--pretty', 'false'])
  await checked('format and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '--colors=off', '.'])
}
// Two at a time, for two cores. The lab's take longest, so they come first, one after the other.
const alone = files.filter((file) => !inLab.includes(file))
const units = async () => {
  for (let file = alone.shift(); file; file = alone.shift())
    await testFile(file, process.execPath, ['--import', 'tsx', file])
}
const labs = async () => {
  for (const file of inLab) {
    const itself = [process.execPath, '--import', 'tsx', file]
    // Without root there is no lab, and the file says so itself.
    const [command, ...args] = process.getuid?.() === 0 ? ['test/lab/lab', 'session', ...itself] : itself
    await testFile(file, command, args)
  }
}
await Promise.all([labs().then(units), units()])

for (const line of leftOut) process.stdout.write(`\n${line}`)
const skipped = leftOut.length > 0 ? `, ${leftOut.length} skipped` : ''
const seconds = Math.round((Date.now() - began) / 1000)
process.stdout.write(`\n${seconds} s\n${total.passed} passed, ${total.failed} failed${skipped}\n`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0

async function checked(name, program, args) {
  const { code, output } = await capture(process.execPath, [program, ...args])
  count(name, code === 0 ? 1 : 0, code === 0 ? 0 : 1, output)
}

async function testFile(file, command, args) {
  const begun = Date.now()
  const { code, output } = await capture(command, args, limitOf(file))
  const number = (word) => Number(new RegExp(`${word}:\\s+(\\d+)`).exec(output)?.[1] ?? 0)
  const [ran, passed] = [number('Total'), number('Passed')]
  // What the machine lacks (test/rig/needs.ts): nobody passes without a test unless it is said.
  const out = [...new Set(output.match(/^left out: .*$/gm))]
  leftOut.push(...out)
  // A file that ends without counting, or counts nothing, has tested nothing.
  const failed = Math.max(ran - passed, code !== 0 || (ran === 0 && out.length === 0) ? 1 : 0)
  count(file, passed, failed, output, `  ${Math.round((Date.now() - begun) / 1000)} s`)
}

function count(name, passed, failed, output, took = '') {
  total.passed += passed
  total.failed += failed
  process.stdout.write(
    `${failed > 0 ? 'FAILED' : passed > 0 ? 'ok' : '--'}  ${name}  ${passed}${failed === 0 ? took : ` passed, ${failed} failed\n${output.trimEnd()}\n`}\n`,
  )
}

function capture(command, args, limit = limitOf('')) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    const timer = setTimeout(() => {
      output += `\nended after ${limit / 1000} s`
      child.kill('SIGKILL')
    }, limit)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? 1, output })
    })
    child.on('error', (error) => resolve({ code: 1, output: error.message }))
  })
}
