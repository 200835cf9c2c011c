import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { holdsPasswords, withoutPasswords } from '../../../lib/kit/sensitive-lines.ts'

const test = suite('lines that look like holding a password')

for (const line of [
  'rabbit_password = one',
  'rabbit_pass = one',
  'RABBIT_PASS="one"',
  'pass: one',
  'api_key=one',
  'OS_API-KEY: one',
  'aws_secret_access_key = one',
  'wpa-psk = one',
  'admin_pwd = one',
  '# old_token = one',
  'connection = mysql://nova:one@10.0.0.4/nova',
])
  test(`hides what stands in: ${line}`, () => {
    assert.ok(holdsPasswords(`a = b\n${line}\nc = d\n`))
    const { before, after } = withoutPasswords(`a = b\n${line}\nc = d\n`, `a = b\n${line}\nc = e\n`)
    assert.not.match(before + after, /\bone\b/)
    assert.match(before, /^a = b\n.*‹masked›.*\nc = d\n$/)
  })

for (const line of ['passive = yes', 'bypass = yes', 'compass = 1', 'key = value', 'passes: 3', 'keyboard = us'])
  test(`leaves alone: ${line}`, () => {
    assert.not.ok(holdsPasswords(`${line}\n`))
    assert.is(withoutPasswords('', `${line}\n`).after, `${line}\n`)
  })

test('hides a private key as a whole, wherever it stands', () => {
  const key = (name: string) =>
    `-----BEGIN ${name}PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD9\n0Vv8W1G6wKzfQm==\n-----END ${name}PRIVATE KEY-----\n`
  for (const name of ['', 'RSA ', 'OPENSSH ', 'EC ', 'ENCRYPTED ']) {
    const text = `first\n${key(name)}last\n`
    assert.ok(holdsPasswords(text))
    const { before, after } = withoutPasswords(text, text.replace('last', 'end'))
    assert.is(before, `first\n-----BEGIN ${name}PRIVATE KEY-----\n‹masked›\nlast\n`)
    assert.is(after, `first\n-----BEGIN ${name}PRIVATE KEY-----\n‹masked›\nend\n`)
  }
  assert.not.ok(holdsPasswords('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'))
})

test.run()
