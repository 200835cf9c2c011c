import { isAscii } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { CommandFailed, TimedOut, Unreachable } from '../model/operation.ts'
import { type InRow, NotBegun } from '../model/transport.ts'
import { brief, quote } from '../kit/shell.ts'
import { lost, over } from './failure.ts'
import type { Program } from './program.ts'
import { Collected } from './output.ts'

/** One script for a shell, with what it gets to read. */
export interface Request {
  readonly script: string
  readonly stdin?: Buffer
  /** It leaves nothing running behind. */
  readonly tidy?: boolean
  /** Seconds, counted from when nothing stands before it. */
  readonly timeout?: number
  readonly signal?: AbortSignal
  /** The row that it stands in. */
  readonly row?: InRow
  /** How many bytes of each output are kept. */
  readonly keep: number
}

/** What a script gave, as bytes: only the caller knows whether they are text. */
export interface Raw {
  readonly code: number
  readonly stdout: Collected
  readonly stderr: Collected
}

/** What can be done to a shell from outside of it. */
interface Ways {
  /** Ends it and everything below it, and says why when it cannot. */
  end(): Promise<string | undefined>
  /** Has it begin nothing more that stands in a row. */
  halt(): Promise<void>
}

interface Pending {
  readonly number: number
  readonly request: Request
  readonly stdout: Collected
  readonly stderr: Collected
  begun: boolean
  stopping: boolean
  /** It is stopping, and that is not said before it is known whether it had begun. */
  waits: boolean
  outputsDone: number
  code: number
  timer: NodeJS.Timeout | undefined
  abort: (() => void) | undefined
  resolve(result: Raw): void
  reject(error: Error): void
}

/**
 * A long-lived `sh` that takes scripts without waiting for the answers of those before. Every answer stands between
 * two marks, on both outputs, that no script can know.
 */
export class Shell {
  readonly #program: Program
  readonly #name: string
  readonly #token = randomBytes(16).toString('hex')
  readonly #ways: Ways
  #heedsStop = false
  readonly #queue: Pending[] = []
  #count = 0
  #retired = false
  #dead = false
  #ending = false
  /** Called when it has nothing to do, or has died. */
  changed: (() => void) | undefined

  constructor(name: string, program: Program, ways: Ways) {
    this.#name = name
    this.#program = program
    this.#ways = ways
    this.#listen(program.stdout, 'stdout')
    this.#listen(program.stderr, 'stderr')
    program.stdin.on('error', () => undefined)
    // How a script's own shell tells this one that it leaves a job behind, and we that no row is to go on.
    program.stdin.write('trap _sl=1 USR1; trap _sr=halt USR2; _sl= _sr=\n')
    void Promise.race([program.closed, program.exited.then(settle)])
      .then(() => program.exited)
      .then((code) => {
        this.#die(this.#ending ? 'stopped' : (code ?? 'lost'))
      })
  }

  /** Whether it takes new requests. */
  get usable(): boolean {
    return !this.#retired && !this.#dead
  }

  /** How many requests have no answer yet. */
  get load(): number {
    return this.#queue.length
  }

