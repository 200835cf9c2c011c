import { createHash } from 'node:crypto'
import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { answers, type Answer } from '../kit/answers.ts'
import { there } from '../kit/there.ts'
import { barred, cannotLook, closed } from '../kit/closed.ts'
import { type Command, performStep } from '../kit/command.ts'
import { atNewPlace } from '../kit/links.ts'
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

const createNames: OptionNames<CreateOptions> = { format: true, from: true, mode: true, owner: true, group: true }

/** Whether an archive was made. */
export type ArchiveState = { readonly path: string; readonly changed: boolean }

/**
 * An archive of these files and directories, made again when one of them has changed since.
 *
 * ```ts
 * task('Keep the configuration', archive.create('/root/etc.tgz', ['nova', 'glance'], { from: '/etc' }))
 * ```
 * It appears under its name when it is complete; a new one can be read by its owner only unless a mode is given.
 * Sockets stay out of it; zip takes files, folders and links alone, whose names are one line.
 */
export function create(
  archive: string,
  sources: string | readonly string[],
  options: CreateOptions = {},
): Operation<ArchiveState> {
  refuseUnknown('archive.create', options, createNames)
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

const extractNames: OptionNames<ExtractOptions> = {
  format: true,
  source: true,
  creates: true,
  strip: true,
  owner: true,
  group: true,
}

/** Whether an archive was unpacked, and the checksum of the one that is. */
export type ExtractState = { readonly path: string; readonly changed: boolean; readonly sha256: string | undefined }

/**
 * The content of an archive in a directory, which is made when it is missing. All of it is unpacked again when the
 * archive has another checksum than the one noted in `.switchover-extracted` there. Otherwise what it brought is looked
 * at: paths that are gone are unpacked again; those of another kind, mode, size or time stay as they are, for later
 * tasks and operators edit what was unpacked, and are told. Remove such a file to have it back.
 *
 * ```ts
 * task('Unpack the plugin', archive.extract('files/plugin-1.2.tgz', '/opt/plugin', {
 *   source: 'controller', strip: 1, owner: 'root', group: 'root',
 * }))
 * ```
 * An archive with a member that would land outside of the directory is refused, and so is a folder where a link of that
 * name lies. The directory may be another user's: nothing of it can lead elsewhere meanwhile.
 */
export function extract(archive: string, directory: string, options: ExtractOptions = {}): Operation<ExtractState> {
  refuseUnknown('archive.extract', options, extractNames)
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
    if (found.why.code !== 0) throw notMade(archive, found.why)
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
  return `no() { printf '%s\\n%s\\n' "$1" "$2"; exit 8; }
for s; do
  [ -e "$s" ] || [ -L "$s" ] || { ! closed "$PWD/$s" || exit 7; no "there is no $s in $(pwd)" \\
    'check the names of what goes into it'; }
done
${format === 'zip' ? packable : ''}[ -e "$a" ] || { ! closed "$a" || exit 7; echo none; exit; }
[ -f "$a" ] || no "it is there and not a file" 'give the archive another name, or move what is there away'
{ ${needs(format)}; } 2>&1
n=-newer; ! find "$a" -cnewer "$a" >/dev/null 2>&1 || n=-cnewer
new=$(find "$@" $n "$a" | head -n 1)
[ -z "$new" ] || { echo "older than $new"; exit; }
${literal}
packed=$(${listing(format, '"$a"')} 2>/dev/null | sed 's,/$,,' | LC_ALL=C sort)
there=$(find "$@" ! -type s | LC_ALL=C sort)
[ "$packed" = "$there" ] || echo "of other files"
`
}

// It leaves out what is special, and lists a line end as something else. Of sockets tar leaves all out.
const packable = `odd=$(find "$@" '(' -type p -o -type s -o -type b -o -type c -o -name '*
*' ')' | head -n 2)
[ -z "$odd" ] || no "zip takes files, folders and links alone, with names of one line: not $odd" \\
  'pack it as tgz, or name what goes in without it'
`

function notMade(archive: string, { code, stdout }: Answer): Error {
  const [hint = '', ...reason] = stdout.trim().split('\n').reverse()
  if (code === 8) return new Advice(`${archive} cannot be made: ${reason.reverse().join('\n')}`, hint)
  return new Advice(
    `${archive} cannot be made: ${stdout.trim() || `exit code ${code}`}`,
    code === 9 ? 'install what it takes, with packages.installed' : 'look at what goes into it on the host',
  )
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
  /** Where that archive was unpacked: paths of it that are not there any more, and that are others now. */
  readonly gone?: readonly string[]
  readonly others?: readonly string[]
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
        directory: `${barred}\n${sh`! barred ${directory} || { printf '%s' "$u"; exit 1; }`}`,
        seen: lookScript(args, mine),
      }
      const found = await answers(connection, asked, local ? {} : { long: true })
      if (found.done.code === 8) throw cannotLook(creates!, connection.host.name)
      if (found.directory.code !== 0) {
        const bar = found.directory.stdout
        throw new Advice(`${bar} is there and not a directory`, 'move it away, or remove it with file.absent')
      }
      if (found.seen.code === 6) throw cannotLook(directory, connection.host.name)
      if (found.seen.code === 7) throw cannotLook(archive, connection.host.name)
      if (found.seen.code !== 0) throw problem(archive, found.seen)
      const [sha256 = '', noted = '', ...states] = found.seen.stdout.split('\n')
      const which = (word: string) =>
        states.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []))
      return {
        done: found.done.code === 0,
        sha256: sha256 || undefined,
        noted: noted || undefined,
        gone: which('gone'),
        others: which('other'),
      }
    },
    plan({ done, sha256, noted, gone = [], others = [] }, args) {
      const { archive, directory: path, local } = args
      const kept = others.length > 0 ? { notes: [differing(path, others)] } : {}
      if (done || sha256 === undefined || (noted === sha256 && gone.length === 0))
        return { result: { path, changed: false, sha256 }, ...kept }
      const judged = { sha256, noted }
      const back = noted === sha256
      return {
        result: { path, changed: true, sha256 },
        change: local
          ? { bring: local.path, script: bringingScript(args, judged) }
          : made(extractScript(args, judged, quote(archive)), true),
        replaces: [{ file: path, whole: true }],
        diff: {
          path,
          before: noted && !back ? `${archive} with sha256 ${noted}\n` : '',
          after: back ? `${gone.join('\n')}\n` : `${archive} with sha256 ${sha256}\n`,
        },
        ...(back ? kept : {}),
      }
    },
    apply: (connection, change, { archive }) =>
      'bring' in change ? bring(connection, change, archive) : performStep(connection, change),
  },
)

