import { createCipheriv, createDecipheriv, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'
import { Advice } from '../model/operation.ts'
import { revealed, type Secret } from '../model/secret.ts'

const header = /^\$ANSIBLE_VAULT;(1\.[12]);([A-Z0-9]+)(?:;([^\s;]+))?\s*$/

/** Is this text the content of an Ansible Vault file or value? */
export function isVault(text: string): boolean {
  return text.trimStart().startsWith('$ANSIBLE_VAULT;')
}

/** The vault id that a 1.2 header names; undefined: any password may be meant. */
export function vaultId(text: string): string | undefined {
  return header.exec(text.trimStart().split('\n', 1)[0] ?? '')?.[3]
}

/**
 * What an Ansible Vault text (1.1 or 1.2) holds. @throws when it is damaged or the password is not the one it was
 * encrypted with
 */
export function decryptVault(text: string, password: string | Secret): Buffer {
  const [first = '', ...body] = text.trim().split(/\r?\n/)
  checkHeader(first)
  const [salt, mac, encrypted, ...more] = bytes(body.map((line) => line.trim()).join(''))
    .toString('latin1')
    .split('\n')
    .map(bytes)
  if (!salt || !mac || !encrypted || more.length > 0) throw damaged()

  const keys = keysOf(password, salt)
  const expected = createHmac('sha256', keys.mac).update(encrypted).digest()
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) throw new WrongPassword()
  const decipher = createDecipheriv('aes-256-ctr', keys.cipher, keys.iv)
  const padded = Buffer.concat([decipher.update(encrypted), decipher.final()])
  const padding = padded.at(-1) ?? 0
  if (padding < 1 || padding > 16 || padding > padded.length) throw damaged()
  return padded.subarray(0, padded.length - padding)
}

/** @throws for a vault that no password opens here */
function checkHeader(first: string): void {
  const found = header.exec(first)
  if (!found)
    throw new Advice(
      `${first.slice(0, 60)} is no header of an Ansible Vault that is known: 1.1 and 1.2 are`,
      'have Ansible write it anew: ansible-vault rekey FILE',
    )
  if (found[2] !== 'AES256')
    throw new Advice(
      `the cipher ${found[2]} of the vault is not supported, only AES256 is`,
      'have Ansible write it anew: ansible-vault rekey FILE',
    )
}

/** An Ansible Vault text of some content: 1.2 when a vault id is given, else 1.1. `salt` is for reproducible tests. */
export function encryptVault(
  content: string | Uint8Array,
  password: string | Secret,
  id?: string,
  salt: Uint8Array = randomBytes(32),
): string {
  if (id !== undefined && /[\s;]/.test(id))
    throw new Advice(`the vault id ${id} has a blank or a semicolon in it`, 'name it with letters, digits and hyphens')
  const keys = keysOf(password, salt)
  const plain = Buffer.from(content)
  const padding = 16 - (plain.length % 16)
  const cipher = createCipheriv('aes-256-ctr', keys.cipher, keys.iv)
  const encrypted = Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(padding, padding)), cipher.final()])
  const mac = createHmac('sha256', keys.mac).update(encrypted).digest()
  const body = Buffer.from([Buffer.from(salt), mac, encrypted].map((part) => part.toString('hex')).join('\n')).toString(
    'hex',
  )
  return [
    `$ANSIBLE_VAULT;${id === undefined ? '1.1;AES256' : `1.2;AES256;${id}`}`,
    ...(body.match(/.{1,80}/g) ?? []),
    '',
  ].join('\n')
}

class WrongPassword extends Advice {
  constructor() {
    super(
      'the vault password is wrong, or the vault was changed',
      'give the right one with --vault-password-file FILE or --ask-vault-password, or take the file from a backup',
    )
  }
}

function keysOf(password: string | Secret, salt: Uint8Array) {
  const key = pbkdf2Sync(revealed(password), salt, 10_000, 80, 'sha256')
  return { cipher: key.subarray(0, 32), mac: key.subarray(32, 64), iv: key.subarray(64) }
}

function bytes(hex: string): Buffer {
  if (hex.length === 0 || hex.length % 2 > 0 || !/^[\da-fA-F]+$/.test(hex)) throw damaged()
  return Buffer.from(hex, 'hex')
}

const damaged = () =>
  new Advice(
    'the vault is damaged: its body is not what Ansible Vault writes',
    'take it from a backup, or encrypt it again',
  )

/** A password that may open vaults, and the label that it was given; it is had when it is first needed. */
export interface VaultKey {
  readonly label: string
  password(): Secret | Promise<Secret>
}

/** What a vault is encrypted with when its header names no vault id. */
const unnamed = 'default'

/** Opens vaults as Ansible does: with the password whose label the vault names, else with any that fits. */
export class VaultOpener {
  readonly #keys: readonly VaultKey[]
  readonly #asked = new Map<VaultKey, Promise<Secret>>()
  constructor(keys: readonly VaultKey[]) {
    this.#keys = keys
  }

  /** @throws when the vault is damaged, or no password opens it */
  async open(text: string): Promise<{ readonly plain: Buffer; readonly password: Secret }> {
    const id = vaultId(text)
    const meant = (key: VaultKey) => key.label === (id ?? unnamed)
    checkHeader(text.trimStart().split(/\r?\n/, 1)[0]!)
    if (this.#keys.length === 0)
      throw new Advice(
        `a vault password is needed${id ? ` for the vault id ${id}` : ''}`,
        `give ${id ? `--vault-id ${id}@FILE` : '--vault-password-file FILE'} or --ask-vault-password`,
      )
    for (const key of [...this.#keys.filter(meant), ...this.#keys.filter((one) => !meant(one))]) {
      const password = await this.#had(key)
      try {
        return { plain: decryptVault(text, password), password }
      } catch (error) {
        if (!(error instanceof WrongPassword)) throw error
      }
    }
    const labels = this.#keys.map(({ label }) => label).join(', ')
    throw this.#keys.length === 1
      ? new WrongPassword()
      : new Advice(
          `none of the vault passwords opens it: ${labels}`,
          `give the one it was encrypted with: --vault-id ${id ?? 'LABEL'}@FILE`,
        )
  }

  #had(key: VaultKey): Promise<Secret> {
    let password = this.#asked.get(key)
    if (!password) this.#asked.set(key, (password = Promise.resolve(key.password())))
    return password
  }
}
