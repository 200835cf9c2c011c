import { posix } from 'node:path'
import type { Foreseen } from '../model/foreseen.ts'
import { foresee } from './foresee.ts'
import { Advice, asked, CommandFailed, type Reader } from '../model/operation.ts'
import { barred, cannotLook, closed } from './closed.ts'
import { sh } from './shell.ts'
import { leads, plantedLink } from './links.ts'
import { type Content, remember, remembered, sha256Of } from './contents.ts'
import { absolute, type Kind, type PathState } from './path-state.ts'
import { type Answer, bytesIn } from './answers.ts'

/** Which parts of a file's content a look should bring. */
export interface LookOptions {
  /** Bytes up to which the content itself is wanted; 0 unless said. */
  readonly content?: number
  /** Of a file of up to 1 MiB; a longer one is summed up in a channel of its own: `sumOf`. */
  readonly sha256?: boolean
  /** A content of which a file that has it is not to bring it again. */
  readonly unless?: { readonly sha256: string; readonly bytes: number }
  /** False for whoever will write there: a link that others could have made is not followed. True unless said. */
  readonly follow?: boolean
}

interface Question {
  readonly path: string
  readonly follow: boolean
  readonly content: number
  readonly sum: boolean
  /** Of a file of another size nobody needs the checksum, unless somebody wants it of all. */
  readonly sizes: readonly number[]
  readonly all: boolean
  /** Checksums of contents that need not be sent. */
  readonly spare: readonly string[]
  /** The content that one of them stands for, kept until the answer is there: meanwhile the file may be written. */
  readonly known: Content | undefined
}

interface Asked {
  readonly path: string
  readonly options: LookOptions
  resolve(state: PathState): void
  reject(error: unknown): void
}

const waiting = new WeakMap<Reader, Asked[]>()

/**
 * All about a path. Questions that are put to a host at the same moment, as those of tasks that are read ahead, go in
 * one request: on the host a process for each of them would cost more than all their answers.
 *
 * ```ts
 * const { exists, mode, content } = await look(connection, '/etc/motd', { content: 4096 })
 * ```
 * @throws CommandFailed when it cannot be read
 */
export async function look(connection: Reader, path: string, options: LookOptions = {}): Promise<PathState> {
  const { content, sha256, unless, follow } = options
  const state = await asked(connection, JSON.stringify(['look', path, content, sha256, unless, follow]), (reader) =>
    put(reader, path, options),
  )
  const seen = foresee(connection, `file ${path}`, state, options)
  const known = seen === state ? state : withParts(seen, options)
  if (!connection.foreseen || known.exists) return known
  const lacks = folderMissing(connection.foreseen, known)
  return { ...known, lacks, barred: lacks === undefined ? undefined : stillBarred(connection.foreseen, known) }
}

/** A file of which only the content was asked for, together with other things: by `bytesOf`. */
export interface ContentState extends Pick<PathState, 'path' | 'exists' | 'link' | 'lacks' | 'content'> {}

/** What `bytesOf` brought, or what will be found of it in check mode. @throws Advice when it could not be read */
export function contentIn(connection: Reader, answer: Answer, path: string): ContentState {
  const content = bytesIn(answer, path)
  const lacks = answer.code === 4 ? posix.dirname(path) : undefined
  const now = { path, exists: content !== undefined, kind: 'file', link: undefined, lacks, content }
  const seen = foresee(connection, `file ${path}`, now, { content: Infinity })
  if (!connection.foreseen || seen.exists) return seen
  return { ...seen, lacks: folderMissing(connection.foreseen, { target: path, lacks: seen.lacks }) }
}

// Who may have made it, and does not say so, is believed to have.
function folderMissing(foreseen: Foreseen, { target, lacks }: Pick<PathState, 'target' | 'lacks'>): string | undefined {
  const folder = posix.dirname(target)
  if (foreseen.mayMake(folder)) return undefined
  const now = { exists: lacks === undefined }
  return foreseen.see(`file ${folder}`, now).exists ? undefined : folder
}

