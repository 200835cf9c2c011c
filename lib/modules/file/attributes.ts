import { refuseUnknown } from '../../model/option-names.ts'
import { replacedAttributes } from '../../kit/replacing.ts'
import { cannotLook, closed } from '../../kit/closed.ts'
import { type Command, performStep } from '../../kit/command.ts'
import { checkedMeta } from '../../kit/file-meta.ts'
import { leavesAttributes } from '../../kit/leaving.ts'
import { atPlace, leadsTo, plantedLink } from '../../kit/links.ts'
import { look } from '../../kit/look.ts'
import {
  absolute,
  attributesDiff,
  byLetters,
  differing,
  mustNotBePlanted,
  mustSucceed,
  octal,
  setAttributes,
  type PathState,
} from '../../kit/path-state.ts'
import { sh } from '../../kit/shell.ts'
import { treeAttributes } from '../../kit/tree-attributes.ts'
import type { Written } from '../../kit/written.ts'
import { checkedMode, isSymbolic, modeAfter } from '../../kit/mode.ts'
import { left } from '../../model/foreseen.ts'
import { Advice, CommandFailed, operation } from '../../model/operation.ts'
import type { Operation } from '../../model/operation.ts'
import { type DirectoryMeta, directoryNames } from './directory.ts'

/**
 * Owner, group and mode of what lies at a path; a link is followed where nobody else can have made it, and refused
 * elsewhere. For whole trees see `file.owner` and `file.mode`.
 *
 * ```ts
 * task('Close the settings', file.attributes('/etc/nova/nova.conf', { owner: 'nova', group: 'nova', mode: '0640' }))
 * ```
 */
export function attributes(path: string, wanted: DirectoryMeta): Operation<Written> {
  refuseUnknown('file.attributes', wanted, directoryNames)
  return setThem({ path: absolute(path), meta: checkedMeta(wanted) })
}

const setThem = operation<{ readonly path: string; readonly meta: DirectoryMeta }, PathState, Command, Written>(
  ({ path }) => `file.attributes ${path}`,
  {
    lasting: () => true,
    read: (connection, { path, meta: { follow = false } }) => look(connection, path, { follow }),
    plan(state, { path, meta }) {
      mustNotBePlanted(state)
      if (!state.exists) throw new Advice(`${path} is missing`, 'check the path, and the task that makes it')
      const lacking = differing(state, meta)
      const diff = attributesDiff(state, lacking)
      if (!diff) return { result: { path, changed: false } }
      const script = setAttributes(state.target, lacking)
      return {
        result: { path, changed: true },
        change: { script, tidy: true },
        diff,
        leaves: leavesAttributes(state, lacking),
      }
    },
    apply: performStep,
  },
)

/** How many paths had to be touched. */
export type Touched = { readonly path: string; readonly count: number }

/**
 * Owner (and group, after a colon) of a file or of a whole tree; only what differs is touched. A path that is a link is
 * followed as by `file.attributes`, links in the tree are not.
 *
 * ```ts
 * task('Hand the images to glance', file.owner('/var/lib/glance', 'glance:glance'))
 * ```
 */
export function owner(path: string, who: string, options: { readonly recursive?: boolean } = {}): Operation<Touched> {
  refuseUnknown('file.owner', options, { recursive: true })
  const { recursive = true } = options
  const [user = '', group] = who.split(':')
  if ((user === '' && !group) || /\s|^-|:-/.test(who) || [user, group].some((one) => Number(one) >= 4294967295))
    throw new Advice(
      `file.owner ${path}: ${JSON.stringify(who)} is not of the form user, user:group or :group`,
      'write it as nova, nova:nova or :nova',
    )
  const tests = [...(user === '' ? [] : [sh`! -user ${user}`]), ...(group ? [sh`! -group ${group}`] : [])].join(' -o ')
  absolute(path)
  const differ = `${recursive ? '' : '-prune '}\\( ${tests} \\)`
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
    becomes: (is) => ({ ...is, owner: user || is.owner, group: group || is.group }),
    script: recursive
      ? treeAttributes(path, [[{ which: `\\( ${tests} \\)`, owner: who }]])
      : `${atPlace}${sh`stand ${path}`}\n${sh`give ${who} ''`}`,
  })
}

// By name or by number.
const named = (who: string | undefined) => (who ? [sh`${who}` + '/*', '*/' + sh`${who}`] : ['*'])

