import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { type Command, perform, performStep, type Step } from '../kit/command.ts'
import { look } from '../kit/look.ts'
import { fileChange, newContent } from '../kit/new-file.ts'
import type { PathState } from '../kit/path-state.ts'
import { replacedFile } from '../kit/replacing.ts'
import { plainly, sh } from '../kit/shell.ts'
import { Advice, CommandFailed, operation, output } from '../model/operation.ts'
import type { Connection, Diff, Operation, Plan } from '../model/operation.ts'
import { fetching } from './http/download.ts'
import { waiting } from './packages/apt.ts'
import { isUrl, keyring } from './repository/key.ts'
import { deb822, oneLine, repoFile } from './repository/text.ts'

/** A repository as apt knows it. */
export interface AptRepository {
  readonly uris: string | readonly string[]
  /** Such as `bookworm`; one that ends in a slash is a path, and has no components. */
  readonly suites: string | readonly string[]
  readonly components?: readonly string[]
  readonly types?: readonly ('deb' | 'deb-src')[]
  readonly architectures?: readonly string[]
  /**
   * The public key by which it is signed, and by no other: its text, armored or not, or the URL where the host gets
   * it. Behind a URL it is looked for once; a key that changes there has to be removed here first.
   */
  readonly key?: string | Uint8Array
  /** How it is written: deb822 in NAME.sources unless the apt of the host is older than 1.1, else NAME.list. */
  readonly format?: 'deb822' | 'one-line'
}

const aptNames: OptionNames<AptRepository> = {
  uris: true,
  suites: true,
  components: true,
  types: true,
  architectures: true,
  key: true,
  format: true,
}

/** A repository as yum and dnf know it. */
export interface YumRepository {
  readonly baseurl?: string | readonly string[]
  readonly mirrorlist?: string
  readonly metalink?: string
  readonly description?: string
  /** The text of the public key, or its URL. */
  readonly gpgkey?: string
  /** Whether packages must be signed; true unless said. */
  readonly gpgcheck?: boolean
  readonly enabled?: boolean
  /** Other fields, such as `priority`. */
  readonly more?: Readonly<Record<string, string | number>>
}

const yumNames: OptionNames<YumRepository> = {
  baseurl: true,
  mirrorlist: true,
  metalink: true,
  description: true,
  gpgkey: true,
  gpgcheck: true,
  enabled: true,
  more: true,
}

/** Whether the repository was made, changed or removed. */
export type RepositoryState = { readonly name: string; readonly changed: boolean }

/**
 * A repository of packages for apt, with its key beside it. What it has is fetched when it changes; where apt cannot
 * read it, or cannot fetch it, all stays as it was.
 *
 * ```ts
 * task('Know the packages of Docker', repository.apt('docker', {
 *   uris: 'https://download.docker.com/linux/debian', suites: 'bookworm', components: ['stable'],
 *   key: 'https://download.docker.com/linux/debian/gpg',
 * }))
 * ```
 * @throws Advice when the key is none, or apt refuses the repository
 */
export function apt(name: string, repository: AptRepository): Operation<RepositoryState> {
  refuseUnknown('repository.apt', repository, aptNames)
  const { uris, suites, components = [], architectures = [], key } = repository
  for (const word of [uris, suites, ...components, ...architectures].flat())
    if (!/^[^\s#[\]]+$/.test(word))
      throw new Advice(`repository.apt ${name}: ${JSON.stringify(word)} is not one word`, 'give several as a list')
  if (key !== undefined && !(typeof key === 'string' && isUrl(key))) keyring(Buffer.from(key), `the key of ${name}`)
  return bringApt({ name: checkedName(name), repository })
}

/**
 * A repository of packages for yum or dnf, alone in a file of its name.
 *
 * ```ts
 * task('Know the packages of RDO', repository.yum('rdo', {
 *   baseurl: 'https://repos.fedorapeople.org/openstack/EOL/openstack-icehouse/epel-6/', gpgcheck: false,
 * }))
 * ```
 */
export function yum(name: string, repository: YumRepository): Operation<RepositoryState> {
  refuseUnknown('repository.yum', repository, yumNames)
  const { baseurl, mirrorlist, metalink, gpgkey, description = '', more = {} } = repository
  if ((baseurl === undefined || [baseurl].flat().length === 0) && mirrorlist === undefined && metalink === undefined)
    throw new Advice(
      `repository.yum ${name}: give baseurl, mirrorlist or metalink`,
      "give the one that says where the packages are, such as baseurl: 'https://HOST/PATH'",
    )
  for (const text of [
    baseurl ?? [],
    mirrorlist ?? '',
    metalink ?? '',
    description,
    ...Object.entries(more).flat(),
  ].flat())
    if (/[\n\r]/.test(String(text)))
      throw new Advice(
        `repository.yum ${name}: ${JSON.stringify(text)} is not one line`,
        'take the line ends out of it',
      )
  if (gpgkey !== undefined && !isUrl(gpgkey)) keyring(Buffer.from(gpgkey), `the key of ${name}`)
  return bringYum({ name: checkedName(name), repository })
}

/**
 * No repository of this name, nor a key that came with it; what was installed from it stays.
 *
 * ```ts
 * task('Forget Docker', repository.absent('docker'))
 * ```
 */
export function absent(name: string): Operation<RepositoryState> {
  return drop(checkedName(name))
}

function checkedName(name: string): string {
  // What apt itself reads of names in sources.list.d.
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name) || /\.(list|sources|repo)$/.test(name))
    throw new Advice(
      `${JSON.stringify(name)} cannot be the name of a repository: letters, digits, - . and _, no ending`,
      'write - for other signs: it becomes the name of a file',
    )
  return name
}

