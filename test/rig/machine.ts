import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer as httpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { Secret } from '../../lib/index.ts'
import { writing } from '../../lib/kit/writing.ts'
import type { CommandResult, Connection, ExecOptions, Stream } from '../../lib/model/operation.ts'
import type { Session } from '../../lib/model/transport.ts'
import { emptyDirectory } from './here.ts'

/** What a program answers, on stderr when its code is not 0; `itself` lets the real one of this machine do it. */
export type Said = { readonly code?: number; readonly out?: string } | 'itself'
/** A program of a machine: it gets its arguments, and its standard input when it is one that reads it. */
export type Program = (args: readonly string[], input: string) => Said

export interface MachineOptions {
  readonly programs: Readonly<Record<string, Program>>
  /** Programs that read their standard input. */
  readonly reading?: readonly string[]
  /** The status that a port answers a request over HTTP with, or what is behind it. */
  serve(port: number): number | ((socket: Duplex) => void)
}

/**
 * A host that is a folder and a shell of this machine. Scripts really run, under /bin/sh, with the folder in the place of
 * /etc, /var, /root and /dev/cinder; the programs that a test names are its own functions. So a test sees what is typed
 * on a host whatever script it stands in, and needs neither root nor the programs. Time passes by sleeping alone.
 */
export class Machine {
  readonly name: string
  readonly root: string
  readonly #options: MachineOptions
  readonly #programs: Readonly<Record<string, Program>>
  readonly #http: HttpServer
  #uptime = 100
  #calls: Promise<Server> | undefined

  constructor(name: string, options: MachineOptions) {
    this.name = name
    this.root = join(emptyDirectory(), name)
    this.#options = options
    for (const folder of ['etc', 'var/log', 'var/lib', 'root', 'dev/cinder', 'proc', 'bin'])
      mkdirSync(join(this.root, folder), { recursive: true })
    this.#programs = { sleep: ([seconds]) => this.#sleep(Number(seconds)), ...options.programs }
    this.#sleep(0)
    const bin = join(this.root, 'bin')
    writeFileSync(join(bin, '.call'), caller)
    chmodSync(join(bin, '.call'), 0o755)
    for (const program of Object.keys(this.#programs)) symlinkSync('.call', join(bin, program))
    this.#http = httpServer((request, response) => {
      const status = options.serve(Number(request.headers['host']?.split(':')[1] ?? 80))
      response.writeHead(typeof status === 'number' ? status : 500).end()
    })
  }

  /** A file of the host. */
  path(path: string): string {
    return join(this.root, path)
  }

  /** A text with the host's own paths where the folder's stand. */
  shown(text: string): string {
    return text.replaceAll(this.root, '')
  }

  async stop(): Promise<void> {
    ;(await this.#calls)?.close()
  }

  connection(session: Session, peer: (name: string) => Connection): Connection {
    return {
      host: { name: this.name },
      exec: (script, options) => this.#exec(script, options),
      stream: (script) => this.#stream(script),
      dial: async (port) => this.#dial(port),
      peer: async (host) => peer(typeof host === 'string' ? host : host.name),
      progress: (text) => session.progress?.(text),
      read: (path) => readFile(this.path(path)).catch(() => undefined),
      write: async (path, content, meta = {}) => {
        const { code, stderr } = await this.#exec(writing(path, meta), { stdin: content })
        if (code !== 0) throw new Error(`cannot write ${path}: ${stderr}`)
      },
    }
  }

  async #start(script: string) {
    const port = ((await this.#listening()).address() as AddressInfo).port
    const env = {
      PATH: `${this.path('bin')}:/usr/bin:/bin`,
      REAL_PATH: '/usr/bin:/bin',
      HOME: this.path('root'),
      LANG: 'C.UTF-8',
      CALL_PORT: String(port),
      READING: ` ${(this.#options.reading ?? []).join(' ')} `,
    }
    const inside = script.replaceAll(
      /(?<![\w.\-/}])\/(?=(?:etc|var|root|dev\/cinder|proc\/uptime)(?![\w-]))/g,
      `${this.root}/`,
    )
    return spawn('/bin/sh', ['-c', inside], { env, cwd: '/', detached: true })
  }

  async #exec(script: string, { stdin, encoding }: ExecOptions = {}): Promise<CommandResult> {
    const child = await this.#start(script)
    return new Promise((resolve, reject) => {
      const [out, err]: [Buffer[], Buffer[]] = [[], []]
      child.stdout.on('data', (part: Buffer) => out.push(part))
      child.stderr.on('data', (part: Buffer) => err.push(part))
      child.on('error', reject)
      child.on('close', (code) =>
        resolve({
          code: code ?? 255,
          stdout: this.shown(Buffer.concat(out).toString(encoding)),
          stderr: this.shown(Buffer.concat(err).toString()),
        }),
      )
      // A script that ends without reading its input is no error.
      child.stdin.on('error', () => {})
      child.stdin.end(stdin instanceof Secret ? stdin.reveal() : stdin)
    })
  }