/**
 * Mode of a file, or of a whole tree, where directories get the right to enter wherever the mode gives the right to
 * read. A symbolic mode changes each as `chmod` would, with `-R` when it is recursive. A path that is a link is
 * followed as by `file.attributes`, links in the tree are not.
 *
 * ```ts
 * task('Close the keys', file.mode('/etc/keystone/ssl', '0640', { recursive: true })) // directories: 0750
 * ```
 */
export function mode(path: string, wanted: string, options: { readonly recursive?: boolean } = {}): Operation<Touched> {
  refuseUnknown('file.mode', options, { recursive: true })
  const { recursive = false } = options
  if (isSymbolic(checkedMode(wanted))) return setModes({ path: absolute(path), wanted, recursive })
  const files = octal(wanted)
  const directories = recursive
    ? (parseInt(files, 8) | ((parseInt(files, 8) & 0o444) >> 2)).toString(8).padStart(4, '0')
    : files
  absolute(path)
  const of = (type: string, mode: string) => `\\( ${type} ! -perm ${mode} \\)`
  const [odd, oddDirectories] = [of('! -type d ! -type l', files), of('-type d', directories)]
  return sweep({
    name: `file.mode ${path} ${wanted}`,
    path,
    differ: recursive ? `\\( ${oddDirectories} -o ${odd} \\)` : `-prune ! -type l ! -perm ${files}`,
    show: `'%a %n'`,
    ...(recursive ? {} : { settled: { ask: '%a', patterns: [files.replace(/^0{1,3}/, '')] } }),
    wanted: files.replace(/^0/, ''),
    becomes: (is) => ({ ...is, mode: is.kind === 'directory' ? directories : files }),
    script: recursive
      ? treeAttributes(path, [
          [{ which: odd, mode: byLetters(files) }],
          [{ which: oddDirectories, mode: byLetters(directories), folders: true }],
        ])
      : setAttributes(path, { mode: files }),
  })
}

/** Things of one kind that have one mode, and the one that they get. */
interface Step {
  readonly directory: boolean
  readonly from: string
  readonly to: string
}

interface Modes {
  readonly path: string
  readonly wanted: string
  readonly recursive: boolean
}

// Of however many paths there are, few have modes that differ: each of these is asked for, and changed, as a whole.
const setModes = operation<Modes, { readonly at: string; readonly lines: readonly string[] }, Command, Touched>(
  ({ path, wanted }) => `file.mode ${path} ${wanted}`,
  {
    async read(connection, { path, recursive }) {
      connection.foreseen?.mustBeUntouched(path)
      const result = await connection.exec(
        `LC_ALL=C; export LC_ALL
${closed}
${sh`[ -e ${path} ] || { closed ${path} && exit 8; exit 10; }`}
${leadsTo(path)}
printf '%s\\n' "$r"
find "$r"${recursive ? '' : ' -prune'} ! -type l -exec stat -c %f {} + | sort | uniq -c && echo complete`,
        { tidy: true },
      )
      if (result.code === 8) throw cannotLook(path, connection.host.name)
      if (result.code === 9) throw plantedLink(path, result.stderr.trim(), 'never')
      if (result.code === 10) throw new Advice(`${path} is missing`, 'check the path, and the task that makes it')
      // A pipe hides a find that failed, but not what it said.
      if (result.code !== 0 || result.stderr !== '') throw new CommandFailed(`find ${path}`, result)
      const [at = path, ...lines] = result.stdout.trim().split('\n').slice(0, -1)
      return { at, lines }
    },
    plan({ at, lines }, { path, wanted, recursive }) {
      const found = lines.map((line) => {
        const [count, bits] = line.trim().split(' ')
        const raw = parseInt(bits!, 16)
        const directory = (raw & 0o170000) === 0o040000
        const from = (raw & 0o7777).toString(8).padStart(4, '0')
        return { directory, from, to: modeAfter(wanted, from, directory), count: Number(count) }
      })
      const steps = found.filter(({ from, to }) => from !== to)
      const count = steps.reduce((sum, step) => sum + step.count, 0)
      if (count === 0) return { result: { path, count } }
      const told = (one: (step: Step) => string) =>
        steps.map((step) => `${one(step)}: ${step.count} ${step.directory ? 'directories' : 'files'}\n`).join('')
      return {
        result: { path, count },
        change: { script: changingModes(path, steps, recursive), tidy: true },
        leaves: [...new Set([path, at])].map((one) =>
          left(
            `file ${one}`,
            (is: PathState) => ({ ...is, mode: modeAfter(wanted, is.mode, is.kind === 'directory') }),
            recursive ? { below: true } : {},
          ),
        ),
        ...(recursive ? { replaces: [replacedAttributes(at)] } : {}),
        diff: { path: `${path} (attributes)`, before: told(({ from }) => from), after: told(({ to }) => to) },
      }
    },
    apply: performStep,
  },
)

