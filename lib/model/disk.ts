import { mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { quote } from './quote.ts'
import { exit, type Problem, Refused } from './problem.ts'

/** Did a disk or a folder of this machine refuse what was to be read or written there? */
export function isOfDisk(error: unknown): error is NodeJS.ErrnoException {
  const { code = '', syscall } = (error ?? {}) as Partial<NodeJS.ErrnoException>
  return syscall !== undefined && !/^(?:connect|listen|bind|kill)/.test(syscall) && Object.hasOwn(reasons, code)
}

/** What a disk refused, with the command that shows why. `place` is where, when the system does not name it. */
export function problemOfDisk(error: NodeJS.ErrnoException, place = error.path): Problem {
  if (error.syscall === 'uv_cwd' && error.code === 'ENOENT')
    return { message: 'the folder that you are in has been removed', hint: 'go to another one: cd' }
  const [reason, see] = reasons[error.code as keyof typeof reasons]
  return { message: place === undefined ? reason : `${place}: ${reason}`, hint: see(place) }
}

/** Does something with a place of this machine's disk. @throws Refused with the place, where the disk refuses */
export function onDisk<T>(place: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!isOfDisk(error)) throw error
    throw new Refused(problemOfDisk(error, place), exit.load)
  }
}

/** Makes a folder, and those above it, unless it is there. @throws Refused where it cannot be */
export function makeFolder(place: string): void {
  onDisk(place, () => {
    if (statSync(place, { throwIfNoEntry: false })?.isDirectory()) return
    makeFolder(path.dirname(place))
    // In a step of its own: where it makes several at once, Node calls a read-only disk ENOENT.
    mkdirSync(place)
  })
}

const folderOf = (place: string | undefined) => (place === undefined ? '.' : quote(path.dirname(place)))
const room = (place: string | undefined) =>
  `make room there: df -h ${place === undefined ? `. ${quote(tmpdir())}` : folderOf(place)}`
const look = (place = '.') => `see what lies there, and whose it is: ls -ld ${folderOf(place)} ${quote(place)}`

const reasons = {
  EACCES: ['you may not use it', look],
  EPERM: ['you may not use it', look],
  EROFS: [
    'that disk can only be read',
    (place) => `take a place that can be written; see: findmnt -T ${folderOf(place)}`,
  ],
  ENOSPC: ['no space is left on the disk', room],
  EDQUOT: ['your share of the disk is used up', room],
  ENOENT: ['there is no such file or folder', (place) => `see what is there: ls ${folderOf(place)}`],
  ENOTDIR: ['a part of this path is no folder', look],
  EISDIR: ['it is a folder', look],
  EEXIST: ['something lies there already', look],
  ENOTEMPTY: ['it is not empty', look],
  ELOOP: ['its links lead round in a circle', look],
  ENAMETOOLONG: ['the name is too long', () => 'take a shorter one'],
  EFBIG: ['the file would be larger than it may be', () => 'see what is allowed: ulimit -f'],
  EMFILE: ['too many files are open', () => 'allow more: ulimit -n 4096'],
  ENFILE: ['too many files are open on this machine', () => 'end what has them open: cat /proc/sys/fs/file-nr'],
  EIO: ['the disk has a fault', () => 'see what the kernel says: dmesg | tail'],
  ETXTBSY: ['it is being run', look],
} as const satisfies Readonly<Record<string, readonly [reason: string, see: (place: string | undefined) => string]>>
