import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { posix } from 'node:path'
import { accountName, databaseLine } from '../kit/accounts.ts'
import { answers } from '../kit/answers.ts'
import { performAll, type Step } from '../kit/command.ts'
import { atPlace } from '../kit/links.ts'
import { look } from '../kit/look.ts'
import { fileChange, madeFrom, newContent } from '../kit/new-file.ts'
import { decode, editable, filePath, mustBeFile, type PathState } from '../kit/path-state.ts'
import { replacedFile } from '../kit/replacing.ts'
import { plainly, sh } from '../kit/shell.ts'
import type { Written } from '../kit/written.ts'
import { Advice, operation, type Operation, type Plan, type Reader } from '../model/operation.ts'
import { type Key, keysIn, withKeys } from './authorized-keys/text.ts'

/** Where keys are kept and what becomes of others. */
export interface KeyOptions {
  /** The file; unless said that which sshd reads for the user, mostly .ssh/authorized_keys in the home. */
  readonly path?: string
  /** No other key is left; comments stay. */
  readonly exclusive?: boolean
}

const keyNames: OptionNames<KeyOptions> = { path: true, exclusive: true }

/**
 * Public keys by which a user may log in, each as it stands in a .pub file, options before it or not. Give several as a
 * list or as lines of one text. A key that is there with other options gets these, wherever it stands; lines of other
 * keys stay byte for byte.
 *
 * ```ts
 * task('Let the operators in', authorizedKeys.present('deploy', operators, { exclusive: true }))
 * task('Let the backup in', authorizedKeys.present('root', 'from="10.0.0.9",restrict ssh-ed25519 AAAAC3… backup'))
 * ```
 * The directory is made as sshd wants it: the user's, and closed to others.
 * @throws Advice when a text is no public key, or the user is missing
 */
export function present(user: string, keys: string | readonly string[], options: KeyOptions = {}): Operation<Written> {
  refuseUnknown('authorizedKeys.present', options, keyNames)
  const wanted = wantedKeys(user, keys)
  return bring({ word: 'present', user: accountName(user), keys: wanted, options: checkedOptions(options) })
}

/**
 * Public keys by which nobody logs in as this user; what options stand before them does not matter.
 *
 * ```ts
 * task('Let him in no more', authorizedKeys.absent('deploy', formerKey))
 * ```
 */
export function absent(
  user: string,
  keys: string | readonly string[],
  options: Pick<KeyOptions, 'path'> = {},
): Operation<Written> {
  refuseUnknown('authorizedKeys.absent', options, { path: true })
  const wanted = wantedKeys(user, keys)
  return bring({ word: 'absent', user: accountName(user), keys: wanted, options: checkedOptions(options) })
}

function checkedOptions(options: KeyOptions): KeyOptions {
  if (options.path !== undefined) filePath(options.path)
  return options
}

function wantedKeys(user: string, keys: string | readonly string[]): readonly Key[] {
  const wanted = [keys].flat().flatMap((text) => keysIn(text))
  if (wanted.length === 0)
    throw new Advice(
      `no key for ${user} is given`,
      'give the text of a .pub file; to let nobody in, file.absent the file',
    )
  return wanted
}

interface Wanted {
  readonly word: 'present' | 'absent'
  readonly user: string
  readonly keys: readonly Key[]
  readonly options: KeyOptions
}

interface Found {
  readonly uid: string
  readonly gid: string
  readonly home: string
  readonly file: PathState
  readonly directory: PathState
}

const bring = operation<Wanted, Found, readonly Step[], Written>(({ word, user }) => `authorizedKeys.${word} ${user}`, {
  lasting: () => true,
  async read(connection, { user, options }) {
    const account = await accountOf(connection, user)
    const path = options.path ?? account.path
    const [file, directory] = await Promise.all([
      look(connection, path, { content: editable }),
      look(connection, posix.dirname(path)),
    ])
    return { ...account, file, directory }
  },
  plan,
  apply: performAll,
})

function plan(found: Found, { word, user, keys, options }: Wanted): Plan<Written, readonly Step[]> {
  const { file, uid, gid, home } = found
  const { path } = file
  mustBeFile(file)
  const own = path.startsWith(`${home}/`)
  if (own && uid !== '0') refuseForeign(found, user)
  const before = decode(file.content ?? Buffer.alloc(0)).text
  const after = withKeys(before, word, keys, options.exclusive ?? false)
  // What others may write is not read by sshd.
  const open = file.exists && own && parseInt(file.mode, 8) & 0o022
  const content = after === before ? undefined : newContent(path, file.content, after)
  if (!content && !(open && word === 'present')) return { result: { path, changed: false } }
  const meta = file.exists
    ? open
      ? { mode: '0600' }
      : {}
    : own
      ? { mode: '0600', owner: uid, group: gid }
      : { mode: '0644' }
  // A link of the user's own to a file of his: whose it is has been looked at.
  const step = fileChange(file, content, file.link === undefined ? meta : { ...meta, follow: true })
  const change = step && 'content' in step ? { ...step, before: madeFrom(file.content) } : step
  const folder = folderStep(found, own)
  return {
    result: { path, changed: true },
    change: [...(folder ? [folder] : []), ...(change ? [change] : [])],
    replaces: [...(folder ? replacedFile(found.directory) : []), ...replacedFile(file)],
    diff: [
      ...(content ? [{ path, before, after }] : []),
      ...(open ? [{ path: `${path} (attributes)`, before: `mode ${file.mode}\n`, after: 'mode 0600\n' }] : []),
    ],
  }
}

function folderStep({ directory: { path, target, exists, mode }, uid, gid }: Found, own: boolean): Step | undefined {
  if (exists) {
    const open = own && parseInt(mode, 8) & 0o022
    return open ? { script: `${atPlace}${sh`stand ${target}; give '' go-w`}`, tidy: true } : undefined
  }
  if (!own) throw new Advice(`there is no directory ${path}`, 'make it first, with file.directory')
  return { script: `${atPlace}${sh`stand ${path}; mkdir -m 0700 "./$f" && give ${`${uid}:${gid}`} ''`}`, tidy: true }
}

/** A user could let a link in his home point to the keys of another, and have his own key written there. */
function refuseForeign({ file, directory, uid }: Found, user: string): void {
  for (const one of [directory, file]) {
    if (one.link !== undefined && one.uid !== uid) {
      throw new Advice(
        `${one.path} is a link to ${one.target}, which is not ${user}'s`,
        `remove the link, or give the path of ${user}'s keys`,
      )
    }
  }
}

async function accountOf(connection: Reader, user: string) {
  const { line, keys } = await answers(connection, {
    line: databaseLine('passwd', user),
    // Only root may ask sshd, and only a sshd that is installed answers.
    keys: `${plainly}${sh`sshd -T -C ${`user=${user},host=localhost,addr=127.0.0.1`} 2>/dev/null </dev/null`}`,
  })
  const [, , uid, gid, , home = ''] = line.stdout.trimEnd().split(':')
  if (uid === undefined || gid === undefined)
    throw new Advice(`there is no user ${user}`, `make it first: user.present('${user}')`)
  const [, said = '.ssh/authorized_keys'] = /^authorizedkeysfile (\S+)/m.exec(keys.stdout) ?? []
  if (said === 'none')
    throw new Advice(`sshd reads no keys for ${user}: AuthorizedKeysFile is none`, 'give a path, or change sshd_config')
  const named = said.replaceAll(/%[hu%U]/g, (word) => ({ '%h': home, '%u': user, '%U': uid })[word] ?? '%')
  return { uid, gid, home, path: named.startsWith('/') ? named : `${home}/${named}` }
}
