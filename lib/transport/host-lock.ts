import { Advice } from '../model/operation.ts'
import { quote } from '../kit/shell.ts'
import { endTree } from './ending.ts'
import { type Become, type Gate, startAs } from './become.ts'
import { sweeping } from './job.ts'
import type { Link } from './program.ts'

/** What a run leaves on each host that it works on, so that no other works there beside it. */
export interface Claim {
  readonly run: string
  /** Who, from where, since when: what another run is told. */
  readonly holder: string
  /** What to type where a host stays locked by a run that is known to have ended. */
  unlock(host: string, run: string): string
  /** Whether the log of each host is told of the run. */
  readonly logs?: boolean
  /** Whether a run is known to have ended: it holds no host any more, whatever of its connection is still there. */
  over?(run: string): boolean
  /** Is a run this one, or one that it goes on with? */
  own(run: string): boolean
  /** Hears who worked on a host since a run had left it before its end. */
  followed(host: string, last: Worker): void
  /** Hears of each host that another run holds. */
  refused(reason: Locked): void
  warn(message: string): void
}

/** A run, and what it says of itself: «run R of «site» (root, pid 4711 on …)». */
export interface Worker {
  readonly run: string
  readonly holder: string
}

/** Another run works on the host. */
export class Locked extends Advice {}

/** What is done about the lock of a host before the first word of a script there, in the same breath. */
export interface Locking {
  /** The run that takes it. */
  readonly run?: string
  /**
   * The text: it says one line behind the token and an L. `job`: the script outlives the run, and is found by itself.
   */
  taking(token: string, job: boolean): string
  /** Ends the script where it may not go on. */
  readonly orEnd: string
  /** Takes in what the host said. Gives false when the script is to be started again. @throws Locked */
  heard(said: string, link: Link, become: Become | undefined, gate: Gate): Promise<boolean>
}

/** Takes the locks of hosts away. */
export interface Unlock {
  /** Only that of this run, or of the one whose name begins so. */
  readonly run: string | undefined
  /** Also those of runs that go on. */
  readonly force: boolean
  /** Whether a run is known to have ended, whatever the host has of it. */
  over?(run: string): boolean
  heard(host: string, said: Unlocked): void
}

/** What became of a lock, and whose it is or was. */
export interface Unlocked {
  readonly word: 'none' | 'other' | 'held' | 'left' | 'removed' | 'refused'
  readonly run: string
  readonly holder: string
  readonly owner: string
}

/** Takes the lock of a host away. */
export class HostUnlock implements Locking {
  readonly #unlock: Unlock
  readonly orEnd = 'unset _sw; set --; '
  #over = ''

  constructor(unlock: Unlock) {
    this.#unlock = unlock
  }

