import { createHash, randomBytes } from 'node:crypto'
import { quote } from '../kit/shell.ts'
import type { Work } from '../model/transport.ts'
import type { Request } from './shell.ts'

/**
 * A long command as a job that outlives its session: what it writes is kept in a folder of the host besides being
 * shown, of long output the beginning and the end, and so is its exit code. A later run that wants the same finds it,
 * and takes both.
 */
export interface Job {
  /** What comes before the script's first word: it finds the job that another run began, or makes a new one. */
  readonly before: string
  /** What runs the command, or follows it. */
  readonly script: string
  /** What takes everything of it away. */
  readonly remove: string
}

/**
 * The job of a script: the same script with the same input, by the same user, of the same task is the same job. One
 * that has ended is taken over only from the runs that this one goes on with: what any other did is no answer to it.
 */
export function jobOf(
  { script, stdin }: Pick<Request, 'script' | 'stdin'>,
  { run, work, terminal }: { readonly run: string; readonly work: Work | undefined; readonly terminal: boolean },
): Job {
  const key = createHash('sha256')
    .update(`${work?.task ?? ''}\0${script}\0`)
    .update(stdin ?? '')
    .digest('hex')
    .slice(0, 24)
  const name = `${run}.${randomBytes(6).toString('hex')}`
  return {
    before: `${find(key, run, name, work?.after ?? [])}\n`,
    script: `_c=${quote(script)}\n${runOrFollow(stdin?.length ?? 0, terminal)}`,
    remove: removing(`${key}.*.${name}`),
  }
}

// Days after which the result of a command that nobody came for is none any more.
const keptFor = 1

/** Words of a shell: ends the loop where the job was begun by one of these runs and has ended not long ago. */
function unlessOld(after: readonly string[]): string {
  if (after.length === 0) return ':'
  const theirs = after.map((run) => `*.${quote(run)}.*`).join('|')
  return `case $_d in ${theirs}) [ -z "$(find "$_j/code" -mtime -${keptFor})" ] || break;; esac`
}

// Only who owns the folder may write there; one that somebody else planted is not used, and the command then ends with
// its session. The lock's place is in the name: hosts may share a /tmp. A job is taken over by its new name,
// which only one can give it.
const find = (
  key: string,
  run: string,
  name: string,
  after: readonly string[],
): string => `_b=/tmp/.switchover-jobs-$(id -u)
_j= _n= _p=
_k=\${1##* }; case $_k in *[!0-9A-Za-z._-]*) _k=;; esac
_k=${key}.$_k
_begun() { _r=; { read -r _r </proc/$1/stat; } 2>/dev/null || return 1; _r=\${_r##*) }; set -- $_r; _r=\${20}
  case $1 in [ZX]) return 1;; esac; }
mkdir -m 700 "$_b" 2>/dev/null
if [ -d "$_b" ] && [ ! -h "$_b" ] && [ -O "$_b" ]; then
  for _d in "$_b/$_k".*; do
    case $_d in *.${run}.*|*'*') continue;; esac
    mv "$_d" "$_b/$_k.${name}" 2>/dev/null || continue
    _j=$_b/$_k.${name}
    { read -r _p _s <"$_j/pid"; } 2>/dev/null
    if [ -e "$_j/code" ]; then _p=; ${unlessOld(after)}
    elif [ -n "$_p" ] && _begun $_p && [ "$_r" = "$_s" ]; then break; fi
    rm -rf "$_j"; _j= _p=
  done
  # Where /tmp takes no more, the command ends with its session as well.
  [ -n "$_j" ] || { _d=$_b/$_k.${name}; mkdir -m 700 "$_d" && { (umask 077; echo >"$_d/out") && [ -s "$_d/out" ] &&
    _j=$_d _n=1 || { rm -rf "$_d"; rmdir "$_b"; }; }; } 2>/dev/null
fi`

// Bytes that are kept of what a command writes to each of its outputs: its beginning, and at least its end. Together no
// more than a result holds.
const kept = { beginning: 4 << 20, end: 4 << 20 } as const

