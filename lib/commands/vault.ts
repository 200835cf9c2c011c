import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { encryptVault, isVault, vaultId } from '../inventory/vault.ts'
import { besides } from '../model/besides.ts'
import { exit, type Problem, Refused } from '../model/problem.ts'
import { checkOutput, type Output, replaceFile } from '../model/output-file.ts'
import type { Advice } from '../model/operation.ts'
import type { Secret } from '../model/secret.ts'
import { command } from '../cli/command.ts'
import { type ValuesOf, vaults } from '../cli/options.ts'
import { encryptingPassword, vaultOpener } from '../cli/passwords.ts'
import { askSecret, interactive } from '../cli/terminal.ts'
import { program } from '../model/program.ts'

const actions = ['encrypt', 'decrypt', 'view', 'edit', 'rekey', 'encrypt-string'] as const

export const vault = command({
  describe: 'Encrypt and decrypt files and values as Ansible Vault does',
  takes: {
    action: { choices: actions, describe: 'What to do', missing: ['what to do is missing', 'see run vault --help'] },
    files: {
      describe: 'Files; - is stdin and stdout. For encrypt-string the text, or nothing for stdin',
      completes: 'files',
      many: true,
    },
  },
  options: {
    ...vaults,
    'new-vault-password-file': { kind: 'text', completes: 'files', describe: 'rekey: the new password' },
    'new-vault-id': { kind: 'text', describe: 'rekey: the new password and its label, LABEL@FILE' },
    'encrypt-vault-id': { kind: 'text', describe: 'Which --vault-id to encrypt with' },
    name: { kind: 'text', alias: 'n', describe: 'encrypt-string: the name of the variable' },
    to: {
      kind: 'text',
      completes: 'files',
      describe: 'encrypt, decrypt: write there and leave the file as it is; - is stdout',
    },
  },
  examples: [
    ['run vault edit group_vars/all/vault.yml --vault-password-file ~/.vault', 'Change an encrypted file in $EDITOR'],
    ['run vault encrypt-string -n db_password --ask-vault-password', 'Encrypt a value that is typed or comes on stdin'],
  ],
  act: ({ words: { action, files }, values }) =>
    obey({
      action: action as Action,
      files,
      values,
      name: values.name,
      to: values.to,
      newFile: values['new-vault-password-file'],
      newId: values['new-vault-id'],
      encryptId: values['encrypt-vault-id'],
    }),
})

type Action = (typeof actions)[number]
type Values = ValuesOf<typeof vaults>

interface VaultArguments {
  readonly action: Action
  readonly files: readonly string[]
  readonly values: Values
  readonly name: string | undefined
  readonly to: string | undefined
  readonly newFile: string | undefined
  readonly newId: string | undefined
  readonly encryptId: string | undefined
}

// What a lone dash on the command line stands for.
const stdin = '/dev/stdin'

async function obey(args: VaultArguments): Promise<number> {
  const { action, files } = args
  // Without any option about it, the password is asked for, as ansible-vault does.
  const { 'vault-password-file': file, 'vault-id': ids } = args.values
  const values: Values = !file?.length && !ids?.length ? { ...args.values, 'ask-vault-password': true } : args.values
  refuseIdle(args)
  if (action === 'encrypt-string') return encryptString({ ...args, values })
  if (files.length === 0)
    throw usage(`${program()} vault ${action} needs a file`, `write ${program()} vault ${action} FILE`)
  if (args.to !== undefined && files.length > 1) throw usage('--to is for one file', 'name one file, or leave --to out')
  switch (action) {
    case 'encrypt':
      return encrypt({ ...args, values })
    case 'decrypt':
      return decrypt({ ...args, values })
    case 'view':
      return view({ ...args, values })
    case 'edit':
      return edit({ ...args, values })
    case 'rekey':
      return rekey({ ...args, values })
  }
}

