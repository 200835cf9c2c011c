import { type OptionNames, refuseUnknown } from '../../model/option-names.ts'
import { posix } from 'node:path'
import { accountName, databaseLine } from '../../kit/accounts.ts'
import { answers } from '../../kit/answers.ts'
import { type Command, perform } from '../../kit/command.ts'
import { atPlace } from '../../kit/links.ts'
import { filePath } from '../../kit/path-state.ts'
import { plainly, sh } from '../../kit/shell.ts'
import { Advice, CommandFailed, operation, output, type Operation, type Reader } from '../../model/operation.ts'

/** What a new key is to be. */
export interface KeyOptions {
  /** ed25519 unless said, which the OpenSSH of CentOS 6 does not know yet. */
  readonly type?: 'ed25519' | 'rsa' | 'ecdsa'
  readonly bits?: number
  readonly comment?: string
  /** Where it lies; .ssh/id_TYPE in the home of the user unless said. */
  readonly path?: string
}

const keyNames: OptionNames<KeyOptions> = { type: true, bits: true, comment: true, path: true }

/** Where the key lies, and its public part; before it is made that is empty. */
export type SshKey = { readonly path: string; readonly publicKey: string; readonly changed: boolean }

/**
 * A key pair by which a user of the host logs in elsewhere, without a passphrase. One that is there is never touched;
 * where only its public part is missing, that is made.
 *
 * ```ts
 * const { publicKey } = await host.run(user.sshKey('backup', { comment: `backup@${host.name}` }))
 * ```
 * @throws Advice when the user is missing
 */
export function sshKey(name: string, options: KeyOptions = {}): Operation<SshKey> {
  refuseUnknown('user.sshKey', options, keyNames)
  if (options.path !== undefined) filePath(options.path)
  if (/[\n\0]/.test(options.comment ?? ''))
    throw new Advice(`the comment of the key of ${name} is not one line`, 'take the line ends out of it')
  return bring({ name: accountName(name), options })
}

interface Wanted {
  readonly name: string
  readonly options: KeyOptions
}

interface Found {
  readonly path: string
  readonly there: boolean
  /** Empty where there is none. */
  readonly publicKey: string
  /** The task does not act as this user, and has to become so: what lies in his home is in his hands. */
  readonly other: boolean
}

type Making = { readonly command: Command; readonly reading: string }

const bring = operation<Wanted, Found, Making, SshKey>(({ name }) => `user.sshKey ${name}`, {
  lasting: () => true,
  async read(connection, { name, options: { type = 'ed25519', path } }) {
    const { home, other } = await accountOf(connection, name)
    const at = path ?? `${home}/.ssh/id_${type}`
    const said = await output(connection, as(name, other, sh`p=${at}` + looking))
    const [there = '', ...lines] = said.split('\n')
    return { path: at, there: there === 'there', publicKey: lines.join('\n').trim(), other }
  },
  plan({ path, there, publicKey, other }, { name, options: { type = 'ed25519', bits, comment } }) {
    if (there && publicKey !== '') return { result: { path, publicKey, changed: false } }
    const flags = ['-t', type, ...(bits === undefined ? [] : ['-b', bits]), '-C', comment ?? name]
    const making = `umask 077; ${sh`d=${path}; d=\${d%/*}; [ -d "$d" ] || mkdir "$d" || exit`}
${atPlace}${sh`stand ${path}
! theirs || refuse ${openTo(path, name)} 'give a path where nobody else may write'`}
${
  there
    ? `umask 022; t=./$f.pub; ssh-keygen -y -P '' -f "./$f" </dev/null >"$t.new" && mv -f "$t.new" "$t"`
    : sh`ssh-keygen -q -N '' ${flags} -f "./$f" </dev/null`
}`
    return {
      result: { path, publicKey, changed: true },
      change: {
        command: { script: as(name, other, making), shown: sh`ssh-keygen ${[...flags, '-f', path]}` },
        reading: as(name, other, sh`cat ${`${path}.pub`}`),
      },
      replaces: [{ file: posix.dirname(path) }, { file: path }, { file: `${path}.pub` }],
      diff: {
        path: there ? `${path}.pub` : path,
        before: '',
        after: there ? 'its public key\n' : `a key of ${type}\n`,
      },
    }
  },
  async apply(connection, { command, reading }, { options: { type = 'ed25519' } }) {
    try {
      await perform(connection, command)
    } catch (error) {
      if (!(error instanceof CommandFailed) || !/unknown key type/.test(error.message)) throw error
      throw new Advice(`the OpenSSH of the host makes no keys of ${type}`, "give type: 'rsa', bits: 4096")
    }
    const publicKey = (await output(connection, reading)).trim()
    return { path: command.shown!.split(' ').at(-1)!, publicKey, changed: true }
  },
})

const openTo = (path: string, name: string) => `${posix.dirname(path)} can be written by others than ${name}`

const looking = `
if [ -e "$p" ] || [ -L "$p" ]; then echo there; else echo none; fi
cat "$p.pub" 2>/dev/null || :`

function as(name: string, other: boolean, script: string): string {
  return plainly + (other ? sh`su -s /bin/sh ${name} -c ${plainly + script}` : script)
}

async function accountOf(connection: Reader, name: string) {
  const { line, me } = await answers(connection, { line: databaseLine('passwd', name), me: 'id -un' })
  const [, , uid, , , home = ''] = line.stdout.trimEnd().split(':')
  if (uid === undefined) throw new Advice(`there is no user ${name}`, `make it first: user.present('${name}')`)
  return { home, other: me.stdout.trim() !== name }
}
