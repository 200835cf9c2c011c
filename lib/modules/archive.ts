import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { answers, type Answer } from '../kit/answers.ts'
import { there } from '../kit/there.ts'
import { cannotLook, closed } from '../kit/closed.ts'
import { type Command, performStep } from '../kit/command.ts'
import { localFile, unusable } from '../kit/local-file.ts'
import { checkedMode, modeAfter } from '../kit/mode.ts'
import { absolute, filePath, folderPath, setAttributes } from '../kit/path-state.ts'
import { refusalIn, refuse, stale } from '../kit/refusal.ts'
import { plainly, quote, sh } from '../kit/shell.ts'
import { lock } from '../kit/writing.ts'
import { Advice, operation } from '../model/operation.ts'
import type { Connection, LocalFile, Operation } from '../model/operation.ts'
import { hashHere } from './copy-between/ends.ts'

/** How an archive is packed. */
export type ArchiveFormat = 'tar' | 'tgz' | 'tbz' | 'txz' | 'tzst' | 'zip'

/** How an archive is made. */
export interface CreateOptions {
  /** By the name of the archive unless said. */
  readonly format?: ArchiveFormat
  /** The directory that the sources are relative to; the root unless said. Their names in the archive start there. */
  readonly from?: string
  readonly mode?: string
  readonly owner?: string
  readonly group?: string
}

/** Whether an archive was made. */
export type ArchiveState = { readonly path: string; readonly changed: boolean }

/**
 * An archive of these files and directories, made again when one of them has changed since.
 *
 * ```ts
 * task('Keep the configuration', archive.create('/root/etc.tgz', ['nova', 'glance'], { from: '/etc' }))
 * ```
 * It appears under its name when it is complete; a new one can be read by its owner only unless a mode is given.
 */
export function create(
  archive: string,
  sources: string | readonly string[],
  options: CreateOptions = {},
): Operation<ArchiveState> {
  const { from = '/', format = formatOf(archive), mode } = options
  if (mode !== undefined) checkedMode(mode)
  const names = [sources].flat().map((source) => insideOf(absolute(from), source))
  if (names.length === 0) throw new Advice(`say what goes into ${archive}`, 'name one file or folder at least')
  const around = names.find((name) =>
    `${path.posix.resolve(archive)}/`.startsWith(`${path.posix.resolve(from, name)}/`),
  )
  if (around !== undefined)
    throw new Advice(`${archive} cannot hold ${around}, in which it lies itself`, 'put the archive somewhere else')
  return makeArchive({ archive: filePath(archive), names, from, format, options })
}

/** How an archive is unpacked. */
export interface ExtractOptions {
  readonly format?: ArchiveFormat
  /**
   * Where the archive is: on the host itself unless this says that it is brought from the controller machine; its path
   * there begins at the file that says it.
   */
  readonly source?: 'host' | 'controller'
  /**
   * A path that the archive brings, or a pattern for it: when something is there, be it a link that leads nowhere,
   * nothing is done; no trace of the archive is kept then.
   */
  readonly creates?: string
  /** How many leading directories the names of its members lose; not with zip. */
  readonly strip?: number
  /** Whose the files become; those that the archive names unless said. */
  readonly owner?: string
  readonly group?: string
}

/** Whether an archive was unpacked, and the checksum of the one that is. */
export type ExtractState = { readonly path: string; readonly changed: boolean; readonly sha256: string | undefined }

/**
 * The content of an archive in a directory, which is made when it is missing. It is unpacked again when the archive has
 * another checksum than the one noted in `.switchover-extracted` there; files that were edited or removed since stay so
 * till then: to have them back, remove that note.
 *
 * ```ts
 * task('Unpack the plugin', archive.extract('files/plugin-1.2.tgz', '/opt/plugin', {
 *   source: 'controller', strip: 1, owner: 'root', group: 'root',
 * }))
 * ```
 * An archive with a member that would land outside of the directory is refused.
 */
