import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { fromCommand, fromEnvironment, fromFile } from '../../../lib/inventory/secrets.ts'
import { Refused } from '../../../lib/model/problem.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { Folder } from './folder.ts'

const here = fileURLToPath(import.meta.url)
const words = fileURLToPath(new URL('../../../lib/index.ts', import.meta.url))
const test = suite('secrets')

const refusal = (read: () => unknown) => {
  try {
    read()
  } catch (error) {
    assert.instance(error, Refused)
    return (error as Refused).problems[0]!
  }
  throw new Error('it was not refused')
}

test('from the environment', () => {
  process.env['LAB_PASSWORD'] = 'opensesame'
  const secret = fromEnvironment('LAB_PASSWORD')
  assert.is(secret.reveal(), 'opensesame')
  assert.is(String(secret), '‹LAB_PASSWORD›')
  delete process.env['LAB_PASSWORD']
  const { message, hint, at } = refusal(() => fromEnvironment('LAB_PASSWORD'))
  assert.is(message, 'the environment variable LAB_PASSWORD is not set')
  assert.is(hint, 'export LAB_PASSWORD=...')
  assert.is(at!.file, here)
})

test('from a file, without its last line end', () => {
  using folder = new Folder()
  const secret = fromFile(folder.write('root.password', ' two words\n\n', 0o600))
  assert.is(secret.reveal(), ' two words\n')
  assert.is(String(secret), '‹root.password›')
})

test('from a file beside the one that names it', () => {
  assert.match(
    refusal(() => fromFile(path.basename(here))).message,
    /^secrets\.test\.ts holds a secret and others may read it/,
  )
  assert.ok(readFileSync(here).length > 0)
})

test('from a file that others may read: refused, with the command that helps', () => {
  using folder = new Folder()
  const file = folder.write('open', 'opensesame\n', 0o644)
  const { message, hint } = refusal(() => fromFile(file))
  assert.is(message, `${file} holds a secret and others may read it (mode 0644)`)
  assert.is(hint, `chmod 600 ${file}`)
})

test('from a file that is not there, or empty', () => {
  using folder = new Folder()
  assert.match(
    refusal(() => fromFile('/nonexistent/secret')).message,
    /^there is no file \/nonexistent\/secret with a secret/,
  )
  const empty = folder.write('empty', '\n', 0o600)
  assert.is(refusal(() => fromFile(empty)).message, `${empty} is empty, and should hold a secret`)
})

test('from a command', async () => {
  const secret = await fromCommand('printf "a b\\n"')
  assert.is(secret.reveal(), 'a b')
  assert.is(String(secret), '‹printf›')
})

test('from a command that fails or says nothing', async () => {
  const reason = async (command: string) => {
    try {
      await fromCommand(command)
    } catch (error) {
      return (error as Refused).problems[0]!.message
    }
    return undefined
  }
  assert.is(
    await reason('echo no key >&2; exit 7'),
    'the command echo no key >&2; exit 7 ended with exit code 7: no key',
  )
  assert.is(await reason('true'), 'the command true printed nothing, and should print a secret')
})

test('asks the operator while it is loaded, once for each question and one question at a time', async () => {
  const questions: string[] = []
  let open = 0
  using folder = new Folder({
    'inventory.mts': `import { fromPrompt, inventory } from '${words}'
export default inventory({
  vars: {
    root: fromPrompt('root password'),
    again: fromPrompt('root password'),
    rabbit: fromPrompt('rabbit password'),
  },
  groups: { web: { hosts: { a: {} } } },
})
`,
  })
  const { hosts } = await folder.load(['inventory.mts'], {
    async askSecret(question, label) {
      assert.is(++open, 1)
      questions.push(question)
      await new Promise((resolve) => setImmediate(resolve))
      open--
      return Secret.of(`answer to ${question}`, label)
    },
  })
  assert.equal(questions, ['root password', 'rabbit password'])
  const { root, again, rabbit } = hosts.get('a')!.vars as Readonly<Record<string, { readonly value: Secret }>>
  assert.is(root!.value, again!.value)
  assert.is(rabbit!.value.reveal(), 'answer to rabbit password')
  assert.is(String(rabbit!.value), '‹rabbit password›')
})

test.run()
