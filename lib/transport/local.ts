import { connect as dialTcp } from 'node:net'
import { userInfo } from 'node:os'
import type { Duplex } from 'node:stream'
import { Unreachable } from '../model/operation.ts'
import { programOf, refusalOf } from './child.ts'
import { nobodyThere, over } from './failure.ts'
import { usualPatience } from './patience.ts'
import type { Link, Program } from './program.ts'

/** The way to this machine: child processes, which zx starts. */
export function localLink(name: string): Link {
  const running = new Set<Program>()
  let closed = false
  return {
    name,
    user: userInfo().username,
    crowd: false,
    place: undefined,
    patience: usualPatience,
    terminals: false,
    // Its socket is in the environment already.
    agent: false,
    get lost() {
      return closed
    },
    async start(command) {
      if (closed) throw new Unreachable(`the connection to ${name} is closed: the run has ended`, over)
      const program = await startLocal(command)
      running.add(program)
      void program.closed.then(() => running.delete(program))
      return program
    },
    dial: (port, address) => dialFrom(name, port, address),
    async close() {
      closed = true
      for (const program of running) program.close()
    },
  }
}

async function startLocal(command: string): Promise<Program> {
  const { $ } = await import('zx')
  // zx keeps all that it reads of 1 and 2 in memory and reads as fast as it can; 3, 4 and 5 are left to us.
  const local = $({
    shell: '/bin/sh',
    prefix: '',
    postfix: '',
    quiet: true,
    nothrow: true,
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  })
  const started = local([`exec <&3 >&4 2>&5 3<&- 4>&- 5>&-; ${command}`] as unknown as TemplateStringsArray)
  const child = started.child
  if (child === undefined) throw new Unreachable('cannot start /bin/sh on this machine', roomForShell)
  const streams = child.stdio as unknown as (Duplex | null)[]
  const [, , , stdin, stdout, stderr] = streams
  if (!stdin || !stdout || !stderr) {
    throw new Unreachable('cannot start /bin/sh on this machine', roomForShell)
  }
  return programOf(child, stdin, stdout, stderr)
}

const roomForShell = 'see that it is there and that there is room for a process: ls -l /bin/sh; ulimit -u'

function dialFrom(name: string, port: number, address: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = dialTcp({ port, host: address, noDelay: true })
    const refused = (error: Error): void => {
      reject(nobodyThere(name, address, port, refusalOf(error)))
    }
    socket.once('error', refused)
    socket.once('connect', () => {
      socket.off('error', refused)
      resolve(socket)
    })
  })
}
