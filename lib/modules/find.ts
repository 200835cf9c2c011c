import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { replacedPaths } from '../kit/replacing.ts'
import { aside } from '../kit/aside.ts'
import { cannotLook, closed } from '../kit/closed.ts'
import { type Command, perform } from '../kit/command.ts'
import { absolute, type Kind } from '../kit/path-state.ts'
import { sh } from '../kit/shell.ts'
import { Advice, CommandFailed, operation, type Operation, type Reader } from '../model/operation.ts'

/** Which files are meant: those for which all that is said holds. Hidden ones are files like others. */
export interface FindOptions {
  /** A pattern for the name without its directory, as `*.gz`, or several of which one must fit; no list is empty. */
  readonly name?: string | readonly string[]
  /** Seconds since the content was last changed, at least; `7 * 86400` for a week. */
  readonly olderThan?: number
  /** At most. */
  readonly newerThan?: number
  /** Bytes, at least. */
  readonly largerThan?: number
  /** At most. */
  readonly smallerThan?: number
  /** How many directories below the first are searched; all unless said, and 0 for none of them. */
  readonly depth?: number
}

const findNames: OptionNames<FindOptions> = {
  name: true,
  olderThan: true,
  newerThan: true,
  largerThan: true,
  smallerThan: true,
  depth: true,
}

/** What was found. */
export type FoundFile = {
  readonly path: string
  readonly kind: Kind
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  readonly mode: string
  readonly owner: string
}

/** Files that were removed, or would be. */
export type Swept = { readonly path: string; readonly removed: number; readonly bytes: number }

/**
 * The files below a directory that are as described, by name; only looks. A directory that is missing has none. Links
 * are not followed.
 *
 * ```ts
 * const logs = await host.run(find.files('/var/log', { name: ['*.gz', '*.1'], olderThan: 30 * 86400 }))
 * const homes = await host.run(find.files('/home', { kind: 'directory', depth: 0 }))
 * ```
 */
export function files(
  path: string,
  options: FindOptions & { readonly kind?: Kind | 'any' } = {},
): Operation<readonly FoundFile[]> {
  refuseUnknown('find.files', options, { ...findNames, kind: true })
  return searching({ path: absolute(path), options: checkedOptions('files', path, options) })
}

/**
 * No files, nor links, below a directory that are as described: a sweep. Directories stay, and so does a file that
 * somebody has changed since it was looked at.
 *
 * ```ts
 * task('Drop old dumps', find.absent('/var/backups/db', { name: '*.sql.gz', olderThan: 14 * 86400 }))
 * ```
 */
export function absent(path: string, options: FindOptions): Operation<Swept> {
  refuseUnknown('find.absent', options, findNames)
  if (Object.values(options).every((one) => one === undefined))
    throw new Advice(
      `find.absent ${path}: say which files: name, olderThan, largerThan or another; all would go`,
      'or remove the whole folder with file.absent',
    )
  return sweep({ path: absolute(path), options: checkedOptions('absent', path, options) })
}

interface Search {
  readonly path: string
  readonly options: FindOptions & { readonly kind?: Kind | 'any' }
}

function checkedOptions<O extends FindOptions>(word: string, path: string, options: O): O {
  for (const [what, value] of Object.entries(options))
    if (typeof value === 'number' && !(value >= 0))
      throw new Advice(`find.${word} ${path}: ${what} ${value} is no number`, 'write a number of at least 0')
  if (Array.isArray(options.name) && options.name.length === 0)
    throw new Advice(
      `find.${word} ${path}: the list of names is empty, and would mean all`,
      'name one pattern at least, or leave the task out with when',
    )
  for (const name of [options.name ?? []].flat())
    if (name === '' || /[/\n\0]/.test(name))
      throw new Advice(
        `find.${word} ${path}: the pattern ${JSON.stringify(name)} is for names, not for paths`,
        'name the folder in path, and only the last part in name',
      )
  return options
}

/** What find brings, and what time it is on the host. */
interface Seen {
  readonly now: number
  readonly files: readonly FoundFile[]
}

const searching = operation<Search, Seen, readonly FoundFile[]>(({ path }) => `find.files ${path}`, {
  read: (connection, { path, options }) => search(connection, path, options, [options.kind ?? 'file'].flat()),
  plan: (seen, { options }) => ({ result: asDescribed(seen, options) }),
})

const shown = 50