// So many names are told.
const mostNames = 20

function differing(directory: string, others: readonly string[]): string {
  const names = `${others.join(', ')}${others.length < mostNames ? '' : ' and maybe more'}`
  return `changed since it was unpacked in ${directory}, and left so: ${names}; what is removed there is unpacked again`
}

const noteName = '.switchover-extracted'

// The same archive with other wishes brings other files.
function noteOf({ archive, strip, options: { owner, group } }: Unpacking): string {
  const wishes = [strip > 0 ? `strip ${strip}` : '', owner ? `owner ${owner}` : '', group ? `group ${group}` : '']
  return [archive, ...wishes.filter((one) => one !== '')].join(' ').replaceAll('\n', ' ')
}

/** The file with what was unpacked: a line for each path, as `stated` says it. */
function listName(args: Unpacking): string {
  return `${noteName}.${createHash('sha256').update(noteOf(args)).digest('hex').slice(0, 16)}`
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

// The checksum of the archive, that of the one which was unpacked last, and what has become of that.
function lookScript(args: Unpacking, mine: string | undefined): string {
  const {
    archive,
    directory,
    format,
    options: { creates },
  } = args
  const ofArchive = `${sh`a=${archive}`}
[ -e "$a" ] || { ! closed "$a" || { ${mayNotLook}; }; echo "there is no such file"; exit 8; }
[ -r "$a" ] || { ${mayNotLook}; }
s=$(sha256sum < "$a") && s=\${s%% *} || exit 8`
  return `${closed}
${creates === undefined ? '' : `! ( ${there(creates)}\n) || exit 0`}
${mine === undefined ? ofArchive : `s=${mine}`}
h=
${
  creates === undefined
    ? `${reading(args)}
${sh`at=${directory}`}
if [ -d "$at" ]; then
  cd -P -- "$at" 2>/dev/null && { [ ! -e ./${noteName} ] || [ -r ./${noteName} ]; } || exit 6
  d=$PWD; noted
elif closed "$at"; then exit 6
fi
[ "$h" != "$s" ] || {
  m=$(compared); case $m in closed*) exit 6 ;; esac
  printf '%s\\n' "$s" "$h" "$m"; exit
}`
    : ''
}
${mine === undefined ? refuseOutside(format, '"$a"') : ''}
echo "$s"; echo "$h"`
}

