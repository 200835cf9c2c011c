import type { Written } from '../kit/written.ts'
import path from 'node:path'
import { Advice, legacyOperation, output } from '../model/operation.ts'
import type { Diff, FileMeta, Operation } from '../model/operation.ts'
import { Secret } from '../model/secret.ts'
import { sh } from '../kit/shell.ts'
import { checkedMeta } from '../kit/file-meta.ts'
import { sha256Of } from '../kit/contents.ts'
import { look } from '../kit/look.ts'
import {
  absolute,
  attributesDiff,
  byLetters,
  bringFile,
  decode,
  differing,
  mustBeFile,
  mustSucceed,
  octal,
  setAttributes,
  type Kind,
  type PathState,
} from '../kit/path-state.ts'
import { withoutPasswords } from '../kit/sensitive-lines.ts'

export { copy, fetch, type Copied } from './file/copy.ts'
export type { Written } from '../kit/written.ts'

/** Mode, owner and group of a file or directory. */
export interface DirectoryMeta {
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/**
 * A file with exactly this content; what is there is replaced atomically.
 *
 * ```ts
 * task('Greet', file.content('/etc/motd', 'Maintenance until noon\n', { mode: '0644', backup: true }))
 * ```
 * A new file with a secret in it gets mode 0600 unless another is asked for.
 */
export function content(path: string, text: string | Secret, meta: FileMeta = {}): Operation<Written> {
  return bringContent({ path: absolute(path), text, meta: checkedMeta(meta) })
}

const bringContent = legacyOperation<
  { readonly path: string; readonly text: string | Secret; readonly meta: FileMeta },
  PathState,
  Written
>(({ path }) => `file.content ${path}`, {
  // The checksum of a secret would stand on a command line, where a short secret could be guessed from it.
  read: (connection, { path, text }) =>
    look(
      connection,
      path,
      text instanceof Secret
        ? { content: Math.max(shown, Buffer.byteLength(text.reveal())) }
        : { content: shown, unless: sha256Of(Buffer.from(text)) },
    ),
  plan(state, { path, text, meta }) {
    mustBeFile(state)
    const same =
      text instanceof Secret
        ? state.content?.equals(Buffer.from(text.reveal())) === true
        : state.sha256 === sha256Of(Buffer.from(text))
    const attributes = differing(state, meta)
    const diffs = [
      ...(same ? [] : [{ path, ...showContents(state, text) }]),
      ...(state.exists ? [attributesDiff(state, attributes) ?? []].flat() : []),
    ]
    const changed = diffs.length > 0
    return { changed, result: { path, changed }, diff: diffs }
  },
  async apply(connection, plan, { path, text, meta }, state) {
    const only = (plan.diff as readonly Diff[]).every((diff) => diff.path !== path)
    await bringFile(
      connection,
      state,
      only ? undefined : text,
      text instanceof Secret && !state.exists ? { mode: '0600', ...meta } : meta,
    )
  },
})

// A larger file is told by its size: nobody reads such a diff.
const shown = 1024 * 1024

/**
 * A directory, its parents included; attributes are those of the last one.
 *
 * ```ts
 * task('Make the image store', file.directory('/var/lib/glance/images', { owner: 'glance', mode: '0750' }))
 * ```
 */
export function directory(path: string, meta: DirectoryMeta = {}): Operation<Written> {
  checkedMeta(meta)
  return makeDirectory({ path: absolute(path), meta })
}

const makeDirectory = legacyOperation<{ readonly path: string; readonly meta: DirectoryMeta }, PathState, Written>(
  ({ path }) => `file.directory ${path}`,
  {
    read: (connection, { path }) => look(connection, path),
    plan(state, { path, meta }) {
      if (state.exists && state.kind !== 'directory') {
        throw new Advice(`${path} is there and not a directory`, 'move it away, or remove it with file.absent')
      }
      const attributes = differing(state, meta)
      const changed = !state.exists || Object.keys(attributes).length > 0
      const diff = state.exists ? attributesDiff(state, attributes) : { path, before: '', after: 'directory\n' }
      return { changed, result: { path, changed }, ...(diff ? { diff } : {}) }
    },
    async apply(connection, _plan, { meta }, state) {
      const attributes = setAttributes(state.target, state.exists ? differing(state, meta) : meta)
      await output(
        connection,
        [...(state.exists ? [] : [sh`mkdir -p ${state.path}`]), ...(attributes ? [attributes] : [])].join(' && '),
        { tidy: true },
      )
    },
  },
)

/**
 * A symbolic link; another link there is replaced, anything else is an error.
 *
 * ```ts
 * task('Choose the plugin', file.link('/etc/neutron/plugin.ini', '/etc/neutron/plugins/ml2/ml2_conf.ini'))
 * ```
 */
export function link(path: string, to: string): Operation<Written> {
  return makeLink({ path: absolute(path), to })
}

const makeLink = legacyOperation<{ readonly path: string; readonly to: string }, PathState, Written>(
  ({ path, to }) => `file.link ${path} to ${to}`,
  {
    read: (connection, { path }) => look(connection, path),
    plan(state, { path, to }) {
      if (state.exists && state.link === undefined)
        throw new Advice(`${path} is there and not a link`, 'move it away, or remove it with file.absent')
      const changed = state.link !== to
      return {
        changed,
        result: { path, changed },
        ...(changed
          ? {
              diff: {
                path,
                before: state.link === undefined ? '' : `link to ${state.link}\n`,
                after: `link to ${to}\n`,
              },
            }
          : {}),
      }
    },
    async apply(connection, _plan, { path, to }, state) {
      if (!state.parent)
        throw new Advice(`${path} cannot be made: its directory is missing`, 'make it first, with file.directory')
      await output(connection, sh`ln -sfn -- ${to} ${path}`)
    },
  },
)

// A mistyped variable must not cost a host: nobody removes one of these on purpose.
const kept = new Set(
  [
    '',
    'bin',
    'boot',
    'dev',
    'etc',
    'home',
    'lib',
    'lib64',
    'media',
    'mnt',
    'opt',
    'proc',
    'root',
    'run',
    'sbin',
    'srv',
    'sys',
    'tmp',
    'usr',
    'var',
  ]
    .map((name) => `/${name}`)
    .concat('/usr/bin', '/usr/lib', '/usr/sbin', '/var/lib', '/var/log'),
)

/**
 * Nothing at this path: a file or link is removed, a directory with all that is in it.
 *
 * ```ts
 * task('Drop the cache', file.absent('/var/cache/nova'))
 * ```
 */
export function absent(named: string): Operation<Written> {
  const normal = path.posix.normalize(absolute(named)).replace(/(.)\/+$/, '$1')
  if (kept.has(normal)) throw new Error(`file.absent ${named}: no host lives without it`)
  return remove(normal)
}

const remove = legacyOperation<string, PathState, Written>((path) => `file.absent ${path}`, {
  read: (connection, path) => look(connection, path),
  plan(state, path) {
    const changed = state.exists || state.link !== undefined
    const what = state.link === undefined ? state.kind : `link to ${state.link}`
    return {
      changed,
      result: { path, changed },
      ...(changed ? { diff: { path, before: `${what}\n`, after: '' } } : {}),
    }
  },
  async apply(connection, _plan, path) {
    await output(connection, sh`rm -rf ${path}`)
  },
})

/** How many paths had to be touched. */
export type Touched = { readonly path: string; readonly count: number }

interface Sweep {
  readonly path: string
  /** A find expression for the paths that differ. */
  readonly differ: string
  readonly show: string
  /** Of one path: what stat is to say of it, and the shell patterns of answers that need no change. */
  readonly settled?: { readonly ask: string; readonly patterns: readonly string[] }
  readonly wanted: string
  readonly change: string
}

const shownPaths = 20

// `differ` and `change` are made of quoted words below.
const sweep = legacyOperation<Sweep & { readonly name: string }, { count: number; sample: readonly string[] }, Touched>(
  ({ name }) => name,
  {
    async read(connection, { path, differ, show, settled }) {
      const found = `find ${differ} -exec stat -c ${show} {} + && echo complete`
      const script =
        `LC_ALL=C; export LC_ALL\n${sh`[ -e ${path} ] || { echo missing; exit; }`}\n` +
        (settled
          ? `case $(stat -c ${settled.ask} ${sh`${path}`}) in ${settled.patterns.join('|')}) echo complete; exit ;; esac\n${found}`
          : // The pipe would hide a find that failed; its complaint comes before the count.
            `{ ${found}; } | awk -v most=${shownPaths} 'NR > 1 && NR - 1 <= most { print last } { last = $0 } END { print NR - 1; print last }'`)
      const result = await connection.exec(script, { tidy: true })
      const lines = result.stdout.split('\n').slice(0, -1)
      if (lines[0] === 'missing') throw new Advice(`${path} is missing`, 'check the path, and the task that makes it')
      if (lines.at(-1) !== 'complete') mustSucceed(script, { ...result, code: result.code || 1 })
      if (settled) return { count: lines.length - 1, sample: lines.slice(0, -1) }
      return { count: Number(lines.at(-2)), sample: lines.slice(0, -2) }
    },
    plan({ count, sample }, { path, wanted }) {
      const more = count > sample.length ? `and ${count - sample.length} more\n` : ''
      const names = sample.map((line) => line.slice(line.indexOf(' ') + 1))
      return {
        changed: count > 0,
        result: { path, count },
        ...(count > 0
          ? {
              diff: {
                path: `${path} (attributes)`,
                before: sample.map((line) => `${line}\n`).join('') + more,
                after: names.map((name) => `${wanted} ${name}\n`).join('') + more,
              },
            }
          : {}),
      }
    },
    async apply(connection, _plan, { change }) {
      await output(connection, change, { tidy: true })
    },
  },
)

/**
 * Owner (and group, after a colon) of a file or of a whole tree; only what differs is touched, links are not followed.
 *
 * ```ts
 * task('Hand the images to glance', file.owner('/var/lib/glance', 'glance:glance'))
 * ```
 */
export function owner(
  path: string,
  who: string,
  { recursive = true }: { readonly recursive?: boolean } = {},
): Operation<Touched> {
  const [user = '', group] = who.split(':')
  if ((user === '' && !group) || /\s/.test(who))
    throw new Error(`file.owner ${path}: ${JSON.stringify(who)} is not of the form user, user:group or :group`)
  const tests = [...(user === '' ? [] : [sh`! -user ${user}`]), ...(group ? [sh`! -group ${group}`] : [])].join(' -o ')
  const differ = `${sh`${absolute(path)}`}${recursive ? '' : ' -prune'} \\( ${tests} \\)`
  return sweep({
    name: `file.owner ${path} ${who}`,
    path,
    differ,
    show: `'%U:%G %n'`,
    ...(recursive
      ? {}
      : {
          settled: {
            ask: `'%U/%u %G/%g'`,
            patterns: named(user).flatMap((one) => named(group).map((other) => `${one}' '${other}`)),
          },
        }),
    wanted: group ? who : user,
    change: `find ${differ} -exec chown -h ${sh`${who}`} {} +`,
  })
}

// By name or by number.
const named = (who: string | undefined) => (who ? [sh`${who}` + '/*', '*/' + sh`${who}`] : ['*'])

/**
 * Mode of a file, or of a whole tree, where directories get the right to enter wherever the mode gives the right to
 * read.
 *
 * ```ts
 * task('Close the keys', file.mode('/etc/keystone/ssl', '0640', { recursive: true })) // directories: 0750
 * ```
 */
export function mode(
  path: string,
  wanted: string,
  { recursive = false }: { readonly recursive?: boolean } = {},
): Operation<Touched> {
  const files = octal(wanted)
  const directories = recursive
    ? (parseInt(files, 8) | ((parseInt(files, 8) & 0o444) >> 2)).toString(8).padStart(4, '0')
    : files
  const where = sh`${absolute(path)}` + (recursive ? '' : ' -prune')
  const of = (type: string, mode: string) => `\\( ${type} ! -perm ${mode} \\)`
  const differ = recursive
    ? `${where} \\( ${of('-type d', directories)} -o ${of('! -type d ! -type l', files)} \\)`
    : `${where} ! -type l ! -perm ${files}`
  return sweep({
    name: `file.mode ${path} ${wanted}`,
    path,
    differ,
    show: `'%a %n'`,
    ...(recursive ? {} : { settled: { ask: '%a', patterns: [files.replace(/^0{1,3}/, '')] } }),
    wanted: files.replace(/^0/, ''),
    change: recursive
      ? `find ${where} ${of('! -type d ! -type l', files)} ${chmods(files)} && find ${where} -depth ${of('-type d', directories)} ${chmods(directories)}`
      : setAttributes(path, { mode: files }),
  })
}

const chmods = (mode: string) => `-exec chmod ${byLetters(mode)} {} +`

/**
 * Owner, group and mode of what lies at a path; a link is followed. For whole trees see `file.owner` and `file.mode`.
 *
 * ```ts
 * task('Close the configuration', file.attributes('/etc/nova/nova.conf', { owner: 'nova', group: 'nova', mode: '0640' }))
 * ```
 */
export function attributes(path: string, wanted: DirectoryMeta): Operation<Written> {
  return setThem({ path: absolute(path), meta: checkedMeta(wanted) })
}

const setThem = legacyOperation<{ readonly path: string; readonly meta: DirectoryMeta }, PathState, Written>(
  ({ path }) => `file.attributes ${path}`,
  {
    read: (connection, { path }) => look(connection, path),
    plan(state, { path, meta }) {
      if (!state.exists) throw new Advice(`${path} is missing`, 'check the path, and the task that makes it')
      const diff = attributesDiff(state, differing(state, meta))
      const changed = diff !== undefined
      return { changed, result: { path, changed }, ...(diff ? { diff } : {}) }
    },
    async apply(connection, _plan, { meta }, state) {
      await output(connection, setAttributes(state.target, differing(state, meta)), { tidy: true })
    },
  },
)

/** What lies at a path. */
export type Stat = {
  readonly exists: boolean
  readonly kind?: Kind
  readonly size?: number
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
  /** Seconds since 1970. */
  readonly mtime?: number
  readonly sha256?: string
  /** What the symbolic link says; everything else is then about where it leads. */
  readonly link?: string
}

/**
 * What lies at a path: only looks, runs in check mode too. The checksum is worked out only when asked for.
 *
 * ```ts
 * const { exists, size } = await host.run(file.stat('/root/nova.sql'))
 * ```
 */
export function stat(path: string, { sha256 = false }: { readonly sha256?: boolean } = {}): Operation<Stat> {
  return lookAt({ path: absolute(path), sha256 })
}

const lookAt = legacyOperation<{ readonly path: string; readonly sha256: boolean }, PathState, Stat>(
  ({ path }) => `file.stat ${path}`,
  {
    read: (connection, { path, sha256 }) => look(connection, path, { sha256 }),
    plan: ({ exists, kind, size, mode, owner, group, mtime, sha256, link }) => ({
      changed: false,
      result: {
        exists,
        ...(exists ? { kind, size, mode, owner, group, mtime } : {}),
        ...(sha256 === undefined ? {} : { sha256 }),
        ...(link === undefined ? {} : { link }),
      },
    }),
    apply: async () => {},
  },
)

/** Where the copy lies. */
export type BackedUp = { readonly path: string; readonly backup: string }

/**
 * Copies a file or a directory tree once to PATH.switchover-backup, everything preserved; what was saved before stays.
 *
 * ```ts
 * task('Keep the old configuration', file.backup('/etc/nova'))
 * ```
 */
export function backup(path: string): Operation<BackedUp> {
  return keep(absolute(path).replace(/(.)\/+$/, '$1'))
}

const copies = (path: string) => sh`p=${path}
[ ! -L "$p" ] || p=$(readlink -f "$p")
b=$p.switchover-backup
`

const keep = legacyOperation<string, readonly string[], BackedUp>((path) => `file.backup ${path}`, {
  async read(connection, path) {
    return (
      await output(
        connection,
        `${copies(path)}printf '%s\\n' "$b"; if [ -e "$b" ] || [ -L "$b" ]; then echo kept; elif [ -e "$p" ]; then echo there; else echo missing; fi`,
      )
    ).split('\n')
  },
  plan([backup = '', found], path) {
    if (found === 'missing')
      throw new Advice(`${path} cannot be saved: it is missing`, 'check the path, and the task that makes it')
    const changed = found === 'there'
    return {
      changed,
      result: { path, backup },
      ...(changed ? { diff: { path: backup, before: '', after: `copy of ${path}\n` } } : {}),
    }
  },
  async apply(connection, _plan, path) {
    // Under its name only when complete: half a copy must never pass for one.
    await output(connection, `set -e\n${copies(path)}rm -rf "$b.part"\ncp -a "$p" "$b.part"\nmv "$b.part" "$b"`, {
      timeout: 3600,
    })
  },
})

/**
 * Puts back what `backup` (of this module, or the option of others) saved; the saved copy stays where it is.
 *
 * ```ts
 * task('Put nova.conf back', { notify: restart }, file.restore('/etc/nova/nova.conf'))
 * ```
 */
export function restore(path: string): Operation<BackedUp> {
  return putBack(absolute(path).replace(/(.)\/+$/, '$1'))
}

// Everything that cp -a brings but times: contents, kinds, modes, owners, where links lead.
const fingerprint = `
print_of() {
  if [ -d "$1" ]; then
    ( cd "$1" && {
      find . -exec stat -c '%n %f %u %g' {} +
      find . -type f -exec sha256sum {} +
      find . -type l -exec sh -c 'for l; do printf "%s to %s\\n" "$l" "$(readlink "$l")"; done' sh {} +
    } | LC_ALL=C sort | sha256sum )
  else
    stat -c '%f %u %g' "$1"
    sha256sum < "$1"
  fi
}
`

const putBack = legacyOperation<string, readonly string[], BackedUp>((path) => `file.restore ${path}`, {
  async read(connection, path) {
    return (
      await output(
        connection,
        `${copies(path)}${fingerprint}printf '%s\\n' "$b"
if [ ! -e "$b" ]; then echo none; elif [ ! -e "$p" ]; then echo gone; elif [ "$(print_of "$p")" = "$(print_of "$b")" ]; then echo same; else echo differs; fi`,
        { timeout: 3600 },
      )
    ).split('\n')
  },
  plan([backup = '', found], path) {
    if (found === 'none')
      throw new Advice(
        `${path} cannot be put back: there is no ${backup}`,
        'nothing was saved with file.backup, or it was saved under another path',
      )
    const changed = found !== 'same'
    return {
      changed,
      result: { path, backup },
      ...(changed
        ? { diff: { path, before: found === 'gone' ? '' : `not as in ${backup}\n`, after: `as in ${backup}\n` } }
        : {}),
    }
  },
  async apply(connection, _plan, path) {
    await output(
      connection,
      `set -e
${copies(path)}rm -rf "$p.part"
cp -a "$b" "$p.part"
if [ -d "$p" ]; then rm -rf "$p.replaced"; mv "$p" "$p.replaced"; mv "$p.part" "$p"; rm -rf "$p.replaced"; else mv -f "$p.part" "$p"; fi`,
      { timeout: 3600 },
    )
  },
})

function showContents(state: PathState, text: string | Secret): { readonly before: string; readonly after: string } {
  if (!state.exists) return withoutPasswords('', String(text))
  const old = state.content && decode(state.content).text
  if (old === undefined || old.includes('\0'))
    return { before: `${state.size} bytes\n`, after: withoutPasswords('', String(text)).after }
  if (!(text instanceof Secret)) return withoutPasswords(old, text)
  // The old file most likely holds the old secret, of which nobody knows where it stands: only lines that stay are
  // shown.
  const shown = String(text).split('\n')
  const real = text.reveal().split('\n')
  if (shown.length !== real.length) return { before: '‹the content before›\n', after: String(text) }
  const lines = new Map(real.map((line, i) => [line, shown[i]!]))
  return {
    before: old
      .split('\n')
      .map((line) => lines.get(line) ?? '‹a line before›')
      .join('\n'),
    after: String(text),
  }
}