export function extract(archive: string, directory: string, options: ExtractOptions = {}): Operation<ExtractState> {
  const { source = 'host', format = formatOf(archive), strip = 0, creates } = options
  const local = source === 'controller' ? localFile(archive) : undefined
  if (!local) filePath(archive)
  if (creates !== undefined) absolute(creates)
  if (!Number.isInteger(strip) || strip < 0)
    throw new Advice(`${strip} leading directories cannot be taken off the names`, 'give a whole number of at least 0')
  if (strip > 0 && format === 'zip')
    throw new Advice(
      `${archive}: unzip cannot take leading directories off the names`,
      'leave strip out, or pack it as tgz',
    )
  return unpack({ archive, directory: folderPath(directory), format, strip, local, options })
}

function formatOf(archive: string): ArchiveFormat {
  const [, end = ''] = /\.(tar|tar\.gz|tgz|tar\.bz2|tbz2?|tar\.xz|txz|tar\.zst|tzst|zip)$/.exec(archive) ?? []
  if (end === '') throw new Advice(`${archive} does not tell its format by its name`, 'give format, such as tgz')
  if (end === 'tar' || end === 'zip') return end
  return end.endsWith('gz') ? 'tgz' : end.endsWith('xz') ? 'txz' : end.endsWith('zst') ? 'tzst' : 'tbz'
}

function insideOf(from: string, source: string): string {
  const name = path.posix.relative(from, path.posix.resolve(from, source))
  if (name === '' || name === '..' || name.startsWith('../')) {
    throw new Advice(
      `${JSON.stringify(source)} is not a path below ${from}`,
      'name it relative to that folder, without ..',
    )
  }
  if (/^-|[\n\0]/.test(name)) {
    throw new Advice(
      `${JSON.stringify(source)} ${name.startsWith('-') ? 'would be read as an option' : 'is not of one line'}`,
      'name the folder in which it lies, or give it another name',
    )
  }
  return name
}

// The words for tar, and what a host needs besides.
const packing = {
  tar: { flag: '', tools: ['tar'] },
  tgz: { flag: '-z ', tools: ['tar', 'gzip'] },
  tbz: { flag: '-j ', tools: ['tar', 'bzip2'] },
  txz: { flag: '-J ', tools: ['tar', 'xz'] },
  // Not every tar of today has a letter for it.
  tzst: { flag: '--use-compress-program=zstd ', tools: ['tar', 'zstd'] },
  zip: { flag: '', tools: ['unzip'] },
} as const

// GNU tar writes names of other alphabets as numbers unless told.
const literal = `q=; ! tar --version 2>/dev/null | grep -q GNU || q=--quoting-style=literal`

function listing(format: ArchiveFormat, archive: string): string {
  return format === 'zip' ? `unzip -Z1 ${archive}` : `tar $q ${packing[format].flag}-tf ${archive}`
}

function needs(format: ArchiveFormat, more: readonly string[] = []): string {
  const tools = [...packing[format].tools, ...more]
  return (
    sh`for c in ${tools}` +
    `; do command -v $c >/dev/null 2>&1 || { echo "the host has no $c: install it first" >&2; exit 9; }; done`
  )
}

interface Making {
  readonly archive: string
  readonly names: readonly string[]
  readonly from: string
  readonly format: ArchiveFormat
  readonly options: CreateOptions
}

type Finding = {
  readonly why: string
  readonly attributes: string
  /** Its mode, in octal; empty where there is none. */
  readonly mode: string
  /** By which one sees that it is another one now. */
  readonly stamp: string
}