/**
 * Shell functions for the folder that one stands in, `d`: `noted` says in `h` which archive was unpacked last, and
 * `compared` what is gone or another thing since. What lies there under these names may be anybody's: neither is read
 * through a link, or by a second name.
 */
function reading(args: Unpacking): string {
  return `${sh`w=${noteOf(args)} list=${listName(args)}`}
plain() {
  [ -f "./$1" ] && [ ! -L "./$1" ] && exec 8<"./$1" && [ "$(readlink /proc/self/fd/8)" = "\${d%/}/$1" ] &&
    [ "$(stat -L -c %h /proc/self/fd/8)" = 1 ]
}
noted() {
  h=$(plain ${noteName} && while IFS= read -r l; do
    [ "\${l#*  }" != "$w" ] || { echo "\${l%%  *}"; break; }
  done <&8) || :
}
compared() (
  plain "$list" || { echo 'gone (the list of what was unpacked)'; exit; }
  LC_ALL=C; export LC_ALL; was=/proc/self/fd/8
  {
    # Not every grep knows a list of nothing.
    echo .
    sed -n 's/^4[^ ]* [^ ]* [^ ]* //p' $was | tr '\\n' '\\0' | xargs -0 stat -c '${stated.folders}' --
    sed -n 's/^a[^ ]* [^ ]* [^ ]* //p' $was | tr '\\n' '\\0' | xargs -0 stat -c '${stated.links}' --
    sed '/^[4a]/d; s/^[^ ]* [^ ]* [^ ]* //' $was | tr '\\n' '\\0' | xargs -0 stat -c '${stated.files}' --
  } 2>/dev/null | grep -vxF -f - $was | while IFS= read -r n; do
    n=\${n#* * * }
    if [ -e "$n" ] || [ -L "$n" ]; then echo "other \${n#./}"
    elif ( closed "$PWD/\${n#./}" ); then echo closed
    else echo "gone \${n#./}"
    fi
  done | sort | head -n ${mostNames}
)`
}

// What is said of each path: its kind and mode, of what is no folder its size, and its time, which not every tar gives
// to links.
const stated = { folders: '%f . . %n', links: '%f %s . %n', files: '%f %s %Y %n' } as const

/** What it was decided from: it must still be so. */
interface Judged {
  readonly sha256: string
  readonly noted: string | undefined
}

/**
 * Unpacks into a folder of the task's own, where nobody can change what names mean meanwhile, and brings it from there
 * to where it goes, each path from inside its folder. Where this very archive was unpacked before, only what lacks is
 * brought. `archive` is a word of the shell.
 */
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
  return [
    'set -e',
    `a=${archive}`,
    stale,
    // Also while it was unpacked: what has another checksum was not looked through.
    'stamp() { stat -L -c "%i %s %Y %Z" -- "$a" 2>/dev/null || :; }',
    's0=$(stamp)',
    sh`[ "$(sha256sum < "$a" | cut -c 1-64)" = ${sha256} ] || stale ${anotherOne(args.archive)} ${again}`,
    ...(creates === undefined ? [] : [`! ( ${there(creates)}\n) || ${sh`stale ${nowThere(creates)} ${again}`}`]),
    needs(format),
    `${atNewPlace}${sh`make ${directory}`}; top=$d`,
    ...(creates === undefined
      ? [reading(args), sh`noted; [ "$h" = ${noted} ] || stale ${otherNoted(directory)} ${again}`]
      : []),
    aside,
    format === 'zip'
      ? 'unzip -q -o "$a" -d . </dev/null'
      : `tar ${packing[format].flag}-xf "$a"${strip > 0 ? ` --strip-components=${strip}` : ''}`,
    `[ "$(stamp)" = "$s0" ] || { echo "it changed while it was unpacked: run the task again" >&2; exit 1; }`,
    ...(who === undefined ? [] : [sh`chown -hR ${who} .`]),
    listed,
    `only=${noted === sha256 ? 1 : ''}`,
    bringing,
    'home; bring ""',
    'if [ -f /sys/fs/selinux/enforce ] || [ -f /selinux/enforce ]; then',
    `  sed 's/^[^ ]* [^ ]* [^ ]* //' $w/list | restorecon -i -f - 2>/dev/null || :`,
    'fi',
    ...(creates === undefined
      ? [
          // Others unpack there, too, and what they note must stay.
          `q=./${noteName}\n${lock}\nlock 2>/dev/null`,
          sh`own=${noteOf(args)}`,
          `( ! plain ${noteName} || while IFS= read -r l; do [ "\${l#*  }" = "$own" ] || printf '%s\\n' "$l"; done <&8
  ${sh`printf '%s  %s\n' ${sha256} "$own"`} ) >$w/${noteName}`,
          `mv -f $w/list "$w/$list"; mv -f "$w/$list" $w/${noteName} .; unlock`,
        ]
      : [`( ${there(creates)}\n) || { ${sh`echo ${`the archive brought no ${creates}`}`} >&2; exit 1; }`]),
  ].join('\n')
}

