import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { cannotLook, closed } from '../kit/closed.ts'
import { type Command, perform } from '../kit/command.ts'
import { atNewPlace, atPlace, inOtherHands, loose } from '../kit/links.ts'
import { absolute } from '../kit/path-state.ts'
import { plainly, quote, sh } from '../kit/shell.ts'
import type { ReplacedThing } from '../model/replaced.ts'
import { Advice, CommandFailed, operation, type Operation, type Plan, type Reader } from '../model/operation.ts'

/** What is checked out, and how. */
export interface CheckoutOptions {
  /** A branch, a tag or a whole commit; the branch that the repository gives unless said. */
  readonly version?: string
  /** How many commits of the history come along; all unless said. */
  readonly depth?: number
  /**
   * Throws away what was changed in the working tree, and commits that are nowhere else. Refused otherwise, also where
   * the right commit is checked out already.
   */
  readonly force?: boolean
}

const checkoutNames: OptionNames<CheckoutOptions> = { version: true, depth: true, force: true }

/** What is checked out now. */
export type CheckedOut = { readonly path: string; readonly commit: string; readonly changed: boolean }

/**
 * A git repository, checked out on the host with the host's git and ways to log in. Nobody is asked for a password.
 * Submodules come along; files that git does not know stay.
 *
 * ```ts
 * task('Bring the app', git.checkout('https://git.example.org/app.git', '/srv/app', { version: 'v1.2', depth: 1 }))
 * ```
 * The server is asked for the version in check mode, too, unless it is a commit that is there. Where another user
 * decides what a name on the way means, root lets no git go: act as that user.
 * @throws Advice when the version is unknown, or something would be lost
 */
