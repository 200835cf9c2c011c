import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { decryptVault } from '../../../lib/inventory/vault.ts'
import { Project } from '../cli/project.ts'

const project = new Project()
project.write('password', 'open-sesame\n', 0o600)
project.write('other', 'quite-another\n', 0o600)
project.write('asked-client.sh', '#!/bin/sh\n[ "$1 $2" = "--vault-id prod" ] && echo of-production\n', 0o700)
const read = (file: string) => readFileSync(path.join(project.path, file), 'utf8')
const mode = (file: string) => (statSync(path.join(project.path, file)).mode & 0o777).toString(8)
const withPassword = ['--vault-password-file', 'password']
const vault = async (args: readonly string[], options: Parameters<Project['run']>[1] = {}) => {
  const ended = await project.run(['vault', ...args], options)
  assert.is(ended.code, 0, ended.stderr)
  return ended.stdout
}
const ansible = spawnSync('ansible-vault', ['--version']).status === 0

const test = suite('run vault')
test.after(() => project[Symbol.dispose]())

const says = async (args: readonly string[], code: number, message: string) => {
  const ended = await project.run(['vault', ...args])
  assert.is(ended.stderr, `${message}\n`)
  assert.is(ended.code, code)
}
const onto = (what: string) =>
  `mine is there already and is not ${what}: nothing is written over it - name another file`

test('encrypt, view, decrypt: the bytes come back, mode and owner stay', async () => {
  const text = 'key: «value»\n\n'
  project.write('a.yml', text, 0o640)
  await vault(['encrypt', 'a.yml', ...withPassword])
  assert.match(read('a.yml'), /^\$ANSIBLE_VAULT;1\.1;AES256\n(?:[0-9a-f]{1,80}\n)+$/)
  assert.is(mode('a.yml'), '640')
  assert.is(await vault(['view', 'a.yml', ...withPassword]), text)
  if (ansible)
    assert.is(
      spawnSync('ansible-vault', ['view', '--vault-password-file', 'password', 'a.yml'], {
        cwd: project.path,
        encoding: 'utf8',
        env: { ...process.env, PAGER: 'cat' },
      }).stdout,
      text,
    )
  await vault(['decrypt', 'a.yml', ...withPassword])
  assert.is(read('a.yml'), text)
  assert.is(mode('a.yml'), '640')
})

// Where Ansible is installed; what it wrote elsewhere is read in test/lib/inventory/vault.test.ts.
if (ansible)
  test('what ansible-vault wrote is read', async () => {
    project.write('theirs.yml', 'a: 1\n')
    assert.is(
      spawnSync('ansible-vault', ['encrypt', '--vault-id', 'prod@asked-client.sh', 'theirs.yml'], { cwd: project.path })
        .status,
      0,
    )
    assert.match(read('theirs.yml'), /^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/)
    assert.is(await vault(['view', 'theirs.yml', '--vault-id', 'prod@asked-client.sh']), 'a: 1\n')
  })

test('stdin to stdout, a label, another file', async () => {
  const encrypted = await vault(['encrypt', '-', '--vault-id', 'prod@asked-client.sh'], { input: 'in\n' })
  assert.match(encrypted, /^\$ANSIBLE_VAULT;1\.2;AES256;prod\n/)
  assert.is(decryptVault(encrypted, 'of-production').toString(), 'in\n')
  project.write('plain', 'text')
  await vault(['encrypt', 'plain', '--to', 'hidden', ...withPassword])
  assert.is(read('plain'), 'text')
  assert.is(mode('hidden'), '600')
  project.write('mine', 'mine')
  await says(['encrypt', 'plain', '--to', 'mine', ...withPassword], 5, onto('a vault'))
  await says(['decrypt', 'hidden', '--to', 'mine', ...withPassword], 5, onto('what is decrypted'))
  await vault(['encrypt', 'plain', '--to', 'hidden', ...withPassword])
  assert.is(await vault(['decrypt', 'hidden', '--to', '-', ...withPassword]), 'text')
})

test('rekey', async () => {
  project.write('r', 'content')
  await vault(['encrypt', 'r', ...withPassword])
  await vault(['rekey', 'r', ...withPassword, '--new-vault-password-file', 'other'])
  assert.is(decryptVault(read('r'), 'quite-another').toString(), 'content')
  await vault(['rekey', 'r', '--vault-password-file', 'other', '--new-vault-id', 'prod@asked-client.sh'])
  assert.match(read('r'), /;prod\n/)
  assert.is(decryptVault(read('r'), 'of-production').toString(), 'content')
})

