import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { passwordFrom, vaultKeys, vaultOpener } from '../../../lib/cli/passwords.ts'
import { encryptVault } from '../../../lib/inventory/vault.ts'
import { Folder } from '../inventory/folder.ts'

const test = suite('passwords')

test('blanks and line ends around a password in a file are none of it', () => {
  using folder = new Folder()
  assert.is(passwordFrom(folder.write('p', '\n  two words \t\r\n\n', 0o600), 'p').reveal(), 'two words')
})

test('every vault password counts, by label first, several files too', async () => {
  using folder = new Folder()
  const file = (name: string) => folder.write(name, `of-${name}\n`, 0o600)
  const given = {
    'vault-id': [`dev@${file('dev')}`, file('plain')],
    'vault-password-file': [file('one'), file('two')],
    'ask-vault-password': false,
    'ansible-config': true,
  }
  assert.equal(
    vaultKeys(given).map(({ label }) => label),
    ['dev', 'default', 'default', 'default'],
  )
  for (const name of ['dev', 'plain', 'one', 'two'])
    assert.is((await vaultOpener(given).open(encryptVault(name, `of-${name}`))).plain.toString(), name)
})

test.run()
