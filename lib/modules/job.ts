import { type OptionNames, refuseUnknown } from '../model/option-names.ts'
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, perform } from '../kit/command.ts'
import { refuse } from '../kit/refusal.ts'
import { sh, type Word } from '../kit/shell.ts'
import { Advice, operation, output, type Operation, type Reader } from '../model/operation.ts'
import { type CommandOptions, commandOf, type Ran, scriptOf } from './command.ts'
import { steadyNow } from '../model/steady-time.ts'

/** How a job is run. */
export interface JobOptions extends Pick<CommandOptions, 'stdin' | 'cwd' | 'env'> {
  /** Seconds that it may take: what runs longer is ended, and counts as failed. */
  readonly async: number
}

const jobNames: OptionNames<JobOptions> = { stdin: true, cwd: true, env: true, async: true }

/** How a job is waited for and judged. */
export interface FinishedOptions {
  /** Seconds between two looks; 5 unless said. */
  readonly poll?: number
  /** Exit codes that are no failure; only 0 unless said. */
  readonly allow?: readonly number[]
}

const finishedNames: OptionNames<FinishedOptions> = { poll: true, allow: true }

/** A job that runs, or has run and waits for whoever comes for its result. */
export type Started = { readonly name: string }

/**
 * Starts a shell command and leaves it to itself: it goes on when its task, its connection and its run are over, and
 * `job.finished` waits for it by its name. Several run side by side. One of that name that was started with the same
 * command, and that nobody has waited for, is left as it is; never started in check mode. Values are quoted as in
 * `shell`.
 *
 * ```ts
 * task('Start the images', job.started('images', { async: 3600 })`rebuild-images --all`)
 * task('Start the volumes', job.started('volumes', { async: 3600 })`rebuild-volumes --all`)
 * task('Wait for the images', job.finished('images', { poll: 10 }))
 * task('Wait for the volumes', job.finished('volumes', { poll: 10 }))
 * ```
 * @throws Advice where another command runs under that name
 */
export function started(
  name: string,
  options: JobOptions,
): (strings: TemplateStringsArray, ...values: readonly Word[]) => Operation<Started> {
  named('started', name)
  refuseUnknown('job.started', options, jobNames)
  if (!(options.async > 0))
    throw new Advice(
      `job.started ${name}: async is the seconds that it may take, above 0`,
      'give async: 3600 for an hour',
    )
  return (strings, ...values) => starting({ name, script: scriptOf('job.started', strings, values), options })
}

/**
 * Waits for a job that `job.started` has started, in this run or an earlier one, by the same user; gives what it wrote
 * (the last MiB) and how it ended. Never counts as changed; check mode does not wait.
 *
 * ```ts
 * const { stdout } = await host.run(job.finished('images', { poll: 10 }))
 * ```
 * @throws Advice when it has failed, took longer than it may, was ended by somebody else, or was never started
 */
export function finished(name: string, options: FinishedOptions = {}): Operation<Ran> {
  refuseUnknown('job.finished', options, finishedNames)
  return finishing({ name: named('finished', name), options })
}

function named(word: string, name: string): string {
  if (/^\w[\w.-]{0,99}$/.test(name)) return name
  throw new Advice(
    `job.${word}: ${JSON.stringify(name)} is no name of a job: letters, digits, _, . and - make one`,
    'write - for a blank',
  )
}

interface Starting {
  readonly name: string
  readonly script: string
  readonly options: JobOptions
}

const starting = operation<Starting, Found, Command, Started>(({ name }) => `job.started ${name}`, {
  read: (connection, { name }) => find(connection, name),
  plan({ state, sum, taken }, { name, script, options }) {
    const { async: seconds, ...others } = options
    const command = commandOf({ script, options: others })
    const mine = sumOf(command)
    const waits = state === 'running' || (!taken && (state === 'ended' || state === 'late'))
    if (sum === mine && waits) return { result: { name } }
    if (state === 'running')
      throw new Advice(
        `another command runs as the job ${name}`,
        `wait for it with job.finished('${name}'), or give this one another name`,
      )
    return {
      result: { name },
      unpredictable: true,
      change: { ...command, script: start(name, mine, seconds, command.script), shown: script },
    }
  },
  apply: async (connection, command, { name }) => {
    await perform(connection, command)
    return { name }
  },
})

const finishing = operation<
  { readonly name: string; readonly options: FinishedOptions },
  Found,
  { readonly poll: number; readonly allow: readonly number[] },
  Ran
>(({ name }) => `job.finished ${name}`, {
  read: (connection, { name }) => find(connection, name),
  // Whether it is there is for the real run to say: a look may run ahead of what starts it.
  plan: (_found, { options: { poll = 5, allow = [0] } }) => ({
    result: { code: 0, stdout: '', stderr: '' },
    change: { poll, allow },
    unpredictable: true,
    waits: true,
    replaces: [],
  }),
  async apply(connection, { poll, allow }, { name }) {
    const begun = steadyNow()
    for (;;) {
      // Waited for over there: whoever ends the run ends the wait, and the end of the job is seen within a second.
      const { state } = await find(connection, name, Math.floor(poll))
      if (state !== 'running') return await resultOf(connection, name, state, allow)
      connection.progress(`waiting for ${Math.round((steadyNow() - begun) / 1000)} s: the job ${name} runs`)
      if (poll < 1) await sleep(poll * 1000)
    }
  },
  judge: () => false,
})