const makeArchive = operation<Making, Finding, Command, ArchiveState>(({ archive }) => `archive.create ${archive}`, {
  async read(connection, { archive, names, from, format, options: { mode, owner, group } }) {
    const asked = {
      why: `${closed}
${sh`a=${archive}; ! closed ${`${from}/.`} || exit 7; cd ${from} || exit; set -- ${names}`}\n${whyScript(format)}`,
      attributes: sh`a=${archive}; [ ! -f "$a" ] || stat -c '%a %U %u %G %g' "$a"`,
      stamp: `${sh`a=${archive}`}; ${stampOf}; :`,
    }
    const found = await answers(connection, asked, { long: true })
    if (found.why.code === 7) throw cannotLook(`${archive} or what goes into it`, connection.host.name)
    if (found.why.code !== 0) throw problem(archive, found.why)
    const [bits = '', user, uid, team, gid] = found.attributes.stdout.trim().split(' ')
    const wrong =
      bits !== '' &&
      ((mode !== undefined && modeAfter(mode, bits) !== bits.padStart(4, '0')) ||
        (owner !== undefined && owner !== user && owner !== uid) ||
        (group !== undefined && group !== team && group !== gid))
    return {
      why: found.why.stdout.trim(),
      attributes: wrong ? found.attributes.stdout.trim() : '',
      mode: bits,
      stamp: found.stamp.stdout.trim(),
    }
  },
  plan({ why, attributes, mode: is, stamp }, making) {
    const { archive: path, names, options } = making
    if (why !== '') {
      const before = why === 'none' ? '' : `${why}\n`
      return {
        result: { path, changed: true },
        change: made(makingScript(making, is, stamp), true),
        replaces: [{ file: path }],
        diff: { path, before, after: `an archive of ${names.join(', ')}\n` },
      }
    }
    if (attributes === '') return { result: { path, changed: false } }
    const { owner, group } = options
    const [bits = ''] = attributes.split(' ')
    const mode = options.mode === undefined ? undefined : modeAfter(options.mode, bits)
    const wanted = [mode, owner, group].filter((one) => one !== undefined)
    return {
      result: { path, changed: true },
      change: made(setAttributes(path, { ...options, ...(mode === undefined ? {} : { mode }) })),
      replaces: [{ file: path }],
      diff: { path: `${path} (attributes)`, before: `${attributes}\n`, after: `${wanted.join(' ')}\n` },
    }
  },
  apply: performStep,
})

function made(script: string, long = false): Command {
  return { script: plainly + script, shown: script, ...(long ? { long } : {}) }
}

// Of a link itself, and nothing of what is missing.
const stampOf = `stat -c '%i %s %Y' -- "$a" 2>/dev/null`

function makingScript({ archive, names, from, format, options }: Making, is: string, stamp: string): string {
  const { mode, owner, group } = options
  const who = `${owner ?? ''}${group === undefined ? '' : `:${group}`}`
  const pack =
    format === 'zip'
      ? 'zip -q -r -y - -- "$@" > "$t"'
      : `c=0; tar ${packing[format].flag}-cf "$t" -- "$@" || c=$?\n` +
        `[ $c = 0 ] || { echo "tar ended with code $c" >&2; exit 1; }`
  return [
    'set -e; umask 077',
    needs(format, format === 'zip' ? ['zip'] : []),
    sh`a=${archive}; cd ${from}; set -- ${names}`,
    `${stale}\nasBefore() {`,
    `  [ "$(${stampOf})" ${sh`= ${stamp} ] || stale ${anotherOne(archive)} ${again}`}`,
    '}; asBefore',
    `t=$(mktemp "$a.part-XXXXXX")`,
    `trap 'rm -f "$t" "$t.time"' EXIT; trap 'exit 1' HUP INT TERM`,
    // What changes while it is packed must count as changed since: the archive gets the time of the start.
    ': > "$t.time"',
    pack,
    'touch -r "$t.time" "$t"',
    // As it is kept when a file is replaced.
    mode === undefined
      ? 'if [ -f "$a" ]; then chmod "$(stat -c %a "$a")" "$t"; fi'
      : sh`chmod ${modeAfter(mode, is || '0600')} "$t"`,
    ...(who === '' ? [] : [sh`chown ${who} "$t"`]),
    'asBefore',
    'mv -f "$t" "$a"',
  ].join('\n')
}