const at = (name: string) => ({
  sources: `/etc/apt/sources.list.d/${name}.sources`,
  list: `/etc/apt/sources.list.d/${name}.list`,
  keyring: `/etc/apt/keyrings/${name}.gpg`,
  trusted: `/etc/apt/trusted.gpg.d/${name}.gpg`,
  repo: `/etc/yum.repos.d/${name}.repo`,
  rpmKey: `/etc/pki/rpm-gpg/RPM-GPG-KEY-${name}`,
})

/** What is to be done, in this order, and how it is seen to be right. */
export type RepositoryChange = {
  readonly folders: readonly string[]
  /** A key that is to be had from there. */
  readonly key?: { readonly url: string; readonly path: string }
  readonly files: readonly Step[]
  readonly remove: readonly string[]
  readonly check?: Command
  /** What to put back when that fails. */
  readonly before: readonly { readonly path: string; readonly content: Uint8Array | null }[]
}

type Wanted<R> = { readonly name: string; readonly repository: R }
interface FoundApt {
  /** Knows deb822 and Signed-By. */
  readonly modern: boolean
  readonly states: readonly PathState[]
}

const most = 1024 * 1024

const bringApt = operation<Wanted<AptRepository>, FoundApt, RepositoryChange, RepositoryState>(
  ({ name }) => `repository.apt ${name}`,
  {
    lasting: () => true,
    async read(connection, { name }) {
      const { sources, list, keyring, trusted } = at(name)
      const paths = [sources, list, keyring, trusted]
      const [said, ...states] = await Promise.all([
        output(
          connection,
          `${plainly}command -v apt-get >/dev/null || echo none; apt-get --version 2>/dev/null | head -n 1`,
        ),
        ...paths.map((path) => look(connection, path, { content: most })),
      ])
      if (/^none/.test(said))
        throw new Advice('the host has no apt-get', 'is it a host with yum or dnf? repository.yum')
      return { modern: !/^apt (0\.|1\.0)/.test(said), states }
    },
    plan: planApt,
    apply: carryOut,
  },
)

function planApt(
  { modern, states }: FoundApt,
  { name, repository }: Wanted<AptRepository>,
): Plan<RepositoryState, RepositoryChange> {
  const paths = at(name)
  const [sources, list, ring, trusted] = states as readonly [PathState, PathState, PathState, PathState]
  const { format = modern ? 'deb822' : 'one-line', key } = repository
  if (format === 'deb822' && !modern)
    throw new Advice('the apt of this host reads no deb822', "leave format out, or give 'one-line'")
  // An old apt trusts every key of its folder, and knows no other way.
  const keyState = modern ? ring : trusted
  const signedBy = key !== undefined && modern ? paths.keyring : undefined
  const [mine, other] = format === 'deb822' ? [sources, list] : [list, sources]
  const text = (format === 'deb822' ? deb822 : oneLine)(repository, signedBy)
  const url = typeof key === 'string' && isUrl(key) ? key : undefined
  const bytes = key === undefined || url !== undefined ? undefined : keyring(Buffer.from(key), `the key of ${name}`)
  const fetch = url !== undefined && !keyState.exists
  const keyStep =
    bytes && !keyState.content?.equals(bytes) ? fileChange(keyState, { content: bytes }, { mode: '0644' }) : undefined
  const fileStep = sameText(mine, text)
    ? undefined
    : fileChange(mine, newContent(mine.path, mine.content, text), { mode: '0644' })
  const remove = other.exists ? [other.path] : []
  if (!fetch && !keyStep && !fileStep && remove.length === 0) return { result: { name, changed: false } }
  const diff: readonly Diff[] = [
    ...(fetch ? [{ path: keyState.path, before: '', after: `the key of ${url}\n` }] : []),
    ...(keyStep
      ? [{ path: keyState.path, before: keyState.exists ? `another key\n` : '', after: `${bytes!.length} bytes\n` }]
      : []),
    ...(fileStep ? [{ path: mine.path, before: textOf(mine), after: text }] : []),
    ...(other.exists ? [{ path: other.path, before: textOf(other), after: '' }] : []),
  ]
  return {
    result: { name, changed: true },
    change: {
      folders: signedBy === undefined ? [] : ['/etc/apt/keyrings'],
      ...(fetch ? { key: { url: url!, path: keyState.path } } : {}),
      files: [keyStep, fileStep].filter((step) => step !== undefined),
      remove,
      check: fetchingLists(mine.path),
      before: [mine, other, keyState].map(({ path, exists, content }) => ({
        path,
        content: exists ? (content ?? null) : null,
      })),
    },
    replaces: [{ file: '/etc/apt/keyrings' }, ...[mine, other, keyState].flatMap(replacedFile)],
    diff,
  }
}

