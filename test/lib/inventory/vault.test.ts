import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as fc from 'fast-check'
import { decryptVault, encryptVault, isVault, vaultId, VaultOpener } from '../../../lib/inventory/vault.ts'
import { Secret } from '../../../lib/model/secret.ts'
import { number, resolveVars, text } from '../../../lib/model/vars.ts'
import { Folder, values } from './folder.ts'

interface Cases {
  readonly meta: { readonly password: string }
  readonly vaults: readonly {
    readonly name: string
    readonly id?: string
    readonly text: string
    readonly plain: string
  }[]
}
const { meta, vaults } = JSON.parse(readFileSync(new URL('../../cases/vault.json', import.meta.url), 'utf8')) as Cases
const password = Secret.of(meta.password, 'vault password')

const keyed = (label: string, key: string | Secret) => ({
  label,
  password: () => (typeof key === 'string' ? Secret.of(key, label) : key),
})

const test = suite('vault')

for (const { name, id, text, plain } of vaults) {
  test(`opens what ansible-vault wrote: ${name}`, () => {
    assert.is(decryptVault(text, password).toString(), plain)
    assert.is(vaultId(text), id)
    assert.ok(isVault(text))
  })
  test(`writes byte for byte what ansible-vault wrote, given its salt: ${name}`, () => {
    const body = Buffer.from(text.split('\n').slice(1).join(''), 'hex').toString()
    assert.is(encryptVault(plain, password, id, Buffer.from(body.split('\n')[0]!, 'hex')), text)
  })
}
test('the table is whole', () => assert.ok(vaults.length >= 5))

test('any bytes come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.equal(decryptVault(encryptVault(bytes, 'p'), 'p'), Buffer.from(bytes))
    }),
    { numRuns: 20 },
  )
})

const reason = (text: string, key = meta.password) => {
  try {
    decryptVault(text, key)
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}
test('a wrong password, a changed body, a damaged body, an unknown header', () => {
  const { text } = vaults[0]!
  assert.is(reason(text, 'wrong'), 'the vault password is wrong, or the vault was changed')
  // The last byte is a hexadecimal digit, itself written in hexadecimal: 30 to 39 and 61 to 66.
  const changed = text.trim().replace(/..$/, (digit) => (digit === '30' ? '31' : '30'))
  assert.is(reason(changed), 'the vault password is wrong, or the vault was changed')
  assert.is(reason(text.slice(0, -20)), 'the vault is damaged: its body is not what Ansible Vault writes')
  assert.is(reason('$ANSIBLE_VAULT;1.1;AES256\n'), 'the vault is damaged: its body is not what Ansible Vault writes')
  assert.match(reason('$ANSIBLE_VAULT;9.9;AES256\n00')!, /^\$ANSIBLE_VAULT;9\.9;AES256 is no header/)
})

const indent = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')

test('values and whole files in an inventory are secret; numbers in them stay numbers', async () => {
  using folder = new Folder({
    hosts: '[g]\na\n',
    'group_vars/g.yml': `word: !vault |
${indent(vaults[3]!.text)}
deep:
  list:
    - !vault |
${indent(vaults[2]!.text).replace(/^/gm, '    ')}
`,
    'group_vars/all.yml': vaults[0]!.text,
  })
  const vars = values(await folder.load(['hosts'], { vault: new VaultOpener([keyed('default', password)]) }), 'a')
  assert.instance(vars['word'], Secret)
  assert.is((vars['word'] as Secret).reveal(), vaults[3]!.plain)
  assert.is((vars['deep'] as { list: Secret[] }).list[0]!.reveal(), vaults[2]!.plain)
  assert.is((vars['rabbit_password'] as Secret).reveal(), 'geheim')
  assert.is(String(vars['rabbit_password']), '‹rabbit_password›')
  assert.is(vars['port'], 5672)
})

test('the password whose label a vault names is tried first, then every other; each is asked for once', async () => {
  using folder = new Folder({
    hosts: 'a\n',
    'group_vars/all/1.yml': vaults[0]!.text,
    'group_vars/all/2.yml': vaults[0]!.text,
    'host_vars/a.yml': vaults[1]!.text,
  })
  assert.is(vaultId(vaults[1]!.text), 'lab')
  const asked: string[] = []
  const key = (label: string, secret: string | Secret) => ({
    label,
    password() {
      asked.push(label)
      return typeof secret === 'string' ? Secret.of(secret, label) : secret
    },
  })
  const right = new VaultOpener([key('dev', 'of-dev-'), key('lab', password), key('more', 'never asked')])
  await folder.load(['hosts'], { vault: right })
  assert.equal(asked, ['dev', 'lab'])
})

test('a vault that names no password is opened by any; one that names another too', async () => {
  const text = encryptVault('plain', 'of-prod', undefined)
  const named = encryptVault('named', 'of-prod', 'dev')
  const vault = new VaultOpener([keyed('dev', 'of-dev'), keyed('prod', 'of-prod')])
  assert.is((await vault.open(text)).plain.toString(), 'plain')
  const { plain, password: by } = await vault.open(named)
  assert.is(plain.toString(), 'named')
  assert.is(by.reveal(), 'of-prod')
})

test('without a password, or with wrong ones, the file and line are named', async () => {
  using folder = new Folder({ hosts: 'a\n', 'host_vars/a.yml': vaults[1]!.text })
  assert.equal(await folder.problems(['hosts']), [
    'a vault password is needed for the vault id lab - give --vault-id lab@FILE or --ask-vault-password ' +
      '(host_vars/a.yml:1)',
  ])
  const wrong = (...labels: readonly string[]) => ({
    vault: new VaultOpener(labels.map((label) => keyed(label, `wrong-${label}`))),
  })
  assert.equal(await folder.problems(['hosts'], wrong('w')), [
    'the vault password is wrong, or the vault was changed - give the right one with --vault-password-file FILE or ' +
      '--ask-vault-password, or take the file from a backup (host_vars/a.yml:1)',
  ])
  assert.equal(await folder.problems(['hosts'], wrong('w', 'x')), [
    'none of the vault passwords opens it: w, x - give the one it was encrypted with: --vault-id lab@FILE (host_vars/a.yml:1)',
  ])
})

test('a value that is encrypted in place is opened when it is used, so that a look needs no password', async () => {
  using folder = new Folder({
    hosts: 'a ansible_connection=local\n',
    'group_vars/all.yml': `x: 1\nword: !vault |\n${indent(vaults[3]!.text)}\n`,
  })
  const inventory = await folder.load(['hosts'])
  assert.is(values(inventory, 'a')['x'], 1)
  const host = inventory.hosts.get('a')!
  const { problems } = resolveVars({ word: text }, host, inventory)
  assert.is(problems.length, 1)
  assert.is(problems[0]!.message, 'a: word cannot be had: a vault password is needed (group_vars/all.yml:2)')
  assert.is(problems[0]!.hint, 'give --vault-password-file FILE or --ask-vault-password')
  assert.equal(resolveVars({ x: number }, host, inventory).problems, [])
})

test('a whole INI inventory may be a vault: its texts are secret', async () => {
  using folder = new Folder({ hosts: encryptVault('[web]\na word=hidden-word port=80\n', 'p-of-all') })
  const inventory = await folder.load(['hosts'], { vault: new VaultOpener([keyed('default', 'p-of-all')]) })
  const { word, port } = values(inventory, 'a')
  assert.is(String(word), '‹word›')
  assert.is((word as Secret).reveal(), 'hidden-word')
  assert.is(port, 80)
})

test.run()
