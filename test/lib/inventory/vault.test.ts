import { readFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import * as fc from 'fast-check'
import { decryptVault, encryptVault, isVault, vaultId } from '../../../lib/inventory/vault.ts'
import { Secret } from '../../../lib/model/secret.ts'
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
  const vars = values(await folder.load(['hosts'], { vaultPassword: password }), 'a')
  assert.instance(vars['word'], Secret)
  assert.is((vars['word'] as Secret).reveal(), vaults[3]!.plain)
  assert.is((vars['deep'] as { list: Secret[] }).list[0]!.reveal(), vaults[2]!.plain)
  assert.is((vars['rabbit_password'] as Secret).reveal(), 'geheim')
  assert.is(String(vars['rabbit_password']), '‹rabbit_password›')
  assert.is(vars['port'], 5672)
})

test('each password is asked once, by its id', async () => {
  using folder = new Folder({
    hosts: 'a\n',
    'group_vars/all/1.yml': vaults[0]!.text,
    'group_vars/all/2.yml': vaults[0]!.text,
    'host_vars/a.yml': vaults[1]!.text,
  })
  const asked: (string | undefined)[] = []
  await folder.load(['hosts'], {
    vaultPassword(id) {
      asked.push(id)
      return password
    },
  })
  assert.equal(asked, [undefined, 'lab'])
})

test('without a password, or with a wrong one, the file and line are named', async () => {
  using folder = new Folder({
    hosts: 'a\n',
    'group_vars/all.yml': `x: 1\nword: !vault |\n${indent(vaults[3]!.text)}\n`,
    'host_vars/a.yml': vaults[1]!.text,
  })
  assert.equal(await folder.problems(['hosts']), [
    'a vault password is needed: give --vault-password-file (group_vars/all.yml:2)',
    'a vault password is needed for the vault id lab: give --vault-password-file (host_vars/a.yml:1)',
  ])
  assert.equal(await folder.problems(['hosts'], { vaultPassword: Secret.of('wrong', 'w') }), [
    'the vault password is wrong, or the vault was changed (group_vars/all.yml:2)',
    'the vault password is wrong, or the vault was changed (host_vars/a.yml:1)',
  ])
})

test.run()
