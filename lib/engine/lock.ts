import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import path from 'node:path'
import type { Host } from '../model/inventory.ts'
import { exit, Refused } from '../model/problem.ts'
import { stateFolder } from '../model/state-folder.ts'
import { program } from '../model/program.ts'

const directory = stateFolder.locks

/** Who holds a host. */
export interface Holder {
  readonly run: string
  readonly pid: number
  /** The machine that the run runs on. */
  readonly machine: string
  readonly user: string
  readonly since: string
  readonly playbook: string
  readonly host: string
  /** When the process began, where the system tells: a pid may belong to another process by now. */
  readonly started?: string
}

/**
 * Takes all hosts for one run, or none. What it gives releases them; `toLook` is what to add to look in spite of a
 * lock. `dead` hears of each run that had left its lock behind.
 * @throws Refused naming who holds one of them
 */
export function lockHosts(
  hosts: readonly Host[],
  run: string,
  playbook: string,
  toLook = '--check',
  dead: (run: string) => void = () => {},
): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const taken: string[] = []
  const release = () => taken.splice(0).forEach((file) => rmSync(file, { force: true }))
  const own = holderOf(run, playbook)
  // In one order for everybody: of two runs that begin at once, one gets all.
  const byFile = new Map(hosts.map((host) => [fileOf(host), host]))
  try {
    for (const [file, host] of [...byFile].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const other = take(file, { ...own, host: host.name }, dead)
      if (other) throw refusal(other, toLook)
      taken.push(file)
    }
  } catch (error) {
    release()
    throw error
  }
  return release
}

/** What a run of this process says of itself, but for the host. */
export function holderOf(run: string, playbook: string): Omit<Holder, 'host'> {
  const started = startOf(process.pid)
  return {
    run,
    pid: process.pid,
    machine: hostname(),
    user: userInfo().username,
    since: new Date().toISOString(),
    playbook,
    ...(started === undefined ? {} : { started }),
  }
}

// By the address, so that two names of one machine are one lock.
function fileOf({ name, settings }: Host): string {
  const address =
    settings.connection !== undefined && settings.connection !== 'ssh'
      ? name
      : `${settings.address ?? name}${settings.port === undefined || settings.port === 22 ? '' : `:${settings.port}`}`
  return path.join(directory, `${encodeURIComponent(address)}.lock`)
}

function take(file: string, holder: Holder, dead: (run: string) => void): Holder | undefined {
  const own = `${file}.${process.pid}`
  // Linked into its place, so that nobody ever reads half of a lock.
  writeFileSync(own, JSON.stringify(holder), { mode: 0o600 })
  try {
    for (;;) {
      try {
        linkSync(own, file)
        return undefined
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const other = read(file)
      if (other && lives(other)) return other
      // Moved away first: of two that find the same stale lock, only one may clear it.
      const stale = `${own}.stale`
      try {
        renameSync(file, stale)
      } catch {
        continue
      }
      const moved = read(stale)
      try {
        if (moved && lives(moved)) linkSync(stale, file)
        else if (moved) dead(moved.run)
      } finally {
        rmSync(stale, { force: true })
      }
    }
  } finally {
    rmSync(own, { force: true })
  }
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Holder
  } catch {
    return undefined
  }
}

/** Does the run that holds a host still go on? Of another machine nobody here knows. */
export function lives({ pid, machine, started }: Holder): boolean {
  if (machine !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const stat = statOf(pid)
  // Killed, and its parent has not taken notice.
  if (stat?.[0] === 'Z') return false
  return started === undefined || stat?.[19] === started
}

// When it began is the 22nd field of stat; the 2nd, the name, may have blanks and brackets in it.
function startOf(pid: number): string | undefined {
  return statOf(pid)?.[19]
}

/** The fields of stat from the 3rd on, the state. */
function statOf(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ')
  } catch {
    return undefined
  }
}

function refusal(holder: Holder, toLook: string): Refused {
  const { host, machine } = holder
  return new Refused(
    {
      message: `${host} is locked by ${describe(holder)}`,
      hint:
        machine === hostname()
          ? `wait until it has ended, or look without changing anything: ${toLook}`
          : `when that run is known to have ended: ${program()} unlock ${holder.run}`,
    },
    exit.locked,
  )
}

/** `run 20260101-120000-ab12 of «site» (root, pid 4711 on controller, since 12:00:00)`. */
export function describe({ run, playbook, user, pid, machine, since }: Omit<Holder, 'host'>): string {
  const time = since.replace('T', ' ').slice(0, 19)
  return `run ${run} of «${playbook}» (${user}, pid ${pid} on ${machine}, since ${time} UTC)`
}

/** What to type for the lock that a run left on a host; a host need not tell the run. */
export function unlocking(run: string, host: string, inventory: string): string {
  return `${program()} unlock ${run === '' ? '' : `${run} `}--force -i ${inventory} -l ${host}`
}

/** Every lock there is. */
export function locks(): readonly { readonly file: string; readonly holder: Holder }[] {
  let names: readonly string[]
  try {
    names = readdirSync(directory)
  } catch {
    return []
  }
  return names
    .filter((name) => name.endsWith('.lock'))
    .sort()
    .flatMap((name) => {
      const file = path.join(directory, name)
      const holder = read(file)
      return holder ? [{ file, holder }] : []
    })
}