export function checkout(url: string, path: string, options: CheckoutOptions = {}): Operation<CheckedOut> {
  refuseUnknown('git.checkout', options, checkoutNames)
  const { version = 'HEAD', depth } = options
  if (/^-|[\s\0]/.test(url) || url === '')
    throw new Advice(
      `git.checkout: ${JSON.stringify(url)} cannot be a repository`,
      'write it as https://HOST/PATH or git@HOST:PATH',
    )
  if (/:\/\/[^/@]*:[^/@]*@/.test(url)) {
    throw new Advice(
      `git.checkout ${path}: a password in the URL would lie in the configuration of the repository`,
      'let the host log in by a key, or by a credential helper',
    )
  }
  if (/^[-.]|\.\.|[\s~^:?*[\\\0]|\/$/.test(version))
    throw new Advice(
      `git.checkout: ${JSON.stringify(version)} cannot be a branch, tag or commit`,
      'name one that git ls-remote shows, or a commit by its hash',
    )
  if (depth !== undefined && !(Number.isInteger(depth) && depth > 0))
    throw new Advice(
      `git.checkout: a history of ${depth} commits cannot be`,
      'give a whole number of at least 1, or leave depth out',
    )
  return bring({ url, path: absolute(path), version, options })
}

interface Wanted {
  readonly url: string
  readonly path: string
  readonly version: string
  readonly options: CheckoutOptions
}

/** What lies at the path, and what the server has. */
interface Found {
  readonly there: 'nothing' | 'repository' | 'other'
  /** The commit that is checked out; empty where there is none yet. */
  readonly head: string
  readonly url: string
  /** Files that differ from it, as git status tells them. */
  readonly modified: readonly string[]
  /** Submodules that are not there as they were committed. */
  readonly odd: readonly string[]
  /** Those of them whose commit is in no branch or tag of where they come from. */
  readonly own: readonly string[]
  /** The commit that is wanted. */
  readonly commit: string
  /** Under which name the server has it; empty for a bare commit. */
  readonly ref: string
}

const bring = operation<Wanted, Found, Command, CheckedOut>(({ url, path }) => `git.checkout ${url} to ${path}`, {
  read,
  plan,
  async apply(connection, command) {
    await perform(connection, command)
  },
})

// A look refreshes no index; git from before 2.15 does not know how not to.
const quiet = `${plainly}GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=/bin/false SSH_ASKPASS=/bin/false GIT_OPTIONAL_LOCKS=0
export GIT_TERMINAL_PROMPT GIT_ASKPASS SSH_ASKPASS GIT_OPTIONAL_LOCKS
[ -n "\${GIT_SSH_COMMAND-}\${GIT_SSH-}" ] || { GIT_SSH_COMMAND='ssh -o BatchMode=yes'; export GIT_SSH_COMMAND; }`

// What is told to stay away stays: update = none. Of one that is not there, the folder belongs to what it is a part of.
const submodules = `submodules() {
  git submodule status --recursive 2>/dev/null | while IFS= read -r l; do
    w=\${l%"\${l#?}"} s=\${l#* }
    case $l in ' '*) continue ;; -*) ;; *) s=\${s% (*} ;; esac
    if [ "$w" = - ]; then
      (
        cd "$s" 2>/dev/null && in=$(git rev-parse --show-prefix) && cd "$(git rev-parse --show-toplevel)" || exit
        n=$(git config -f .gitmodules --get-regexp '^submodule[.].*[.]path$' | grep -F " \${in%/}" | head -n 1)
        n=\${n#submodule.} n=\${n%.path *}
        u=$(git config "submodule.$n.update" || git config -f .gitmodules "submodule.$n.update")
        [ "$u" != none ]
      ) || continue
    else
      own=$(cd "$s" && git rev-list -n 1 HEAD --not --remotes --tags)
      [ -z "$own" ] || echo "own $s"
    fi
    echo "submodule $s"
  done
}`

const isCommit = (version: string) => /^[0-9a-f]{40}$/.test(version)

async function read(connection: Reader, { url, path, version }: Wanted): Promise<Found> {
  const names = ['HEAD', `refs/heads/${version}`, `refs/tags/${version}`, `refs/tags/${version}^{}`]
  const remote =
    version === 'HEAD'
      ? sh`git ls-remote --symref ${url} HEAD 2>/dev/null || git ls-remote ${url} HEAD`
      : sh`git ls-remote ${url} ${names.slice(1)}`
  const script = `${quiet}
${closed}
follow=
${loose}
${submodules}
${sh`p=${path}`}
if closed "$p/." || [ -d "$p" ] && [ ! -r "$p" ]; then exit 8; fi
command -v git >/dev/null 2>&1 || exit 91
# What is in a repository of somebody else git tells itself.
w=$p; [ -d "$p/.git" ] || w=$p/
! loose "$w" || exit 93
if [ -d "$p/.git" ]; then
  cd "$p" || exit
  e=$(git rev-parse --git-dir 2>&1 >/dev/null) || { echo "$e" >&2; exit 92; }
  echo repository; git rev-parse -q --verify HEAD || echo
  git config remote.origin.url || echo
  git status --porcelain --untracked-files=no --ignore-submodules | sed 's/^/modified /'
  [ ! -f .gitmodules ] || submodules
elif [ -d "$p" ] && [ -z "$(ls -A "$p" | grep -vxF ${begun})" ] || [ ! -e "$p" ] && [ ! -L "$p" ]; then echo nothing
else echo other; fi
cd /
echo remote
${isCommit(version) ? ':' : remote}`
  const result = await connection.exec(script, { timeout: 300, long: true })
  if (result.code === 8) throw cannotLook(path, connection.host.name)
  if (result.code === 91) throw new Advice('the host has no git', "install it first: packages.installed('git')")
  if (result.code === 93) throw inOtherHands(path, 'git', result.stdout)
  if (result.code === 92 && /dubious ownership|unsafe repository/.test(result.stderr)) {
    throw new Advice(
      `${path} belongs to another user, and what is configured there would run as the task's`,
      'run the task as that user, or give the repository to the one who deploys: file.owner',
    )
  }
  if (result.code === 92)
    throw new Advice(
      `${path}/.git is no whole repository: ${result.stderr.trim()}`,
      `see what is in it; if nothing is, take it away: file.absent('${path}/.git')`,
    )
  if (result.code !== 0) throw new CommandFailed(`git ls-remote ${url}`, result)
  const [here = '', there = ''] = result.stdout.split(/^remote\n/m)
  const [kind = 'other', head = '', origin = '', ...changes] = here.split('\n')
  const behind = (word: string) =>
    changes.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))
  return {
    there: kind as Found['there'],
    head,
    url: origin,
    modified: behind('modified').map((line) => line.slice(3)),
    odd: behind('submodule'),
    own: behind('own'),
    ...(isCommit(version) ? { commit: version, ref: '' } : wantedOf(there, version, url)),
  }
}