  /** @throws NotBegun, Unreachable, TimedOut, the reason of the signal */
  run(request: Request): Promise<Raw> {
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted === true) return reject(interruption(request.signal))
      const number = ++this.#count
      const pending: Pending = {
        number,
        request,
        resolve,
        reject,
        begun: false,
        stopping: false,
        waits: false,
        outputsDone: 0,
        code: 0,
        timer: undefined,
        abort: undefined,
        stdout: new Collected(request.keep),
        stderr: new Collected(request.keep),
      }
      if (request.signal !== undefined) {
        const { signal } = request
        pending.abort = () => {
          void this.#interrupt(pending, interruption(signal))
        }
        signal.addEventListener('abort', pending.abort, { once: true })
      }
      this.#heed(request.row)
      this.#queue.push(pending)
      this.#program.stdin.write(framed(this.#token, number, request))
      if (this.#queue.length === 1) this.#atHead()
    })
  }

  #heed(row: InRow | undefined): void {
    if (row?.behind !== true || this.#heedsStop) return
    this.#heedsStop = true
    const halt = (): void => {
      if (this.#queue.length > 0 && !this.#dead) void this.#ways.halt()
    }
    if (row.stop.aborted) halt()
    else row.stop.addEventListener('abort', halt, { once: true })
  }

  /** Takes no new request, and ends when the last answer is there. */
  retire(): void {
    this.#retired = true
    if (this.#queue.length === 0) this.#close()
  }

  /** Ends with all that runs in it: nobody waits for that any more. */
  async end(): Promise<void> {
    this.#retired = true
    this.#ending = true
    if (!this.#dead) await this.#ways.end()
    this.#die('stopped')
  }

  #close(): void {
    this.#program.stdin.end()
    this.#program.close()
  }

  #atHead(): void {
    const head = this.#queue[0]
    if (head === undefined) return
    if (head.stopping) {
      head.waits = false
      const ended = () => head.reject(interruption(head.request.signal!))
      return void this.#stop(head).then(ended)
    }
    const { timeout } = head.request
    if (timeout === undefined) return
    head.timer = setTimeout(() => {
      void this.#interrupt(head, new TimedOut(`timed out after ${timeout} s`))
    }, timeout * 1000)
  }

  async #interrupt(pending: Pending, error: Error): Promise<void> {
    if (!this.#queue.includes(pending) || pending.stopping) return
    pending.stopping = true
    this.#settle(pending)
    this.#retired = true
    if (this.#queue[0] !== pending) {
      // It is in the pipe and cannot be taken back; should its turn come, it is ended then. Of what stands in a row it
      // is to be known whether it had begun.
      pending.waits = pending.request.row?.behind === true
      if (!pending.waits) pending.reject(error)
      return
    }
    const failed = await this.#stop(pending)
    if (failed !== undefined) error.message += `, and it could not be ended: ${failed}`
    pending.reject(error)
  }

  async #stop(pending: Pending): Promise<string | undefined> {
    // Its exit may be heard of before this is: nothing in it has ended it.
    this.#ending = true
    const failed = await this.#ways.end()
    this.#drop(pending)
    this.#die('stopped')
    return failed
  }

  #drop(pending: Pending): void {
    const at = this.#queue.indexOf(pending)
    if (at >= 0) this.#queue.splice(at, 1)
  }

  #settle(pending: Pending): void {
    clearTimeout(pending.timer)
    if (pending.abort !== undefined) pending.request.signal?.removeEventListener('abort', pending.abort)
  }

  #die(how: number | 'lost' | 'stopped'): void {
    if (this.#dead) return
    this.#dead = true
    this.#close()
    for (const pending of this.#queue.splice(0)) {
      this.#settle(pending)
      if (!pending.stopping || pending.waits) pending.reject(this.#fate(pending, how))
    }
    this.changed?.()
  }

  #fate(pending: Pending, how: number | 'lost' | 'stopped'): Error {
    const { begun, request } = pending
    const script = brief(request.script)
    // What was sent over a link that broke may have run; what a shell did not begin before it ended did not.
    if (how === 'lost') return lost(this.#name, ` while running ${script}`)
    if (!begun) return new NotBegun(`the shell on ${this.#name} ended before ${script}`)
    if (how === 'stopped')
      return new Unreachable(`${script} was ended on ${this.#name} together with the command before it`, over)
    // Nobody else knows this shell: the script ended it, and the host is there as before.
    const said = { code: how, stdout: pending.stdout.text(), stderr: pending.stderr.text() }
    return new CommandFailed(request.script, said, `it ended the shell on ${this.#name} that it ran in`)
  }

  #listen(stream: Program['stdout'], kind: 'stdout' | 'stderr'): void {
    const marks = cutter(this.#token, {
      text: (bytes) => {
        this.#text(kind, bytes)
      },
      mark: (word) => {
        this.#mark(kind, word)
      },
    })
    stream.on('data', marks)
    stream.on('error', () => undefined)
  }

  #inside = { stdout: 0, stderr: 0 }

  #text(kind: 'stdout' | 'stderr', bytes: Buffer): void {
    const number = this.#inside[kind]
    const pending = number === 0 ? undefined : this.#queue.find((one) => one.number === number)
    if (pending !== undefined) pending[kind].push(bytes)
    // Something that an earlier script left behind still writes here: the next answer could not be trusted.
    else if (number === 0 && this.#count > 0 && !this.#retired) {
      this.retire()
      this.changed?.()
    }
  }

  #mark(kind: 'stdout' | 'stderr', word: string): void {
    if (word === 'left') {
      this.#retired = true
      this.changed?.()
      return
    }
    const number = Number.parseInt(word.slice(1), 10)
    const pending = this.#queue.find((one) => one.number === number)
    if (word.startsWith('b')) {
      this.#inside[kind] = number
      if (pending !== undefined) pending.begun = true
      return
    }
    this.#inside[kind] = 0
    if (pending === undefined) return
    const skipped = word.startsWith('n')
    if (kind === 'stdout' && !skipped) pending.code = Number(word.split(' ')[1])
    pending.outputsDone++
    if (pending.outputsDone < 2 || (pending.stopping && this.#queue[0] === pending)) return
    this.#drop(pending)
    this.#settle(pending)
    if (skipped) pending.reject(new NotBegun('what stands before it in its row did not go well'))
    else pending.resolve({ code: pending.code, stdout: pending.stdout, stderr: pending.stderr })
    this.#atHead()
    if (this.#queue.length > 0) return
    if (this.#retired) this.#close()
    this.changed?.()
  }
}

// After the exit code, what was written before may still be on its way.
const settle = (): Promise<void> =>
  new Promise((resolve) => {
    // The clock is seen before what came meanwhile.
    setTimeout(() => {
      setImmediate(resolve)
    }, 200).unref()
  })

/** Words by which a script may start something that outlives it and keeps our pipes. */
const leavesSomething = /(^|[^&>|<\\])&(?![&>\d-])|start\b|reload\b|nohup|setsid|daemon|detach|_safe\b/

/** One program by its path, with plain words: it may take the place of the process that would wait for it. */
const oneProgram = /^\/[\w./-]+( [\w.,:=@%+/-]+)*$/

/** The text that makes a shell run a script between its marks. */
export function framed(token: string, number: number, { script, stdin, tidy = false, row }: Request): string {
  const begin = `${token}b${number};`
  const quoted = quote(oneProgram.test(script) ? `exec ${script}` : script)
  const { before, after, document } = feed(`${token}h${number}`, stdin)
  // The output of what may stay behind goes to files that vanish: a daemon must neither write into a later answer
  // nor die of a broken pipe when we leave.
  const aside = !tidy && leavesSomething.test(script)
  const open = aside
    ? '_sw=$(umask 077; mktemp -d /tmp/.switchover.XXXXXXXXXX 2>/dev/null); ' +
      '{ [ -n "$_sw" ] && true >"$_sw/o" && true >"$_sw/e"; } 2>/dev/null ' +
      '&& exec 8<"$_sw/o" 9<"$_sw/e" || { [ -z "$_sw" ] || rm -rf "$_sw"; _sw=; }; '
    : ''
  // Their names are gone before the script begins: nothing is left of them, however it ends.
  const turn = aside ? 'if [ -n "$_sw" ]; then exec >"$_sw/o" 2>"$_sw/e" 8<&- 9<&-; rm -rf "$_sw"; fi; unset _sw; ' : ''
  // A job that no word gave away: this shell answers no more, or what the job still writes would be in the next answer.
  const watch = aside || tidy ? '' : `trap '[ -z "\${!-}" ] || kill -USR1 $$' EXIT; `
  const leave = aside || tidy ? '' : `; [ -z "$_sl" ] || { printf '${token}left;'; exit 0; }`
  const copy = aside ? '_sc=$?; if [ -n "$_sw" ]; then cat <&8; cat <&9 >&2; exec 8<&- 9<&-; fi; ' : ''
  const judge = row
    ? `${aside ? '' : '_sc=$?; '}case $_sc in ${["''", ...row.allow].join('|')}) ;; *) _sr=${row.row};; esac; `
    : ''
  const code = aside || row ? '$_sc' : '$?'
  const line =
    `${open}printf '${begin}'; printf '${begin}' >&2; ${before}( ${turn}${watch}eval ${quoted} ) ${after}; ` +
    `${copy}${judge}printf '${token}e${number} %s;' ${code}; printf '${token}e${number};' >&2` +
    `${aside ? '; unset _sw _sc' : leave}`
  const not = `printf '${token}n${number};'; printf '${token}n${number};' >&2`
  return `${row?.behind ? `case $_sr in halt|${row.row}) ${not};; *) ${line};; esac` : line}\n${document}`
}