const anotherOne = (path: string) => `${path} was left alone: it is another file now than the one that was looked at`
const otherNoted = (path: string) => `${path} was left alone: another archive was unpacked there meanwhile`
const nowThere = (path: string) => `nothing was unpacked: ${path} is there now, and was missing`
const again = 'see who else writes it, and run the task again'

// Why the archive must be made (again): a changed file, or other names in it than there are. Not every find knows
// -cnewer, which sees new attributes, too.
function whyScript(format: ArchiveFormat): string {
  return `
for s; do
  [ -e "$s" ] || [ -L "$s" ] || { ! closed "$PWD/$s" || exit 7; echo "there is no $s in $(pwd)"; exit 8; }
done
[ -e "$a" ] || { ! closed "$a" || exit 7; echo none; exit; }
[ -f "$a" ] || { echo "it is there and not a file"; exit 8; }
{ ${needs(format)}; } 2>&1
n=-newer; ! find "$a" -cnewer "$a" >/dev/null 2>&1 || n=-cnewer
new=$(find "$@" $n "$a" | head -n 1)
[ -z "$new" ] || { echo "older than $new"; exit; }
${literal}
packed=$(${listing(format, '"$a"')} 2>/dev/null | sed 's,/$,,' | LC_ALL=C sort)
there=$(find "$@" | LC_ALL=C sort)
[ "$packed" = "$there" ] || echo "of other files"
`
}

interface Unpacking {
  readonly archive: string
  readonly directory: string
  readonly format: ArchiveFormat
  readonly strip: number
  /** Where it is brought from, unless it is there. */
  readonly local: LocalFile | undefined
  readonly options: ExtractOptions
}

interface Seen {
  readonly done: boolean
  readonly sha256: string | undefined
  readonly noted: string | undefined
}

/** An archive that is brought, and the script that unpacks what it reads. */
type Bringing = { readonly bring: string; readonly script: string }

const unpack = operation<Unpacking, Seen, Command | Bringing, ExtractState>(
  ({ archive, directory }) => `archive.extract ${archive} to ${directory}`,
  {
    local: ({ local }) => local,
    async read(connection, args) {
      const { archive, directory, local, options } = args
      const mine = local && (await sumHere(local))
      const { creates } = options
      const asked = {
        done: creates === undefined ? 'exit 1' : there(creates),
        directory: sh`d=${directory}; [ ! -e "$d" ] || [ -d "$d" ]`,
        noted:
          creates === undefined
            ? `${closed}\n${sh`n=${`${directory}/${noteName}`}`}
if [ -e "$n" ]; then cat "$n" || exit 8; elif closed "$n"; then exit 8; fi`
            : ':',
        archive: local ? ':' : lookScript(args),
      }
      const found = await answers(connection, asked, local || creates !== undefined ? {} : { long: true })
      if (found.done.code === 8) throw cannotLook(creates!, connection.host.name)
      if (found.noted.code === 8) throw cannotLook(directory, connection.host.name)
      if (found.directory.code !== 0) {
        throw new Advice(`${directory} is there and not a directory`, 'move it away, or remove it with file.absent')
      }
      if (found.archive.code === 7) throw cannotLook(archive, connection.host.name)
      if (found.archive.code !== 0) throw problem(archive, found.archive)
      const sha256 = mine ?? /^[0-9a-f]{64}/.exec(found.archive.stdout)?.[0]
      const line = found.noted.stdout.split('\n').find((one) => one.slice(66) === noteOf(args))
      return { done: found.done.code === 0, sha256, noted: line?.slice(0, 64) }
    },
    plan({ done, sha256, noted }, args) {
      const { archive, directory: path, local } = args
      if (done || sha256 === undefined || noted === sha256) return { result: { path, changed: false, sha256 } }
      return {
        result: { path, changed: true, sha256 },
        change: local
          ? { bring: local.path, script: bringingScript(args, { sha256, noted }) }
          : made(extractScript(args, { sha256, noted }, quote(archive)), true),
        replaces: [{ file: path, whole: true }],
        diff: {
          path,
          before: noted ? `${archive} with sha256 ${noted}\n` : '',
          after: `${archive} with sha256 ${sha256}\n`,
        },
      }
    },
    apply: (connection, change, { archive }) =>
      'bring' in change ? bring(connection, change, archive) : performStep(connection, change),
  },
)