/** Refuses options that this action would not heed. */
function refuseIdle({ action, name, to, newFile, newId, encryptId }: VaultArguments): void {
  const idle = (given: string | undefined, option: string, ...heeding: readonly string[]) => {
    if (given !== undefined && !heeding.includes(action))
      throw usage(`--${option} is for ${heeding.join(' and ')}`, `leave it out of ${action}`)
  }
  idle(name, 'name', 'encrypt-string')
  idle(to, 'to', 'encrypt', 'decrypt')
  idle(newFile, 'new-vault-password-file', 'rekey')
  idle(newId, 'new-vault-id', 'rekey')
  idle(encryptId, 'encrypt-vault-id', 'encrypt', 'edit', 'encrypt-string')
}

async function encrypt({ files, values, to, encryptId }: VaultArguments): Promise<number> {
  checkTo({ files, to }, { what: 'a vault', isOne: isVault })
  const contents = contentsOf(files, (file, content) =>
    isVault(content.toString('latin1'))
      ? { message: `${file} is encrypted already`, hint: `change its password with ${program()} vault rekey ${file}` }
      : undefined,
  )
  const { id, password } = await encryptingPassword(values, encryptId)
  for (const [file, content] of contents) put(to ?? file, encryptVault(content, password, id))
  return exit.ok
}

async function decrypt({ action, files, values, to }: VaultArguments): Promise<number> {
  const contents = await opened(files, values, action)
  // The same text again is no loss.
  checkTo({ files, to }, { what: 'what is decrypted', isOne: (text) => contents[0]?.content.toString() === text })
  for (const { file, content } of contents) put(to ?? file, content)
  return exit.ok
}

/** Whoever names the file itself behind --to has it replaced. */
function checkTo({ files, to }: Pick<VaultArguments, 'files' | 'to'>, output: Output): void {
  const itself = files.some((file) => path.resolve(file) === path.resolve(to ?? ''))
  if (to !== undefined && to !== stdin && !itself) checkOutput(to, output)
}

async function view({ action, files, values }: VaultArguments): Promise<number> {
  // What is asked for is shown: this is the one output that is not masked.
  for (const { content } of await opened(files, values, action)) process.stdout.write(content)
  return exit.ok
}

async function rekey({ action, files, values, newFile, newId }: VaultArguments): Promise<number> {
  if (newFile !== undefined && newId !== undefined)
    throw usage('--new-vault-password-file and --new-vault-id exclude each other', 'leave one of them out')
  const contents = await opened(files, values, action)
  const given = {
    'ask-vault-password': newFile === undefined && newId === undefined,
    'vault-password-file': newFile === undefined ? undefined : [newFile],
    'vault-id': newId === undefined ? undefined : [newId],
  }
  const fresh = await encryptingPassword(given, undefined, 'anew')
  // A new password alone leaves the label as it is.
  for (const { file, content, id } of contents)
    put(file, encryptVault(content, fresh.password, newId === undefined ? id : fresh.id))
  return exit.ok
}

async function edit({ files, values, encryptId }: VaultArguments): Promise<number> {
  for (const file of files) {
    const there = existsSync(file)
    const [old] = there ? await opened([file], values, 'edit') : []
    const before = old?.content ?? Buffer.alloc(0)
    const { password, id } = old ?? (await encryptingPassword(values, encryptId))
    const after = await inEditor(path.basename(file), before)
    if (after.equals(before)) process.stderr.write(`${file} is unchanged\n`)
    else put(file, encryptVault(after, password, id))
  }
  return exit.ok
}

async function encryptString({ files, values, name, encryptId }: VaultArguments): Promise<number> {
  if (files.length > 1) throw usage(`${program()} vault encrypt-string takes one text`, 'quote it')
  const { id, password } = await encryptingPassword(values, encryptId)
  const text =
    files[0] !== undefined && files[0] !== stdin
      ? files[0]
      : interactive()
        ? (await askSecret('Text to encrypt', name ?? 'text')).reveal()
        : readFileSync(0)
            .toString('utf8')
            .replace(/\r?\n$/, '')
  if (text === '') throw usage('there is no text to encrypt', 'write it behind encrypt-string, or give it on stdin')
  const body = encryptVault(text, password, id)
    .trimEnd()
    .split('\n')
    .map((line) => `          ${line}\n`)
    .join('')
  process.stdout.write(`${name === undefined ? '' : `${name}: `}!vault |\n${body}`)
  return exit.ok
}