/** The result of a job that is over; it counts as taken from then on, and can still be had. */
async function resultOf(connection: Reader, name: string, state: State, allow: readonly number[]): Promise<Ran> {
  const again = 'see why, then begin again at the task that starts it: --start-at-task'
  if (state === 'none')
    throw new Advice(
      `no job ${name} of this user was started on ${connection.host.name}`,
      `start it first, as the same user: job.started('${name}', { async: 3600 })`,
    )
  const { code, stdout, stderr } = await connection.exec(`${at(name)}
for f in out err; do cat "$d/$f.old" "$d/$f" 2>/dev/null | tail -c ${most} >&$([ $f = err ] && echo 2 || echo 1); done
: >"$d/taken"; [ -e "$d/code" ] || exit 0; read -r x <"$d/code" && exit $x`)
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-20).join('\n')
  const words = said === '' ? '' : `: ${said}`
  if (state === 'lost') throw new Advice(`the job ${name} was ended by somebody else, or with its host${words}`, again)
  if (state === 'late')
    throw new Advice(
      `the job ${name} took longer than it may, and was ended${words}`,
      'give it more seconds (async), then begin again at the task that starts it: --start-at-task',
    )
  if (!allow.includes(code)) throw new Advice(`the job ${name} failed with exit code ${code}${words}`, again)
  return { code, stdout, stderr }
}

/** late: it was ended because it took too long. lost: it ended without a code. */
type State = 'none' | 'running' | 'ended' | 'late' | 'lost'

interface Found {
  readonly state: State
  /** Of its command. */
  readonly sum: string
  /** Somebody has waited for it. */
  readonly taken: boolean
}

/** Looks, for so many seconds as long as it runs. */
async function find(connection: Reader, name: string, seconds = 0): Promise<Found> {
  const said = await output(
    connection,
    `${at(name)}
${status}
status; i=0
while [ $s = running ] && [ $i -lt ${seconds} ]; do sleep 1; i=$((i + 1)); status; done
echo "$s $k $([ ! -e "$d/taken" ] || echo taken)"`,
    { tidy: true },
  )
  const [state = 'none', sum = '', taken] = said.trim().split(' ')
  return { state: state as State, sum, taken: taken !== undefined }
}

// What is secret comes on its stdin, and a sum of it could be guessed from.
const sumOf = ({ script }: Command): string => createHash('sha256').update(script).digest('hex').slice(0, 32)

// Only who owns the folder may write there; one that somebody else planted is not used.
const at = (name: string) => `b=/tmp/.switchover-jobs-$(id -u) d=; d=$b/async.${name}`

// A process is the one that was started when it began at the same moment, and is not over.
const status = `since() {
  r=; { read -r r </proc/$1/stat; } 2>/dev/null || return 1
  r=\${r##*) }; set -- $r; [ "$1" != Z ] && r=\${20}
}
status() {
  s=none k=-
  [ -d "$b" ] && [ ! -h "$b" ] && [ -O "$b" ] && [ -d "$d" ] || return 0
  { read -r k <"$d/sum"; } 2>/dev/null
  p= q=; { read -r p q <"$d/pid"; } 2>/dev/null
  if [ -n "$p" ] && since $p && [ "$r" = "$q" ] && [ ! -e "$d/code" ]; then s=running
  elif [ -e "$d/late" ]; then s=late
  elif [ -e "$d/code" ]; then s=ended
  else s=lost; fi
}`

// Bytes of what it writes that are kept: those before are dropped when they are many times as many.
const most = 1048576

/** The script that starts one, in a session of its own; results that were taken a day ago are removed. */
const start = (name: string, sum: string, seconds: number, script: string) => `${refuse}
${at(name)}
${status}
m=$(mkdir -m 700 "$b" 2>&1)
[ -d "$b" ] || [ -h "$b" ] || refuse "no job can be kept on the host: $m" 'see what /tmp is there: df /tmp; ls -ld /tmp'
[ -d "$b" ] && [ ! -h "$b" ] && [ -O "$b" ] || refuse "$b is not ours" "see who made it, and remove it"
for o in "$b"/async.*; do [ -z "$(find "$o/taken" -mtime +0 2>/dev/null)" ] || rm -rf "$o"; done
status; [ $s != running ] || refuse 'the job ${name} was started meanwhile' 'run the task again'
w=$(pwd) m=$(umask); umask 077
rm -rf "$d"; mkdir "$d" && cd "$d" && cat >in && mkfifo up || exit
${sh`printf '%s\n' ${sum}`} >sum; : >out; : >err
${sh`printf '%s' ${script}`} >run
setsid sh -c ${sh`${supervising}`} job "$d" "$w" "$m" ${Math.floor(seconds)} ${seconds % 1} </dev/null >/dev/null 2>&1 &
read -r up <up && rm up`

// It and what watches the time have sessions of their own, so that each ends with all that it has started.
const supervising = `trap '' HUP
d=$1 w=$2 m=$3 n=$4 part=$5
cd "$d" || exit
read -r r <"/proc/$$/stat"; r=\${r##*) }
echo "$$ $(set -- $r; echo "\${20}")" >pid
exec 3<in; rm in
(umask "$m"; cd "$w"; exec setsid sh "$d/run") <&3 >>out 2>>err & g=$!
exec 3<&-
setsid sh -c '
i=0; sleep "$3"
while [ $i -lt "$1" ]; do
  s=$(($1 - i)); [ $s -le 5 ] || s=5
  sleep $s; i=$((i + s))
  for f in out err; do
    [ $(wc -c <$f) -le ${64 * most} ] || { tail -c ${most} $f >$f.part && mv $f.part $f.old && : >$f; }
  done
done
echo "$1" >late; kill -TERM -"$2"; sleep 2; kill -KILL -"$2"' watch "$n" "$g" "$part" & t=$!
echo up >up
wait $g; x=$?
[ -e late ] || kill -TERM -$t || kill -TERM $t
echo $x >.code; mv .code code`
