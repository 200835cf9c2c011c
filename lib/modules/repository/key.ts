import { Advice } from '../../model/operation.ts'

/** Is it where a key can be had, and not the key? */
export function isUrl(key: string): boolean {
  return /^https?:\/\//.test(key)
}

/**
 * The bytes of public keys, armored or not: every apt reads a binary keyring, and the old ones no other.
 * @throws Advice when it is no key
 */
export function keyring(key: Uint8Array, where: string): Uint8Array {
  const text = Buffer.from(key).toString('latin1')
  if (/PRIVATE KEY BLOCK/.test(text))
    throw new Advice(`${where} is a private key`, 'export the public one: gpg --export')
  const blocks = [...text.matchAll(armored)].map(([, body]) =>
    Buffer.from(body!.replaceAll(/^=.*$|\s/gm, ''), 'base64'),
  )
  const bytes = blocks.length > 0 ? Buffer.concat(blocks) : Buffer.from(key)
  // The tag of a public key, in the old format of packets or the new one.
  if (bytes.length > 100 && [0x98, 0x99, 0x9a, 0xc6].includes(bytes[0]!)) return bytes
  throw new Advice(`${where} is no public PGP key`, 'check it: gpg --show-keys FILE')
}

const armored =
  /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:[\w-]+: .*\r?\n)*\s*?\r?\n([^]*?)-----END PGP PUBLIC KEY BLOCK-----/g
