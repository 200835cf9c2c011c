import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { homedir } from 'node:os'
import { type VaultKey, VaultOpener } from '../inventory/vault.ts'
import { besides } from '../model/besides.ts'
import { didYouMean, exit, Refused } from '../model/problem.ts'
import { Secret } from '../model/secret.ts'
import { typed } from './command-line.ts'
import { askSecret } from './terminal.ts'
import type { Values } from './options.ts'

/**
 * A password from a file, or from what the file prints when it may be executed; without blanks and line ends around
 * it, as Ansible has it.
 * @throws Refused
 */
export function passwordFrom(given: string, label: string, args: readonly string[] = []): Secret {
  const file = path.resolve(given.replace(/^~(?=\/|$)/, homedir()))
  const refused = (message: string, hint: string) => new Refused({ message, hint }, exit.load)
  const found = existsSync(file) ? statSync(file) : undefined
  if (!found?.isFile()) throw refused(`there is no password file ${given}`, besides(given))
  // Root may open and execute everything; the mode tells what was meant.
  const program = (found.mode & 0o111) !== 0
  if (!program && found.mode & 0o077) {
    throw refused(
      `${given} holds a password and others may read it (mode ${(found.mode & 0o777).toString(8).padStart(4, '0')})`,
      `chmod 600 ${given}`,
    )
  }
  const itself = `see what it says: ${typed([file])}`
  const password = (program ? printed() : readFileSync(file, 'utf8')).trim()
  if (password === '')
    throw program
      ? refused(`${given} printed nothing, and should print a password`, itself)
      : refused(`${given} is empty, and should hold a password`, 'write the password into it, in one line')
  return Secret.of(password, label)

  function printed(): string {
    const { status, stdout, stderr, error } = spawnSync(file, args, {
      encoding: 'utf8',
      stdio: ['inherit', 'pipe', 'pipe'],
    })
    if (error)
      throw refused(
        `${given} cannot be executed: ${error.message}`,
        'begin it with #!, or take away its x if it holds the password itself',
      )
    if (status !== 0)
      throw refused(`${given} ended with exit code ${status}: ${stderr.trim() || 'it said nothing'}`, itself)
    return stdout
  }
}

/** What a password is to encrypt: something, or what had another password before. */
type Encrypting = 'anything' | 'anew'

/** The options that name vault passwords. */
type VaultOptions = Pick<Values, 'ask-vault-password' | 'vault-password-file' | 'vault-id'>

/**
 * The vault passwords that the options name, in their order; each is read or asked for when a vault wants it; twice
 * where a slip would lock something away.
 */
export function vaultKeys(values: VaultOptions, encrypting?: Encrypting): readonly VaultKey[] {
  const key = (label: string, source: string): VaultKey => ({
    label,
    password: () => readVaultPassword(label, source, encrypting),
  })
  return [
    ...(values['vault-id'] ?? []).map((given) => {
      const at = given.indexOf('@')
      return key(at < 0 ? 'default' : given.slice(0, at), given.slice(at + 1))
    }),
    ...(values['vault-password-file'] ?? []).map((file) => key('default', file)),
    ...(values['ask-vault-password'] ? [key('default', 'prompt')] : []),
  ]
}

/** Opens vaults with the passwords that the options name. */
export function vaultOpener(values: VaultOptions): VaultOpener {
  return new VaultOpener(vaultKeys(values))
}

async function readVaultPassword(label: string, source: string, encrypting?: Encrypting): Promise<Secret> {
  const anew = encrypting === 'anew' ? 'new ' : ''
  const name = `${anew}vault password${label === 'default' ? '' : ` of ${label}`}`
  // A program of that name is asked for the password of one vault id, as Ansible asks it.
  if (source !== 'prompt')
    return passwordFrom(
      source,
      name,
      label !== 'default' && /-client(\.\w+)?$/.test(source) ? ['--vault-id', label] : [],
    )
  const option = `${anew.trim()}${anew && '-'}vault-password-file`
  const password = await askSecret(name[0]!.toUpperCase() + name.slice(1), name, { option })
  if (encrypting && (await askSecret(`The ${name} again`, name)).reveal() !== password.reveal()) {
    throw new Refused(
      { message: `the ${name} was not the same the second time`, hint: 'nothing was written: start again' },
      exit.usage,
    )
  }
  return password
}

/** The password with which something new is encrypted, and its label. @throws Refused when the options name none */
export async function encryptingPassword(
  values: VaultOptions,
  wanted?: string,
  encrypting: Encrypting = 'anything',
): Promise<{ readonly id?: string; readonly password: Secret }> {
  const plain = Boolean(values['vault-password-file']?.length) || values['ask-vault-password']
  const labels = (values['vault-id'] ?? []).map((given) =>
    given.includes('@') ? given.slice(0, given.indexOf('@')) : 'default',
  )
  if (wanted !== undefined && !labels.includes(wanted)) {
    throw new Refused(
      {
        message: `no --vault-id has the label ${wanted}`,
        hint:
          didYouMean(wanted, labels) ??
          (labels.length > 0 ? `there are: ${labels.join(', ')}` : `give --vault-id ${wanted}@FILE`),
      },
      exit.usage,
    )
  }
  if (wanted === undefined && !plain && labels.length > 1) {
    throw new Refused(
      {
        message: `there are several passwords to encrypt with: ${labels.join(', ')}`,
        hint: 'choose one with --encrypt-vault-id',
      },
      exit.usage,
    )
  }
  const id = wanted ?? (plain ? undefined : labels[0])
  const keys = vaultKeys(values, encrypting)
  const password = await (keys.find(({ label }) => label === (id ?? 'default')) ?? keys[0])?.password()
  if (!password)
    throw new Refused(
      {
        message: 'a vault password is needed',
        hint: 'give --vault-password-file FILE, --vault-id LABEL@FILE or --ask-vault-password',
      },
      exit.usage,
    )
  return { ...(id === undefined || id === 'default' ? {} : { id }), password }
}