// Who takes it away makes room for a folder.
function stillBarred(foreseen: Foreseen, { barred }: PathState): string | undefined {
  if (barred === undefined) return undefined
  const is = foreseen.see<{ readonly exists: boolean; readonly kind?: Kind }>(`file ${barred}`, { exists: true })
  return is.exists && is.kind !== 'directory' ? barred : undefined
}

// What is foreseen is known whole, and whoever asks gets what was asked for.
function withParts(state: PathState, { content: most = 0, sha256 = false, unless }: LookOptions): PathState {
  const { content } = state
  const sum = content && (sha256 || unless !== undefined) ? sha256Of(content) : state.sha256
  const brought = state.size <= most && (unless === undefined || sum !== unless.sha256)
  return { ...state, sha256: sum, content: brought ? content : undefined }
}

function put(connection: Reader, path: string, options: LookOptions): Promise<PathState> {
  absolute(path)
  return new Promise((resolve, reject) => {
    const asked = { path, options, resolve, reject }
    const others = waiting.get(connection)
    if (others) return void others.push(asked)
    const batch = [asked]
    waiting.set(connection, batch)
    queueMicrotask(() => {
      waiting.delete(connection)
      void answer(connection, batch)
    })
  })
}

async function answer(connection: Reader, batch: readonly Asked[]): Promise<void> {
  const subjects = [...new Set(batch.map(subject))]
  const questions = subjects.map((one) =>
    questionOf(
      connection.host.name,
      batch.filter((asked) => subject(asked) === one),
    ),
  )
  let states: ReadonlyMap<string, PathState>
  try {
    states = await ask(connection, questions)
  } catch (error) {
    // One that cannot be read, or changes meanwhile, must not take the others with it.
    if (batch.length === 1) batch[0]!.reject(error)
    else for (const one of batch) void answer(connection, [one])
    return
  }
  for (const asked of batch) {
    const { content = 0, sha256 = false, unless } = asked.options
    const state = states.get(subject(asked))!
    // Whoever asks gets the same answer, alone or with others.
    const brought = content > 0 && state.size <= content && (unless === undefined || state.sha256 !== unless.sha256)
    asked.resolve({
      ...state,
      sha256: sha256 || unless ? state.sha256 : undefined,
      content: brought ? state.content : undefined,
    })
  }
}

// One question a path: what one of them wants the others may have too.
const subject = ({ path, options: { follow = true } }: Pick<Asked, 'path' | 'options'>) =>
  `${follow ? '' : 'own '}${path}`

function questionOf(host: string, asked: readonly Asked[]): Question {
  const { path, options } = asked[0]!
  const contents = asked.filter(({ options }) => options.content)
  const known = contents.length > 0 ? remembered(host, path) : undefined
  const [first, ...others] = contents.map(({ options }) => [options.unless?.sha256 ?? [], known?.sha256 ?? []].flat())
  const alike = [...asked.flatMap(({ options: { unless } }) => unless?.bytes ?? []), known?.bytes.length ?? []].flat()
  return {
    path,
    follow: options.follow ?? true,
    known,
    content: Math.max(0, ...contents.map(({ options }) => options.content!)),
    sum: asked.some(({ options }) => options.sha256 || options.unless !== undefined),
    sizes: [...new Set(alike)],
    all: asked.some(({ options }) => options.sha256 === true),
    spare: first?.filter((sum) => others.every((them) => them.includes(sum))) ?? [],
  }
}

// A checksum costs the host a process, and more than a small file costs the way.
const small = 8192

// Of a longer one it is worth a channel of its own: nobody else is to wait for it.
const mostSummed = 1024 * 1024

const mayWantSum = ({ sum, spare }: Question) => sum || spare.length > 0

const wantsSum = (question: Question, size: number) =>
  mayWantSum(question) &&
  (question.content === 0 || size > small) &&
  ((question.all && size <= mostSummed) || question.sizes.includes(size))