const noteName = '.switchover-extracted'

// The same archive with other wishes brings other files.
function noteOf({ archive, strip, options: { owner, group } }: Unpacking): string {
  const wishes = [strip > 0 ? `strip ${strip}` : '', owner ? `owner ${owner}` : '', group ? `group ${group}` : '']
  return [archive, ...wishes.filter((one) => one !== '')].join(' ').replaceAll('\n', ' ')
}

// tar says so itself where it lists such names without what makes them bad. Links that lead outside are tar's own care:
// it makes them last.
function refuseOutside(format: ArchiveFormat, archive: string): string {
  return `
{ ${needs(format)}; } 2>&1
${literal}
l=$(${listing(format, archive)} 2>&1) || {
  printf '%s\\n' "$l" | tail -n 3
  echo "it is damaged, or no ${format} archive"; exit 8
}
bad=$(printf '%s\\n' "$l" | grep -E '^/|(^|/)\\.\\.(/|$)|^tar: [Rr]emoving leading')
[ -z "$bad" ] || {
  say=$(printf '%s\\n' "$bad" | grep -v '^tar: ' | head -n 3)
  echo "a member would land outside of the directory: \${say:-$bad}"; exit 8
}
`
}

const mayNotLook = 'exit 7'

function lookScript({ archive, format, options: { creates } }: Unpacking): string {
  return `${sh`a=${archive}`}
${closed}
${creates === undefined ? '' : `! ( ${there(creates)}\n) || exit 0`}
[ -e "$a" ] || { ! closed "$a" || { ${mayNotLook}; }; echo "there is no such file"; exit 8; }
[ -r "$a" ] || { ${mayNotLook}; }
${refuseOutside(format, '"$a"')}
sha256sum < "$a"`
}

/** What it was decided from: it must still be so. */
interface Judged {
  readonly sha256: string
  readonly noted: string | undefined
}

// Which archive was unpacked last, in `h`.
const readNote = `noted() {
  h=
  [ ! -f "$note" ] ||
    h=$(while IFS= read -r l; do [ "\${l#*  }" != "$w" ] || { echo "\${l%%  *}"; break; }; done < "$note")
}`