function wantedOf(said: string, version: string, url: string): { readonly commit: string; readonly ref: string } {
  const refs = new Map([...said.matchAll(/^([0-9a-f]{40})\t(\S+)$/gm)].map(([, commit, ref]) => [ref!, commit!]))
  const head = /^ref: (refs\/heads\/\S+)\tHEAD$/m.exec(said)?.[1]
  const branch = version === 'HEAD' ? (head ?? 'HEAD') : `refs/heads/${version}`
  const commit = refs.get(version === 'HEAD' ? 'HEAD' : branch)
  if (commit !== undefined) return { commit, ref: branch }
  const tag = `refs/tags/${version}`
  const tagged = refs.get(`${tag}^{}`) ?? refs.get(tag)
  if (tagged !== undefined) return { commit: tagged, ref: tag }
  const what = version === 'HEAD' ? 'is empty' : `has no branch or tag ${version}`
  throw new Advice(`${url} ${what}`, `see what it has: git ls-remote ${url}; a commit is given with all its 40 digits`)
}

function plan(found: Found, { url, path, version, options }: Wanted): Plan<CheckedOut, Command> {
  const { there, head, modified, odd, own, commit, ref } = found
  const { force = false } = options
  if (there === 'other')
    throw new Advice(`${path} is there and no git repository`, 'move it away, or remove it with file.absent')
  const move = head !== commit
  const kept = [...modified, ...own.map((name) => `commits of the submodule ${name}`)]
  if (kept.length > 0 && !force) {
    throw new Advice(
      `${path} has changes that are nowhere else: ${kept.slice(0, 10).join(', ')}`,
      'commit and push them or take them back there, or give force: true',
    )
  }
  const reset = force && modified.length > 0
  const moved = there === 'repository' && found.url !== url
  if (!move && !reset && !moved && odd.length === 0) return { result: { path, commit, changed: false } }
  const named = version === 'HEAD' ? ref.replace('refs/heads/', '') : version
  return {
    result: { path, commit, changed: true },
    change: {
      script: checkingOut({ url, path, there, commit, ref, options }),
      long: true,
      timeout: 3600,
      shown: `git checkout ${named}`,
    },
    replaces: there === 'repository' ? [replacedCheckout(path)] : [{ file: path, whole: true }],
    ...(reset ? { irreversible: `what was changed in ${path} and not committed is gone` } : {}),
    diff: {
      path,
      before: [
        ...(head === '' ? [] : [`${head}\n`]),
        ...(moved ? [`of ${found.url}\n`] : []),
        ...(reset ? modified.map((file) => `changed ${file}\n`) : []),
        ...odd.map((name) => `submodule ${name} as it should not be\n`),
      ].join(''),
      after: [
        `${commit}${named === commit ? '' : ` ${named}`}\n`,
        ...(moved ? [`of ${url}\n`] : []),
        ...odd.map((name) => `submodule ${name}\n`),
      ].join(''),
    },
  }
}

/** Which commit is checked out, under which branch, and from where the others come: what is not committed stays. */
function replacedCheckout(path: string): ReplacedThing {
  const lost = `what was changed in ${path} would be lost`
  return {
    what: `checkout of ${path}`,
    look: `${quiet}\n${sh`cd ${path}`} || exit
h=$(git rev-parse -q --verify HEAD) || { echo none; exit; }
b=$(git symbolic-ref -q --short HEAD || echo no-branch)
printf '%s of %s from %s\n' "$h" "$b" "$(git config remote.origin.url)"`,
    back: `${quiet}\n${sh`cd ${path}`} || exit
[ "$before" != none ] || refuse 'nothing was checked out there' 'remove what the run brought by hand'
[ -z "$(git status --porcelain --untracked-files=no)" ] || refuse ${quote(lost)} 'commit it there first'
h=\${before%% *} u=\${before#* from }; b=\${before#* of }; b=\${b%% from *}
git config remote.origin.url "$u" && git checkout -q "$h" -- &&
  { [ "$b" = no-branch ] || { git branch -f "$b" "$h" >/dev/null && git checkout -q "$b" --; }; }`,
  }
}