// A folder that nobody else may enter, next to where all goes if that can be, held as 9: whatever becomes of its name.
const aside = `if [ -w . ]; then
  s=.switchover-$$
  mkdir -m 700 "./$s" && cd -P "./$s" && [ "$PWD" = "\${d%/}/$s" ] && [ -O . ] || fail "no folder can be made in $d"
else
  w=$(mktemp -d "\${TMPDIR:-/tmp}/.switchover-XXXXXX") && cd -P -- "$w" || exit
fi
exec 9<.
w=/proc/self/fd/9
trap 'rm -rf $w/in $w/list $w/.switchover-*; cd -P $w/.. && rmdir "./$(basename "$(readlink $w)")"' EXIT
trap 'exit 1' HUP INT TERM
# The archive may say something of the folder itself: no archive says this.
mkdir -m 1700 in; cd in`

// What there is, as the archive has it. No line can hold a name of several.
const listed = `nl='
'
{
  find . -type d ! -name . ! -path "*$nl*" -exec stat -c '${stated.folders}' {} +
  find . -type l ! -path "*$nl*" -exec stat -c '${stated.links}' {} +
  find . ! -type d ! -type l ! -path "*$nl*" -exec stat -c '${stated.files}' {} +
} >../list`

// Complete, with all that it is to have, it gets its names; a folder that is there already is gone into.
const bringing = `home() { cd -P -- "$top" && [ "$PWD" = "$top" ] || fail "the way to $top has changed"; d=$top; }
bring() {
  at=$1 from=$w/in$1
  is=$(stat -c '%u:%g %a' "$from" .)
  [ -w "$from" ] || chmod u+w "$from" || exit
  set --
  for e in "$from"/* "$from"/.[!.]* "$from"/..?*; do
    [ -e "$e" ] || [ -L "$e" ] || continue
    n=\${e##*/}
    if [ -d "$e" ] && [ ! -L "$e" ]; then
      if [ -d "./$n" ] && [ ! -L "./$n" ]; then
        ( cd -P -- "./$n" && [ "$PWD" = "\${d%/}/$n" ] || fail "the way to $d/$n has changed"
          d=$PWD; bring "$at/$n" ) || exit
        continue
      fi
      [ ! -L "./$n" ] || [ -n "$only" ] ||
        refuse "$d/$n is a link, and the archive has a folder of that name" \\
          'move it away, or unpack where it leads'
    fi
    if [ -e "./$n" ] || [ -L "./$n" ]; then
      [ -z "$only" ] || continue
      [ ! -d "$e" ] || [ -L "$e" ] || rm -f -- "./$n" || exit
    fi
    set -- "$@" "$e"
    [ $# -lt 500 ] || { mv -f -- "$@" . || exit; set --; }
  done
  [ $# = 0 ] || mv -f -- "$@" . || exit
  [ -z "$only" ] || return 0
  set -- $is
  case $at$2 in 1700|3700) return 0 ;; esac
  [ "$1" = "$3" ] || [ "$(id -u)" != 0 ] || chown "$1" . || exit
  [ "$2" = "$4" ] || chmod "$2" . || exit
}`

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