// `archive` is a word of the shell.
function extractScript(args: Unpacking, judged: Judged, archive: string): string {
  const { sha256, noted = '' } = judged
  const {
    directory,
    format,
    strip,
    options: { owner, group, creates },
  } = args
  const who =
    owner === undefined && group === undefined ? undefined : `${owner ?? ''}${group === undefined ? '' : `:${group}`}`
  const into = who === undefined ? '"$d"' : '"$s"'
  return [
    'set -e',
    `a=${archive} ${sh`d=${directory}`}`,
    stale,
    // Also while it was unpacked: what has another checksum was not looked through.
    'stamp() { stat -L -c "%i %s %Y %Z" -- "$a" 2>/dev/null || :; }',
    's0=$(stamp)',
    sh`[ "$(sha256sum < "$a" | cut -c 1-64)" = ${sha256} ] || stale ${anotherOne(args.archive)} ${again}`,
    ...(creates === undefined
      ? [
          sh`note="$d"/${noteName} w=${noteOf(args)}`,
          readNote,
          sh`noted; [ "$h" = ${noted} ] || stale ${otherNoted(directory)} ${again}`,
        ]
      : [`! ( ${there(creates)}\n) || ${sh`stale ${nowThere(creates)} ${again}`}`]),
    'mkdir -p "$d"',
    needs(format),
    // Made ready next to where it goes, so that nothing but what the archive brings changes its owner.
    ...(who === undefined
      ? []
      : [`s=$(mktemp -d "$d/.switchover-XXXXXX")`, `trap 'rm -rf "$s"' EXIT; trap 'exit 1' HUP INT TERM`]),
    format === 'zip'
      ? `unzip -q -o "$a" -d ${into} </dev/null`
      : `tar ${packing[format].flag}-xf "$a" -C ${into}${strip > 0 ? ` --strip-components=${strip}` : ''}`,
    `[ "$(stamp)" = "$s0" ] || { echo "it changed while it was unpacked: run the task again" >&2; exit 1; }`,
    ...(who === undefined
      ? []
      : [
          sh`chown -hR ${who} "$s"`,
          'cd "$s"; set -- * .[!.]* ..?*',
          'for f; do [ -e "$f" ] || [ -L "$f" ] || continue; cp -af -- "$f" "$d/"; done; cd /',
        ]),
    ...(creates === undefined
      ? [
          // Others unpack there, too, and what they note must stay.
          `q=$note\n${lock}\nlock 2>/dev/null`,
          sh`h=${sha256}`,
          `others() { while IFS= read -r l; do [ "\${l#*  }" = "$w" ] || printf '%s\\n' "$l"; done; }`,
          `{ [ ! -f "$note" ] || others < "$note"; printf '%s  %s\\n' "$h" "$w"; } > "$note.new"`,
          'mv -f "$note.new" "$note"; unlock',
        ]
      : [`( ${there(creates)}\n) || { ${sh`echo ${`the archive brought no ${creates}`}`} >&2; exit 1; }`]),
  ].join('\n')
}

const full = quote('see whether /tmp of the host is full, or cannot be written: df /tmp')

function bringingScript(args: Unpacking, judged: Judged): string {
  const { sha256 } = judged
  const other = 'what arrived has another checksum than what was sent'
  return [
    `${plainly}umask 022`,
    refuse,
    `t=$(umask 077; mktemp 2>&1) || refuse "the archive cannot be put down on the host: \${t#mktemp: }" \\\n  ${full}`,
    `trap 'rm -f "$t"' EXIT; trap 'exit 1' HUP INT TERM`,
    `m=$(cat 2>&1 > "$t") || refuse "the archive cannot be put down on the host: \${m#cat: }" ${full}`,
    sh`[ "$(sha256sum < "$t" | cut -c 1-64)" = ${sha256} ] || { echo ${other} >&2; exit 1; }`,
    `{ ${refuseOutside(args.format, '"$t"')} } >&2`,
    `( ${extractScript(args, judged, '$t')}\n)`,
  ].join('\n')
}

async function bring(connection: Connection, { bring, script }: Bringing, archive: string): Promise<void> {
  const remote = await connection.stream(script)
  remote.stdout.resume()
  const [sent, ended] = await Promise.allSettled([pipeline(createReadStream(bring), remote.stdin), remote.ended])
  if (ended.status === 'rejected') throw ended.reason
  const refused = refusalIn({ ...ended.value, stdout: '' })
  if (refused) throw refused
  if (ended.value.code !== 0) throw problem(archive, { code: ended.value.code, stdout: ended.value.stderr })
  if (sent.status === 'rejected') throw sent.reason
}

async function sumHere(local: LocalFile): Promise<string> {
  const found = await stat(local.path).catch((error: Error) => {
    throw unusable(local, 'unpacked', error.message)
  })
  if (!found.isFile()) throw unusable(local, 'unpacked', 'it is not a file')
  return hashHere(local.path)
}

function problem(archive: string, { code, stdout }: Answer): Error {
  return new Advice(
    `${archive} cannot be used: ${stdout.trim() || `exit code ${code}`}`,
    'check the path and where the archive comes from',
  )
}