interface CheckingOut extends Pick<Found, 'there' | 'commit' | 'ref'> {
  readonly url: string
  readonly path: string
  readonly options: CheckoutOptions
}

function checkingOut({ url, path, there, commit, ref, options: { depth, force = false } }: CheckingOut): string {
  const shallow = depth === undefined ? [] : ['--depth', depth]
  const branch = /^refs\/heads\/(.*)$/.exec(ref)?.[1]
  const name = branch === undefined ? ref : `refs/remotes/origin/${branch}`
  const spec = ref === 'HEAD' ? 'HEAD' : `+${ref}:${name}`
  const forced = force ? ['-f'] : []
  return [
    `${quiet}\nset -e`,
    ...(there === 'nothing'
      ? [`${atNewPlace}${sh`make ${path}`}`, beginning]
      : [`${atPlace}${sh`beside ${`${path}/.`}`}`]),
    ...(there === 'nothing' || force ? [] : [refusingLoss(url, commit, ref, name)]),
    ...(ref === '' ? fetchingCommit(url, commit, shallow) : [sh`git fetch -q ${[...shallow, url, spec]}`]),
    sh`git cat-file -e ${`${commit}^{commit}`} 2>/dev/null ||`,
    sh`  refuse ${`the server has no commit ${commit} any more`} ${'run the task again: the branch has moved'}`,
    sh`git config remote.origin.url ${url}`,
    sh`git config remote.origin.fetch ${'+refs/heads/*:refs/remotes/origin/*'}`,
    sh`git checkout -q ${[...forced, commit]} --`,
    ...(branch === undefined ? [] : [sh`git branch -f ${branch} ${commit} >/dev/null; git checkout -q ${branch} --`]),
    // What was brought here is not lost when another commit comes.
    sh`git update-ref refs/switchover/checkout ${commit}`,
    '[ ! -f .gitmodules ] || git submodule --quiet update --init --recursive',
  ].join('\n')
}

const begun = '.switchover-git'

// A repository that is begun and not finished, as on a full disk, is none and stands in the way of any other.
const beginning = `rm -rf ${begun}; mkdir ${begun}
( cd ${begun}; git init -q ) || { c=$?; rm -rf ${begun}; exit $c; }
mv ${begun}/.git .git; rmdir ${begun}`

/**
 * Refuses where commits are in nothing but what will point elsewhere. Whether the new commit has them only the server
 * can tell: what it sends gets no name here, so that nothing is changed by what is refused.
 */
function refusingLoss(url: string, commit: string, ref: string, name: string): string {
  const asked = sh`git fetch -q --no-tags ${url}`
  const all = `$(${sh`git ls-remote --heads --tags ${url}`} | cut -f 2 | grep -v '\\^{}$')`
  const probe = ref === '' ? `${asked} ${commit} 2>/dev/null || ${asked} ${all}` : `${asked} ${sh`${ref}`}`
  return `lost() {
  git for-each-ref '--format=^%(refname)' refs/remotes refs/tags refs/switchover | grep -vxF ${sh`${`^${name}`}`} |
    git rev-list -n 1 HEAD "$@" --stdin
}
if git rev-parse -q --verify HEAD >/dev/null && [ -n "$(lost)" ]; then
  ${sh`git cat-file -e ${`${commit}^{commit}`}`} 2>/dev/null || ${probe}
  lost=$(lost ${sh`${`^${commit}`}`})
  [ -z "$lost" ] || refuse "commit $lost is nowhere else, and would be lost" 'push it, or give force: true'
fi`
}

// Not every server gives a commit that is asked for by its name.
function fetchingCommit(url: string, commit: string, shallow: readonly (string | number)[]): readonly string[] {
  return [
    sh`git cat-file -e ${`${commit}^{commit}`} 2>/dev/null ||`,
    sh`  git fetch -q ${[...shallow, url, commit]} 2>/dev/null ||`,
    sh`  git fetch -q --tags ${[url, '+refs/heads/*:refs/remotes/origin/*']}`,
  ]
}