// Nothing is changed twice: all files in one walk, all directories in another.
function changingModes(path: string, steps: readonly Step[], recursive: boolean): string {
  const [only] = steps
  if (!recursive) return setAttributes(path, { mode: only!.to })
  const of = (kind: boolean, type: string) =>
    steps
      .filter(({ directory }) => directory === kind)
      .map(({ from, to }) => ({
        which: `${type} -perm ${from}`,
        mode: byLetters(to),
        ...(kind ? { folders: true as const } : {}),
      }))
  return treeAttributes(path, [of(false, '! -type d ! -type l'), of(true, '-type d')])
}

/** One thing that all paths of a tree are to have. Its scripts are made of quoted words. */
interface Sweep {
  readonly name: string
  readonly path: string
  /** What find tests of the paths that differ. */
  readonly differ: string
  readonly show: string
  /** Of one path: what stat is to say of it, and the shell patterns of answers that need no change. */
  readonly settled?: { readonly ask: string; readonly patterns: readonly string[] }
  readonly wanted: string
  /** What becomes of each of them. */
  readonly becomes: (is: PathState) => PathState
  /** It looks again which paths differ: there may be more of them than a change should hold. */
  readonly script: string
}

const shownPaths = 20

// Some of the lines, how many there are, and the last one: a pipe hides a find that failed, but not its missing word.
const counted =
  `awk -v most=${shownPaths} 'NR > 1 && NR - 1 <= most { print last } ` +
  `{ last = $0 } END { print NR - 1; print last }'`

interface Swept {
  /** Where the path leads. */
  readonly at: string
  readonly count: number
  readonly sample: readonly string[]
}

const sweep = operation<Sweep, Swept, Command, Touched>(({ name }) => name, {
  async read(connection, { path, differ, show, settled }) {
    const found = `find "$r" ${differ} -exec stat -c ${show} {} + && echo complete`
    const script = [
      'LC_ALL=C; export LC_ALL',
      closed,
      sh`[ -e ${path} ] || { closed ${path} && exit 8; echo missing; exit; }`,
      leadsTo(path),
      `printf '%s\\n' "$r"`,
      ...(settled
        ? [
            `case $(stat -c ${settled.ask} "$r") in`,
            `${settled.patterns.join('|')}) echo complete; exit ;;`,
            `esac\n${found}`,
          ]
        : [`{ ${found}; } | ${counted}`]),
    ].join('\n')
    const result = await connection.exec(script, { tidy: true })
    if (result.code === 8) throw cannotLook(path, connection.host.name)
    if (result.code === 9) throw plantedLink(path, result.stderr.trim(), 'never')
    const [at = '', ...lines] = result.stdout.split('\n').slice(0, -1)
    const missing = at === 'missing'
    // What differs now will differ then; of what will be there nobody can ask it.
    if (missing || lines.at(-2) === '0' || lines.length === 1) connection.foreseen?.mustBeUntouched(path)
    if (missing) throw new Advice(`${path} is missing`, 'check the path, and the task that makes it')
    if (lines.at(-1) !== 'complete') mustSucceed(script, { ...result, code: result.code || 1 })
    if (settled) return { at, count: lines.length - 1, sample: lines.slice(0, -1) }
    return { at, count: Number(lines.at(-2)), sample: lines.slice(0, -2) }
  },
  plan({ at, count, sample }, { path, wanted, script, becomes }) {
    if (count === 0) return { result: { path, count } }
    const more = count > sample.length ? `and ${count - sample.length} more\n` : ''
    const names = sample.map((line) => line.slice(line.indexOf(' ') + 1))
    return {
      result: { path, count },
      change: { script, tidy: true },
      leaves: [...new Set([path, at])].map((one) => left(`file ${one}`, becomes, { below: true })),
      replaces: [replacedAttributes(at)],
      diff: {
        path: `${path} (attributes)`,
        before: sample.map((line) => `${line}\n`).join('') + more,
        after: names.map((name) => `${wanted} ${name}\n`).join('') + more,
      },
    }
  },
  apply: performStep,
})