  async #stream(script: string): Promise<Stream> {
    const child = await this.#start(script)
    let stderr = ''
    child.stderr.on('data', (part) => {
      stderr += String(part)
    })
    child.stdin.on('error', () => {})
    const ended = new Promise<{ code: number; stderr: string }>((resolve) =>
      child.on('close', (code) => resolve({ code: code ?? 255, stderr })),
    )
    return { stdin: child.stdin, stdout: child.stdout, ended, kill: () => void child.kill('SIGKILL') }
  }

  async #dial(port: number): Promise<Duplex> {
    const behind = this.#options.serve(port)
    const [near, far] = await ends()
    if (typeof behind === 'number') this.#http.emit('connection', far)
    else behind(far)
    return near
  }

  #sleep(seconds: number): Said {
    this.#uptime += seconds
    writeFileSync(this.path('proc/uptime'), `${this.#uptime.toFixed(2)} 0.00\n`)
    return {}
  }

  /** Where the programs ask what to say. */
  #listening(): Promise<Server> {
    this.#calls ??= new Promise((resolve) => {
      const server = createServer((socket) => this.#called(socket))
      server.listen(0, '127.0.0.1', () => resolve(server.unref()))
    })
    return this.#calls
  }

  #called(socket: Socket): void {
    let asked = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (part) => {
      asked = Buffer.concat([asked, part])
      const [count, name, ...rest] = asked.toString().split('\0')
      // The last word is followed by a zero too.
      if (name === undefined || rest.length < Number(count) + 2) return
      const args = rest.slice(0, Number(count)).map((word) => this.shown(word))
      const said = failing(() => this.#programs[name]!(args, rest[Number(count)]!))
      socket.end(said === 'itself' ? 'itself\n' : `${said.code ?? 0}\n${said.out ?? ''}`)
    })
  }
}

function failing(program: () => Said): Said {
  try {
    return program()
  } catch (error) {
    return { code: 1, out: String(error) }
  }
}

// Bash, for its sockets: one small process for each program that is called.
const caller = `#!/bin/bash
name=\${0##*/} input=
case $READING in *" $name "*) input=$(cat) ;; esac
exec 3<>/dev/tcp/127.0.0.1/$CALL_PORT || exit 99
printf '%s\\0' $# "$name" "$@" "$input" >&3
IFS= read -r code <&3
if [ "$code" = itself ]; then PATH=$REAL_PATH exec "$name" "$@"; fi
if [ "$code" = 0 ]; then PATH=$REAL_PATH cat <&3; else PATH=$REAL_PATH cat <&3 >&2; fi
exit "$code"
`

/** Both ends of a connection. */
async function ends(): Promise<readonly [near: Socket, far: Socket]> {
  const door = createServer().listen(0, '127.0.0.1')
  await once(door, 'listening')
  const near = connect((door.address() as AddressInfo).port, '127.0.0.1')
  const [far] = (await once(door, 'connection')) as [Socket]
  door.close()
  return [near, far]
}