const sweep = operation<Search, Seen, Command, Swept>(({ path }) => `find.absent ${path}`, {
  read: (connection, { path, options }) => search(connection, path, options, ['file', 'link']),
  plan(seen, { path, options }) {
    const found = asDescribed(seen, options)
    const bytes = found.reduce((sum, { size }) => sum + size, 0)
    const result = { path, removed: found.length, bytes }
    if (found.length === 0) return { result }
    const odd = found.find((one) => /[\n\ufffd]/.test(one.path))
    if (odd)
      throw new Advice(
        `${JSON.stringify(odd.path)} is not removed: its name is not one line of UTF-8`,
        'remove it by hand',
      )
    const more = found.length > shown ? [{ path, before: `and ${found.length - shown} more files\n`, after: '' }] : []
    return {
      result,
      change: {
        script: removing,
        stdin: found.map((one) => `${one.size} ${one.mtime} ${one.path}\n`).join(''),
        long: true,
        shown: `find.absent ${path}`,
      },
      replaces: replacedPaths(
        path,
        found.map((one) => ({ file: one.path })),
      ),
      diff: [
        ...found.slice(0, shown).map((one) => ({ path: one.path, before: `${one.size} bytes\n`, after: '' })),
        ...more,
      ],
    }
  },
  async apply(connection, command) {
    await perform(connection, command)
  },
})

// What is another file meanwhile stays. Many at once: processes are what a sweep costs a host.
const removing = `LC_ALL=C; export LC_ALL
swept() {
  [ $# != 0 ] || return 0
  was=\${was%?}
  is=$(stat -c '%s %Y %n' -- "$@" 2>/dev/null)
  if [ "$is" = "$was" ]; then rm -f -- "$@"; return; fi
  printf '%s\\n' "$was" | while IFS= read -r l; do
    is=$(stat -c '%s %Y %n' -- "\${l#* * }" 2>/dev/null)
    [ "$is" != "$l" ] || rm -f -- "\${l#* * }" || exit 1
  done
}
was=; set --
while IFS= read -r l; do
  was="$was$l
"; set -- "$@" "\${l#* * }"
  [ $# -lt 300 ] || { swept "$@" || exit 1; was=; set --; }
done
swept "$@" || exit 1`

function asDescribed({ now, files }: Seen, options: FindOptions): readonly FoundFile[] {
  const { olderThan = -Infinity, newerThan = Infinity, largerThan = 0, smallerThan = Infinity } = options
  return files
    .filter(({ mtime, size }) => {
      const age = now - mtime
      return age >= olderThan && age <= newerThan && size >= largerThan && size <= smallerThan
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

const letters: Readonly<Record<string, string>> = { file: 'f', directory: 'd', link: 'l' }

async function search(
  connection: Reader,
  path: string,
  { name, depth, olderThan, largerThan }: FindOptions,
  kinds: readonly (Kind | 'any')[],
): Promise<Seen> {
  const types = kinds.flatMap((kind) => {
    if (kind === 'any') return []
    return letters[kind] === undefined ? '! -type f ! -type d ! -type l' : `-type ${letters[kind]}`
  })
  const names = [name ?? []].flat().map((one) => sh`-name ${one}`)
  const any = (tests: readonly string[]) => (tests.length === 0 ? [] : [`'(' ${tests.join(' -o ')} ')'`])
  const tests = [
    '! -path .',
    ...any(types),
    ...any(names),
    // Roughly, so that not all has to be told: minutes are all that every find knows.
    ...(olderThan === undefined || olderThan < 120 ? [] : [`-mmin +${Math.floor(olderThan / 60) - 1}`]),
    ...(largerThan === undefined || largerThan < 1 ? [] : [`-size +${Math.floor(largerThan) - 1}c`]),
  ]
  const where = depth === undefined ? '' : `-maxdepth ${Math.floor(depth) + 1}`
  const script = `LC_ALL=C; export LC_ALL
${closed}
${sh`p=${path}`}
closed "$p/." && exit 8
[ -d "$p" ] || exit 9
date +%s
cd "$p" && find . ${where} ${tests.join(' ')} -exec stat -c '///%f %s %Y %U
%n' {} +`
  const { code, said, stderr } = await aside(connection, script)
  if (code === 8) throw cannotLook(path, connection.host.name)
  if (code === 9) return { now: 0, files: [] }
  if (code !== 0) throw new CommandFailed(`find ${path}`, { code, stdout: '', stderr })
  const [now = '', ...records] = said.toString('latin1').split(/^\/\/\//m)
  return { now: Number(now), files: records.flatMap((record) => fileIn(path, record)) }
}

function fileIn(path: string, record: string): readonly FoundFile[] {
  const match = /^([0-9a-f]+) (\d+) (-?\d+) (.*)\n\.\/([^]*)\n$/.exec(record)
  if (!match) return []
  const [, bits, size, mtime, owner, name] = match
  const raw = parseInt(bits!, 16)
  const kinds: Readonly<Record<number, Kind>> = { [0o100000]: 'file', [0o040000]: 'directory', [0o120000]: 'link' }
  return [
    {
      path: `${path === '/' ? '' : path}/${Buffer.from(name!, 'latin1').toString()}`,
      kind: kinds[raw & 0o170000] ?? 'other',
      size: Number(size),
      mtime: Number(mtime),
      mode: (raw & 0o7777).toString(8).padStart(4, '0'),
      owner: Buffer.from(owner!, 'latin1').toString(),
    },
  ]
}