/** All sources must be readable still, and this one is fetched: what is not signed as it should be is refused here. */
function fetchingLists(path: string): Command {
  return {
    script: [
      waiting(300),
      'apt-cache policy >/dev/null || exit',
      sh`locked apt-get -q -y -o ${`Dir::Etc::sourcelist=${path}`} -o Dir::Etc::sourceparts=-` +
        ' -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update',
    ].join('\n'),
    long: true,
    shown: 'apt-get update',
  }
}

const bringYum = operation<Wanted<YumRepository>, readonly PathState[], RepositoryChange, RepositoryState>(
  ({ name }) => `repository.yum ${name}`,
  {
    lasting: () => true,
    read: (connection, { name }) =>
      Promise.all([at(name).repo, at(name).rpmKey].map((path) => look(connection, path, { content: most }))),
    plan(states, { name, repository }) {
      const [repo, key] = states as readonly [PathState, PathState]
      const { gpgkey } = repository
      const own = gpgkey !== undefined && !isUrl(gpgkey)
      const text = repoFile(name, repository, own ? `file://${key.path}` : gpgkey)
      const files = [
        own && !sameText(key, gpgkey)
          ? fileChange(key, newContent(key.path, key.content, gpgkey), { mode: '0644' })
          : undefined,
        sameText(repo, text)
          ? undefined
          : fileChange(repo, newContent(repo.path, repo.content, text), { mode: '0644' }),
      ].filter((step) => step !== undefined)
      if (files.length === 0) return { result: { name, changed: false } }
      return {
        result: { name, changed: true },
        change: { folders: own ? ['/etc/pki/rpm-gpg'] : [], files, remove: [], before: [] },
        replaces: [...(own ? [{ file: '/etc/pki/rpm-gpg' }] : []), ...[key, repo].flatMap(replacedFile)],
        diff: [
          ...(own && !sameText(key, gpgkey) ? [{ path: key.path, before: textOf(key), after: gpgkey }] : []),
          ...(sameText(repo, text) ? [] : [{ path: repo.path, before: textOf(repo), after: text }]),
        ],
      }
    },
    apply: carryOut,
  },
)

const drop = operation<string, readonly PathState[], RepositoryChange, RepositoryState>(
  (name) => `repository.absent ${name}`,
  {
    read: (connection, name) =>
      Promise.all(Object.values(at(name)).map((path) => look(connection, path, { content: most }))),
    plan(states, name) {
      const there = states.filter(({ exists }) => exists)
      if (there.length === 0) return { result: { name, changed: false } }
      return {
        result: { name, changed: true },
        change: { folders: [], files: [], remove: there.map(({ path }) => path), before: [] },
        replaces: there.map(({ path }) => ({ file: path })),
        diff: there.map((one) => ({
          path: one.path,
          before: one.path.endsWith('.gpg') ? 'a key\n' : textOf(one),
          after: '',
        })),
      }
    },
    apply: carryOut,
  },
)

async function carryOut(connection: Connection, change: RepositoryChange): Promise<void> {
  const { folders, key, files, remove, check, before } = change
  if (folders.length > 0) await perform(connection, { script: sh`mkdir -p -m 0755 ${folders}`, tidy: true })
  try {
    if (key) await connection.write(key.path, await fetched(connection, key), { mode: '0644' })
    for (const step of files) await performStep(connection, step)
    if (remove.length > 0) await perform(connection, { script: sh`rm -f ${remove}`, tidy: true })
    if (check) await perform(connection, check)
  } catch (error) {
    for (const { path, content } of before) {
      if (content) await connection.write(path, content, { mode: '0644' })
      else await perform(connection, { script: sh`rm -f ${path}`, tidy: true })
    }
    if (!(error instanceof CommandFailed)) throw error
    throw new Advice(
      `apt refuses the repository, and all is as it was: ${errorsOf(error)}`,
      'check the URIs, suites and components, and whether the key is that of the repository',
    )
  }
}

async function fetched(connection: Connection, { url }: { readonly url: string }): Promise<Uint8Array> {
  const folder = (await output(connection, 'umask 077; mktemp -d')).trim()
  try {
    await perform(connection, fetching(url, `${folder}/key`, { timeout: 120 }))
    const bytes = Buffer.from(await output(connection, sh`base64 < ${`${folder}/key`}`), 'base64')
    return keyring(bytes, `what ${url} sends`)
  } finally {
    await connection.exec(sh`rm -rf ${folder}`)
  }
}

function errorsOf({ result }: CommandFailed): string {
  const lines = `${result.stderr}\n${result.stdout}`.split('\n').filter((line) => /^[EW]: /.test(line))
  return lines.map((line) => line.slice(3)).join('; ') || result.stderr.trim() || `exit code ${result.code}`
}

function sameText(state: PathState, text: string): boolean {
  return state.content?.equals(Buffer.from(text)) === true
}

function textOf({ content }: PathState): string {
  return content?.toString() ?? ''
}