async function ask(connection: Reader, questions: readonly Question[]): Promise<ReadonlyMap<string, PathState>> {
  const script = scriptFor(questions)
  const result = await connection.exec(script, { encoding: 'latin1', tidy: true })
  // With several paths it is any of them: each is asked for alone then.
  if (result.code === 8) throw cannotLook(questions[0]!.path, connection.host.name)
  if (result.code === 9) throw plantedLink(questions[0]!.path, result.stderr.trim())
  if (/: Permission denied$/m.test(result.stderr)) throw cannotLook(questions[0]!.path, connection.host.name)
  if (result.code !== 0) throw new CommandFailed(script, result)
  const said = result.stdout
  let at = 0
  const line = () => {
    const end = said.indexOf('\n', at)
    const text = said.slice(at, end < 0 ? undefined : end)
    at = end < 0 ? said.length : end + 1
    return Buffer.from(text, 'latin1').toString()
  }
  const places = questions.map(() => ({ link: line(), kind: line(), target: line().slice(1) }))
  const heads = places.map(({ kind }) =>
    /^(?:none|lost|planted)/.test(kind) ? undefined : { numbers: line().split(' '), owner: line(), group: line() },
  )
  const sizes = heads.map((head) => Number(head?.numbers[1] ?? 0))
  const sums = questions.map((question, i) =>
    places[i]!.kind === 'file' && wantsSum(question, sizes[i]!) ? /^\\?([0-9a-f]{64})/.exec(line())?.[1] : undefined,
  )
  const sent = line().split(' ').slice(1).map(Number)
  if (sent.length > 1 && said.length - at !== sent.reduce((sum, i) => sum + sizes[i]!, 0))
    throw new Advice('a file changed while it was read', 'see who else writes it, and run the task again')
  return new Map(
    questions.map(({ path, follow, sum, known }, i) => {
      const { link, target, kind } = places[i]!
      const [rawMode = '0', , mtime = '0', uid = '', gid = ''] = heads[i]?.numbers ?? []
      const bits = parseInt(rawMode, 16)
      let sha256 = sums[i]
      let content: Buffer | undefined
      if (sent.includes(i)) {
        // Of a single file all is taken: those of /proc do not say how long they are.
        const end = sent.length === 1 ? said.length : at + sizes[i]!
        content = Buffer.from(said.slice(at, end), 'latin1')
        at = end
        if (content.length > small) ({ sha256, bytes: content } = remember(connection.host.name, path, content))
        else if (sum) sha256 = sha256Of(content)
      } else if (sha256 && sha256 === known?.sha256) content = known.bytes
      const state: PathState = {
        path,
        target,
        exists: heads[i] !== undefined,
        kind: heads[i] && (kinds[bits & 0o170000] ?? 'other'),
        planted: kind === 'planted',
        lacks: kind.startsWith('lost') ? posix.dirname(target) : undefined,
        barred: kind.startsWith('lost ') ? kind.slice(5) : undefined,
        link: link === '-' ? undefined : link.slice(1),
        size: sizes[i]!,
        mode: (bits & 0o7777).toString(8).padStart(4, '0'),
        owner: heads[i]?.owner ?? '',
        group: heads[i]?.group ?? '',
        uid,
        gid,
        mtime: Number(mtime),
        sha256,
        content,
      }
      return [subject({ path, options: { follow } }), state] as const
    }),
  )
}

const kinds: Readonly<Record<number, Kind>> = { [0o100000]: 'file', [0o040000]: 'directory', [0o120000]: 'link' }

/**
 * Says for each path where it leads, then of all that exist what stat says, then checksums, then the contents in one
 * piece. At most one process for each of the four, however many paths: processes are what looking costs a host.
 */