/** How a script gets its stdin from the same pipe that the shell itself reads. */
function feed(word: string, stdin: Buffer | undefined): { before: string; after: string; document: string } {
  if (stdin === undefined || stdin.length === 0) return { before: '', after: '</dev/null', document: '' }
  // A here-document is text: it ends with a newline and has no NUL, and old shells stumble over bytes above 127.
  const plain = stdin.at(-1) === 10 && !stdin.includes(0) && isAscii(stdin)
  if (plain) return { before: '', after: `<<'${word}'`, document: `${stdin.toString('latin1')}${word}\n` }
  const lines = stdin.toString('base64').replaceAll(/.{1,76}/g, '$&\n')
  return { before: `base64 -d <<'${word}' | `, after: '', document: `${lines}${word}\n` }
}

/** Cuts a stream of bytes at the marks of a token, wherever its chunks happen to end. */
export function cutter(
  token: string,
  on: { text(bytes: Buffer): void; mark(word: string): void },
): (chunk: Buffer) => void {
  const key = Buffer.from(token)
  let held: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let rest = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    for (;;) {
      const at = rest.indexOf(key)
      if (at < 0) {
        const safe = rest.length - possibleStart(rest, key)
        if (safe > 0) on.text(rest.subarray(0, safe))
        held = rest.subarray(safe)
        return
      }
      if (at > 0) on.text(rest.subarray(0, at))
      const end = rest.indexOf(';', at + key.length)
      if (end < 0) {
        held = rest.subarray(at)
        return
      }
      on.mark(rest.toString('latin1', at + key.length, end))
      rest = rest.subarray(end + 1)
    }
  }
}

/** How many of the last bytes could be the beginning of the key. */
function possibleStart(bytes: Buffer, key: Buffer): number {
  for (let length = Math.min(key.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(key.subarray(0, length))) return length
  }
  return 0
}

/** The reason of an abort, as an error. */
export function interruption(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(`interrupted: ${String(signal.reason)}`)
}