  taking(token: string): string {
    return inFront(unlocking(this.#unlock, this.#over), token)
  }

  heard(said: string, { name }: Link): Promise<boolean> {
    const [word = '', run = '', holder = '', owner = ''] = said.split('\t')
    if (word === 'held' && run !== this.#over && this.#unlock.over?.(run) === true) {
      this.#over = run
      return Promise.resolve(false)
    }
    this.#unlock.heard(name, { word: word as Unlocked['word'], run, holder, owner })
    return Promise.resolve(true)
  }
}

/** The lock of one host, for as long as the run. */
export class HostLock implements Locking {
  readonly #claim: Claim
  #refused: Locked | undefined
  #clearing: Promise<void> | undefined
  #going: Promise<void> | undefined
  #waits = 0
  #over = ''
  #file: string | undefined
  #last: Worker | undefined
  #own = false
  readonly #pause: (milliseconds: number) => Promise<void>
  /** Who took it, and so may take it away: whose it is, where that is known. */
  taken: { readonly become: Become | undefined; readonly gate: Gate } | undefined

  constructor(claim: Claim, pause: (milliseconds: number) => Promise<void>) {
    this.#claim = claim
    this.#pause = pause
  }

  get run(): string {
    return this.#claim.run
  }

  taking(token: string, job: boolean): string {
    const { run, holder } = this.#claim
    const ours = {
      run: quote(run),
      holder: quote(oneLine(holder)),
      temporary: `/tmp/.switchover-${token}`,
      job,
      over: this.#over,
    }
    return inFront(sweeping + take(ours), token)
  }

  readonly orEnd = 'case $_sw in taken*|unlocked*|dead*) unset _sw; set --;; *) exit 0;; esac; '

  async heard(said: string, link: Link, become: Become | undefined, gate: Gate): Promise<boolean> {
    if (this.#refused !== undefined) throw this.#refused
    const [word = '', ...rest] = said.split(' ')
    const [about = '', holder = '', run = '', over = ''] = rest.join(' ').split('\t')
    switch (word) {
      case 'taken':
        if (this.#file === undefined && run !== '') {
          this.#last = { run, holder }
          this.#claim.followed(link.name, this.#last)
        }
        // Of several users that ask at once one has made it: in /tmp nobody else takes it away.
        if (over === 'own' && !this.#own) [this.#own, this.taken] = [true, { become, gate }]
        this.taken ??= { become, gate }
        // What a host says is data: only what we would have named so is removed by that name.
        if (/^\/tmp\/\.switchover-lock-[\w.-]*$/.test(about)) this.#file = about
        return true
      case 'unlocked':
        if (this.taken === undefined)
          this.#claim.warn(`${link.name} cannot be locked, and others may work there: ${about}`)
        this.taken ??= { become, gate }
        return true
      case 'dead':
        if (this.taken === undefined) {
          const whose = holder || 'a run that has ended'
          this.#claim.warn(
            `${link.name} cannot be locked yet, and others may work there: the lock of ${whose} is ${about}'s ` +
              `(become ${about} to remove it: ${this.#claim.unlock(link.name, run)} -b)`,
          )
        }
        this.taken ??= { become, gate }
        return true
      case 'left':
        await (this.#clearing ??= this.#clear(about.trim().split(' ').map(Number), holder, link, become, gate))
        return false
      default: {
        // What was asked before another of our shells had waited long enough is asked again.
        if (over !== run && this.#claim.over?.(run) === true) {
          if (this.#over !== run) await (this.#going ??= this.#wait(link, holder, run))
          return false
        }
        const owner = about === 'root' || about === '' ? '' : ` (the lock is ${about}'s)`
        this.#refused = new Locked(
          `${link.name} is locked by ${holder || 'another run'}${owner}`,
          `wait until it has ended; when it is known to have ended: ${this.#claim.unlock(link.name, run)}`,
        )
        this.#claim.refused(this.#refused)
        throw this.#refused
      }
    }
  }

  /** A run that has ended goes by itself as a rule; where it does not, its connection leads nowhere any more. */
  async #wait({ name }: Link, holder: string, run: string) {
    if (this.#waits++ === 0)
      this.#claim.warn(`${name}: ${holder} has ended, and its connection not yet: waiting for it`)
    await this.#pause(goingFor / goingAsked)
    if (this.#waits >= goingAsked) this.#over = run
    this.#going = undefined
  }

  /** What a run that was killed left behind there ends before anything else begins. */
  async #clear(pids: readonly number[], holder: string, link: Link, become: Become | undefined, gate: Gate) {
    const warn = (what: string) =>
      this.#claim.warn(`${link.name}: ${holder} was killed and left a command behind; ${what}`)
    warn(`waiting for it for ${patience} s`)
    const { program } = await startAs(link, become, gate, waiting(pids), { urgent: true })
    program.stdout.resume()
    program.stderr.resume()
    const code = await program.exited
    program.close()
    if (code === 0) return warn('it has ended')
    const failures = await Promise.all(pids.map((pid) => endTree(link, become, gate, pid)))
    const failed = failures.find((why) => why !== undefined)
    if (failed === undefined) return warn('it was ended')
    throw new Locked(
      `${link.name}: ${holder} was killed and left a command behind that cannot be ended: ${failed}`,
      `end it there: kill ${pids.join(' ')}`,
    )
  }

  /**
   * What takes the lock away, and leaves a line in the host's log of who was there and how that ended. Of a run that is
   * still to be gone on with it becomes the mark of who was the last here, and then of each run that follows.
   */
  release(ending: string | undefined): string | undefined {
    const { run, holder, logs, own } = this.#claim
    const mark = this.#file?.replace('-lock-', '-last-')
    const unfinished = ending !== 'ok' || (this.#last !== undefined && !own(this.#last.run))
    const away = unfinished ? marking(this.#file!, mark!) : `rm -f ${this.#file}${this.#last ? ` ${mark}` : ''}`
    const gone = this.#file && `read -r r <${this.#file} && [ "$r" = ${quote(run)} ] && { ${away}; }\n`
    const line = quote(oneLine(`${holder}: ${ending}`))
    const told = `command -v logger >/dev/null && logger -t switchover -- ${line} </dev/null >/dev/null 2>&1\n`
    return gone && (logs === true && ending !== undefined ? gone + told : gone)
  }
}

/** Milliseconds that the connection of a run which has ended may still be there, and how often it is looked at. */
const goingFor = 5000
const goingAsked = 10

/** Seconds that a command which nobody waits for any more may still take. */
const patience = 20

const waiting = (pids: readonly number[]): string =>
  `for i in ${Array.from({ length: patience }, (_, i) => i).join(' ')}; do
  alive=; for p in ${pids.join(' ')}; do kill -0 $p 2>/dev/null && alive=1; done
  [ -n "$alive" ] || exit 0; sleep 1; done; exit 1`

// The place is the port at which the host's own sshd was reached, or the name of a host with another connection: $1.
// A lock is a file of three lines (run, holder, boot), and one for each process: the connection (c) and what works (w).
const words = `k=\${1##* }; case $k in *[!0-9A-Za-z._-]*) k=;; esac
l=/tmp/.switchover-lock-$k m=/tmp/.switchover-last-$k b=
{ read -r b </proc/sys/kernel/random/boot_id; } 2>/dev/null
begun() {
  r=; [ -n "$1" ] && { read -r r </proc/$1/stat; } 2>/dev/null || return 1
  r=\${r##*) }; set -- $r; r=\${20}
  # What has ended stays in the table until its parent takes notice, where it has one that does.
  case $1 in [ZX]) return 1;; esac
}
ours() { [ -f "$l" ] && [ ! -h "$l" ] && [ -r "$l" ] && read -r r <"$l" && [ "$r" = "$run" ]; }
look() {
  was= who= c= cs= w=
  [ -f "$l" ] && [ ! -h "$l" ] && [ -r "$l" ] || return
  { read -r was; read -r who; read -r boot; while read -r kind pid since; do
    case $kind$pid in c*[!0-9]*|w*[!0-9]*) continue;; esac
    [ "$kind" = c ] && cs=1
    [ "$boot" = "$b" ] && begun $pid && [ "$r" = "$since" ] || continue
    [ "$kind" = c ] && c=$pid || w="$w $pid"
  done; } <"$l"
}
last() { lr= lw=; [ -f "$m" ] && [ ! -h "$m" ] && [ -r "$m" ] && { read -r lr; read -r lw; } <"$m"; :; }
owner() { ls -ld "$l" 2>/dev/null | { read -r a d o z; echo "$o"; }; }
alive() {
  # What cannot be read may be anybody's; a file without a word in it is nobody's.
  [ -n "$was" ] || { [ ! -f "$l" ] || [ -h "$l" ] || [ ! -r "$l" ] || [ -s "$l" ]; return; }
  [ "$was" != "$over" ] || return 1
  # Who cannot see the processes of others cannot tell.
  begun 1 || [ -O "$l" ] || return 0
  [ -n "$c" ] || { [ -z "$cs" ] && [ -n "$w" ]; }
}
`

/** Takes the lock, or says who has it. Never follows what somebody planted: a link into place is made or is not. */
const take = (of: {
  run: string
  holder: string
  temporary: string
  job: boolean
  over: string
}): string => `run=${of.run} over=${quote(of.over)}
${words}
held() { printf 'held %s\\t%s\\t%s\\t%s\\n' "$(owner)" "$who" "$was" "$over"; }
connection() {
  p=$PPID; [ "$p" -gt 1 ] || return
  for i in 1 2 3 4 5 6; do
    { read -r r </proc/$p/stat; } 2>/dev/null || return
    case $r in *'(sshd'*) begun $p && echo "c $p $r"; return;; esac
    set -- \${r##*) }; p=$2; [ "$p" -gt 1 ] || return
  done
}
taken() { last; o=; [ ! -O "$l" ] || o=own; printf 'taken %s\\t%s\\t%s\\t%s\\n' "$l" "$lw" "$lr" "$o"; exit; }
me() { ${of.job ? ':' : 'begun $$ && echo "w $$ $r"'}; }
# Nobody hears what a shell says that began when its connection was gone already.
(trap '' PIPE; echo >&2) || exit
# After a restart of the host its processes are others.
ours && { read -r r; read -r r; read -r r; } <"$l" && [ "$r" != "$b" ] && rm -f "$l"
# Each shell of a run stands in its lock: what one leaves behind is known by that.
join() {
  if [ -O "$l" ]; then { connection; me; } >>"$l"
  else { connection; me; } | dd of="$l" conv=notrunc,nocreat oflag=append; fi 2>/dev/null
  taken
}
ours && join
t=${of.temporary}
# In one write, of which the shell tells how it went.
own=$(connection; me)
why=$( { (umask 022; set -C; printf '%s\\n' "$run" ${of.holder} "$b" "$own" >$t); } 2>&1) &&
  read -r r <$t && [ "$r" = "$run" ] || {
  rm -f $t; why=\${why##*: }
  case $why in I/O*) why='nothing can be written to its /tmp, which may be full';; esac
  echo "unlocked $why"; exit; }
for turn in 1 2 3 4 5; do
  why=$(ln $t "$l" 2>&1) && { rm -f $t; taken; }
  # Taken away meanwhile, by the run that had it or by who found it dead: the next turn takes it.
  [ -e "$l" ] || [ -h "$l" ] || continue
  look
  # Another shell of this run was quicker.
  ours && { rm -f $t; join; }
  alive && { rm -f $t; held; exit; }
  [ -z "$w" ] || { rm -f $t; printf 'left%s\\t%s\\n' "$w" "$who"; exit; }
  # Moved away first: of two that find it dead, only one may clear it.
  # In /tmp only the owner may: until a task acts as the owner, the lock of a run that has ended stays.
  mv "$l" $t.dead 2>/dev/null || {
    o=$(owner); [ -n "$o" ] || continue
    rm -f $t; [ -f "$l" ] && [ ! -h "$l" ] && printf 'dead %s\\t%s\\t%s\\n' "$o" "$who" "$was" || held; exit; }
  read -r r <$t.dead; if [ "$r" = "$was" ]; then ${marking('$t.dead', '"$m"')}; else ln $t.dead "$l"; rm -f $t.dead; fi
done
rm -f $t; [ -e "$l" ] || [ -h "$l" ] || { echo "unlocked $why"; exit; }
look; held`

const unlocking = ({ run, force }: Unlock, over: string): string => `over=${quote(over)}
${words}
[ -e "$l" ] || [ -h "$l" ] || { echo none; exit; }
look
say() { printf '%s\\t%s\\t%s\\t%s\\n' "$1" "$was" "$who" "$(owner)"; exit; }
${run === undefined ? '' : `case $was in ${quote(run)}*) ;; *) say other;; esac`}
${force ? '' : 'alive && say held'}
[ -z "$w" ] || ${force ? ':' : 'say left'}
o=$(owner); { ${marking('"$l"', '"$m"')}; } 2>/dev/null && say removed; say refused`

// Never into a folder that somebody made a link to: where mv knows no -T, there is no mark.
const marking = (lock: string, mark: string): string => `mv -fT ${lock} ${mark} 2>/dev/null || rm -f ${lock}`

function inFront(script: string, token: string): string {
  return `_sw=$(eval ${quote(script)}); printf '${token}L%s\\n' "$_sw" >&2; `
}

const oneLine = (text: string): string => text.replaceAll(/[\t\n\r\0]+/g, ' ')