function scriptFor(questions: readonly Question[]): string {
  const each = (line: (question: Question, i: number) => string | undefined) =>
    questions.map(line).filter((one) => one !== undefined)
  // Only kinds of question that are asked make their part of the script.
  const contents = each((question, i) =>
    question.content === 0
      ? undefined
      : `[ $f${i} != file ] || [ $z${i} -gt ${question.content} ] || ` +
        (question.spare.length === 0
          ? taken(i)
          : `case \${s${i}-} in ${question.spare.join('|')}) ;; *) ${taken(i)} ;; esac`),
  )
  const sums = each((question, i) =>
    !mayWantSum(question)
      ? undefined
      : `[ $f${i} != file ] || ${question.content === 0 ? '' : `[ $z${i} -le ${small} ] || `}` +
        ofSize(question, i, `{ h${i}=1; set -- "$@" "$t${i}"; }`),
  )
  return [
    lookAt,
    ...(questions.every(({ follow }) => follow) ? [] : [atOwn]),
    ...each(({ path, follow }, i) => `${sh`p=${path}`}; ${follow ? 'at' : 'own'}; t${i}=$t f${i}=$f`),
    'set --',
    ...each((_, i) => `${absent(i)} || set -- "$@" "$t${i}"`),
    '[ $# != 0 ] || exit 0',
    // %f, the raw mode, rather than %F: its words differ between tools and languages.
    `n=$(stat -c '%f %s %Y %u %g\n%U\n%G' "$@") || exit\nprintf '%s\\n' "$n"`,
    ...(contents.length + sums.length === 0
      ? []
      : [`IFS='\n'; set -- $n`, ...each((_, i) => `${absent(i)} || { z=\${1#* }; z${i}=\${z%% *}; shift 3; }`)]),
    ...(sums.length === 0
      ? []
      : [
          `set --; unset ${questions.map((_, i) => `h${i} s${i}`).join(' ')}`,
          ...sums,
          `[ $# = 0 ] || { n=$(sha256sum "$@") || exit; printf '%s\\n' "$n"; set -- $n; }`,
          ...(contents.length === 0
            ? []
            : each((_, i) => `[ -z "\${h${i}-}" ] || { s${i}=\${1%% *}; s${i}=\${s${i}#\\\\}; shift; }`)),
        ]),
    ...(contents.length === 0 ? [] : ['set --; c=content', ...contents, 'echo "$c"; [ $# = 0 ] || exec cat "$@"']),
    ':',
  ].join('\n')
}

const ofSize = ({ sizes, all }: Question, i: number, take: string) => {
  const tests = [
    ...(all ? [`[ $z${i} -le ${mostSummed} ]`] : []),
    ...(sizes.length > 0 ? [`case $z${i} in ${sizes.join('|')}) ;; *) false ;; esac`] : []),
  ]
  return `! { ${tests.join(' || ')}; } || ${take}`
}
const absent = (i: number) => `[ $f${i} = none ] || [ $f${i} = planted ]`
const taken = (i: number) => `{ c="$c ${i}"; set -- "$@" "$t${i}"; }`

const lookAt = `set -f
LC_ALL=C; export LC_ALL
${closed}
${barred}
at() {
  t=$p
  if [ ! -L "$p" ]; then echo -
  else printf '+%s\\n' "$(readlink "$p")"; if [ -e "$p" ]; then t=$(readlink -f "$p") || t=$p; else nowhere; fi; fi
  seen
}
# Where a link to nothing leads: readlink -f of busybox looks for that in the folder where it runs.
nowhere() {
  n=0
  while [ -L "$t" ] && [ $((n += 1)) -le 40 ]; do
    l=$(readlink "$t"); case $l in /*) t=$l ;; *) t=\${t%/*}/$l ;; esac
  done
  d=\${t%/*}/
  [ ! -L "$t" ] && [ -d "$d" ] && d=$(readlink -f "$d") && t=\${d%/}/\${t##*/} || t=$p
}
seen() {
  if [ -f "$t" ]; then f=file
  elif [ -e "$t" ] || [ -L "$t" ]; then f=there
  elif closed "$t"; then exit 8
  else f=none; fi
  w=$f; [ $f != none ] || [ -d "\${t%/*}/." ] || { w=lost; ! barred "\${t%/*}" || w="lost $u"; }
  printf '%s\\n+%s\\n' "$w" "$t"
}`

const atOwn = `follow=
${leads}
own() {
  leads "$p" || { at; return; }
  [ -n "$stopped" ] || { at; return; }
  [ -z "$rest" ] || { printf '%s\\n' "$stopped" >&2; exit 9; }
  printf '+%s\\nplanted\\n+%s\\n' "$(readlink "$p")" "$p"
  t=$p f=planted
}`