/** The content of every file, or every reason why not: nothing is written before all of it is known to work. */
function contentsOf(
  files: readonly string[],
  wrong: (file: string, content: Buffer) => Problem | undefined,
): readonly (readonly [string, Buffer])[] {
  const problems: Problem[] = []
  const contents = files.flatMap((file): readonly (readonly [string, Buffer])[] => {
    try {
      const content = readFileSync(file === stdin ? 0 : file)
      const problem = wrong(file, content)
      if (problem) problems.push(problem)
      return [[file, content]]
    } catch (error) {
      problems.push(
        (error as NodeJS.ErrnoException).code === 'ENOENT'
          ? { message: `there is no file ${file}`, hint: besides(file) }
          : (error as NodeJS.ErrnoException).code === 'EISDIR'
            ? { message: `${file} is a folder`, hint: `name a file in it: ls ${file}` }
            : { message: `${file} cannot be read: ${(error as Error).message}`, hint: `see ls -ld ${file}` },
      )
      return []
    }
  })
  if (problems.length > 0) throw new Refused(problems, exit.load)
  return contents
}

/** A vault, opened. */
interface Opened {
  readonly file: string
  readonly content: Buffer
  /** What opened it, and the label that it bears. */
  readonly password: Secret
  readonly id: string | undefined
}

/** What to do with a file that is no vault. */
function plainly(action: Action, file: string): string {
  return action === 'view' || action === 'decrypt'
    ? `it can be read as it is: cat ${file}`
    : `encrypt it: ${program()} vault encrypt ${file}`
}

async function opened(files: readonly string[], values: Values, action: Action): Promise<readonly Opened[]> {
  const contents = contentsOf(files, (file, content) =>
    isVault(content.toString('latin1'))
      ? undefined
      : { message: `${file} is not encrypted`, hint: plainly(action, file) },
  )
  const vault = vaultOpener(values)
  const open: Opened[] = []
  for (const [file, content] of contents) {
    const text = content.toString('latin1')
    try {
      const { plain, password } = await vault.open(text)
      open.push({ file, content: plain, password, id: vaultId(text) })
    } catch (error) {
      if (error instanceof Refused) throw error
      const { message, hint } = error as Advice
      throw new Refused({ message: `${file} cannot be decrypted: ${message}`, hint }, exit.load)
    }
  }
  return open
}

/** Replaces a file in one step, keeping its mode and owner. What came from stdin goes to stdout. */
function put(file: string, content: string | Uint8Array): void {
  if (file === stdin) process.stdout.write(content)
  else replaceFile(file, content)
}

/**
 * What the operator's editor makes of a text; it lies in a directory of its own meanwhile, which goes away whatever
 * happens.
 */
async function inEditor(name: string, before: Buffer): Promise<Buffer> {
  const folder = mkdtempSync(path.join(tmpdir(), 'run-vault-'))
  const file = path.join(folder, name)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const end = (signal: NodeJS.Signals) => {
    remove()
    process.exit(signal === 'SIGTERM' ? exit.terminated : 129)
  }
  // Ctrl-C belongs to the editor.
  const ignore = () => {}
  process.on('SIGINT', ignore).on('SIGTERM', end).on('SIGHUP', end).on('exit', remove)
  try {
    writeFileSync(file, before, { mode: 0o600 })
    const editor = process.env['VISUAL'] || process.env['EDITOR'] || 'vi'
    const code = await new Promise<number | null>((resolve, reject) => {
      spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
        .once('error', reject)
        .once('close', resolve)
    })
    if (code !== 0)
      throw new Refused(
        {
          message: `the editor ${editor} ended with exit code ${code}, and nothing was changed`,
          hint: 'set EDITOR to the editor of your choice',
        },
        exit.failed,
      )
    return readFileSync(file)
  } finally {
    process.off('SIGINT', ignore).off('SIGTERM', end).off('SIGHUP', end).off('exit', remove)
    remove()
  }
}

function usage(message: string, hint: string): Refused {
  return new Refused({ message, hint }, exit.usage)
}
