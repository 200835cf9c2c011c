import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { isOfDisk, onDisk, problemOfDisk } from './disk.ts'
import { exit, Refused } from './problem.ts'

/** What is written into a file that the operator names. */
export interface Output {
  /** What it is, in messages: `a plan`. */
  readonly what: string
  /** Is this text one of them, which may be replaced? */
  isOne(text: string): boolean
}

/**
 * Refuses to write over what somebody else made: a slip of the operator's must not cost a playbook. And where nothing
 * may be written at all. Called before the work, so that it is not done in vain. @throws Refused
 */
export function checkOutput(file: string, { what, isOne }: Output): void {
  const there = onDisk(file, () => statSync(file, { throwIfNoEntry: false }))
  if (there && !there.isFile() && !there.isDirectory()) return
  const folder = path.dirname(there ? realpathSync(file) : file)
  onDisk(folder, () => accessSync(folder, constants.W_OK))
  if (there === undefined) return
  const is = there.isDirectory() ? 'a folder' : there.size > 0 && !isOne(textOf(file)) ? `not ${what}` : undefined
  if (is !== undefined)
    throw new Refused(
      { message: `${file} is there already and is ${is}: nothing is written over it`, hint: 'name another file' },
      exit.usage,
    )
}

/**
 * Puts content in place of what a file holds, in one step: whoever reads it has the old or the new one. What a link
 * leads to is replaced. It gets the `mode`, or keeps the one it has, and a new one is its owner's alone. A device or a
 * pipe is written to. @throws Refused where it cannot be
 */
export function replaceFile(file: string, content: string | Uint8Array, mode?: number): void {
  let draft: string | undefined
  try {
    const old = statSync(file, { throwIfNoEntry: false })
    if (old && !old.isFile() && !old.isDirectory()) return writeFileSync(file, content)
    const real = old ? realpathSync(file) : file
    draft = path.join(path.dirname(real), `.${path.basename(real)}.${randomBytes(4).toString('hex')}.new`)
    writeFileSync(draft, content, { mode: mode ?? 0o600, flag: 'wx' })
    if (old) {
      if (process.getuid?.() === 0) chownSync(draft, old.uid, old.gid)
      if (mode === undefined) chmodSync(draft, old.mode & 0o7777)
    }
    renameSync(draft, real)
  } catch (error) {
    if (draft !== undefined) rmSync(draft, { force: true })
    if (!isOfDisk(error)) throw error
    const { message, hint = '' } = problemOfDisk(error, file)
    throw new Refused({ message: `cannot write ${message}`, hint }, exit.load)
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