test('edit: in a private place that goes away, unchanged when nothing changed or the editor failed', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('run-vault-'))
  project.write('e.yml', 'one\n')
  await vault(['encrypt', 'e.yml', ...withPassword])
  project.write(
    'editor',
    '#!/bin/sh\nstat -c %a "$1" "$(dirname "$1")" >seen\necho "$1" >>seen\necho two >>"$1"\n',
    0o755,
  )
  await vault(['edit', 'e.yml', ...withPassword], { env: { EDITOR: `${project.path}/editor`, VISUAL: '' } })
  assert.is(await vault(['view', 'e.yml', ...withPassword]), 'one\ntwo\n')
  assert.match(read('seen'), /^600\n700\n.*\/e\.yml\n$/)
  const encrypted = read('e.yml')
  const unchanged = await project.run(['vault', 'edit', 'e.yml', ...withPassword], {
    env: { EDITOR: 'true', VISUAL: '' },
  })
  assert.is(unchanged.stderr, 'e.yml is unchanged\n')
  const failed = await project.run(['vault', 'edit', 'e.yml', ...withPassword], {
    env: { EDITOR: 'false', VISUAL: '' },
  })
  assert.is(
    failed.stderr,
    'the editor false ended with exit code 1, and nothing was changed - set EDITOR to the editor of your choice\n',
  )
  assert.is(failed.code, 2)
  assert.is(read('e.yml'), encrypted)
  assert.equal(
    readdirSync(tmpdir()).filter((name) => name.startsWith('run-vault-')),
    before,
  )
})

test('encrypt-string: a value for a YAML file', async () => {
  const out = await vault(['encrypt-string', '-n', 'db_password', ...withPassword], { input: 'hidden word\n' })
  const [, body] = /^db_password: !vault \|\n((?: {10}\S+\n)+)$/.exec(out) ?? []
  assert.is(decryptVault(body!.replace(/^ +/gm, ''), 'open-sesame').toString(), 'hidden word')
  project.write('hosts.yml', 'all:\n  hosts:\n    h1:\n')
  project.write('group_vars/all.yml', out)
  const { stdout, stderr } = await project.run(['inventory', '-i', 'hosts.yml', '--host', 'h1', ...withPassword])
  assert.match(stdout, /^db_password += ‹db_password›/m, stderr)
})

test('an inventory with a vault: without, with a wrong and with the right password', async () => {
  project.write('v/hosts.yml', 'all:\n  hosts:\n    h1:\n')
  project.write('v/group_vars/all.yml', 'colour: blue\n')
  await vault(['encrypt', 'v/group_vars/all.yml', ...withPassword])
  const none = await project.run(['inventory', '-i', 'v/hosts.yml', '--host', 'h1'])
  assert.is(none.code, 6)
  assert.match(none.stderr, /a vault password is needed - give --vault-password-file/)
  const wrong = await project.run(['inventory', '-i', 'v/hosts.yml', '--host', 'h1', '--vault-password-file', 'other'])
  assert.is(wrong.code, 6)
  assert.match(wrong.stderr, /the vault password is wrong, or the vault was changed/)
  const right = await project.run(['inventory', '-i', 'v/hosts.yml', '--host', 'h1', ...withPassword])
  assert.match(right.stdout, /^colour += /m)
})

test('what cannot be done is said before anything is written', async () => {
  project.write('clear', 'clear')
  project.write('open', 'secret', 0o644)
  await says(
    ['decrypt', 'clear', 'nothing', ...withPassword],
    6,
    'clear is not encrypted - it can be read as it is: cat clear\nthere is no file nothing - see what there is: ls .',
  )
  await says(
    ['encrypt', 'r', ...withPassword],
    6,
    'r is encrypted already - change its password with run vault rekey r',
  )
  await says(
    ['view', 'e.yml', '--vault-password-file', 'other'],
    6,
    'e.yml cannot be decrypted: the vault password is wrong, or the vault was changed - give the right one with ' +
      '--vault-password-file FILE or --ask-vault-password, or take the file from a backup',
  )
  await says(
    ['view', 'e.yml', '--vault-password-file', 'open'],
    6,
    'open holds a password and others may read it (mode 0644) - chmod 600 open',
  )
  await says(
    ['view', 'e.yml', '--vault-password-file', 'nowhere'],
    6,
    'there is no password file nowhere - see what there is: ls .',
  )
  await says(
    ['view', 'e.yml'],
    5,
    'Vault password: there is no terminal to ask on - give it in a file: --vault-password-file FILE',
  )
  await says(['view'], 5, 'run vault view needs a file - write run vault view FILE')
  assert.is(read('clear'), 'clear')
})

test.run()