// The beginning of its stdin into $1, the end into $1.2 and what was that before into $1.1; how much lies between them
// is in $1.gone. What comes is written as it comes, and looked at after each MiB or 256 pieces.
const keep = `_more() {
  dd bs=4096 count=256 >>$1; _z=$(($(wc -c <$1))); [ $_z -gt $_s ] || return; _s=$_z
}
_keep() {
  _s=0 _g=0
  while [ $_s -lt ${kept.beginning} ]; do _more $1 || return; done
  while _s=0; do
    while [ $_s -lt ${kept.end} ]; do _more $1.2 || return; done
    [ ! -e $1.1 ] || { _g=$((_g + $(wc -c <$1.1))); echo $_g >$1.new; mv $1.new $1.gone; }
    mv $1.2 $1.1; : >$1.2
  done
}`

// What the command writes goes by two tees to us and into files, and by them alone when nobody listens any more.
const runOrFollow = (bytes: number, terminal: boolean): string => `if [ -z "$_j" ]; then
  unset _b _k _j _n _p _d _s _r; eval "$_c"; exit
fi
_o=$(pwd) _m=$(umask); cd "$_j" || exit; umask 077
if [ -z "$_n" ]; then
  echo '[this command was begun by an earlier run: what it wrote, from the beginning]' >&2
  _a=0 _e=0
  _more() {
    _z=$(wc -c <out); [ $_z -le $_a ] || tail -c +$((_a + 1)) out | head -c $((_z - _a)); _a=$((_z + 0))
    _z=$(wc -c <err); [ $_z -le $_e ] || tail -c +$((_e + 1)) err | head -c $((_z - _e)) >&2; _e=$((_z + 0))
  }
  _rest() {
    [ -e $1.2 ] || return
    { read -r _z <$1.gone; } 2>/dev/null || _z=0
    echo; echo "[$_z bytes of what it wrote were left out here: of long output the beginning and the end are kept]"
    [ ! -e $1.1 ] || cat $1.1
    cat $1.2
  }
  while [ ! -e code ]; do
    _more
    _begun $_p && [ "$_r" = "$_s" ] || [ -e code ] || { echo '[it was ended by somebody else]' >&2; exit 1; }
    sleep 1
  done
  _more; _rest out; _rest err >&2; read -r _x <code; exit $_x
fi
_begun $$; echo "$$ $_r" >pid; : >out; : >err
${
  bytes === 0
    ? 'exec </dev/null'
    : `head -c ${bytes} >in || {
  cd /; rm -rf "$_j"; echo 'what it is to read does not fit into /tmp: see df /tmp' >&2; exit 1
}
[ $(wc -c <in) -eq ${bytes} ] || { cd /; rm -rf "$_j"; exit 255; }; exec <in; rm in`
}
${terminal ? "trap '' HUP" : ''}
mkfifo 1 2 3 4 || exit
${keep}
{ trap '' PIPE HUP INT; _keep out; } <3 >/dev/null 2>&1 &
echo $! >tees
{ trap '' PIPE HUP INT; _keep err; } <4 >/dev/null 2>&1 &
echo $! >>tees
{ trap '' PIPE HUP INT; exec tee 3 2>/dev/null; } <1 &
echo $! >>tees
{ trap '' PIPE HUP INT; exec tee 4 >&2 2>/dev/null; } <2 &
echo $! >>tees
exec 3>1 4>2; rm 1 2
(umask $_m; cd "$_o"; exec >&3 2>&4 3>&- 4>&-; unset _b _k _j _n _p _d _s _r _o _m _z; unset -f _keep _more; eval "$_c")
_x=$?; exec 3>&- 4>&-
echo $_x >.code; mv .code code; exit $_x`

// A tee that outlived its command is ended; by now its number may be that of another process, which works elsewhere.
const takingAway = `while read -r p; do [ /proc/$p/cwd -ef "$d" ] && kill $p; done <"$d/tees"; rm -rf "$d"; rmdir "$b"`

/**
 * What takes away the results that nobody came for in time, of whoever runs it. It is said in front of something else,
 * says nothing, and starts no process where there is none.
 */
export const sweeping = `for b in /tmp/.switchover-jobs-*; do
  [ -d "$b" ] && [ ! -h "$b" ] && [ -O "$b" ] || continue
  find "$b" -mindepth 2 -maxdepth 2 -name code -mtime +${keptFor - 1} | while read -r d; do
    d=\${d%/code}
    ${takingAway}
  done
done 2>/dev/null
`

// A daemon that the command left behind may hold the tees, which would keep for ever what nobody reads.
const removing = (name: string): string => `b=/tmp/.switchover-jobs-$(id -u)
for d in "$b"/${name}; do
  { ${takingAway}; } 2>/dev/null
done; :`
